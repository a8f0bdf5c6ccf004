package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/countersign/countersign/holds"
)

// verdict is what River is told of a job.
type verdict string

const (
	completed verdict = "completed"
	again     verdict = "tried again"
	givenUp   verdict = "given up"
	handed    verdict = "handed back"
)

func verdictOf(err error) verdict {
	switch {
	case err == nil:
		return completed
	case errors.As(err, new(*rivertype.JobCancelError)):
		return givenUp
	case errors.As(err, new(*rivertype.JobSnoozeError)):
		return handed
	}
	return again
}

func TestWhatBecomesOfAJob(t *testing.T) {
	secret := errors.New("dial 10.0.0.7 for ada@example.com")
	refuse := func(k holds.Kind) error { return holds.Because(k, secret, "plain words") }
	for _, c := range []struct {
		name    string
		err     error
		panics  any
		attempt int
		stopped bool
		want    verdict
		told    bool
		stored  string
	}{
		{name: "done", want: completed},
		{name: "unavailable", err: refuse(holds.Unavailable), want: again, stored: "unavailable: plain words"},
		{name: "internal", err: refuse(holds.Internal), want: again, stored: "internal: plain words"},
		{name: "without a kind", err: secret, want: again, stored: "internal: see the log"},
		{name: "an unknown kind", err: refuse(holds.Kind(99)), want: again, stored: "unknown: plain words"},
		{name: "not found", err: refuse(holds.NotFound), want: givenUp, told: true, stored: "not found: plain words"},
		{name: "forbidden", err: refuse(holds.Forbidden), want: givenUp, told: true, stored: "forbidden: plain words"},
		{name: "invalid", err: refuse(holds.Invalid), want: givenUp, told: true, stored: "invalid: plain words"},
		{name: "conflict", err: fmt.Errorf("saving: %w", refuse(holds.Conflict)), want: givenUp, told: true, stored: "conflict: plain words"},
		{name: "the last attempt", err: secret, attempt: maxAttempts, want: again, told: true, stored: "internal: see the log"},
		{name: "a panic", panics: "at ada@example.com", want: again, stored: "internal: the job panicked"},
		{name: "another epoch", err: holds.Because(holds.Forbidden, holds.ErrOtherEpoch, "plain words"), want: givenUp, stored: "another epoch"},
		{name: "cancelled by a stop", err: context.Canceled, stopped: true, want: handed},
		{name: "cancelled by a stop at the last attempt", err: secret, attempt: maxAttempts, stopped: true, want: handed},
		{name: "done in spite of a stop", stopped: true, want: completed},
		{name: "refused during a stop", err: refuse(holds.Forbidden), stopped: true, want: givenUp, told: true, stored: "forbidden: plain words"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := newLogbook()
			var told []error
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			w := &worker{
				handlers: only(holds.EffectTell, func(context.Context, holds.Job) error {
					if c.stopped {
						cancel()
					}
					if c.panics != nil {
						panic(c.panics)
					}
					return c.err
				}),
				onDiscard: func(ctx context.Context, _ holds.Job, err error) {
					if ctx.Err() != nil {
						t.Error("told with a context that has ended")
					}
					told = append(told, err)
				},
				log:      slog.New(log),
				stopping: func() bool { return c.stopped },
				lanes:    newLanes(defaultShare),
			}
			a, err := argsOf(job(holds.EffectTell, "h"))
			if err != nil {
				t.Fatal(err)
			}
			row := &river.Job[args]{JobRow: &rivertype.JobRow{Attempt: max(c.attempt, 1), MaxAttempts: maxAttempts}, Args: a}
			err = w.Work(ctx, row)
			if verdictOf(err) != c.want || (err != nil && !strings.Contains(err.Error(), c.stored)) {
				t.Errorf("%v: %v, want %s: %s", verdictOf(err), err, c.want, c.stored)
			}
			if err != nil && (strings.Contains(err.Error(), "10.0.0.7") || strings.Contains(err.Error(), "@")) {
				t.Errorf("would be stored: %v", err)
			}
			if c.told != (len(told) == 1) || (c.told && !errors.Is(told[0], c.err)) {
				t.Errorf("told %v", told)
			}
			if c.want != completed && log.String() == "" {
				t.Error("nothing in the log")
			}
			if c.panics != nil && !strings.Contains(log.String(), "work_test.go") {
				t.Errorf("no stack in the log: %s", log)
			}
		})
	}
}

func TestTheNextAttemptHonoursWhatTheErrorAsked(t *testing.T) {
	w := &worker{
		handlers: only(holds.EffectTell, func(context.Context, holds.Job) error {
			return fmt.Errorf("calling: %w", &holds.Error{Kind: holds.Unavailable, Detail: "slow down", After: time.Hour})
		}),
		log:      slog.New(slog.DiscardHandler),
		stopping: func() bool { return false }, lanes: newLanes(1),
	}
	row := &river.Job[args]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: maxAttempts}, Args: args{Effect: holds.EffectTell}}
	if err := w.Work(t.Context(), row); verdictOf(err) != again {
		t.Fatal(err)
	}
	if wait := time.Until(w.NextRetry(row)); wait < time.Hour-time.Minute || wait > time.Hour {
		t.Errorf("waits %s", wait)
	}
}

func TestAPanicWhileTellingIsNotTheEnd(t *testing.T) {
	log := newLogbook()
	w := &worker{onDiscard: func(context.Context, holds.Job, error) { panic("told") }, log: slog.New(log)}
	w.discard(t.Context(), w.log, holds.Job{}, errors.New("why"))
	if !strings.Contains(log.String(), "nobody could be told") {
		t.Errorf("log: %s", log)
	}
}
