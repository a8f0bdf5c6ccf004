package pgstore

import (
	"context"

	"github.com/sqlc-dev/pqtype"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// SaveHealth records what is known of a connection's footing. A report with a
// time of polling is about the provider's log, any other about the restraint
// group's rules; what a report is not about stays as it was, its trouble too.
func (s *Store) SaveHealth(ctx context.Context, h holds.ConnectionHealth) error {
	h = clean(h)
	params := pgdb.UpsertHealthParams{
		TenantID: string(h.Tenant), ConnectionID: string(h.Connection), PolledAt: nullTime(h.Polled),
		EnforcementAt: nullTime(h.Enforcement.At),
		OfLog:         !h.Polled.IsZero(), OfRules: h.Polled.IsZero() || !h.Enforcement.At.IsZero(),
	}
	if params.OfLog {
		params.LogTrouble = h.Trouble
	} else {
		params.RulesTrouble = h.Trouble
	}
	if !h.Enforcement.At.IsZero() {
		doc, err := encode("an enforcement", h.Enforcement)
		if err != nil {
			return err
		}
		params.Enforcement = pqtype.NullRawMessage{RawMessage: doc, Valid: true}
	}
	return s.inTenant(ctx, h.Tenant, "record a connection's health", func(t *tx) error {
		return t.UpsertHealth(ctx, params)
	})
}

// Health lists what is known of a tenant's connections.
func (s *Store) Health(ctx context.Context, tenant holds.TenantID) (out []holds.ConnectionHealth, err error) {
	err = s.inTenant(ctx, tenant, "read the health of connections", func(t *tx) error {
		rows, err := t.ListHealth(ctx, string(tenant))
		if err != nil {
			return err
		}
		now := s.Now()
		feeds, err := t.feedTroubles(ctx, now)
		if err != nil {
			return err
		}
		out = make([]holds.ConnectionHealth, 0, len(rows))
		for _, row := range rows {
			if full := s.saturation(tenant, holds.ConnectionID(row.ConnectionID)); full != "" {
				feeds[row.ConnectionID] = append(feeds[row.ConnectionID], full)
			}
			h := holds.ConnectionHealth{
				Tenant: tenant, Connection: holds.ConnectionID(row.ConnectionID), Mode: holds.Mode(row.Mode),
				Polled: fromNull(row.PolledAt), Trouble: row.Trouble, Feeds: feedsOf(feeds[row.ConnectionID], row, now),
			}
			if row.Telling.Valid {
				if err := decode("a count of what was told", row.Telling.RawMessage, &h.Telling); err != nil {
					return err
				}
			}
			if row.Enforcement.Valid {
				if err := decode("an enforcement", row.Enforcement.RawMessage, &h.Enforcement); err != nil {
					return err
				}
			}
			out = append(out, h)
		}
		return nil
	})
	return out, err
}
