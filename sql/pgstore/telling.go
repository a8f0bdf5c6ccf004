package pgstore

import (
	"context"
	"time"

	"github.com/sqlc-dev/pqtype"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Who told of an event first, as events.told_by has it.
const (
	toldByHook = "hook"
	toldByLog  = "log"
	toldByHint = "hint" // by the log, which the push can only hint at
)

// toldBy is who brings an event, empty for one that no push tells of.
func toldBy(from holds.Source, p holds.Push) string {
	switch {
	case from == holds.FromHook && p == holds.PushedWhole:
		return toldByHook
	case from == holds.FromPoller && p == holds.PushedWhole:
		return toldByLog
	case from == holds.FromPoller && p == holds.PushedHint:
		return toldByHint
	}
	return ""
}

// retell marks the events that one way had brought before and this delivery
// brings on the other. The event's key decided who was first, also where both
// were decided at once; in which order two deliveries mark is the same for both.
func (d *decider) retell(ctx context.Context, delivery holds.Delivery) error {
	first := toldByLog
	if delivery.Source == holds.FromPoller {
		first = toldByHook
	}
	if len(d.again) == 0 {
		return nil
	}
	return d.RetellEvents(ctx, pgdb.RetellEventsParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), EventIds: d.again, First: first, At: d.now,
	})
}

// mostSightings bounds how many of the newest events are counted.
const mostSightings = 5000

// CountTold counts by which way a connection's changes reached us in the last
// day, the newest five thousand of them, and keeps the count for [Store.Health].
func (s *Store) CountTold(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, now time.Time) (out holds.Telling, err error) {
	now = cleanTime(now)
	since := now.Add(-holds.TellingWindow)
	err = s.inTenant(ctx, tenant, "count what was told", func(t *tx) error {
		rows, err := t.ListSightings(ctx, pgdb.ListSightingsParams{
			TenantID: string(tenant), ConnectionID: string(conn), Since: since, Until: now, Most: mostSightings,
		})
		if err != nil {
			return err
		}
		sightings, hinted := sightingsOf(rows)
		var hints []time.Time
		if hinted {
			hints, err = t.ListHints(ctx, pgdb.ListHintsParams{TenantID: string(tenant), ConnectionID: string(conn), Since: since})
			if err != nil {
				return err
			}
		}
		out = holds.CountTold(sightings, hints, now)
		doc, err := encode("a count of what was told", out)
		if err != nil {
			return err
		}
		return t.SaveTelling(ctx, pgdb.SaveTellingParams{
			TenantID: string(tenant), ConnectionID: string(conn), Telling: pqtype.NullRawMessage{RawMessage: doc, Valid: true},
		})
	})
	return out, err
}

func sightingsOf(rows []pgdb.ListSightingsRow) (out []holds.Sighting, hinted bool) {
	out = make([]holds.Sighting, 0, len(rows))
	for _, row := range rows {
		s := holds.Sighting{
			Type: row.Type, Transaction: row.Transaction, Occurred: row.OccurredAt.UTC(), Read: row.ReceivedAt.UTC(),
			First: holds.FromPoller, Both: row.BothWays, Hint: row.ToldBy == toldByHint,
		}
		if row.ToldBy == toldByHook {
			s.First = holds.FromHook
		}
		hinted = hinted || s.Hint
		out = append(out, s)
	}
	return out, hinted
}
