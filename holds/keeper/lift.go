package keeper

import (
	"context"
	"errors"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// lift undoes exactly what our containment did, after a release or a
// restoration that people decided.
func (k *Keeper) lift(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if wait := j.hold.ReleaseAfter.Sub(k.Now()); j.hold.State == holds.Approved && wait > 0 {
		// Another machine's clock is ahead of ours. This may be the only lift there is.
		return &holds.Error{Kind: holds.Unavailable, Detail: "The waiting period is not over.", After: wait}
	}
	if j.carried, err = j.leaderCarried(ctx); err != nil {
		return err
	}
	inherited, err := j.handOver(ctx)
	if err == nil && inherited {
		return nil
	}
	if err == nil {
		err = j.undoRestraint(ctx)
	}
	if err != nil {
		if forged, err := j.forged(ctx, err); forged {
			return err
		}
		if waits, err := j.waits(ctx, err); waits {
			return err
		}
		return j.trouble(ctx, err, func(reason string) holds.Fact { return holds.LiftFailed{Reason: reason} })
	}
	return nil
}

func (j *job) undoRestraint(ctx context.Context) error {
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return err
	}
	ours := undo(all)
	have := purposed(all, holds.ToLift)
	var now holds.Snapshot
	if len(ours)+len(have) > 0 {
		if now, err = j.snapshotOrGone(ctx); err != nil {
			return err
		}
	}
	if gone(now) {
		ours, have = nil, nil
	}
	again := len(have) > 0
	fresh := j.intend(ctx, holds.ToLift, nextRound(have, j.hold.ContainRound), ours, have, now)
	if _, err := j.apply(ctx, j.Key, holds.LiftBegun{Intents: fresh, LeaderCarried: j.carried}); err != nil {
		return ignoreRefusal(err)
	}
	failpoint.Hit(failpoint.LiftIntended)
	if err := j.carryOut(ctx, append(have, fresh...), again); err != nil {
		return err
	}
	return j.readBackLift(ctx, ours, now)
}

// undo is the opposite of every call of ours that took effect or may have. What
// was in force before we came has no intent and stays as it was.
func undo(all []holds.Intent) []holds.Action {
	opposite := map[holds.ActionKind]holds.ActionKind{
		holds.JoinRestraintGroup: holds.LeaveRestraintGroup,
		holds.SuspendAccount:     holds.UnsuspendAccount,
	}
	var out []holds.Action
	seen := map[holds.ActionKind]bool{}
	// Unsuspend last-applied first: suspension is undone before the group, so
	// that at no moment the account is less restrained than one of the two says.
	for i := len(all) - 1; i >= 0; i-- {
		in := all[i]
		back, ok := opposite[in.Action.Kind]
		if in.Purpose != holds.ToContain || !ok || !applied(in) || seen[back] {
			continue
		}
		seen[back] = true
		out = append(out, holds.Action{Kind: back, Account: in.Action.Account})
	}
	return out
}

func (j *job) readBackLift(ctx context.Context, ours []holds.Action, s holds.Snapshot) error {
	var remarks []string
	if gone(s) {
		remarks = append(remarks, "the account no longer exists; there was nothing to lift")
	} else if len(ours) > 0 {
		var err error
		if s, err = j.snapshotOrGone(ctx); err != nil {
			return err
		}
	}
	for _, a := range ours {
		if inForce, _ := holds.InForce(a, s); !inForce {
			return holds.Refuse(holds.Unavailable, "The provider still shows our restraint (%s is not in force yet).", a.Kind)
		}
	}
	if !gone(s) && (s.Restrained || s.Status == holds.StatusSuspended) {
		remarks = append(remarks, "the account is still restrained by something that is not this hold")
	}
	failpoint.Hit(failpoint.LiftBeforeEnd)
	return j.report(ctx, holds.LiftConfirmed{Remarks: remarks})
}

// ignoreRefusal is for a job that finds its decision gone: frozen, denied, or
// done by another run. There is nothing left to do.
func ignoreRefusal(err error) error {
	var u *holds.Unproven
	if errors.As(err, &u) {
		return err
	}
	switch holds.KindOf(err) {
	case holds.Conflict, holds.Forbidden:
		return nil
	default:
		return err
	}
}
