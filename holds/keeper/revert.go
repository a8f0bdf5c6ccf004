package keeper

import (
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// revert undoes the change itself, after a reviewer's deny. Nothing of it is done
// on the owner's word alone: what it does may be irreversible (see
// holds.ActionKind.Reversible), and whoever has the owner's mailbox could say "not
// me" to have the owner's own factors and tokens removed.
func (k *Keeper) revert(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if j.hold.State != holds.Denied || j.hold.Outcome == "" {
		return nil
	}
	if err := j.undoChange(ctx); err != nil {
		if forged, err := j.forged(ctx, err); forged {
			return err
		}
		if waits, err := j.waits(ctx, err); waits {
			return err
		}
		return j.trouble(ctx, err, func(reason string) holds.Fact { return holds.RevertFailed{Reason: reason} })
	}
	return nil
}

func (j *job) undoChange(ctx context.Context) error {
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return err
	}
	now, err := j.reread(ctx, holds.ToRevert)
	if err != nil {
		return err
	}
	have := purposed(all, holds.ToRevert)
	plan := j.planRevert(ctx, now, have)
	fresh := j.intend(ctx, holds.ToRevert, nextRound(have, j.hold.Round), plan.actions, have, now)
	if _, err := j.apply(ctx, j.Key, holds.RevertBegun{Intents: fresh}); err != nil {
		return ignoreRefusal(err)
	}
	failpoint.Hit(failpoint.RevertIntended)
	if err := j.carryOut(ctx, append(slices.Clone(have), fresh...), len(have) > 0); err != nil {
		return err
	}
	return j.readBackRevert(ctx, plan)
}

// beforeImage is what the account looked like before the change.
func (j *job) beforeImage(ctx context.Context) (holds.Snapshot, bool) {
	// The provider's clock may be ahead of ours: whatever was read after the event
	// had reached us shows the change, whenever the event says that it happened.
	at := j.hold.Occurred
	if r := j.hold.Received; !r.IsZero() && r.Before(at) {
		at = r
	}
	s, err := j.Snapshots.SnapshotBefore(ctx, j.hold.Tenant, j.hold.Connection, j.hold.Subject.ID, at)
	return s, err == nil
}

// readBackRevert says what is undone, as the provider shows it, and what is not.
func (j *job) readBackRevert(ctx context.Context, plan revertPlan) error {
	s, err := j.reread(ctx, holds.ToRevert)
	if err != nil {
		return err
	}
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return err
	}
	made := newest(purposed(all, holds.ToRevert))
	out := holds.RevertConfirmed{Done: plan.already, Irreversible: plan.cannot}
	for _, i := range made {
		inForce, known, err := j.inForce(ctx, i.Action, s)
		switch {
		case err != nil:
			return err
		case inForce:
			out.Done = append(out.Done, undone(i))
		case i.Result.Status == holds.Refused:
			out.Irreversible = append(out.Irreversible, i.Result.Detail)
		case gone(s):
			out.Irreversible = append(out.Irreversible, words(i.Action)+": the account no longer exists")
		case !known && i.Done() && i.Result.Status != holds.Broken:
			out.Irreversible = append(out.Irreversible, words(i.Action)+": the provider took the call, and it cannot be read back; look at it by hand")
		default:
			return holds.Refuse(holds.Unavailable, "The provider still shows the change (%s is not in force yet).", i.Action.Kind)
		}
	}
	for _, a := range plan.actions {
		if !slices.ContainsFunc(made, func(i holds.Intent) bool { return i.Action == a }) {
			out.Done = append(out.Done, words(a)+": it was so already, nothing was left to do")
		}
	}
	failpoint.Hit(failpoint.RevertBeforeEnd)
	return j.reverted(ctx, out)
}

// reverted reports the end of the undoing, unless the hold has taken another
// event since: that one is not undone yet, and the job queued with it goes on.
func (j *job) reverted(ctx context.Context, f holds.RevertConfirmed) error {
	now := j.Now()
	_, err := j.Holds.Update(ctx, j.Key, now, func(h holds.Hold) (*holds.Change, error) {
		if h.Version != j.hold.Version {
			return nil, nil
		}
		c, err := holds.Apply(h, f, now)
		return &c, err
	})
	return ignoreConflict(err)
}

// newest keeps the last intent of each action.
func newest(all []holds.Intent) []holds.Intent {
	var out []holds.Intent
	for n, i := range all {
		if !slices.ContainsFunc(all[n+1:], func(o holds.Intent) bool { return o.Action == i.Action }) {
			out = append(out, i)
		}
	}
	return out
}

func undone(i holds.Intent) string {
	if i.Result.Detail != "" {
		return words(i.Action) + ": " + i.Result.Detail
	}
	return words(i.Action)
}

// words is an action as people read it.
func words(a holds.Action) string {
	return strings.TrimSpace(strings.ReplaceAll(string(a.Kind), "_", " ") + " " + a.Object)
}
