package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// raise puts an observation of our own about a connection into the inbox, in the
// transaction that made it, so that it is durable, judged and audited like every
// event and reaches people. One of an id that was raised before changes nothing.
func (t *tx) raise(ctx context.Context, now time.Time, conn holds.ConnectionID, id, kind, why string, doubts ...string) error {
	body, err := json.Marshal(holds.Event{
		ID: id, Type: kind, Class: holds.Tamper, Verb: holds.Other, Occurred: now, Outcome: holds.Succeeded,
		Actor: holds.Party{Kind: holds.PartyUnknown}, Subjects: []holds.Account{holds.FootingOf(conn)},
		Summary: why, Doubts: append([]string{why}, doubts...),
	})
	if err != nil {
		return err
	}
	params, err := t.store.deliveryParams(holds.Delivery{
		Tenant: t.tenant, Connection: conn, Source: holds.FromKeeper, Body: body, Received: now,
	})
	if err != nil {
		return err
	}
	return t.InsertDelivery(ctx, params)
}

// raiseFailed tells people of a delivery that failed for good: what it says may
// be held nowhere. One of our own observations raises no other, or the two would
// never end.
func (t *tx) raiseFailed(ctx context.Context, now time.Time, row pgdb.Delivery, why string) error {
	if holds.Source(row.Source) == holds.FromKeeper {
		return nil
	}
	return t.raise(ctx, now, holds.ConnectionID(row.ConnectionID), fmt.Sprint("delivery-failed:", row.DeliveryID),
		"countersign.delivery_failed", fmt.Sprintf("Delivery %d (%s, received %s) could not be decided and is kept as failed: %s. "+
			"A change it tells of may be held nowhere; compare the provider's log with the holds, and have it decided again once what is wrong is mended.",
			row.DeliveryID, row.Source, row.ReceivedAt.UTC().Format(time.RFC3339), why))
}
