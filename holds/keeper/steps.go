package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// job is one run of an effect on a hold: what every provider job needs.
type job struct {
	*Keeper
	holds.Job
	conn Connection
	hold holds.Hold
}

// begin refuses a job of an older epoch and reads the persisted state.
func (k *Keeper) begin(ctx context.Context, j holds.Job) (*job, error) {
	epoch, err := k.Intents.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	if epoch != j.Epoch {
		return nil, holds.Refuse(holds.Forbidden, "The job was queued before the installation was restored (epoch %d, now %d); it must not act.", j.Epoch, epoch)
	}
	v, err := k.Holds.View(ctx, j.Key)
	if err != nil {
		return nil, err
	}
	c, err := k.connection(v.Hold.Connection)
	if err != nil {
		return nil, err
	}
	return &job{Keeper: k, Job: j, conn: c, hold: v.Hold}, nil
}

// snapshot reads the account and keeps what was read.
func (j *job) snapshot(ctx context.Context) (holds.Snapshot, error) {
	s, err := j.conn.Provider.Snapshot(ctx, j.hold.Subject.ID)
	if err != nil {
		return s, err
	}
	if err := j.Snapshots.SaveSnapshot(ctx, j.hold.Tenant, j.hold.Connection, s); err != nil {
		return s, err
	}
	return s, nil
}

// snapshotOrGone is snapshot, with a deleted account as an answer.
func (j *job) snapshotOrGone(ctx context.Context) (holds.Snapshot, error) {
	s, err := j.snapshot(ctx)
	if holds.KindOf(err) == holds.NotFound {
		return holds.Snapshot{Account: j.hold.Subject, Status: holds.StatusDeleted}, nil
	}
	return s, err
}

// intents lists this hold's intents of a purpose and round.
func (j *job) intents(ctx context.Context, p holds.Purpose, round int) ([]holds.Intent, error) {
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(purposed(all, p), func(i holds.Intent) bool { return i.Round != round }), nil
}

func purposed(all []holds.Intent, p holds.Purpose) []holds.Intent {
	var out []holds.Intent
	for _, i := range all {
		if i.Purpose == p {
			out = append(out, i)
		}
	}
	return out
}

// nextRound is the round of intents that come after some: what was undone and
// came back is undone again by a call, and an intent, of its own.
func nextRound(have []holds.Intent, first int) int {
	for _, i := range have {
		first = max(first, i.Round+1)
	}
	return first
}

// intend makes the intents for actions that are not in force and that no intent
// without an outcome announces. An action already in force is not ours: no
// intent, so that a release does not undo it.
func (j *job) intend(p holds.Purpose, round int, actions []holds.Action, have []holds.Intent, before holds.Snapshot) []holds.Intent {
	var out []holds.Intent
	for _, a := range actions {
		if inForce, known := holds.InForce(a, before); (known && inForce) || announced(a, have) {
			continue
		}
		out = append(out, holds.Intent{
			ID: holds.IntentID(j.NewID()), Hold: j.hold.ID, Tenant: j.hold.Tenant, Connection: j.hold.Connection,
			Purpose: p, Round: round, Action: a,
		})
	}
	return out
}

func announced(a holds.Action, have []holds.Intent) bool {
	for _, i := range have {
		if i.Action == a && !i.Done() {
			return true
		}
	}
	return false
}

// carryOut makes the calls whose outcome is not known. again says that an
// earlier run may have made them: then the account is read first, and a call
// whose effect is there is not repeated.
func (j *job) carryOut(ctx context.Context, intents []holds.Intent, again bool) error {
	var now holds.Snapshot
	if again {
		var err error
		if now, err = j.snapshot(ctx); err != nil {
			return err
		}
	}
	var failed []error
	for _, i := range intents {
		if i.Done() {
			continue
		}
		result, err := j.once(ctx, i, again, now)
		if err != nil && i.Purpose == holds.ToContain && ctx.Err() == nil {
			// One way to restrain that fails takes none of the others away.
			failed = append(failed, err)
			continue
		}
		if err != nil {
			return err
		}
		result.At = j.Now()
		if err := j.Intents.Outcome(ctx, j.Key, i.ID, result); err != nil && holds.KindOf(err) != holds.Conflict {
			return err
		}
	}
	return errors.Join(failed...)
}

func (j *job) once(ctx context.Context, i holds.Intent, again bool, now holds.Snapshot) (holds.Result, error) {
	if inForce, known := holds.InForce(i.Action, now); again && known && inForce {
		if i.Tried.IsZero() {
			return holds.Result{Status: holds.Already, Detail: "somebody else did it before we tried"}, nil
		}
		return holds.Result{Status: holds.Applied, Detail: "found in force after an attempt whose answer was lost"}, nil
	}
	if err := j.Intents.Tried(ctx, j.Key, i.ID, j.Now()); err != nil {
		return holds.Result{}, err
	}
	result, err := j.conn.Provider.Do(ctx, i.Action)
	switch {
	case err == nil:
		return result, nil
	case holds.KindOf(err) == holds.NotFound:
		return holds.Result{Status: holds.Gone, Detail: holds.Say(err)}, nil
	case holds.KindOf(err) == holds.Invalid, holds.KindOf(err) == holds.Conflict:
		// The provider took no notice of it; another attempt is another intent.
		return holds.Result{Status: holds.Broken, Detail: holds.Say(err)}, nil
	}
	return result, err
}

// reportTime is what a job whose time is up has left to say so; the job runner
// counts it as abandoned a little later.
const reportTime = 3 * time.Second

// trouble decides what a failed attempt means. What may pass is tried again, and
// people hear of it from the third attempt on. A refused credential is told at
// once and tried again, since people will mend it. What trying again cannot help
// is told at once and ends the job.
func (j *job) trouble(ctx context.Context, err error, report func(reason string) holds.Fact) error {
	kind := holds.KindOf(err)
	mayPass := kind == holds.Unavailable || kind == holds.Internal
	if !mayPass || j.Attempt >= 3 {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			// The provider took all the time there was; saying so takes none of its.
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), reportTime)
			defer cancel()
		}
		if _, ferr := j.apply(ctx, j.Key, report(holds.Say(err))); ferr != nil {
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
