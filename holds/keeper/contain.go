package keeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// contain restrains the account of a hold: before-image, intents, calls,
// read-back, and only then the label.
func (k *Keeper) contain(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	h := j.hold
	if h.Exempt != "" || !h.Subject.Resolved() || h.Ended() || h.Lifting() || h.ContainRound != j.Round || h.Containment == holds.ContainmentConfirmed || h.Containment == holds.ContainmentLifted {
		return j.leftBehind(ctx)
	}
	if err := j.awaitPrevious(ctx); err != nil {
		return err
	}
	if why := j.conn.untouchable(h.Subject.ID); why != "" {
		return j.report(ctx, holds.RestraintFailed{Reason: why})
	}
	if why := k.disarmed(j.conn); why != "" {
		if err := j.report(ctx, holds.RestraintFailed{Reason: why}); err != nil {
			return err
		}
		return &holds.Error{Kind: holds.Unavailable, Detail: why, After: time.Minute}
	}
	act := j.restrain
	if isOf(j.conn.NeverSuspended, h.Subject.ID) {
		act = j.spare
	}
	if err := act(ctx); err != nil {
		if waits, err := j.waits(ctx, err); waits {
			return err
		}
		return j.trouble(ctx, err, func(reason string) holds.Fact { return holds.RestraintFailed{Reason: reason} })
	}
	return nil
}

// leftBehind is for a containment that finds its account given back, or a later
// round at work: a call that an earlier run announced and whose outcome nobody wrote
// down may have been made. Where the account is given back it may have come after
// the lift looked, so the lift looks again.
func (j *job) leftBehind(ctx context.Context) error {
	over := j.hold.Lifting() || j.hold.Containment == holds.ContainmentLifted
	if !over && j.hold.ContainRound == j.Round {
		return nil
	}
	have, err := j.intents(ctx, holds.ToContain, j.Round)
	have = slices.DeleteFunc(have, holds.Intent.Done)
	if err != nil || len(have) == 0 {
		return err
	}
	if over {
		if err := j.report(ctx, holds.RestraintConfirmed{}); err != nil {
			return err
		}
	}
	return j.unanswered(ctx, have)
}

// unanswered writes down what is known of calls that were tried and whose answer was
// lost with the run that made them. They count as made, so that a lift undoes them.
func (j *job) unanswered(ctx context.Context, intents []holds.Intent) error {
	for _, i := range intents {
		if i.Tried.IsZero() {
			continue
		}
		r := holds.Result{Status: holds.Applied, Detail: "its answer was lost; it counts as made", At: j.Now()}
		if err := j.outcome(ctx, i.ID, r); err != nil {
			return err
		}
	}
	return nil
}

// awaitPrevious lets the hold before this one finish giving the account back:
// what is in force now is about to go, and would be taken for this hold's. It
// waits for half a minute at most.
func (j *job) awaitPrevious(ctx context.Context) error {
	if j.hold.Previous == "" || j.Attempt > 5 {
		return nil
	}
	v, err := j.Holds.View(ctx, holds.Key{Tenant: j.Key.Tenant, Hold: j.hold.Previous})
	switch {
	case holds.KindOf(err) == holds.NotFound:
		return nil
	case err != nil:
		return err
	case v.Hold.Lifting():
		return holds.Refuse(holds.Unavailable, "The restraint of the hold before is being lifted; this one comes after it.")
	}
	return nil
}

func (j *job) restrain(ctx context.Context) error {
	have, err := j.intents(ctx, holds.ToContain, j.Round)
	if err != nil {
		return err
	}
	// What this round announced is carried out; what it did not, because it inherited
	// a part of its restraint, is announced now.
	again, missing := len(have) > 0, lacking(j.plan(), have)
	if len(missing) > 0 {
		before, err := j.snapshot(ctx)
		if holds.KindOf(err) == holds.NotFound {
			// Nothing was read back, so nothing may be called contained.
			return j.report(ctx, holds.RestraintFailed{Reason: "the account no longer exists"})
		}
		if err != nil {
			return err
		}
		if gone(before) {
			return j.report(ctx, holds.RestraintConfirmed{Remarks: []string{"the account is deactivated at the provider"}})
		}
		fresh := j.intend(ctx, holds.ToContain, j.Round, missing, have, before)
		if !again || len(fresh) > 0 {
			if err := j.announce(ctx, fresh, have, before); err != nil {
				return ignoreConflict(err)
			}
			failpoint.Hit(failpoint.ContainIntended)
		}
		have = append(have, fresh...)
	}
	if err := j.carryOut(ctx, have, again); err != nil {
		return err
	}
	return j.readBackRestraint(ctx)
}

// spare ends the sessions of an account that is never suspended. That it can sign in
// again is said, and people are paged.
func (j *job) spare(ctx context.Context) error {
	have, err := j.intents(ctx, holds.ToContain, j.Round)
	if err != nil {
		return err
	}
	before, err := j.snapshot(ctx)
	if holds.KindOf(err) == holds.NotFound {
		return j.report(ctx, holds.RestraintFailed{Reason: "the account no longer exists"})
	}
	if err != nil {
		return err
	}
	if err := j.endSessions(ctx, have, before); err != nil {
		return err
	}
	return j.report(ctx, holds.RestraintFailed{Reason: "the configuration says that this account is never suspended; all that was done is to end its sessions, and whoever knows its secrets can sign in"})
}

// announce commits the intents of a restraint, if no brake and no cap is in the
// way. An account that may not be suspended has its sessions ended all the same.
func (j *job) announce(ctx context.Context, fresh, have []holds.Intent, before holds.Snapshot) error {
	_, err := j.apply(ctx, j.Key, holds.RestraintBegun{Intents: fresh, Restraint: j.conn.restraint(before)})
	var b *holds.Braked
	if errors.As(err, &b) && b.Cap == holds.CapLast {
		if serr := j.endSessions(ctx, have, before); serr != nil {
			return serr
		}
	}
	return err
}

// lacking are the actions that no intent announces.
func lacking(actions []holds.Action, have []holds.Intent) []holds.Action {
	return slices.DeleteFunc(actions, func(a holds.Action) bool {
		return slices.ContainsFunc(have, func(i holds.Intent) bool { return i.Action == a })
	})
}

// plan is the terms' containment as calls on the subject.
func (j *job) plan() []holds.Action {
	var out []holds.Action
	for _, kind := range j.hold.Terms.Contain {
		out = append(out, holds.Action{Kind: kind, Account: j.hold.Subject.ID})
	}
	return out
}

// readBackRestraint asks the provider whether the account is restrained. A
// group counts only while its deny rules are in force; a suspension counts by
// itself.
func (j *job) readBackRestraint(ctx context.Context) error {
	s, err := j.snapshotOrGone(ctx)
	if err != nil {
		return err
	}
	done, err := j.intents(ctx, holds.ToContain, j.Round)
	if err != nil {
		return err
	}
	restrained, problems, err := j.conn.restrained(ctx, s)
	if err != nil {
		return err
	}
	remarks := append(refusals(done), problems...)
	if !restrained {
		if err := j.report(ctx, holds.RestraintFailed{Reason: sentence(remarks)}); err != nil || !s.Restrained && !took(done) {
			return err
		}
		// It is said, and looked at again: a provider shows some changes late, and
		// rules that do not restrain today may be mended.
		return holds.Refuse(holds.Unavailable, "%s", sentence(remarks))
	}
	confirmed := holds.RestraintConfirmed{Remarks: remarks}
	for _, i := range done {
		if i.Result.EffectiveBy.After(confirmed.EffectiveBy) {
			confirmed.EffectiveBy = i.Result.EffectiveBy
		}
	}
	failpoint.Hit(failpoint.ContainBeforeLabel)
	return j.report(ctx, confirmed)
}

// took tells whether the provider took a call that shows in a snapshot.
func took(done []holds.Intent) bool {
	return slices.ContainsFunc(done, func(i holds.Intent) bool {
		return i.Action.Kind != holds.ClearSessions && i.Result.Status == holds.Applied
	})
}

// restrained judges a snapshot; problems are what is short of perfect.
func (c Connection) restrained(ctx context.Context, s holds.Snapshot) (bool, []string, error) {
	if gone(s) {
		return true, nil, nil
	}
	suspended := s.Status == holds.StatusSuspended
	if !s.Restrained {
		if suspended {
			return true, nil, nil
		}
		return false, []string{"the account is neither suspended nor in the restraint group"}, nil
	}
	e, err := c.Provider.Enforcement(ctx, s.Account.ID)
	if err != nil {
		if suspended {
			return true, []string{"whether the restraint group's rules are in force could not be read"}, nil
		}
		return false, nil, err
	}
	return e.InForce || suspended, e.Problems, nil
}

func gone(s holds.Snapshot) bool { return s.Status == holds.StatusDeleted }

func refusals(done []holds.Intent) []string {
	var out []string
	for _, i := range done {
		if i.Result.Status == holds.Refused || i.Result.Status == holds.Broken {
			out = append(out, i.Result.Detail)
		}
	}
	return out
}

func sentence(parts []string) string {
	if len(parts) == 0 {
		return "the provider's answer does not show the restraint"
	}
	out := parts[0]
	for _, p := range parts[1:] {
		out += "; " + p
	}
	return out
}
