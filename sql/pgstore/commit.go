package pgstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// commit writes a change: the hold under its revision check and everything that
// comes with it. It is the one way in which a hold is written. from is the
// delivery that caused the change, nil when people or jobs did; its digest goes
// into the audit entries, which are appended, as the jobs are queued, at the end
// of the transaction.
func (t *tx) commit(ctx context.Context, now time.Time, c holds.Change, from *holds.Delivery) (holds.Hold, error) {
	if err := t.fence(ctx); err != nil {
		return c.Hold, err
	}
	c = clean(c)
	key, err := id(c.Hold.ID)
	if err != nil {
		return c.Hold, fmt.Errorf("a change of a hold without an id: %w", err)
	}
	if c.Hold.Tenant != t.tenant {
		return c.Hold, fmt.Errorf("a change of a hold of another tenant in a transaction of %s", t.tenant)
	}
	c.Hold.ClosedAt = closed(c.Hold, cleanTime(now))
	c.Hold.Revision++
	if err := t.writeHold(ctx, c.Hold, key, from); err != nil {
		return c.Hold, err
	}
	if err := t.underBrakes(ctx, now, c, key); err != nil {
		return c.Hold, err
	}
	if err := t.openCircuit(ctx, now, &c); err != nil {
		return c.Hold, err
	}
	if err := t.writeRows(ctx, &c, key); err != nil {
		return c.Hold, err
	}
	for _, e := range c.Effects {
		if err := t.queue(ctx, c.Hold, e); err != nil {
			return c.Hold, err
		}
	}
	for _, e := range c.Entries {
		if from != nil && e.Digests["delivery"] == "" {
			e.Digests = map[string]string{"delivery": digestOf(*from)}
		}
		t.record(now, c.Hold.Connection, c.Hold.ID, e)
	}
	if c.Also != nil {
		if _, err := t.commit(ctx, now, *c.Also, from); err != nil {
			return c.Hold, err
		}
	}
	return c.Hold, nil
}

// writeHold inserts a hold that never was committed, and updates another
// provided that nobody else did since it was read.
func (t *tx) writeHold(ctx context.Context, h holds.Hold, key uuid.UUID, from *holds.Delivery) error {
	if h.Revision == 1 {
		var delivery int64
		if from != nil {
			delivery = from.ID
		}
		params, err := insertParams(h, key, delivery)
		if err != nil {
			return err
		}
		return t.InsertHold(ctx, params)
	}
	params, err := updateParams(h, key)
	if err != nil {
		return err
	}
	n, err := t.UpdateHold(ctx, params)
	if err == nil && n != 1 {
		err = holds.Refuse(holds.Conflict, "The hold has changed since you looked at it. Look at it again.")
	}
	return err
}

func (t *tx) writeRows(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	for _, write := range []func(context.Context, *holds.Change, uuid.UUID) error{
		t.writeEvidence, t.writeDecisions, t.writeIntents, t.writeNotes, t.writeNotices,
	} {
		if err := write(ctx, c, key); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeEvidence(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	for _, e := range c.Evidence {
		var point []byte
		if e.Point != "" {
			var err error
			if point, err = t.store.keys.seal([]byte(e.Point), evidencePlace(string(t.tenant), key, e.ID)); err != nil {
				return err
			}
		}
		err := t.InsertEvidence(ctx, pgdb.InsertEvidenceParams{
			TenantID: string(t.tenant), HoldID: key, EvidenceID: e.ID, Kind: string(e.Kind), VerifierID: string(e.Verifier),
			RequesterID: string(e.Requester), Reference: e.Reference, Point: point, OnFileAt: nullTime(e.OnFile),
			ConfirmerID: string(e.Confirmer), WitnessID: string(e.Witness), Place: e.Place, Note: e.Note, At: e.At,
			Round: int32(e.Round), Version: int32(e.Version), //nolint:gosec // counts
			Seal: t.store.keys.sealEvidence(c.Hold, e),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeDecisions(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	for _, d := range c.Decisions {
		err := t.InsertDecision(ctx, pgdb.InsertDecisionParams{
			TenantID: string(t.tenant), HoldID: key, DecisionID: d.ID, Kind: string(d.Kind), ApproverID: string(d.Approver),
			Reason: d.Reason, Version: int32(d.Version), Round: int32(d.Round), At: d.At, Void: d.Void, //nolint:gosec // counts
			Seal: t.store.keys.sealDecision(c.Hold, d),
		})
		if err != nil {
			return err
		}
	}
	var void []string
	for _, d := range c.Hold.Decisions {
		if d.Void {
			void = append(void, d.ID)
		}
	}
	if len(void) == 0 {
		return nil
	}
	return t.VoidDecisions(ctx, pgdb.VoidDecisionsParams{TenantID: string(t.tenant), HoldID: key, DecisionIds: void})
}

func (t *tx) writeIntents(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	for _, i := range c.Intents {
		intent, err := id(i.ID)
		if err != nil {
			return fmt.Errorf("an intent without an id: %w", err)
		}
		conn := i.Connection
		if conn == "" {
			conn = c.Hold.Connection
		}
		err = t.InsertIntent(ctx, pgdb.InsertIntentParams{
			TenantID: string(t.tenant), IntentID: intent, HoldID: key, ConnectionID: string(conn), Purpose: string(i.Purpose),
			Round: int32(i.Round), Action: string(i.Action.Kind), AccountID: i.Action.Account, ObjectID: i.Action.Object, //nolint:gosec // a count
			CreatedAt: i.Created,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeNotes(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	for _, n := range c.Notes {
		err := t.InsertNote(ctx, pgdb.InsertNoteParams{TenantID: string(t.tenant), HoldID: key, By: string(n.By), Text: n.Text, At: n.At})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeNotices plans each message once. One that was planned before is left
// out together with the job and the audit entry that speak of it; one that a
// digest says has no job of its own.
func (t *tx) writeNotices(ctx context.Context, c *holds.Change, key uuid.UUID) error {
	if err := t.lockPoints(ctx, c.Notices); err != nil {
		return err
	}
	for _, n := range c.Notices {
		var err error
		if n.Bearer, n.Due, err = t.gather(ctx, n, c.Hold); err != nil {
			return err
		}
		params, err := t.store.noticeParams(n, key, c.Hold)
		if err != nil {
			return err
		}
		rows, err := t.InsertNotice(ctx, params)
		if err != nil {
			return err
		}
		if rows == 0 || n.Bearer != n.ID {
			c.Effects = slices.DeleteFunc(c.Effects, func(e holds.Effect) bool { return e.Notice == n.ID })
		}
		if rows == 0 {
			c.Entries = slices.DeleteFunc(c.Entries, func(e holds.Entry) bool { return e.Facts["notice"] == string(n.ID) })
		}
		for i := range c.Effects {
			if c.Effects[i].Notice == n.ID {
				c.Effects[i].At = n.Due
			}
		}
	}
	return nil
}

// occasion tells pages about one version apart: each escalation is another, and
// so are each containment, whose restraint may be undone as the one before it
// was, and each reason. The owner hears of a version once.
func occasion(n holds.Notice, h holds.Hold) string {
	if n.Audience == holds.ToOwner {
		return ""
	}
	return safeKey(strconv.Itoa(h.Escalations) + " " + strconv.Itoa(h.ContainRound) + " " + n.Why)
}
