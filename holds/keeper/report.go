package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
)

// reportTime is what a job has to write down what it knows, whatever is left of its
// own time; the job runner counts it as abandoned a little later.
const reportTime = 3 * time.Second

// lasting is a context for writing down what is known: what a provider did stays
// true when it took all the time that there was. A stop ends it as it ends the job.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	over := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if !over && (!bounded || time.Until(end) >= reportTime) {
		return ctx, func() {}
	}
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTime)
	unlink := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return out, func() { unlink(); cancel() }
}

// report applies one fact; that the hold has moved on meanwhile is no error.
func (j *job) report(ctx context.Context, f holds.Fact) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	_, err := j.apply(ctx, j.Key, f)
	return ignoreConflict(err)
}

// outcome writes down what became of a call; that somebody else did is no error.
func (j *job) outcome(ctx context.Context, id holds.IntentID, r holds.Result) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	return ignoreConflict(j.Intents.Outcome(ctx, j.Key, id, r))
}

// attempted writes down that a message was sent: what is not in the ledger is sent
// again.
func (j *job) attempted(ctx context.Context, a holds.Attempt) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	return j.Notices.Attempted(ctx, j.Key.Tenant, a)
}

func ignoreConflict(err error) error {
	if holds.KindOf(err) == holds.Conflict {
		return nil
	}
	return err
}

// The attempts from which on people hear of a trouble that may pass. That our own
// database did not answer says nothing about the account: the calls may all have
// been made, and the next attempt finds them. Ten attempts are about ten minutes.
const (
	toldFrom      = 3
	storeToldFrom = 10
)

// trouble decides what a failed attempt means. What may pass is tried again, and
// people hear of it when it lasts. A refused credential is told at once and tried
// again, since people will mend it. What trying again cannot help is told at once
// and ends the job.
func (j *job) trouble(ctx context.Context, err error, fact func(reason string) holds.Fact) error {
	kind := holds.KindOf(err)
	mayPass := kind == holds.Unavailable || kind == holds.Internal
	if reason, from := j.blame(ctx, err); !mayPass || j.Attempt >= from {
		lctx, cancel := lasting(ctx)
		defer cancel()
		if _, ferr := j.apply(lctx, j.Key, fact(reason)); ferr != nil {
			return errors.Join(err, ferr)
		}
	}
	switch {
	case mayPass:
		return fmt.Errorf("%s, attempt %d: %w", j.Kind, j.Attempt, err)
	case kind == holds.Forbidden:
		return holds.Because(holds.Unavailable, err, "%s", holds.Say(err))
	}
	j.Logger.Error("a job cannot be done; its hold says so", "effect", j.Kind, "hold", j.Key.Hold, "error", err)
	return nil
}

// blame says what a failed attempt failed of, and from which attempt on people hear
// of that. Where the time ran out at the database, it was not the database that
// took it: it is asked in milliseconds, a provider in seconds.
func (j *job) blame(ctx context.Context, err error) (reason string, from int) {
	switch {
	case !holds.StoreAlone(err):
		return holds.Say(err), toldFrom
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "the time for one attempt was over before all of it was done", toldFrom
	}
	return "what was done could not be written down: " + holds.Say(err), storeToldFrom
}
