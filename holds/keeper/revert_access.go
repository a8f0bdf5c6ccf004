package keeper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// removeRoles takes away the role that an event granted: the one it names, and
// where it names none for certain (Okta may list all there are now), what the
// before-image does not show. That image may be a day old, so that another role
// that came since is never taken for one that is named, nor when an earlier run has
// taken that one away.
func (p *revertPlan) removeRoles(e holds.EventRef) {
	found, left := false, ""
	told := e.Role.ID != "" || p.did(holds.RemoveRole) || slices.ContainsFunc(p.now.Roles, func(r holds.Role) bool { return p.newRole(r) && namedRole(e.Role, r) })
	for _, r := range p.now.Roles {
		switch {
		case !p.newRole(r):
		case r.ViaGroup:
			found = true
			p.say(fmt.Sprintf("the role %s comes from a group; take the account out of the group", r.Name))
		case !told && p.known || namedRole(e.Role, r) || p.chose(r.ID):
			found = true
			p.add(holds.Action{Kind: holds.RemoveRole, Account: p.account, Object: r.ID})
		default:
			left = r.Name
		}
	}
	switch {
	case found:
	case left != "" && (p.known || p.did(holds.RemoveRole)):
		p.say(fmt.Sprintf("the role %s came since the before-image and is not one that the change names; look whether it belongs to it", left))
	case p.did(holds.RemoveRole):
	case p.known:
		p.over("no role that came since is on the account any more; there was nothing left to take away (" + e.Type + ")")
	default:
		p.say("which role was granted cannot be told: there is no before-image of the account; compare its roles by hand")
	}
}

// namedRole tells whether an event's role is this one. The log and the roles' list
// may give it another id and spell its name otherwise, but not its kind.
func namedRole(o holds.Object, r holds.Role) bool {
	kind := o.Type != "" && o.Type != holds.CustomRole && strings.EqualFold(o.Type, r.Kind)
	return kind || named(o, r.ID, r.Kind, r.Name)
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
