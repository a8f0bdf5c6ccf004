package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"
)

// rescuer gives jobs back whose process died. River has one of its own, but it
// looks only twice a minute, on the leader alone, and the leader may be what
// died: together that is more than a minute. Ours runs in every runner, needs
// no leader, and never gives a job up: River's stays as the second net, later.
type rescuer struct {
	db     *sql.DB
	queues []string
	after  time.Duration // how long a job may be running
	every  time.Duration
	aged   time.Duration // how long a job waits before its age counts
	said   *said
	pulse  *pulse // of this runner
	// working are the jobs that this runner knows it has.
	working func() []int64
	log     *slog.Logger
}

// rescueBatch bounds one pass, in jobs.
const rescueBatch = 500

// died is the error of an attempt whose end nobody saw.
const died = "the process running it died, or it did not stop in time"

// rescueStuck gives back what has been running for too long by the database's
// clock, whose runner has fallen silent, or what this runner was given and never
// heard of because the answer was lost; after the same wait as for an error, so
// that a job that kills its process does not do so at full speed. Jobs somebody
// wants cancelled are left to River. The error is in River's form
// (rivertype.AttemptError).
const rescueStuck = `
UPDATE river.river_job SET
	state = 'available',
	scheduled_at = now() + make_interval(secs => least(power(2, least(attempt - 1, 20)), $4::float8)),
	errors = array_append(errors, jsonb_build_object(
		'at', now(), 'attempt', attempt, 'trace', '',
		'error', '` + died + `'))
WHERE id IN (
	SELECT id FROM river.river_job
	WHERE state = 'running' AND kind = $1 AND queue = ANY($2::text[])
		AND (attempted_at < now() - make_interval(secs => $3)
			OR $6::float8 > 0 AND attempted_at < now() - make_interval(secs => $6) AND (
				attempted_by[cardinality(attempted_by)] = $7 AND id <> ALL ($8::bigint[])
				OR EXISTS (SELECT FROM river.countersign_runner
					WHERE runner = attempted_by[cardinality(attempted_by)] AND beat_at < now() - make_interval(secs => $6))))
		AND NOT metadata ? 'cancel_attempted_at'
	ORDER BY id LIMIT $5
	FOR UPDATE SKIP LOCKED)
RETURNING id, attempt, queue, args->>'hold', coalesce(attempted_by[cardinality(attempted_by)], '')`

// run rescues until ctx ends. A pass that fails is logged and tried again.
func (r *rescuer) run(ctx context.Context) {
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	for {
		if err := errors.Join(r.pass(ctx), r.raise(ctx)); err != nil && ctx.Err() == nil {
			const message = "cannot look after jobs whose process died or that wait long; trying again"
			if left, ok := r.said.pass(message, time.Now()); ok {
				r.log.Error(message, "error", err, "left_out_since_the_last", left)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pass rescues once. Rescuing twice does no harm, so a commit whose answer was
// lost needs no care.
func (r *rescuer) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("rescuing jobs: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, rescueStuck, jobKind, pq.Array(r.queues), r.after.Seconds(), longestWait.Seconds(), rescueBatch,
		r.silence().Seconds(), r.pulse.runner, pq.Array(r.working()))
	if err != nil {
		return fmt.Errorf("rescuing jobs: %w", err)
	}
	if err := r.tell(rows); err != nil {
		return err
	}
	return wrapped("rescuing jobs", tx.Commit())
}

// silence is after how long without a beat the jobs of a runner are taken, zero
// while that cannot be judged from here.
func (r *rescuer) silence() time.Duration {
	if !r.pulse.steady(time.Now()) {
		return 0
	}
	return r.pulse.silence
}

func (r *rescuer) tell(rows *sql.Rows) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, attempt int64
		var queue, hold, by string
		if err := rows.Scan(&id, &attempt, &queue, &hold, &by); err != nil {
			return fmt.Errorf("reading rescued jobs: %w", err)
		}
		r.log.Warn("a job was not finished in time and is given to another runner",
			"job", id, "effect", queue, "hold", hold, "attempt", attempt, "was_run_by", by)
	}
	return wrapped("reading rescued jobs", rows.Err())
}
