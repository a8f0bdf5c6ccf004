package keeper

import (
	"context"
	"slices"

	"github.com/countersign/countersign/holds"
)

// Reconciled is what was found at the provider for a hold of a restored database.
type Reconciled struct {
	// Marked are the calls that were announced and without an outcome, and whose
	// effect is there: they were made in the time that was lost.
	Marked []holds.ActionKind
	// Adopted is set when the account is in the restraint group although nothing
	// here says that we put it there: it was us, in the time that was lost.
	Adopted bool
	// Gone is set when a restraint that was confirmed is not in force: somebody, or
	// we in the time that was lost, gave the account back.
	Gone bool
}

// foundAfterRestore is the detail of the outcomes that Reconcile writes.
const foundAfterRestore = "found in force after a backup was restored"

// restraintGone is told to reviewers. What people decided in the time that was
// lost is not known any more, and nothing is released without a decision.
const restraintGone = "After a backup was restored the account was found without our restraint. It may have been given back by a decision that was lost with the time since the backup; it is restrained again until people decide."

// Reconcile brings a hold of a restored database in line with what its provider
// shows, without changing anything there. It may be run again. Until it was run
// for every hold that has not ended, no job may act: what we did in the time that
// was lost would be done twice, or taken for somebody else's and never undone.
func (k *Keeper) Reconcile(ctx context.Context, key holds.Key) (r Reconciled, err error) {
	v, err := k.Holds.View(ctx, key)
	if err != nil || v.Hold.Ended() || !v.Hold.Subject.Resolved() {
		return r, err
	}
	c, err := k.connection(v.Hold.Connection)
	if err != nil {
		return r, err
	}
	j := &job{Keeper: k, Job: holds.Job{Key: key}, conn: c, hold: v.Hold, siblings: v.Siblings}
	s, err := j.snapshotOrGone(ctx)
	if err != nil {
		return r, err
	}
	for _, i := range v.Intents {
		if i.Done() || i.Action.Kind == holds.RestoreProfile {
			continue // what a profile was like before is compared by the job itself
		}
		inForce, known, err := j.inForce(ctx, i.Action, s)
		if err != nil {
			return r, err
		}
		if !known || !inForce {
			continue
		}
		if err := j.wasMade(ctx, i.ID); err != nil {
			return r, err
		}
		r.Marked = append(r.Marked, i.Action.Kind)
	}
	if r.Adopted, err = j.adopt(ctx, v.Intents, s); err != nil {
		return r, err
	}
	r.Gone = v.Hold.Containment == holds.ContainmentConfirmed && !v.Hold.Lifting() && !s.Restrained &&
		s.Status != holds.StatusSuspended && !gone(s)
	if r.Gone {
		err = j.noteOnce(ctx, v, restraintGone)
	}
	return r, err
}

// wasMade writes down that a call was made whose mark was lost.
func (j *job) wasMade(ctx context.Context, id holds.IntentID) error {
	now := j.Now()
	// When it was made is not known; what the provider's log tells of it lies
	// between the event that was held and now.
	if err := j.Intents.Tried(ctx, j.Key, id, j.hold.Received); err != nil {
		return err
	}
	err := j.Intents.Outcome(ctx, j.Key, id, holds.Result{Status: holds.Applied, At: now, Detail: foundAfterRestore})
	return ignoreConflict(err)
}

// adopt announces, as made, what restrains the account where a containment is
// asked for that did not get as far before the backup. Otherwise the release would
// leave it there for ever. The restraint group is nobody's but ours; where it has
// the account, the suspension that the same terms ask for is taken for ours, too.
func (j *job) adopt(ctx context.Context, have []holds.Intent, s holds.Snapshot) (bool, error) {
	h := j.hold
	asked := h.Containment == holds.ContainmentRequested || h.Containment == holds.ContainmentFailed
	if !asked || h.Exempt != "" || !s.Restrained || slices.ContainsFunc(j.siblings, func(o holds.Summary) bool {
		return o.Subject.ID == h.Subject.ID && o.Containment == holds.ContainmentConfirmed // it has the restraint
	}) {
		return false, nil
	}
	var ours []holds.Intent
	for _, a := range j.plan() {
		inForce, known := holds.InForce(a, s)
		announced := slices.ContainsFunc(have, func(i holds.Intent) bool { return i.Action == a && i.Round == h.ContainRound })
		if known && inForce && !announced {
			ours = append(ours, holds.Intent{
				ID: holds.IntentID(j.NewID()), Hold: h.ID, Tenant: h.Tenant, Connection: h.Connection,
				Purpose: holds.ToContain, Round: h.ContainRound, Action: a,
			})
		}
	}
	if len(ours) == 0 {
		return false, nil
	}
	if _, err := j.apply(ctx, j.Key, holds.RestraintBegun{Intents: ours}); err != nil {
		return false, err
	}
	for _, i := range ours {
		if err := j.wasMade(ctx, i.ID); err != nil {
			return false, err
		}
	}
	return true, nil
}

// noteOnce remarks something on the hold's timeline, unless it was remarked.
func (j *job) noteOnce(ctx context.Context, v holds.View, text string) error {
	if slices.ContainsFunc(v.Notes, func(n holds.Note) bool { return n.Text == text }) {
		return nil
	}
	now := j.Now()
	_, err := j.Holds.Update(ctx, j.Key, now, func(h holds.Hold) (*holds.Change, error) {
		return &holds.Change{Hold: h, Notes: []holds.Note{{By: holds.BySystem("restore"), Text: text, At: now}}}, nil
	})
	return err
}
