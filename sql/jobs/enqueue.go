package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
)

// Inserter queues jobs in the caller's transactions. One serves a whole
// program; it may be used by many goroutines at once.
type Inserter struct {
	kicks
}

// NewInserter makes an inserter. A nil logger logs nothing.
func NewInserter(*slog.Logger) (*Inserter, error) { return &Inserter{}, nil }

// Enqueue queues jobs in tx, so that they exist if and only if tx commits. A
// job equal to one that still waits (available, scheduled, or waiting to be
// tried again) is not queued again; the waiting one then does not start before
// tx ends, and so sees what tx wrote. Equal means the same effect, tenant,
// connection, hold, notice, reason, round, time and epoch. Attempt is ignored, and
// an urgency that is higher than the waiting job's becomes that job's.
//
// It expects the isolation level READ COMMITTED; under a stricter one a
// duplicate may slip in, or the statement may ask for the transaction to be
// run again. An error is Invalid when a job makes no sense; whatever the error,
// the transaction is to be rolled back.
//
// Runners elsewhere hear of the jobs by Kick, or, when no runner runs in this
// program, with the commit.
func (i *Inserter) Enqueue(ctx context.Context, tx *sql.Tx, jobs ...holds.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	wanted, err := encodeAll(jobs)
	if err != nil {
		return err
	}
	names, texts, urgencies, due := columns(wanted, time.Now())
	_, err = tx.ExecContext(ctx, `SELECT river.countersign_enqueue($1, $2, $3, $4, $5, $6, $7)`, pq.Array(names), pq.Array(texts),
		pq.Array(urgencies), pq.Array(due), jobKind, maxAttempts, i.alone())
	if err != nil {
		return fmt.Errorf("queueing %d jobs: %w", len(wanted), err)
	}
	return nil
}

// enqueueFunction queues jobs in one statement, whose plans are kept like those of
// fetchFunction.
//
// The locks keep other transactions from queueing for the same holds until this
// one ends; they come sorted, so that two never wait for each other. What follows
// sees what was committed while this one waited.
//
// Updating the jobs that wait already locks them. A runner passes over locked
// rows, so that none of them starts before the transaction that relies on it has
// ended; one that started just before no longer waits and is not found. River's own
// uniqueness is of no use here: it insists on counting a running job, and would
// swallow the effect that a newer change queues while an older job, which may have
// read the older state, is still at work.
const enqueueFunction = `
CREATE OR REPLACE FUNCTION river.countersign_enqueue(names text[], texts text[], urgencies integer[], due timestamptz[],
	job_kind text, attempts integer, tell boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER ` + keptPlans + `
AS $$
#variable_conflict use_column
DECLARE
	w record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('countersign jobs ' || h, 0)) FROM unnest(names) h;
	FOR w IN SELECT n.text::jsonb AS args, n.urgency, n.due FROM unnest(texts, urgencies, due) WITH ORDINALITY n (text, urgency, due, nth) ORDER BY n.nth LOOP
		UPDATE river.river_job j SET priority = least(j.priority, w.urgency)
		WHERE j.args->>'hold' = w.args->>'hold' AND j.args = w.args AND j.state IN ('available', 'retryable', 'scheduled');
		CONTINUE WHEN FOUND;
		INSERT INTO river.river_job (args, kind, max_attempts, priority, queue, state, scheduled_at)
		VALUES (w.args, job_kind, attempts, w.urgency, w.args->>'effect',
			CASE WHEN w.due IS NULL THEN 'available' ELSE 'scheduled' END::river.river_job_state, coalesce(w.due, now()));
	END LOOP;
	IF tell THEN
		PERFORM pg_notify('` + topicPrefix + insertTopic + `', json_build_object('queue', q.name)::text)
		FROM (SELECT DISTINCT w.text::jsonb->>'effect' AS name FROM unnest(texts, due) w (text, due) WHERE w.due IS NULL) q;
	END IF;
END
$$`

// columns are the arguments of enqueueFunction. A time that has come is left out,
// because a job that has one waits for River's scheduler.
func columns(jobs []encoded, now time.Time) (names, texts []string, urgencies []int64, due []sql.NullTime) {
	for _, j := range jobs {
		names = append(names, string(j.args.Tenant)+"/"+string(j.args.Hold))
		texts, urgencies = append(texts, j.text), append(urgencies, int64(j.urgency))
		due = append(due, sql.NullTime{Time: j.args.At, Valid: j.args.At.After(now)})
	}
	slices.Sort(names)
	return slices.Compact(names), texts, urgencies, due
}

// encoded is a job to queue, with its stored form.
type encoded struct {
	args    args
	text    string
	urgency int
}

// encodeAll checks and encodes jobs, leaving out repetitions.
func encodeAll(jobs []holds.Job) ([]encoded, error) {
	seen := make(map[string]bool, len(jobs))
	all := make([]encoded, 0, len(jobs))
	for _, j := range jobs {
		a, err := argsOf(j)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("encoding the effect %s of hold %s: %w", a.Effect, a.Hold, err)
		}
		if !seen[string(text)] {
			seen[string(text)] = true
			all = append(all, encoded{args: a, text: string(text), urgency: urgencyOf(j)})
		}
	}
	return all, nil
}

// urgencyOf is a job's urgency as River's priority, of which 1 comes first.
func urgencyOf(j holds.Job) int {
	if j.Urgency == 0 {
		return holds.UrgencyMedium
	}
	return min(max(j.Urgency, holds.UrgencyFirst), holds.UrgencyLow)
}
