package keeper

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// revert undoes the change itself, after a reviewer's deny.
func (k *Keeper) revert(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if j.hold.State != holds.Denied || j.hold.Outcome == "" {
		return nil
	}
	if err := j.undoChange(ctx); err != nil {
		return j.trouble(ctx, err, func(reason string) holds.Fact { return holds.RevertFailed{Reason: reason} })
	}
	return nil
}

func (j *job) undoChange(ctx context.Context) error {
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return err
	}
	have := purposed(all, holds.ToRevert)
	if !j.hold.Subject.Resolved() {
		return j.reverted(ctx, holds.RevertConfirmed{Irreversible: byHand(j.hold)})
	}
	now, err := j.snapshotOrGone(ctx)
	if err != nil {
		return err
	}
	if gone(now) {
		return j.reverted(ctx, holds.RevertConfirmed{Irreversible: []string{"the account no longer exists"}})
	}
	before, known := j.beforeImage(ctx)
	plan := planRevert(j.hold, before, known, now, have)
	fresh := j.intend(holds.ToRevert, nextRound(have, j.hold.Round), plan.actions, have, now)
	if _, err := j.apply(ctx, j.Key, holds.RevertBegun{Intents: fresh}); err != nil {
		return ignoreRefusal(err)
	}
	if err := j.carryOut(ctx, append(slices.Clone(have), fresh...), len(have) > 0); err != nil {
		return err
	}
	return j.readBackRevert(ctx, plan)
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

// byHand names every event of a hold whose account is not known.
func byHand(h holds.Hold) []string {
	var p revertPlan
	for _, e := range h.Events {
		p.say("find the account and undo by hand: " + e.Type)
	}
	return p.cannot
}

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

func (j *job) readBackRevert(ctx context.Context, plan revertPlan) error {
	s, err := j.snapshot(ctx)
	if err != nil {
		return err
	}
	all, err := j.Intents.Intents(ctx, j.Key)
	if err != nil {
		return err
	}
	confirmed := holds.RevertConfirmed{Irreversible: plan.cannot}
	for _, i := range newest(purposed(all, holds.ToRevert)) {
		inForce, _ := holds.InForce(i.Action, s)
		switch {
		case inForce:
			confirmed.Done = append(confirmed.Done, undone(i))
		case i.Result.Status == holds.Refused:
			confirmed.Irreversible = append(confirmed.Irreversible, i.Result.Detail)
		default:
			return holds.Refuse(holds.Unavailable, "The provider still shows the change (%s is not in force yet).", i.Action.Kind)
		}
	}
	return j.reverted(ctx, confirmed)
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
	what := strings.ReplaceAll(string(i.Action.Kind), "_", " ") + " " + i.Action.Object
	if i.Result.Detail != "" {
		return what + ": " + i.Result.Detail
	}
	return what
}

// revertPlan is what can be undone and what cannot.
type revertPlan struct {
	actions []holds.Action
	cannot  []string
	have    []holds.Intent
}

// did tells whether an action of a kind was planned before.
func (p *revertPlan) did(kind holds.ActionKind) bool {
	return slices.ContainsFunc(p.have, func(i holds.Intent) bool { return i.Action.Kind == kind })
}

// planRevert reads off the hold's events, the before-image and the account as
// it is now what must be taken away again. It never guesses: a role or factor
// that cannot be told from the ones the owner had is left and named.
// Nothing that it finds nothing for is passed over in silence; have is what an
// earlier run did.
func planRevert(h holds.Hold, before holds.Snapshot, known bool, now holds.Snapshot, have []holds.Intent) revertPlan {
	p := revertPlan{have: have}
	for _, e := range h.Events {
		switch {
		case e.Class == holds.RoleActivation && e.Verb != holds.Revoke:
			p.removeRoles(h, e, before, known, now)
		case e.Class == holds.MFAChange && e.Verb == holds.Enrol:
			p.removeFactors(h, e, before, known, now)
		case e.Class == holds.MFAChange:
			p.say("factors that were taken away cannot be put back; enrol new ones with the owner present (" + e.Type + ")")
		case e.Class == holds.RecoveryChange:
			p.say("set the recovery contact back by hand to the value on file (" + e.Type + ")")
		default:
			p.say("undo by hand: " + e.Type)
		}
	}
	return p
}

func (p *revertPlan) say(what string) {
	if !slices.Contains(p.cannot, what) {
		p.cannot = append(p.cannot, what)
	}
}

func (p *revertPlan) add(a holds.Action) {
	if !slices.Contains(p.actions, a) {
		p.actions = append(p.actions, a)
	}
}

func (p *revertPlan) removeRoles(h holds.Hold, e holds.EventRef, before holds.Snapshot, known bool, now holds.Snapshot) {
	found := false
	isNew := func(r holds.Role) bool {
		return !slices.ContainsFunc(before.Roles, func(b holds.Role) bool { return b.ID == r.ID })
	}
	byName := func(r holds.Role) bool { return named(e.Role, r.ID, r.Kind, r.Name) }
	// The before-image may be a day old: where the event names the role, another
	// that came since is not touched.
	told := slices.ContainsFunc(now.Roles, func(r holds.Role) bool { return isNew(r) && byName(r) })
	for _, r := range now.Roles {
		if !isNew(r) || (told || !known) && !byName(r) {
			continue
		}
		found = true
		if r.ViaGroup {
			p.say(fmt.Sprintf("the role %s comes from a group; take the account out of the group", r.Name))
			continue
		}
		p.add(holds.Action{Kind: holds.RemoveRole, Account: h.Subject.ID, Object: r.ID})
	}
	switch {
	case found || p.did(holds.RemoveRole):
	case known:
		p.say("no role that was granted since was found on the account; compare its roles by hand (" + e.Type + ")")
	default:
		p.say("which role was granted cannot be told: there is no before-image of the account; compare its roles by hand")
	}
}

func (p *revertPlan) removeFactors(h holds.Hold, e holds.EventRef, before holds.Snapshot, known bool, now holds.Snapshot) {
	found := false
	for _, f := range now.Factors {
		had := slices.ContainsFunc(before.Factors, func(b holds.Factor) bool { return b.ID == f.ID })
		justThen := !f.Created.IsZero() && f.Created.Sub(e.Occurred).Abs() <= 2*time.Minute
		if had || !justThen && !named(e.Factor, f.ID, "", "") {
			continue
		}
		found = true
		p.add(holds.Action{Kind: holds.RemoveFactor, Account: h.Subject.ID, Object: f.ID})
	}
	if !found && !p.did(holds.RemoveFactor) {
		p.say("which factor was enrolled cannot be told; compare the account's factors with the owner")
	}
}

// named tells whether an event's object is the one with this id, or, where the
// event gives no id, the one of this kind or name.
func named(o holds.Object, id, kind, name string) bool {
	if o.ID != "" && o.ID == id {
		return true
	}
	return o.Name != "" && (strings.EqualFold(o.Name, name) || strings.EqualFold(o.Name, kind))
}
