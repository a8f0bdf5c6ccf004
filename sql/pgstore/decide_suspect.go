package pgstore

import (
	"context"
	"time"

	"github.com/countersign/countersign/sql/pgdb"
)

// A delivery that kills the process that decides it would do so for ever, and
// would hold up everybody: what a dying process counts is rolled back with the
// rest. So a death is counted before the attempt, in a commit of its own, when
// the delivery is older than this process: another one may have died of it. One
// that arrived since costs no commit more; should it kill this process, the next
// one counts.

// maxDeaths is how many processes in a row may end while they decide a delivery.
const maxDeaths = 5

// diedOf is what people see beside a delivery that was given up.
const diedOf = "each time the program ended while it decided this delivery"

// suspect tells whether an earlier process may have died of a delivery.
func (s *Store) suspect(row pgdb.Delivery) bool { return row.RecordedAt.Before(s.opened) }

// countFirst counts the death that an attempt may be, or gives the delivery up
// after the last one.
func (t *tx) countFirst(ctx context.Context, now time.Time, row pgdb.Delivery) error {
	if row.Deaths >= maxDeaths {
		return t.fail(ctx, now, row, diedOf)
	}
	return t.CountDeath(ctx, pgdb.CountDeathParams{
		RetryAt: now.Add(untilRetry(row.Deaths)), TenantID: row.TenantID, DeliveryID: row.DeliveryID,
	})
}

// untilRetry is how long a delivery waits after so many attempts and one more.
func untilRetry(before int32) time.Duration { return min(time.Second<<min(before, 10), maxWait) }
