package pgstore

import (
	"context"

	"github.com/google/uuid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Events lists the newest events of a tenant with what was decided about them,
// one line for each account an event changes, newest first. Values before and
// after a change are in clear.
func (s *Store) Events(ctx context.Context, tenant holds.TenantID, limit int) ([]holds.Recorded, error) {
	return s.listEvents(ctx, tenant, pgdb.ListVerdictsParams{TenantID: string(tenant), EveryHold: true, Most: atMost(limit)})
}

// HoldEvents lists the events that opened or joined a hold, newest first.
func (s *Store) HoldEvents(ctx context.Context, key holds.Key) ([]holds.Recorded, error) {
	hold, err := id(key.Hold)
	if err != nil {
		return nil, err
	}
	return s.listEvents(ctx, key.Tenant, pgdb.ListVerdictsParams{TenantID: string(key.Tenant), HoldID: hold, Most: maxList})
}

func (s *Store) listEvents(ctx context.Context, tenant holds.TenantID, params pgdb.ListVerdictsParams) (out []holds.Recorded, err error) {
	err = s.inTenant(ctx, tenant, "list events", func(t *tx) error {
		rows, err := t.ListVerdicts(ctx, params)
		if err != nil {
			return err
		}
		out = make([]holds.Recorded, 0, len(rows))
		for _, row := range rows {
			e, err := s.event(row.Event)
			if err != nil {
				return err
			}
			r := holds.Recorded{Event: e, Verdict: holds.Verdict(row.Verdict), Reason: row.Reason, Rule: row.Rule}
			if row.HoldID.Valid {
				r.Hold = holds.HoldID(uuid.UUID(row.HoldID.UUID).String())
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

// event reads a stored event, its sealed values in clear.
func (s *Store) event(row pgdb.Event) (e holds.Event, err error) {
	if err := decode("an event", row.Document, &e); err != nil {
		return e, err
	}
	if row.Fields == nil {
		return e, nil
	}
	fields, err := s.keys.open(row.Fields, eventPlace(row.TenantID, row.ConnectionID, row.EventID))
	if err != nil {
		return e, err
	}
	return e, decode("the values of an event", fields, &e.Fields)
}
