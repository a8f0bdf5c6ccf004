package pgstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// document is the hold as it is kept whole. Evidence and decisions have rows.
func document(h holds.Hold) ([]byte, error) {
	h.Evidence, h.Decisions = nil, nil
	return encode("a hold", h)
}

// closed is when a hold closed. One that is over has such a time, whoever
// forgot to say it.
func closed(h holds.Hold, now time.Time) time.Time {
	switch {
	case h.State.Undecided():
		return time.Time{}
	case h.ClosedAt.IsZero():
		return now
	}
	return h.ClosedAt
}

// tier is the column; a hold of no tier counts as the highest.
func tier(h holds.Hold) string {
	if h.Terms.Tier == "" {
		return string(holds.TierHigh)
	}
	return string(h.Terms.Tier)
}

func insertParams(h holds.Hold, key uuid.UUID, delivery int64) (pgdb.InsertHoldParams, error) {
	previous, err := nullID(h.Previous)
	if err != nil {
		return pgdb.InsertHoldParams{}, err
	}
	leader, err := nullID(h.Leader)
	if err != nil {
		return pgdb.InsertHoldParams{}, err
	}
	doc, err := document(h)
	return pgdb.InsertHoldParams{
		TenantID: string(h.Tenant), HoldID: key, ConnectionID: string(h.Connection),
		DeliveryID: sql.NullInt64{Int64: delivery, Valid: delivery != 0}, PreviousID: previous,
		Revision: int32(h.Revision), Version: int32(h.Version), Round: int32(h.Round), ContainRound: int32(h.ContainRound), //nolint:gosec // counts
		Class: string(h.Class), Tier: tier(h), SubjectID: h.Subject.ID, SubjectLogin: safeKey(h.Subject.Login),
		OwnerID: string(h.Owner), State: string(h.State), Containment: string(h.Containment),
		Standing: string(h.Standing), Outcome: string(h.Outcome), Escalations: int32(h.Escalations), //nolint:gosec // a count
		OccurredAt: h.Occurred, ReceivedAt: h.Received, OpenedAt: h.Opened,
		NotMeAt: nullTime(h.NotMe), RestrainedAt: nullTime(h.Restrained), ReadBackAt: nullTime(h.ReadBack), ReleaseAfter: nullTime(h.ReleaseAfter),
		ReleaseBegunAt: nullTime(h.ReleaseBegun), RestoreBegunAt: nullTime(h.RestoreBegun),
		ClosedAt: nullTime(h.ClosedAt), DueAt: nullTime(h.Due), Document: doc, LeaderID: leader,
		Waits: string(h.Waits.Brake), WaitsCap: string(h.Waits.Cap), WaitsScope: safeKey(h.Waits.Scope),
	}, err
}

func updateParams(h holds.Hold, key uuid.UUID) (pgdb.UpdateHoldParams, error) {
	leader, err := nullID(h.Leader)
	if err != nil {
		return pgdb.UpdateHoldParams{}, err
	}
	doc, err := document(h)
	return pgdb.UpdateHoldParams{
		TenantID: string(h.Tenant), HoldID: key, WasRevision: int32(h.Revision - 1), //nolint:gosec // counts
		Revision: int32(h.Revision), Version: int32(h.Version), Round: int32(h.Round), ContainRound: int32(h.ContainRound), //nolint:gosec // counts
		Class: string(h.Class), Tier: tier(h), SubjectLogin: safeKey(h.Subject.Login),
		OwnerID: string(h.Owner), State: string(h.State), Containment: string(h.Containment),
		Standing: string(h.Standing), Outcome: string(h.Outcome), Escalations: int32(h.Escalations), //nolint:gosec // a count
		OccurredAt: h.Occurred,
		NotMeAt:    nullTime(h.NotMe), RestrainedAt: nullTime(h.Restrained), ReadBackAt: nullTime(h.ReadBack), ReleaseAfter: nullTime(h.ReleaseAfter),
		ReleaseBegunAt: nullTime(h.ReleaseBegun), RestoreBegunAt: nullTime(h.RestoreBegun),
		ClosedAt: nullTime(h.ClosedAt), DueAt: nullTime(h.Due), Document: doc, LeaderID: leader,
		Waits: string(h.Waits.Brake), WaitsCap: string(h.Waits.Cap), WaitsScope: safeKey(h.Waits.Scope),
	}, err
}

// outline reads a hold from its row alone, without evidence and decisions. The
// columns win over the document where both say something.
func outline(row pgdb.Hold) (holds.Hold, error) {
	var h holds.Hold
	if err := decode("a hold", row.Document, &h); err != nil {
		return h, err
	}
	h.ID, h.Tenant, h.Connection = holds.HoldID(row.HoldID.String()), holds.TenantID(row.TenantID), holds.ConnectionID(row.ConnectionID)
	h.Revision, h.Version, h.Round = int(row.Revision), int(row.Version), int(row.Round)
	h.ContainRound, h.Escalations = int(row.ContainRound), int(row.Escalations)
	h.Class, h.Subject.ID, h.Owner = holds.Class(row.Class), row.SubjectID, holds.PersonID(row.OwnerID)
	h.State, h.Containment = holds.State(row.State), holds.Containment(row.Containment)
	h.Standing, h.Outcome = holds.Standing(row.Standing), holds.DecisionKind(row.Outcome)
	h.Occurred, h.Received, h.Opened = row.OccurredAt.UTC(), row.ReceivedAt.UTC(), row.OpenedAt.UTC()
	h.NotMe, h.Restrained, h.ReadBack = fromNull(row.NotMeAt), fromNull(row.RestrainedAt), fromNull(row.ReadBackAt)
	h.ReleaseAfter, h.ReleaseBegun = fromNull(row.ReleaseAfter), fromNull(row.ReleaseBegunAt)
	h.Leader = ""
	if row.LeaderID.Valid {
		h.Leader = holds.HoldID(row.LeaderID.UUID.String())
	}
	h.RestoreBegun, h.ClosedAt, h.Due = fromNull(row.RestoreBegunAt), fromNull(row.ClosedAt), fromNull(row.DueAt)
	return h, nil
}

// whole reads a hold with its evidence and decisions.
func (t *tx) whole(ctx context.Context, row pgdb.Hold) (holds.Hold, error) {
	h, err := outline(row)
	if err != nil {
		return h, err
	}
	checks, err := t.ListEvidence(ctx, pgdb.ListEvidenceParams{TenantID: row.TenantID, HoldID: row.HoldID})
	if err != nil {
		return h, err
	}
	for _, e := range checks {
		item, err := t.store.evidence(e)
		if err != nil {
			return h, err
		}
		item.Unproven = proven(e.Seal, t.store.keys.sealEvidence(h, item))
		h.Evidence = append(h.Evidence, item)
	}
	votes, err := t.ListDecisions(ctx, pgdb.ListDecisionsParams{TenantID: row.TenantID, HoldID: row.HoldID})
	for _, d := range votes {
		item := holds.Decision{
			ID: d.DecisionID, Kind: holds.DecisionKind(d.Kind), Approver: holds.PersonID(d.ApproverID), Reason: d.Reason,
			Version: int(d.Version), Round: int(d.Round), At: d.At.UTC(), Void: d.Void,
		}
		item.Unproven = proven(d.Seal, t.store.keys.sealDecision(h, item))
		h.Decisions = append(h.Decisions, item)
	}
	return h, err
}

func (s *Store) evidence(e pgdb.Evidence) (holds.Evidence, error) {
	out := holds.Evidence{
		ID: e.EvidenceID, Kind: holds.EvidenceKind(e.Kind), Verifier: holds.PersonID(e.VerifierID),
		Requester: holds.PersonID(e.RequesterID), Reference: e.Reference, OnFile: fromNull(e.OnFileAt),
		Confirmer: holds.PersonID(e.ConfirmerID), Witness: holds.PersonID(e.WitnessID), Place: e.Place, Note: e.Note,
		At: e.At.UTC(), Round: int(e.Round), Version: int(e.Version),
	}
	if e.Point != nil {
		point, err := s.keys.open(e.Point, evidencePlace(e.TenantID, e.HoldID, e.EvidenceID))
		if err != nil {
			return out, err
		}
		out.Point = string(point)
	}
	return out, nil
}

func evidencePlace(tenant string, hold uuid.UUID, evidence string) []byte {
	return place("evidence.point", tenant, hold.String(), evidence)
}
