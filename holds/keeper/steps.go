package keeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// job is one run of an effect on a hold: what every provider job needs.
type job struct {
	*Keeper
	holds.Job
	conn Connection
	hold holds.Hold
	// siblings are the other holds of the person.
	siblings []holds.Summary
	// carried is whether the hold that this one follows ended by proven decisions.
	carried bool
	// before is the before-image that a revert restores from.
	before holds.Snapshot
}

// begin refuses a job of an older epoch, reads the persisted state and finds the
// connection.
func (k *Keeper) begin(ctx context.Context, hj holds.Job) (*job, error) {
	j, err := k.read(ctx, hj)
	if err != nil {
		return nil, err
	}
	if j.conn, err = k.connection(j.hold.Connection); err != nil {
		return nil, err
	}
	return j, nil
}

// read is begin for what needs no connection.
func (k *Keeper) read(ctx context.Context, j holds.Job) (*job, error) {
	start, err := k.Holds.Start(ctx, j.Key)
	if err != nil {
		return nil, err
	}
	if start.Epoch != j.Epoch {
		return nil, holds.Because(holds.Forbidden, holds.ErrOtherEpoch,
			"The job was queued before the installation was restored (epoch %d, now %d); it must not act.", j.Epoch, start.Epoch)
	}
	return &job{Keeper: k, Job: j, hold: start.Hold, siblings: start.Siblings}, nil
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

// reread reads the account before a call is repeated. What a revert undoes may
// be a thing beside an account that is gone, or that nobody knows.
func (j *job) reread(ctx context.Context, p holds.Purpose) (holds.Snapshot, error) {
	switch {
	case !j.hold.Subject.Resolved():
		return holds.Snapshot{}, nil
	case p == holds.ToRevert:
		return j.snapshotOrGone(ctx)
	}
	return j.snapshot(ctx)
}

// armed is an action as the provider takes it: with the before-image, which is
// not kept with the intent.
func (j *job) armed(a holds.Action) holds.Action {
	if a.Kind == holds.RestoreProfile {
		a.Before = &j.before
	}
	return a
}

// inForce tells whether an action's effect is there: by the snapshot, or by
// looking at the thing itself. One that is gone can do no more. known is false
// when the platform cannot tell.
func (j *job) inForce(ctx context.Context, a holds.Action, s holds.Snapshot) (inForce, known bool, err error) {
	if inForce, known = holds.InForce(j.armed(a), s); known || a.Kind.Shown() || j.conn.Objects == nil {
		return inForce, known, nil
	}
	inForce, err = j.conn.Objects.Observe(ctx, a)
	if holds.KindOf(err) == holds.NotFound && err != nil {
		return true, true, nil
	}
	return inForce, err == nil, err
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
// intent, so that a release does not undo it. Where that cannot be told the call
// is announced: it reads first, too.
func (j *job) intend(ctx context.Context, p holds.Purpose, round int, actions []holds.Action, have []holds.Intent, before holds.Snapshot) []holds.Intent {
	var out []holds.Intent
	for _, a := range actions {
		if announced(a, have) {
			continue
		}
		if inForce, known, err := j.inForce(ctx, a, before); err == nil && known && inForce {
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
	if again && len(intents) > 0 {
		var err error
		if now, err = j.reread(ctx, intents[0].Purpose); err != nil {
			return err
		}
	}
	var failed []error
	for _, i := range intents {
		if i.Done() {
			continue
		}
		result, err := j.once(ctx, i, again, now)
		if err != nil && i.Purpose != holds.ToLift && ctx.Err() == nil {
			// One way to restrain that fails takes none of the others away, and one
			// change that cannot be undone none of the other undoings.
			failed = append(failed, err)
			continue
		}
		if err != nil {
			return err
		}
		result.At = j.Now()
		failpoint.Hit(failpoint.CallAnswered)
		if err := j.outcome(ctx, i.ID, result); err != nil {
			return err
		}
		failpoint.Hit(failpoint.CallRecorded)
	}
	return errors.Join(failed...)
}

func (j *job) once(ctx context.Context, i holds.Intent, again bool, now holds.Snapshot) (holds.Result, error) {
	if again {
		if inForce, known, err := j.inForce(ctx, i.Action, now); err == nil && known && inForce {
			if i.Tried.IsZero() {
				return holds.Result{Status: holds.Already, Detail: "somebody else did it before we tried"}, nil
			}
			return holds.Result{Status: holds.Applied, Detail: "found in force after an attempt whose answer was lost"}, nil
		}
	}
	tried := j.Now()
	if err := j.Intents.Tried(ctx, j.Key, i.ID, tried); err != nil {
		return holds.Result{}, err
	}
	failpoint.Hit(failpoint.CallTried)
	if late := j.Now().Sub(tried); late > callWithin {
		return holds.Result{}, holds.Refuse(holds.Unavailable, "The call did not leave, because this process stood still for %s after it was announced.", late.Round(time.Second))
	}
	result, err := j.conn.Provider.Do(ctx, j.armed(i.Action))
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

// callWithin is how soon after its announcement a call must leave. A process that
// stood still for longer may have lost its job to another one, which nothing at
// the provider would notice.
const callWithin = 10 * time.Second
