package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/sql/pgdb"
)

// maxAttempts is how often a delivery is tried before people are shown that it
// fails. The last attempt decides whatever of it can be decided.
const maxAttempts = 5

// The waits between attempts double from one second.
const maxWait = time.Minute

// Decide claims the undecided delivery whose turn it is (see lanes) and commits
// what becomes of it; see keeper.Inbox. It returns false when none is waiting.
//
// A delivery that fails is tried again after one, two, four and eight seconds.
// The fifth attempt commits event by event and leaves out those that fail, so
// that a bad event harms only itself; the delivery is then kept as failed, with
// an audit entry, and an observation of our own that it did comes behind it in
// the inbox, so that people hear of it. Outages (errors of kind Unavailable) make a
// delivery wait, however long they last, and never fail it.
func (s *Store) Decide(ctx context.Context, now time.Time,
	decode func(holds.Delivery) ([]holds.Event, error),
	fold func(holds.Question) (holds.Answer, error),
) (bool, error) {
	now = cleanTime(now)
	var claimed *pgdb.Delivery
	var counted bool // before it was tried
	decideIt := func(t *tx, row pgdb.Delivery) error {
		failpoint.Hit(failpoint.ClassifyClaimed)
		d := decider{tx: t, now: now, decode: decode, fold: fold, alone: row.Attempts >= maxAttempts-1}
		return d.decide(ctx, row)
	}
	err := s.run(ctx, "decide a delivery", nil, func(t *tx) error {
		claimed, counted = nil, false
		row, err := t.claim(ctx, now)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		claimed = &row
		if counted = s.suspect(row); counted {
			return t.countFirst(ctx, now, row)
		}
		return decideIt(t, row)
	})
	if counted && err == nil {
		err = s.inTenant(ctx, holds.TenantID(claimed.TenantID), "decide a delivery", func(t *tx) error {
			row, err := t.LockDelivery(ctx, pgdb.LockDeliveryParams{
				TenantID: claimed.TenantID, DeliveryID: claimed.DeliveryID, Deaths: claimed.Deaths + 1,
			})
			if errors.Is(err, sql.ErrNoRows) {
				return nil // it was given up, or another replica has it by now
			}
			if err != nil {
				return err
			}
			return decideIt(t, row)
		})
	}
	if claimed == nil {
		return false, err
	}
	if err == nil {
		failpoint.Hit(failpoint.ClassifyCommitted)
		return true, nil
	}
	if counting := s.countAttempt(ctx, now, *claimed, err); counting != nil {
		return true, errors.Join(err, counting)
	}
	return true, err
}

// claim locks the delivery whose turn it is, of those that nobody else works on,
// and enters its tenant.
func (t *tx) claim(ctx context.Context, now time.Time) (pgdb.Delivery, error) {
	asked := t.store.lanes.next(now, time.Now())
	key, err := t.ClaimWaiting(ctx, asked)
	if err != nil {
		return pgdb.Delivery{}, err
	}
	t.store.lanes.served(asked, key)
	if err := t.enter(ctx, holds.TenantID(key.TenantID)); err != nil {
		return pgdb.Delivery{}, err
	}
	return t.GetDelivery(ctx, pgdb.GetDeliveryParams{TenantID: key.TenantID, DeliveryID: key.DeliveryID})
}

// countAttempt counts a failure in a transaction of its own. A stopping program
// is no failure of the delivery.
func (s *Store) countAttempt(ctx context.Context, now time.Time, row pgdb.Delivery, cause error) error {
	if ctx.Err() != nil {
		return nil
	}
	outage := holds.KindOf(cause) == holds.Unavailable
	return s.inTenant(ctx, holds.TenantID(row.TenantID), "count a failed attempt", func(t *tx) error {
		if row.Attempts+1 >= maxAttempts && !outage {
			return t.fail(ctx, now, row, trouble(cause))
		}
		wait := max(untilRetry(row.Attempts), holds.RetryAfter(cause))
		_, err := t.CountAttempt(ctx, pgdb.CountAttemptParams{
			RetryAt: now.Add(wait), Trouble: trouble(cause), TenantID: row.TenantID, DeliveryID: row.DeliveryID,
		})
		if errors.Is(err, sql.ErrNoRows) {
			return nil // another replica has decided it meanwhile
		}
		return err
	})
}

// fail keeps a delivery as failed, in view of people, and tells them.
func (t *tx) fail(ctx context.Context, now time.Time, row pgdb.Delivery, why string) error {
	n, err := t.FailDelivery(ctx, pgdb.FailDeliveryParams{At: now, Trouble: why, TenantID: row.TenantID, DeliveryID: row.DeliveryID})
	if err != nil || n == 0 {
		return err
	}
	d := holds.Delivery{}
	copy(d.Digest[:], row.Digest)
	t.record(now, holds.ConnectionID(row.ConnectionID), "", holds.Entry{
		Kind: "delivery.failed", By: holds.BySystem("inbox"), Digests: map[string]string{"delivery": digestOf(d)},
	})
	t.store.log.Error("a delivery could not be decided and is kept for people to look at",
		"tenant", row.TenantID, "connection", row.ConnectionID, "delivery", row.DeliveryID, "trouble", why)
	return t.raiseFailed(ctx, now, row, why)
}

// trouble is an error as people see it beside a delivery. Errors of the
// database lose the values they quote.
func trouble(err error) string {
	var known *holds.Error
	if errors.As(err, &known) {
		return shorten(cleanText(known.Detail))
	}
	var pe *pq.Error
	if errors.As(err, &pe) {
		err = redact("decide a delivery", pe)
	}
	return shorten(cleanText(err.Error()))
}

func shorten(s string) string {
	const most = 400
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// panicked is a panic of a caller's function, turned into a failure of the one
// delivery it happened on.
func panicked(what string, p any) error {
	return fmt.Errorf("%s panicked: %v", what, p)
}
