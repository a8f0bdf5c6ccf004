package keeper

import (
	"context"
	"slices"

	"github.com/countersign/countersign/holds"
)

// handOver is for a hold whose account another hold wants restrained: the calls
// that restrain it are this one's, so lifting them would free an account that the
// other calls contained. The other hold inherits them instead. It reports whether
// it did, in which case there is nothing left to lift.
func (j *job) handOver(ctx context.Context) (bool, error) {
	heir, found, err := j.heir(ctx)
	if err != nil || !found {
		return false, err
	}
	if err := j.bequeath(ctx, heir); err != nil {
		return false, ignoreConflict(err) // it has moved on; lift after all
	}
	if _, err := j.apply(ctx, j.Key, holds.LiftBegun{LeaderCarried: j.carried}); err != nil {
		return true, ignoreRefusal(err)
	}
	// A lift may have begun before there was an heir, and have died over a call.
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return true, err
	}
	begun := slices.DeleteFunc(purposed(all, holds.ToLift), holds.Intent.Done)
	if err := j.unanswered(ctx, begun); err != nil {
		return true, err
	}
	return true, j.report(ctx, holds.LiftConfirmed{Remarks: []string{
		"the account stays restrained: hold " + heir.Hold.Short() + " of the same account is open and has taken the restraint over",
	}})
}

// heir is another hold that wants the account restrained: the open one, or one that
// people denied and have not given back.
func (j *job) heir(ctx context.Context) (holds.Key, bool, error) {
	open, err := j.Holds.OpenHold(ctx, j.hold.Tenant, j.hold.Connection, j.hold.Subject.ID)
	if err != nil && holds.KindOf(err) != holds.NotFound {
		return open, false, err
	}
	candidates := []holds.Key{open}
	for _, s := range j.siblings {
		if s.Connection == j.hold.Connection && s.Subject.ID == j.hold.Subject.ID {
			candidates = append(candidates, s.Key)
		}
	}
	for _, key := range candidates {
		if key.Hold == "" || key.Hold == j.hold.ID {
			continue
		}
		v, err := j.Holds.View(ctx, key)
		if err != nil {
			return key, false, err
		}
		if h := v.Hold; len(h.Terms.Contain) > 0 && h.Exempt == "" && !h.Ended() && !h.Lifting() {
			return key, true, nil
		}
	}
	return holds.Key{}, false, nil
}

// bequeath gives the calls of ours that took effect to the heir, as intents with
// their outcome. A crash between the two leaves intents whose call was tried,
// which a lift of the heir undoes all the same. What is no longer in force, since
// an earlier lift undid it, is not the heir's: it must make that call itself.
func (j *job) bequeath(ctx context.Context, heir holds.Key) error {
	ours, err := j.inForceOfOurs(ctx)
	if err != nil {
		return err
	}
	has, err := j.Intents.Intents(ctx, heir)
	if err != nil {
		return err
	}
	now := j.Now()
	_, err = j.Holds.Update(ctx, heir, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.RestraintInherited{From: j.hold.ID, Intents: j.inherited(h, ours, has)}, now)
		return &c, err
	})
	if err != nil {
		return err
	}
	if has, err = j.Intents.Intents(ctx, heir); err != nil {
		return err
	}
	for _, i := range has {
		if i.Purpose != holds.ToContain || i.Done() || !slices.ContainsFunc(ours, func(o holds.Intent) bool { return applied(o) && o.Action == i.Action }) {
			continue
		}
		result := holds.Result{Status: holds.Applied, Detail: "taken over from hold " + j.hold.ID.Short(), At: now}
		if err := j.Intents.Outcome(ctx, heir, i.ID, result); err != nil && holds.KindOf(err) != holds.Conflict {
			return err
		}
	}
	return nil
}

// inForceOfOurs are the intents of ours whose effect the account shows.
func (j *job) inForceOfOurs(ctx context.Context) ([]holds.Intent, error) {
	ours, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return nil, err
	}
	now, err := j.snapshotOrGone(ctx)
	return slices.DeleteFunc(ours, func(i holds.Intent) bool {
		inForce, known := holds.InForce(i.Action, now)
		return i.Purpose != holds.ToContain || !known || !inForce
	}), err
}

// inherited makes the heir's intents for what it has no intent of its own for.
func (j *job) inherited(h holds.Hold, ours, has []holds.Intent) []holds.Intent {
	var out []holds.Intent
	for _, o := range ours {
		known := func(i holds.Intent) bool { return i.Purpose == holds.ToContain && i.Action == o.Action }
		if o.Purpose != holds.ToContain || !applied(o) || slices.ContainsFunc(has, known) || slices.ContainsFunc(out, known) {
			continue
		}
		out = append(out, holds.Intent{
			ID: holds.IntentID(j.NewID()), Hold: h.ID, Tenant: h.Tenant, Connection: h.Connection,
			Purpose: holds.ToContain, Round: h.ContainRound, Action: o.Action,
		})
	}
	return out
}

// applied tells whether a call of ours took effect, or may have.
func applied(i holds.Intent) bool {
	return i.Result.Status == holds.Applied || !i.Done() && !i.Tried.IsZero()
}
