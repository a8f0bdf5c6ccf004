package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// Run runs jobs until ctx ends. It fails at once when the job tables are
// missing or the database cannot be reached; later outages are waited out.
// When ctx ends it takes no more jobs, gives the running ones three seconds,
// then ends their contexts and hands back those that give up because of it, to
// run again elsewhere as if they had not started. It returns nil when all of
// them returned, and an error when some did not: those are rescued by another
// runner when their time is over. A runner runs once.
func (r *Runner) Run(ctx context.Context) error {
	if r.ran.Swap(true) {
		return holds.Refuse(holds.Internal, "a runner of jobs runs only once")
	}
	if err := r.ready(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := r.pulse.beat(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer context.AfterFunc(ctx, func() { r.stop.Store(true) })()
	if r.inserter != nil {
		defer r.inserter.attach(r, func(queues []string) {
			r.listener.kick(queues)
			r.teller.note(queues)
		})()
	}
	if err := r.client.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("starting to run jobs: %w", err)
	}
	var beside sync.WaitGroup
	beside.Go(func() { r.rescuer.run(ctx) })
	beside.Go(func() { r.pulse.run(ctx) })
	beside.Go(func() { r.teller.run(ctx) })
	defer beside.Wait()
	<-ctx.Done()
	return r.awaitStop()
}

// ready checks the tables before anything is started.
func (r *Runner) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	return checkSchema(ctx, r.db)
}

// awaitStop waits for River, which began to stop when ctx ended.
func (r *Runner) awaitStop() error {
	timer := time.NewTimer(r.tuning.softStop + r.tuning.hardStop)
	defer timer.Stop()
	select {
	case <-r.client.Stopped():
		return nil
	case <-timer.C:
		return errors.New("some jobs did not stop in time; another runner takes them over later")
	}
}

// quiet is the logger for River itself: it tells its progress every few
// seconds, which is of no interest, and its troubles, which are, but not ten
// times a second, and not that a stop cut off what it was doing.
func quiet(log *slog.Logger, stopping func() bool) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(warnings{bounded{log.With("part", "river").Handler(), newSaid(saidEvery)}, stopping})
}

type warnings struct {
	slog.Handler
	stopping func() bool
}

// Enabled leaves out what is below a warning.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// Handle leaves out what ended because the program stops.
func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	cut := false
	r.Attrs(func(a slog.Attr) bool {
		text := a.Value.String()
		cut = a.Key == "error" && (strings.Contains(text, sql.ErrTxDone.Error()) || strings.Contains(text, context.Canceled.Error()))
		return !cut
	})
	if cut && w.stopping() {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

// WithAttrs keeps the filter.
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(a), w.stopping}
}

// WithGroup keeps the filter.
func (w warnings) WithGroup(name string) slog.Handler {
	return warnings{w.Handler.WithGroup(name), w.stopping}
}
