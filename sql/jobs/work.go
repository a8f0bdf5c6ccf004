package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"github.com/countersign/countersign/holds"
)

// Handler does one effect. It reads the persisted state, does one thing and
// reports one fact; it bears being called twice and returns soon after its
// context ends. Its error says what becomes of the job: Unavailable (waiting
// at least as long as the error asks) and Internal are tried again, every
// other kind gives the job up.
type Handler func(ctx context.Context, job holds.Job) error

// worker is what River calls for each job.
type worker struct {
	river.WorkerDefaults[args]

	handlers  map[holds.EffectKind]Handler
	onDiscard func(context.Context, holds.Job, error)
	log       *slog.Logger
	// stopping ends when the runner was asked to stop.
	stopping func() bool
	lanes    *lanes
	// held tells whether a job still is this runner's, and doubtful after how long
	// a handler that succeeded must ask.
	held     func(context.Context) error
	doubtful time.Duration
}

// longestRun is how long a job that is somebody else's by now is left alone.
const longestRun = time.Minute

// Work runs one job and tells River what becomes of it.
func (w *worker) Work(ctx context.Context, row *river.Job[args]) error {
	job := row.Args.job(row.Attempt)
	ctx = leased(ctx, row.JobRow)
	began := time.Now()
	err := w.attempt(ctx, job, deaths(row))
	if err == nil && w.held != nil && time.Since(began) > w.doubtful {
		err = w.held(ctx) // River would count it as done for whoever has it now, too
	}
	w.lanes.ended(row.ID, job, err)
	log := w.log.With("job", row.ID, "effect", string(job.Kind), "tenant", string(job.Key.Tenant),
		"hold", string(job.Key.Hold), "notice", string(job.Notice), "attempt", job.Attempt)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTaken):
		// The error makes the job run once more when the other runner is done, which
		// harms nobody; that it were done or given up could.
		log.Warn("a job was left to the runner that was given it meanwhile")
		row.Args.wait = longestRun
		return public(err)
	case errors.Is(err, holds.ErrOtherEpoch):
		log.Warn("a job is given up because it was queued in another epoch of the installation", "epoch", job.Epoch)
		return river.JobCancel(holds.ErrOtherEpoch)
	case final(err):
		log.Error("a job is given up because trying again would not help", "error", err)
		w.discard(ctx, log, job, err)
		return river.JobCancel(public(err))
	case w.stopping() && errors.Is(ctx.Err(), context.Canceled):
		log.Info("a job is handed back because the program stops", "error", err)
		return river.JobSnooze(0) // available at once, and the attempt does not count
	case row.Attempt >= row.MaxAttempts:
		log.Error("a job is given up after its last attempt", "error", err)
		w.discard(ctx, log, job, err)
		return public(err)
	}
	row.Args.wait = holds.RetryAfter(err)
	log.Warn("a job failed and will be tried again", "error", err)
	return public(err)
}

// NextRetry is when the job that Work just failed may be tried again.
func (*worker) NextRetry(row *river.Job[args]) time.Time {
	return time.Now().Add(nextWait(row.Attempt, row.Args.wait))
}

// mostDeaths is after how many attempts that nobody saw the end of a job is given
// up: it is the job then that ends the processes, or hangs them, again and again. They
// are counted before the next attempt, since nothing is counted after the last.
const mostDeaths = 10

// deaths counts them.
func deaths(row *river.Job[args]) (n int) {
	for _, e := range row.Errors {
		if e.Error == died {
			n++
		}
	}
	return n
}

// attempt runs the job's handler, if the job may run at all.
func (w *worker) attempt(ctx context.Context, job holds.Job, deaths int) error {
	handle, ok := w.handlers[job.Kind]
	if !ok { // its row was changed by hand: a queue has a handler
		return holds.Refuse(holds.Invalid, "there is no handler for the effect %q", string(job.Kind))
	}
	if deaths >= mostDeaths {
		return holds.Refuse(holds.Invalid, "%d processes ended or hung while they did it; it is given up, so that it harms no more of them", deaths)
	}
	return w.guarded(func() error { return handle(ctx, job) })
}

// guarded turns a panic into an error and logs where it happened.
func (w *worker) guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.log.Error("a job panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = holds.Because(holds.Internal, fmt.Errorf("panic: %v", v), "the job panicked")
		}
	}()
	return call()
}

// discard tells that a job is given up. It is told before River's row says so,
// so that dying in between tells it twice rather than never.
func (w *worker) discard(ctx context.Context, log *slog.Logger, job holds.Job, why error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	err := w.guarded(func() error {
		w.onDiscard(ctx, job, why)
		return nil
	})
	if err != nil {
		log.Error("nobody could be told that a job is given up", "error", err)
	}
}

// final reports whether trying again would be no use.
func final(err error) bool {
	switch holds.KindOf(err) {
	case holds.NotFound, holds.Forbidden, holds.Invalid, holds.Conflict:
		return true
	case holds.Internal, holds.Unavailable:
	}
	return false
}

// public is what is stored of an error: its kind and the sentence meant for
// people. The rest may name people or places and is in the log only.
func public(err error) error {
	var e *holds.Error
	if !errors.As(err, &e) {
		return errors.New("internal: see the log")
	}
	return errors.New(e.Kind.String() + ": " + storable(e.Detail))
}
