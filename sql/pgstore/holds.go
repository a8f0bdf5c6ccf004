package pgstore

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Update is the one write door: it locks the hold, asks change what becomes of
// it, and commits that. change may be called more than once and must have no
// effect of its own; its error is returned as it is. A nil change commits
// nothing.
func (s *Store) Update(ctx context.Context, key holds.Key, now time.Time,
	change func(holds.Hold) (*holds.Change, error),
) (h holds.Hold, err error) {
	leave, err := s.turns.pass(ctx, key)
	if err != nil {
		return h, translate("change a hold", err)
	}
	defer leave()
	err = s.inTenant(ctx, key.Tenant, "change a hold", func(t *tx) error {
		row, err := t.lockHold(ctx, key)
		if err != nil {
			return err
		}
		if h, err = t.whole(ctx, row); err != nil {
			return err
		}
		c, err := change(h)
		if err != nil {
			return &callerError{err}
		}
		if c == nil {
			return nil
		}
		h, err = t.commit(ctx, now, *c, nil)
		return err
	})
	return h, err
}

// lockHold locks the account of a hold and then the hold, in the order in which
// Decide does.
func (t *tx) lockHold(ctx context.Context, key holds.Key) (pgdb.Hold, error) {
	hold, err := id(key.Hold)
	if err != nil {
		return pgdb.Hold{}, err
	}
	of, err := t.GetHoldSubject(ctx, pgdb.GetHoldSubjectParams{TenantID: string(key.Tenant), HoldID: hold})
	if err != nil {
		return pgdb.Hold{}, err
	}
	if err := t.lock(ctx, subjectLock(holds.ConnectionID(of.ConnectionID), of.SubjectID)); err != nil {
		return pgdb.Hold{}, err
	}
	return t.LockHold(ctx, pgdb.LockHoldParams{TenantID: string(key.Tenant), HoldID: hold})
}

// Due lists the holds of all tenants that have not ended and whose deadline or
// waiting period has passed, the longest overdue first. A reverted hold whose
// account is still restrained is one of them.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (keys []holds.Key, err error) {
	err = s.everywhere(ctx, "read what is due", func(t *tx) error {
		rows, err := t.DueHolds(ctx, pgdb.DueHoldsParams{At: cleanTime(now), Most: atMost(limit)})
		keys = make([]holds.Key, 0, len(rows))
		for _, row := range rows {
			keys = append(keys, holds.Key{Tenant: holds.TenantID(row.TenantID), Hold: holds.HoldID(row.HoldID.String())})
		}
		return err
	})
	return keys, err
}

// Restrained lists the holds of all tenants whose restraint should be in force
// and was last read back before a time, the longest ago first.
func (s *Store) Restrained(ctx context.Context, before time.Time, limit int) (keys []holds.Key, err error) {
	err = s.everywhere(ctx, "read which restraints to look at", func(t *tx) error {
		rows, err := t.RestrainedHolds(ctx, pgdb.RestrainedHoldsParams{Before: cleanTime(before), Most: atMost(limit)})
		keys = make([]holds.Key, 0, len(rows))
		for _, row := range rows {
			keys = append(keys, holds.Key{Tenant: holds.TenantID(row.TenantID), Hold: holds.HoldID(row.HoldID.String())})
		}
		return err
	})
	return keys, err
}

// OpenHold is the key of the hold that takes an account's further events, of
// which there is at most one; not found when there is none.
func (s *Store) OpenHold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (key holds.Key, err error) {
	err = s.inTenant(ctx, tenant, "find the open hold of an account", func(t *tx) error {
		hold, err := t.GetOpenHold(ctx, pgdb.GetOpenHoldParams{
			TenantID: string(tenant), ConnectionID: string(conn), SubjectID: safeKey(account),
		})
		if err != nil {
			return err
		}
		key = holds.Key{Tenant: tenant, Hold: holds.HoldID(hold.String())}
		return nil
	})
	return key, err
}

// maxList is the longest list of anything.
const maxList = 1000

func atMost(limit int) int32 { return int32(max(0, min(limit, maxList))) }

// The queue shows 50 holds unless asked for others, and 200 at most.
const (
	defaultQueue = 50
	maxQueue     = 200
)

// Queue lists a tenant's holds: those that are not over, most urgent first
// (repudiated by the owner, then by tier, then by age), or the ended ones,
// newest first. A hold that was reverted but still restrains its account is
// not over.
func (s *Store) Queue(ctx context.Context, tenant holds.TenantID, f holds.Filter) (out []holds.Summary, err error) {
	limit := f.Limit
	if limit <= 0 {
		limit = defaultQueue
	}
	limit = min(limit, maxQueue)
	subject := safeKey(f.Subject)
	err = s.inTenant(ctx, tenant, "read the queue", func(t *tx) error {
		var rows []pgdb.Hold
		if f.Ended {
			rows, err = t.ListEnded(ctx, pgdb.ListEndedParams{TenantID: string(tenant), Subject: subject, Most: int32(limit)}) //nolint:gosec // at most 200
		} else {
			rows, err = t.ListQueue(ctx, pgdb.ListQueueParams{TenantID: string(tenant), Subject: subject, Most: int32(limit)}) //nolint:gosec // at most 200
		}
		if err != nil {
			return err
		}
		out = make([]holds.Summary, 0, len(rows))
		for _, row := range rows {
			h, err := outline(row)
			if err != nil {
				return err
			}
			out = append(out, summary(h))
		}
		return nil
	})
	return out, err
}

func summary(h holds.Hold) holds.Summary {
	return holds.Summary{
		Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Connection: h.Connection, Class: h.Class, Tier: h.Terms.Tier,
		Subject: h.Subject, Actor: h.Actor, State: h.State, Containment: h.Containment, Standing: h.Standing,
		Occurred: h.Occurred, Opened: h.Opened, Due: h.Due, Escalations: h.Escalations, Frozen: h.Frozen(), Events: len(h.Events),
		ToldOnly: h.ToldOnly, EffectiveBy: h.EffectiveBy, Leader: h.Leader,
	}
}
