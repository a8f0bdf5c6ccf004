package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Start reads what a job on a hold starts from, as of one moment. In restore mode,
// in which nothing may act, it refuses (Unavailable).
func (s *Store) Start(ctx context.Context, key holds.Key) (start holds.Start, err error) {
	hold, err := id(key.Hold)
	if err != nil {
		return start, err
	}
	err = s.run(ctx, "read what a job starts from", snapshotOptions(), func(t *tx) error {
		start = holds.Start{}
		if err := t.enter(ctx, key.Tenant); err != nil {
			return err
		}
		here, err := t.GetInstallation(ctx)
		if err != nil {
			return err
		}
		if here.RestoringSince.Valid {
			return holds.Refuse(holds.Unavailable, "The database was restored and nothing may act until `countersign restore` was run.")
		}
		start.Epoch = here.Epoch
		row, err := t.GetHold(ctx, pgdb.GetHoldParams{TenantID: string(key.Tenant), HoldID: hold})
		if err != nil {
			return err
		}
		if start.Hold, err = t.whole(ctx, row); err != nil {
			return err
		}
		start.Siblings, err = t.siblings(ctx, start.Hold, hold)
		return err
	})
	return start, err
}

// View reads everything a reviewer sees of one hold, as of one moment. Contact
// points are masked in it: the clear value is only in Notice and Person.
func (s *Store) View(ctx context.Context, key holds.Key) (v holds.View, err error) {
	hold, err := id(key.Hold)
	if err != nil {
		return v, err
	}
	err = s.run(ctx, "read a hold", snapshotOptions(), func(t *tx) error {
		v = holds.View{}
		if err := t.enter(ctx, key.Tenant); err != nil {
			return err
		}
		row, err := t.GetHold(ctx, pgdb.GetHoldParams{TenantID: string(key.Tenant), HoldID: hold})
		if err != nil {
			return err
		}
		if v.Hold, err = t.whole(ctx, row); err != nil {
			return err
		}
		return t.fillView(ctx, &v, key, hold)
	})
	return v, err
}

func (t *tx) fillView(ctx context.Context, v *holds.View, key holds.Key, hold uuid.UUID) error {
	var err error
	if v.Snapshot, v.Known, err = t.newest(ctx, v.Hold.Connection, v.Hold.Subject.ID); err != nil {
		return err
	}
	if v.Intents, err = t.listIntents(ctx, key); err != nil {
		return err
	}
	if v.Notices, err = t.viewNotices(ctx, hold); err != nil {
		return err
	}
	notes, err := t.ListNotes(ctx, pgdb.ListNotesParams{TenantID: string(t.tenant), HoldID: hold})
	if err != nil {
		return err
	}
	for _, n := range notes {
		v.Notes = append(v.Notes, holds.Note{By: holds.By(n.By), Text: n.Text, At: n.At.UTC()})
	}
	if v.Siblings, err = t.siblings(ctx, v.Hold, hold); err != nil {
		return err
	}
	if v.People, err = t.mentioned(ctx, *v); err != nil {
		return err
	}
	v.Durable, err = t.durable(ctx, hold)
	return err
}

// besideWithin is how far apart two holds of one person open that are shown beside
// each other when one of them is over.
const besideWithin = 24 * time.Hour

// siblings are the other holds of the owner's accounts, those of this account that
// are not over, and whatever this hold follows or is followed by; the open ones
// first.
func (t *tx) siblings(ctx context.Context, h holds.Hold, hold uuid.UUID) ([]holds.Summary, error) {
	leader, err := nullID(h.Leader)
	if err != nil {
		return nil, err
	}
	rows, err := t.ListSiblings(ctx, pgdb.ListSiblingsParams{
		TenantID: string(t.tenant), HoldID: hold, LeaderID: leader.UUID, OwnerID: string(h.Owner),
		ConnectionID: string(h.Connection), SubjectID: h.Subject.ID,
		Since: cleanTime(h.Opened.Add(-besideWithin)), Until: cleanTime(h.Opened.Add(besideWithin)),
	})
	var out []holds.Summary
	for _, row := range rows {
		other, err := outline(row)
		if err != nil {
			return nil, err
		}
		out = append(out, summary(other))
	}
	return out, err
}

// durable is when the delivery that opened a hold was written, a moment before
// its commit; zero for a hold that no delivery opened.
func (t *tx) durable(ctx context.Context, hold uuid.UUID) (time.Time, error) {
	at, err := t.GetDurable(ctx, pgdb.GetDurableParams{TenantID: string(t.tenant), HoldID: hold})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return at.UTC(), err
}

func (t *tx) viewNotices(ctx context.Context, hold uuid.UUID) ([]holds.NoticeView, error) {
	rows, err := t.ListNotices(ctx, pgdb.ListNoticesParams{TenantID: string(t.tenant), HoldID: hold})
	if err != nil {
		return nil, err
	}
	lines, err := t.ListAttempts(ctx, pgdb.ListAttemptsParams{TenantID: string(t.tenant), HoldID: hold})
	if err != nil {
		return nil, err
	}
	ledger := map[uuid.UUID][]holds.Attempt{}
	for _, l := range lines {
		ledger[l.NoticeID] = append(ledger[l.NoticeID], holds.Attempt{
			Notice: holds.NoticeID(l.NoticeID.String()), Status: holds.NoticeStatus(l.Status), Reference: l.Reference,
			Detail: l.Detail, At: l.At.UTC(), Again: l.Again,
		})
	}
	out := make([]holds.NoticeView, 0, len(rows))
	for _, row := range rows {
		n, err := t.store.notice(row)
		if err != nil {
			return nil, err
		}
		masked := mask(n.Point.Kind, n.Point.Value)
		n.Point.Value = masked
		out = append(out, holds.NoticeView{Notice: n, Masked: masked, Attempts: ledger[row.NoticeID]})
	}
	return out, nil
}

// mentioned is everybody a view names, and the managers of its owner and actor,
// who may be asked to confirm; contact points masked.
func (t *tx) mentioned(ctx context.Context, v holds.View) (map[holds.PersonID]holds.Person, error) {
	h := v.Hold
	ids := []holds.PersonID{h.Owner, h.ActorOf, h.Requester}
	for _, e := range h.Evidence {
		ids = append(ids, e.Verifier, e.Requester, e.Confirmer, e.Witness)
	}
	for _, d := range h.Decisions {
		ids = append(ids, d.Approver)
	}
	for _, n := range v.Notes {
		if kind, person, found := strings.Cut(string(n.By), ":"); found && (kind == "person" || kind == "owner") {
			ids = append(ids, holds.PersonID(person))
		}
	}
	for _, n := range v.Notices {
		ids = append(ids, n.Notice.Point.Person)
	}
	people, err := t.people(ctx, ids, true)
	if err != nil {
		return nil, err
	}
	managers := []holds.PersonID{people[h.Owner].Manager, people[h.ActorOf].Manager}
	managers = slices.DeleteFunc(managers, func(p holds.PersonID) bool { _, known := people[p]; return known })
	more, err := t.people(ctx, managers, true)
	if err != nil {
		return nil, err
	}
	for p, person := range more {
		people[p] = person
	}
	for p, person := range people {
		for i, point := range person.Points {
			person.Points[i].Value = mask(point.Kind, point.Value)
		}
		people[p] = person
	}
	return people, nil
}
