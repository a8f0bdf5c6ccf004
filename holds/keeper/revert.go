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
	round := j.hold.Round
	have, err := j.intents(ctx, holds.ToRevert, round)
	if err != nil {
		return err
	}
	if !j.hold.Subject.Resolved() {
		return j.report(ctx, holds.RevertConfirmed{Irreversible: byHand(j.hold)})
	}
	now, err := j.snapshotOrGone(ctx)
	if err != nil {
		return err
	}
	if gone(now) {
		return j.report(ctx, holds.RevertConfirmed{Irreversible: []string{"the account no longer exists"}})
	}
	before, known := j.beforeImage(ctx)
	plan := planRevert(j.hold, before, known, now)
	fresh := j.intend(holds.ToRevert, round, plan.actions, have, now)
	if _, err := j.apply(ctx, j.Key, holds.RevertBegun{Intents: fresh}); err != nil {
		return ignoreRefusal(err)
	}
	if err := j.carryOut(ctx, append(slices.Clone(have), fresh...), len(have) > 0); err != nil {
		return err
	}
	return j.readBackRevert(ctx, round, plan)
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
	s, err := j.Snapshots.SnapshotBefore(ctx, j.hold.Tenant, j.hold.Connection, j.hold.Subject.ID, j.hold.Occurred)
	return s, err == nil
}

func (j *job) readBackRevert(ctx context.Context, round int, plan revertPlan) error {
	s, err := j.snapshot(ctx)
	if err != nil {
		return err
	}
	done, err := j.intents(ctx, holds.ToRevert, round)
	if err != nil {
		return err
	}
	confirmed := holds.RevertConfirmed{Irreversible: plan.cannot}
	for _, i := range done {
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
	return j.report(ctx, confirmed)
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
}

// planRevert reads off the hold's events, the before-image and the account as
// it is now what must be taken away again. It never guesses: a role or factor
// that cannot be told from the ones the owner had is left and named.
func planRevert(h holds.Hold, before holds.Snapshot, known bool, now holds.Snapshot) revertPlan {
	var p revertPlan
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
	for _, r := range now.Roles {
		had := slices.ContainsFunc(before.Roles, func(b holds.Role) bool { return b.ID == r.ID })
		if had || !known && !named(e.Role, r.ID, r.Kind, r.Name) {
			continue
		}
		found = true
		if r.ViaGroup {
			p.say(fmt.Sprintf("the role %s comes from a group; take the account out of the group", r.Name))
			continue
		}
		p.add(holds.Action{Kind: holds.RemoveRole, Account: h.Subject.ID, Object: r.ID})
	}
	if !found && !known {
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
	if !found && !known {
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
