package keeper

import (
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// removeRoles takes away the role that an event granted: the one it names, or
// where it names none, what the before-image does not show. That image may be a
// day old, so another role that came since is never taken for the one named.
func (p *revertPlan) removeRoles(e holds.EventRef) {
	unnamed := e.Role == (holds.Object{})
	found, left := false, ""
	for _, r := range p.now.Roles {
		if !p.newRole(r) {
			continue
		}
		granted := named(e.Role, r.ID, r.Kind, r.Name) || unnamed && p.known && !p.did(holds.RemoveRole)
		if !granted && !p.chose(r.ID) {
			left = r.Name
			continue
		}
		found = true
		if r.ViaGroup {
			p.say(fmt.Sprintf("the role %s comes from a group; take the account out of the group", r.Name))
			continue
		}
		p.add(holds.Action{Kind: holds.RemoveRole, Account: p.account, Object: r.ID})
	}
	switch {
	case found:
	case left != "":
		p.say(fmt.Sprintf("the role %s came since the before-image and is not one that the change names; look whether it belongs to it", left))
	case p.did(holds.RemoveRole):
	case p.known:
		p.over("no role that came since is on the account any more; there was nothing left to take away (" + e.Type + ")")
	default:
		p.say("which role was granted cannot be told: there is no before-image of the account; compare its roles by hand")
	}
}

// chose tells whether an earlier run set out to take this role away.
func (p *revertPlan) chose(role string) bool {
	return slices.ContainsFunc(p.have, func(i holds.Intent) bool { return i.Action.Kind == holds.RemoveRole && i.Action.Object == role })
}

// newRole tells whether the account did not have the role before; it is true of
// every role where there is no before-image.
func (p *revertPlan) newRole(r holds.Role) bool {
	return !slices.ContainsFunc(p.before.Roles, func(b holds.Role) bool { return b.ID == r.ID })
}

// justThen is how far a factor's own date may lie from the event that tells of
// its enrolment.
const justThen = 2 * time.Minute

// removeFactors takes away the factor that an event enrolled.
func (p *revertPlan) removeFactors(e holds.EventRef) {
	found, came := false, false
	for _, f := range p.now.Factors {
		if slices.ContainsFunc(p.before.Factors, func(b holds.Factor) bool { return b.ID == f.ID }) {
			continue
		}
		came = true
		then := !f.Created.IsZero() && f.Created.Sub(e.Occurred).Abs() <= justThen
		if !then && !named(e.Factor, f.ID, "", "") {
			continue
		}
		found = true
		p.add(holds.Action{Kind: holds.RemoveFactor, Account: p.account, Object: f.ID})
	}
	switch {
	case found || p.did(holds.RemoveFactor):
	case !came && (p.known || len(p.now.Factors) == 0):
		p.over("no factor that came since is on the account any more; there was nothing left to take away (" + e.Type + ")")
	default:
		p.say("which factor was enrolled cannot be told; compare the account's factors with the owner")
	}
}
