package pgstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Feeds lists the feeds of a connection by resource; none when there are none
// or no such connection.
func (s *Store) Feeds(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) (out []holds.Feed, err error) {
	err = s.atDoor(ctx, tenant, "read the feeds of a connection", func(t *tx) error {
		rows, err := t.ListFeeds(ctx, pgdb.ListFeedsParams{TenantID: string(tenant), ConnectionID: string(conn)})
		out = make([]holds.Feed, 0, len(rows))
		for _, row := range rows {
			out = append(out, feed(row))
		}
		return err
	})
	return out, err
}

// UpdateFeed changes one feed under a lock that every replica respects. A feed
// that was never seen is empty but for its names. change may be called more than
// once and must have no effect of its own; its error is returned as it is, and
// then nothing is committed. The names of a feed cannot be changed.
func (s *Store) UpdateFeed(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, resource string,
	change func(holds.Feed) (holds.Feed, error),
) error {
	resource = safeKey(resource)
	return s.inTenant(ctx, tenant, "change a feed", func(t *tx) error {
		none := holds.Feed{}.Secret
		err := t.InsertFeed(ctx, pgdb.InsertFeedParams{
			TenantID: string(tenant), ConnectionID: string(conn), Resource: resource, Secret: none[:],
		})
		if err != nil {
			return err
		}
		row, err := t.LockFeed(ctx, pgdb.LockFeedParams{TenantID: string(tenant), ConnectionID: string(conn), Resource: resource})
		if err != nil {
			return err
		}
		f, err := change(feed(row))
		if err != nil {
			return &callerError{err}
		}
		f = clean(f)
		return t.UpdateFeed(ctx, pgdb.UpdateFeedParams{
			TenantID: string(tenant), ConnectionID: string(conn), Resource: resource,
			SubscriptionID: f.ID, Nonce: f.Nonce, PendingUntil: nullTime(f.Pending), Secret: f.Secret[:],
			MadeAt: nullTime(f.Made), ExpiresAt: nullTime(f.Expires), LeaseUntil: nullTime(f.Lease), Trouble: f.Trouble,
		})
	})
}

func feed(row pgdb.Feed) holds.Feed {
	f := holds.Feed{
		Tenant: holds.TenantID(row.TenantID), Connection: holds.ConnectionID(row.ConnectionID), Resource: row.Resource,
		ID: row.SubscriptionID, Nonce: row.Nonce, Pending: fromNull(row.PendingUntil), Made: fromNull(row.MadeAt),
		Expires: fromNull(row.ExpiresAt), Lease: fromNull(row.LeaseUntil), Trouble: row.Trouble,
	}
	copy(f.Secret[:], row.Secret)
	return f
}

// refusedShown is how long people are shown that notifications were refused,
// after the last one. Those of less than a day before one another are counted
// together.
const refusedShown = 24 * time.Hour

// CountRefused adds to the notifications that somebody sent to a connection's
// address and that were not the provider's.
func (s *Store) CountRefused(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID, n int, at time.Time) error {
	return s.inTenant(ctx, tenant, "count refused notifications", func(t *tx) error {
		return t.CountRefused(ctx, pgdb.CountRefusedParams{
			TenantID: string(tenant), ConnectionID: string(conn), Refused: int64(n), At: cleanTime(at),
		})
	})
}

// feedTroubles says, by connection, what is wrong with a tenant's feeds.
func (t *tx) feedTroubles(ctx context.Context, now time.Time) (map[string][]string, error) {
	rows, err := t.ListTenantFeeds(ctx, string(t.tenant))
	out := map[string][]string{}
	for _, row := range rows {
		f := feed(row)
		switch {
		case f.Trouble != "":
			out[row.ConnectionID] = append(out[row.ConnectionID], f.Resource+": "+f.Trouble)
		case !f.Expires.IsZero() && f.Expires.Before(now):
			out[row.ConnectionID] = append(out[row.ConnectionID], f.Resource+": the subscription ended on "+stamp(f.Expires)+" and was not renewed")
		}
	}
	return out, err
}

// feedsOf is the sentence about a connection's feeds, empty when all is well.
func feedsOf(troubles []string, row pgdb.ListHealthRow, now time.Time) string {
	if n, last := refusedOf(row, now); n > 0 {
		troubles = append(troubles, fmt.Sprintf("refused %s without the right client state, the last on %s",
			plural(n, "notification"), stamp(last)))
	}
	return strings.Join(troubles, "; ")
}

// refusedOf is how many notifications were refused of late.
func refusedOf(row pgdb.ListHealthRow, now time.Time) (n int, last time.Time) {
	if last = fromNull(row.RefusedAt); row.Refused == 0 || now.Sub(last) >= refusedShown {
		return 0, time.Time{}
	}
	return int(row.Refused), last
}

func stamp(at time.Time) string { return at.UTC().Format("2 January 15:04 UTC") }
