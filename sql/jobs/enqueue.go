package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/countersign/countersign/holds"
)

// Inserter queues jobs in the caller's transactions. One serves a whole
// program; it may be used by many goroutines at once.
type Inserter struct {
	client *river.Client[*sql.Tx]

	mu      sync.Mutex
	runners map[*Runner]func()
}

// NewInserter makes an inserter. A nil logger logs nothing.
func NewInserter(logger *slog.Logger) (*Inserter, error) {
	client, err := river.NewClient(riverdatabasesql.New(nil), &river.Config{
		FetchCooldown: fetchCooldown, // also how often it notifies other replicas
		Logger:        quiet(logger),
		Schema:        schema,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing to queue jobs: %w", err)
	}
	return &Inserter{client: client, runners: make(map[*Runner]func())}, nil
}

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
func (i *Inserter) Enqueue(ctx context.Context, tx *sql.Tx, jobs ...holds.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	wanted, err := encodeAll(jobs)
	if err != nil {
		return err
	}
	if err := lockHolds(ctx, tx, wanted); err != nil {
		return err
	}
	waiting, err := waitingAmong(ctx, tx, wanted)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(wanted), func(w encoded) bool { return waiting[w.text] })
	if err := hasten(ctx, tx, wanted, waiting); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return nil
	}
	// River's own uniqueness is of no use here: it insists on counting a running
	// job, and would swallow the effect that a newer change queues while an
	// older job, which may have read the older state, is still at work.
	if _, err := i.client.InsertManyFastTx(ctx, tx, inserts(fresh, time.Now())); err != nil {
		return fmt.Errorf("queueing %d jobs: %w", len(fresh), err)
	}
	return nil
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

// lockHolds keeps other transactions from queueing for the same holds until
// this one ends; in sorted order, so that two never wait for each other. It is
// a statement of its own because the next one must see what was committed
// while this one waited.
func lockHolds(ctx context.Context, tx *sql.Tx, jobs []encoded) error {
	names := make([]string, 0, len(jobs))
	for _, j := range jobs {
		names = append(names, string(j.args.Tenant)+"/"+string(j.args.Hold))
	}
	slices.Sort(names)
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('countersign jobs ' || h, 0)) FROM unnest($1::text[]) h`
	if _, err := tx.ExecContext(ctx, lock, pq.Array(slices.Compact(names))); err != nil {
		return fmt.Errorf("locking the holds of %d jobs: %w", len(jobs), err)
	}
	return nil
}

// findWaiting locks the waiting rows it finds. A runner skips locked rows, so
// that none of them starts before the transaction that relies on it has ended;
// one that started just before is no longer waiting and is not found.
const findWaiting = `
SELECT w.text
FROM unnest($1::text[]) AS w(text)
JOIN river.river_job j ON j.args->>'hold' = w.text::jsonb->>'hold' AND j.args = w.text::jsonb
WHERE j.state IN ('available', 'retryable', 'scheduled') AND j.kind = $2
FOR UPDATE OF j`

// waitingAmong reports which of the jobs already wait, by their stored form.
func waitingAmong(ctx context.Context, tx *sql.Tx, jobs []encoded) (map[string]bool, error) {
	texts := make([]string, 0, len(jobs))
	for _, j := range jobs {
		texts = append(texts, j.text)
	}
	rows, err := tx.QueryContext(ctx, findWaiting, pq.Array(texts), jobKind)
	if err != nil {
		return nil, fmt.Errorf("looking for waiting jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	waiting := make(map[string]bool)
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("reading waiting jobs: %w", err)
		}
		waiting[text] = true
	}
	return waiting, wrapped("reading waiting jobs", rows.Err())
}

// hasten gives waiting jobs the urgency of the equal ones that were not queued,
// where that is higher.
func hasten(ctx context.Context, tx *sql.Tx, wanted []encoded, waiting map[string]bool) error {
	var texts []string
	var urgencies []int64
	for _, w := range wanted {
		if waiting[w.text] {
			texts, urgencies = append(texts, w.text), append(urgencies, int64(w.urgency))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	const raise = `UPDATE river.river_job j SET priority = w.urgency FROM unnest($1::text[], $2::int[]) w (text, urgency)
		WHERE j.args->>'hold' = w.text::jsonb->>'hold' AND j.args = w.text::jsonb AND j.kind = $3
			AND j.state IN ('available', 'retryable', 'scheduled') AND j.priority > w.urgency`
	_, err := tx.ExecContext(ctx, raise, pq.Array(texts), pq.Array(urgencies), jobKind)
	return wrapped("hastening waiting jobs", err)
}

// urgencyOf is a job's urgency as River's priority, of which 1 comes first.
func urgencyOf(j holds.Job) int {
	if j.Urgency == 0 {
		return holds.UrgencyMedium
	}
	return min(max(j.Urgency, holds.UrgencyFirst), holds.UrgencyLow)
}

// inserts is what River is asked to insert. A time that has come is left out,
// because River makes every job that has one wait for its scheduler.
func inserts(jobs []encoded, now time.Time) []river.InsertManyParams {
	params := make([]river.InsertManyParams, 0, len(jobs))
	for _, j := range jobs {
		opts := &river.InsertOpts{MaxAttempts: maxAttempts, Queue: string(j.args.Effect), Priority: j.urgency}
		if j.args.At.After(now) {
			opts.ScheduledAt = j.args.At
		}
		params = append(params, river.InsertManyParams{Args: j.args, InsertOpts: opts})
	}
	return params
}

// Kick wakes the runners of this program that were made with this inserter, so
// that they look for jobs at once. It is to be called after the commit, never
// blocks, and does nothing when no runner runs. Runners elsewhere hear of new
// jobs by notification, or find them within a second.
func (i *Inserter) Kick() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, wake := range i.runners {
		wake()
	}
}

// attach lets Kick reach a runner until the returned function is called.
func (i *Inserter) attach(r *Runner, wake func()) (detach func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.runners[r] = wake
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.runners, r)
	}
}
