package pgstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/sql/pgdb"
)

func bodyPlace(tenant, conn string, digest []byte) []byte {
	return place("deliveries.body", tenant, conn, hex.EncodeToString(digest))
}

// deliveryParams is the row of a delivery, its body sealed. It fails for no
// content: what is no text or no address is stored as what it can be.
func (s *Store) deliveryParams(d holds.Delivery) (pgdb.InsertDeliveryParams, error) {
	digest := sha256.Sum256(d.Body)
	body, err := s.keys.seal(d.Body, bodyPlace(string(d.Tenant), string(d.Connection), digest[:]))
	return pgdb.InsertDeliveryParams{
		TenantID: string(d.Tenant), ConnectionID: string(d.Connection), Source: string(d.Source),
		Envelope: cleanText(d.Envelope), Body: body, Digest: digest[:], ReceivedAt: cleanTime(d.Received),
		Peer: inet(d.Peer), Secret: cleanText(d.Secret),
	}, err
}

// AppendPage makes a page of a provider's log durable together with the cursor
// behind it, in one commit. A page with an empty body only moves the cursor. at
// is when it was read. While too many pages of the connection wait to be decided,
// it waits, too.
func (s *Store) AppendPage(ctx context.Context, d holds.Delivery, cursor string, at time.Time) error {
	params, err := s.deliveryParams(d)
	if err != nil {
		return err
	}
	if len(d.Body) > 0 {
		if err := s.room(ctx, d.Tenant, d.Connection); err != nil {
			return err
		}
	}
	err = s.inTenant(ctx, d.Tenant, "store a page of the provider's log", func(t *tx) error {
		if len(d.Body) > 0 {
			if err := t.InsertDelivery(ctx, params); err != nil {
				return err
			}
			failpoint.Hit(failpoint.PageInserted)
		}
		err := t.UpsertCursor(ctx, pgdb.UpsertCursorParams{
			TenantID: params.TenantID, ConnectionID: params.ConnectionID, Cursor: cleanText(cursor), MovedAt: cleanTime(at),
		})
		if err != nil {
			return err
		}
		return t.UpsertHealth(ctx, pgdb.UpsertHealthParams{
			TenantID: params.TenantID, ConnectionID: params.ConnectionID, PolledAt: nullTime(at), OfLog: true,
		})
	})
	if err == nil && len(d.Body) > 0 {
		s.depths.add(feedOf{d.Tenant, d.Connection, d.Source})
		s.announce()
	}
	return err
}

// Cursor is where the reading of a connection's log continues, empty when it
// was never read.
func (s *Store) Cursor(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) (cursor string, err error) {
	err = s.inTenant(ctx, tenant, "read a cursor", func(t *tx) error {
		cursor, err = t.GetCursor(ctx, pgdb.GetCursorParams{TenantID: string(tenant), ConnectionID: string(conn)})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return cursor, err
}

// delivery reads a stored delivery, its body in clear.
func (s *Store) delivery(row pgdb.Delivery) (holds.Delivery, error) {
	d := holds.Delivery{
		ID: row.DeliveryID, Tenant: holds.TenantID(row.TenantID), Connection: holds.ConnectionID(row.ConnectionID),
		Source: holds.Source(row.Source), Envelope: row.Envelope, Received: row.ReceivedAt.UTC(),
		Peer: fromInet(row.Peer), Secret: row.Secret,
	}
	copy(d.Digest[:], row.Digest)
	body, err := s.keys.open(row.Body, bodyPlace(row.TenantID, row.ConnectionID, row.Digest))
	d.Body = body
	return d, err
}

// Stats are small counts for the head of a page.
type Stats struct {
	// Undecided deliveries wait for their turn.
	Undecided int64
	// Failed deliveries could not be decided, or not wholly, and wait for people.
	Failed int64
	// Saturated is set while webhooks are answered 503 because so many wait, of one
	// of the tenant's connections or of all.
	Saturated bool
}

// Stats counts a tenant's deliveries, or everybody's for the empty tenant.
func (s *Store) Stats(ctx context.Context, tenant holds.TenantID) (out Stats, err error) {
	out.Saturated = s.depths.full(tenant, s.depth)
	if tenant == "" {
		err = s.everywhere(ctx, "count deliveries", func(t *tx) error {
			row, err := t.InboxCounts(ctx)
			out.Undecided, out.Failed = row.Undecided, row.Failed
			return err
		})
		return out, err
	}
	err = s.inTenant(ctx, tenant, "count deliveries", func(t *tx) error {
		row, err := t.CountInbox(ctx, string(tenant))
		out.Undecided, out.Failed = row.Undecided, row.Failed
		return err
	})
	return out, err
}

// FailedDelivery is a delivery that people have to look at.
type FailedDelivery struct {
	ID         int64
	Connection holds.ConnectionID
	Source     holds.Source
	Envelope   string
	// Digest is the SHA-256 of the body in hex, as in the audit log.
	Digest   string
	Received time.Time
	Attempts int
	// Failed is zero while it is still tried, although it has failed often.
	Failed  time.Time
	Trouble string
}

// FailedDeliveries lists a tenant's deliveries that failed, or have failed so
// often that people should know, newest first.
func (s *Store) FailedDeliveries(ctx context.Context, tenant holds.TenantID, limit int) (out []FailedDelivery, err error) {
	err = s.inTenant(ctx, tenant, "list failed deliveries", func(t *tx) error {
		rows, err := t.ListFailedDeliveries(ctx, pgdb.ListFailedDeliveriesParams{
			TenantID: string(tenant), Stuck: maxAttempts, Most: atMost(limit),
		})
		out = make([]FailedDelivery, 0, len(rows))
		for _, row := range rows {
			out = append(out, FailedDelivery{
				ID: row.DeliveryID, Connection: holds.ConnectionID(row.ConnectionID), Source: holds.Source(row.Source),
				Envelope: row.Envelope, Digest: hex.EncodeToString(row.Digest), Received: row.ReceivedAt.UTC(),
				Attempts: int(row.Attempts), Failed: fromNull(row.FailedAt), Trouble: row.Trouble,
			})
		}
		return err
	})
	return out, err
}

// RetryDelivery puts a failed delivery back into the inbox, once what was wrong
// has been mended. Its events that were stored are not asked about again.
func (s *Store) RetryDelivery(ctx context.Context, tenant holds.TenantID, delivery int64, by holds.By) error {
	now := s.Now()
	err := s.inTenant(ctx, tenant, "put a delivery back", func(t *tx) error {
		row, err := t.GetDelivery(ctx, pgdb.GetDeliveryParams{TenantID: string(tenant), DeliveryID: delivery})
		if err != nil {
			return err
		}
		n, err := t.RetryDelivery(ctx, pgdb.RetryDeliveryParams{TenantID: string(tenant), DeliveryID: delivery})
		if err == nil && n == 0 {
			err = holds.Refuse(holds.Conflict, "The delivery has not failed.")
		}
		t.record(now, holds.ConnectionID(row.ConnectionID), "", holds.Entry{
			Kind: "delivery.retried", By: by, Digests: map[string]string{"delivery": hex.EncodeToString(row.Digest)},
		})
		return err
	})
	if err == nil {
		s.announce()
	}
	return err
}
