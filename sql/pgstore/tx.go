package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/sql/pgdb"
)

// tries is how often a transaction is run when it loses against another.
const tries = 5

// tx is one transaction. What it gathers in entries and jobs is written by
// flush, as the last thing before COMMIT.
type tx struct {
	*pgdb.Queries
	store   *Store
	sql     *sql.Tx
	tenant  holds.TenantID
	epoch   int64 // read once, when a job needs it
	entries []audit.Entry
	jobs    []holds.Job
}

// inTenant runs fn in one transaction that sees the rows of one tenant.
func (s *Store) inTenant(ctx context.Context, tenant holds.TenantID, op string, fn func(*tx) error) error {
	return s.run(ctx, op, nil, func(t *tx) error {
		if err := t.enter(ctx, tenant); err != nil {
			return err
		}
		return fn(t)
	})
}

// run runs fn in a transaction, again when the database asks for that. fn must
// therefore have no effect outside of it.
func (s *Store) run(ctx context.Context, op string, opts *sql.TxOptions, fn func(*tx) error) error {
	for try := 1; ; try++ {
		err := s.once(ctx, opts, fn)
		s.leaveStandby(err)
		var caller *callerError
		switch {
		case errors.As(err, &caller):
			return caller.err
		case err == nil:
			return nil
		case !transient(err) || try == tries || ctx.Err() != nil:
			return translate(op, err)
		}
		if err := pause(ctx, try); err != nil {
			return translate(op, err)
		}
	}
}

// pause waits a little longer each time, and never the same time twice.
func pause(ctx context.Context, try int) error {
	return wait(ctx, time.Duration(1+rand.IntN(4<<try))*time.Millisecond)
}

// wait waits; the error is that of a context that ended meanwhile.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (s *Store) once(ctx context.Context, opts *sql.TxOptions, fn func(*tx) error) error {
	sqlTx, err := s.db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() //nolint:errcheck // does nothing after a commit
	t := &tx{Queries: pgdb.New(sqlTx), store: s, sql: sqlTx}
	if err := fn(t); err != nil {
		return err
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	t.hit(failpoint.StoreBeforeCommit)
	if err := commit(sqlTx); err != nil {
		return err
	}
	t.hit(failpoint.StoreCommitted)
	if len(t.jobs) > 0 {
		s.jobs.Kick(t.jobs...)
	}
	if len(t.entries) > 0 {
		signal(s.queued)
	}
	return nil
}

// hit marks the two sides of a commit from which anything follows.
func (t *tx) hit(p failpoint.Point) {
	if len(t.jobs)+len(t.entries) > 0 {
		failpoint.Hit(p)
	}
}

// commit commits. Unless the server itself says that it rolled back, an error
// tells nothing about what became of the transaction.
func commit(t *sql.Tx) error {
	err := t.Commit()
	var pe *pq.Error
	if err == nil || errors.As(err, &pe) && !unavailable(err) || transient(err) {
		return err
	}
	return away(err, "The database did not confirm the change; it may or may not have been made. Look again before repeating it.")
}

// enter makes the transaction see one tenant's rows.
func (t *tx) enter(ctx context.Context, tenant holds.TenantID) error {
	if tenant == "" {
		return holds.Refuse(holds.NotFound, "Not found.")
	}
	t.tenant = tenant
	_, err := t.sql.ExecContext(ctx, `SELECT set_config('countersign.tenant', $1, true)`, string(tenant))
	return err
}

// flush queues the jobs and the audit entries.
func (t *tx) flush(ctx context.Context) error {
	if len(t.jobs) > 0 {
		if t.store.jobs == nil {
			return errors.New("there is nothing to queue jobs with")
		}
		if err := t.store.jobs.Enqueue(ctx, t.sql, t.jobs...); err != nil {
			return fmt.Errorf("queue jobs: %w", err)
		}
	}
	return t.queueEntries(ctx)
}

// queue remembers an effect as a job of this installation's epoch.
func (t *tx) queue(ctx context.Context, h holds.Hold, e holds.Effect) error {
	if t.epoch == 0 {
		epoch, err := t.GetEpoch(ctx)
		if err != nil {
			return fmt.Errorf("read the epoch: %w", err)
		}
		t.epoch = epoch
	}
	t.jobs = append(t.jobs, holds.Job{
		Effect: e, Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Connection: h.Connection, Epoch: t.epoch, Urgency: urgency(h),
	})
	return nil
}

// lock takes locks of the whole database for the rest of the transaction, in
// the order of the names.
func (t *tx) lock(ctx context.Context, names ...string) error {
	_, err := t.sql.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('countersign ' || n, 0)) FROM unnest($1::text[]) n`,
		pq.Array(names))
	return err
}

// subjectLock names the lock on an account: whoever opens or changes a hold of
// it takes it first.
func subjectLock(conn holds.ConnectionID, subject string) string {
	return "subject " + string(conn) + "\n" + subject
}
