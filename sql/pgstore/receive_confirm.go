package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Whoever has a hook's secret can send an event that never happened. The restraint
// that follows can be taken back, and what people decide by should be true: so an
// event that a webhook brought is confirmed when the provider's log tells the same,
// and said to be unconfirmed, on its hold and to the people on duty, when the log
// was read well after it and does not show it.

// unconfirmedAfter is how long after a delivery the log must have been read. Okta's
// shows an event within seconds, rarely minutes.
const unconfirmedAfter = 30 * time.Minute

const (
	doubtEvery = time.Minute
	doubtMost  = 100
)

// confirm notes which events of a page the log tells as webhooks told them before.
func (d *decider) confirm(ctx context.Context, delivery holds.Delivery, events []holds.Event) error {
	if delivery.Source != holds.FromPoller {
		return nil
	}
	var ids []string
	for _, e := range events {
		if d.known[e.ID] { // one that is told differently has another id by now
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return d.ConfirmEvents(ctx, pgdb.ConfirmEventsParams{
		At: d.now, TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), EventIds: ids,
	})
}

// KeepDoubting tells people of unconfirmed events, again and again until ctx ends.
func (s *Store) KeepDoubting(ctx context.Context) error {
	tick := time.NewTicker(doubtEvery)
	defer tick.Stop()
	for {
		if _, err := s.Doubt(ctx, s.Now()); err != nil && ctx.Err() == nil {
			s.log.Error("people could not be told of events that the log does not confirm", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Doubt tells people once of each event of an open hold that a webhook brought and
// that the provider's log does not show, and once more should the log confirm it
// after all. It returns of how many events something was said.
func (s *Store) Doubt(ctx context.Context, now time.Time) (said int, err error) {
	now = cleanTime(now)
	var rows []pgdb.DoubtfulEventsRow
	err = s.everywhere(ctx, "look for events that the log does not confirm", func(t *tx) error {
		rows, err = t.DoubtfulEvents(ctx, pgdb.DoubtfulEventsParams{Patience: unconfirmedAfter.Seconds(), Most: doubtMost})
		return err
	})
	errs := []error{err}
	for _, row := range rows {
		err := s.inTenant(ctx, holds.TenantID(row.TenantID), "tell of an event that the log does not confirm", func(t *tx) error {
			return t.doubt(ctx, now, row)
		})
		if err == nil {
			said++
		}
		errs = append(errs, err)
	}
	return said, errors.Join(errs...)
}

// doubt says of one event what the log shows of it.
func (t *tx) doubt(ctx context.Context, now time.Time, row pgdb.DoubtfulEventsRow) error {
	locked, err := t.lockHold(ctx, holds.Key{Tenant: t.tenant, Hold: holds.HoldID(row.HoldID.String())})
	if err != nil {
		return err
	}
	n, err := t.DoubtEvent(ctx, pgdb.DoubtEventParams{
		At: now, TenantID: row.TenantID, ConnectionID: row.ConnectionID, EventID: row.EventID,
	})
	if err != nil || n == 0 {
		return err // another replica was faster
	}
	h, err := t.whole(ctx, locked)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Unconfirmed: the provider's log does not show event %s (%s), which the event hook brought. "+
		"Somebody who knows the hook's secret may have made it up.", row.EventID, row.Type)
	if row.Confirmed {
		text = fmt.Sprintf("Confirmed: the provider's log now shows event %s (%s) as the event hook told it.", row.EventID, row.Type)
	}
	c, err := holds.Apply(h, holds.Noted{Note: holds.Note{By: holds.BySystem("inbox"), Text: text}}, now)
	if err != nil {
		return err
	}
	if _, err := t.commit(ctx, now, c, nil); err != nil || row.Confirmed {
		return err
	}
	return t.raise(ctx, now, holds.ConnectionID(row.ConnectionID), "delivery-unconfirmed:"+row.EventID, "countersign.delivery_unconfirmed",
		text+" Until the log confirms it, count on nothing but the restraint; if it does not, change the secret and deny nothing on its account alone.")
}
