package keeper

import (
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// revertPlan is what can be undone, what needs no undoing any more, and what
// cannot be undone.
type revertPlan struct {
	account     string
	before, now holds.Snapshot
	// known tells whether there is a before-image.
	known bool
	// have is what an earlier run did.
	have []holds.Intent

	actions []holds.Action
	already []string
	cannot  []string
}

// planRevert reads off the hold's events, the before-image and the account as
// it is now what must be taken away again. It never guesses: a role or factor
// that cannot be told from the ones the owner had is left and named.
// Nothing that it finds nothing for is passed over in silence.
func (j *job) planRevert(ctx context.Context, now holds.Snapshot, have []holds.Intent) revertPlan {
	p := revertPlan{account: j.hold.Subject.ID, now: now, have: have}
	switch {
	case !j.hold.Subject.Resolved():
		p.account = ""
		p.apart(j.hold.Events, "find the account and undo by hand: ")
		return p
	case gone(now):
		p.cannot = append(p.cannot, "the account no longer exists")
		p.apart(j.hold.Events, "")
		return p
	}
	p.before, p.known = j.beforeImage(ctx)
	j.before = p.before
	for _, e := range j.hold.Events {
		if !partOfReset(e, j.hold.Events) {
			p.event(e)
		}
	}
	return p
}

// partOfReset tells whether an event is one of the factors that a reset of all of
// them took away: what there is to say of the reset is said once.
func partOfReset(e holds.EventRef, all []holds.EventRef) bool {
	return e.Class == holds.MFAChange && e.Verb == holds.Remove && e.Transaction != "" && slices.ContainsFunc(all, func(r holds.EventRef) bool {
		return r.Class == holds.MFAChange && r.Verb == holds.Reset && r.Transaction == e.Transaction
	})
}

// event plans one event.
func (p *revertPlan) event(e holds.EventRef) {
	switch {
	case e.Leader != "": // it happened to another account, whose hold undoes it
	case e.Undo.Kind != "":
		p.undo(e)
	case e.Class == holds.RoleActivation && e.Verb != holds.Revoke && e.Verb != holds.Remove:
		p.removeRoles(e)
	case e.Class == holds.MFAChange && e.Verb == holds.Enrol:
		p.removeFactors(e)
	case e.Class == holds.RecoveryChange:
		p.restoreProfile(e)
	default:
		p.say(byHand(e))
	}
}

// apart plans what is beside an account of which nothing more can be done: a
// token works on when whoever made it is deleted. What else there was is said,
// when there are words for it.
func (p *revertPlan) apart(events []holds.EventRef, hand string) {
	for _, e := range events {
		switch {
		case e.Undo.Kind != "" && !e.Undo.Kind.Shown():
			p.undo(e)
		case hand != "":
			p.say(hand + e.Type)
		}
	}
}

// undo takes the event's own word for what came into being. A membership that was
// there before, and only was given back, is the owner's.
func (p *revertPlan) undo(e holds.EventRef) {
	a := e.Undo
	if a.Kind == holds.LeaveGroup && slices.ContainsFunc(p.before.Groups, func(g holds.Object) bool { return g.ID == a.Object }) {
		p.say("the account was in the group " + a.Object + " before, so it is not taken out of it; decide by hand whether it belongs there (" + e.Type + ")")
		return
	}
	a.Account, a.Before = p.account, nil
	p.add(a)
}

// did tells whether an action of a kind was planned before.
func (p *revertPlan) did(kind holds.ActionKind) bool {
	return slices.ContainsFunc(p.have, func(i holds.Intent) bool { return i.Action.Kind == kind })
}

func (p *revertPlan) add(a holds.Action) {
	if !slices.Contains(p.actions, a) {
		p.actions = append(p.actions, a)
	}
}

func (p *revertPlan) say(what string) {
	if !slices.Contains(p.cannot, what) {
		p.cannot = append(p.cannot, what)
	}
}

// over says that nothing is left to undo, and why.
func (p *revertPlan) over(why string) {
	if !slices.Contains(p.already, why) {
		p.already = append(p.already, why)
	}
}

// named tells whether an event's object is the one with this id, or, where the
// event gives another id or none, the one of this kind or name.
func named(o holds.Object, id, kind, name string) bool {
	if o.ID != "" && (o.ID == id || strings.EqualFold(o.ID, kind)) {
		return true
	}
	return o.Name != "" && (strings.EqualFold(o.Name, name) || strings.EqualFold(o.Name, kind))
}
