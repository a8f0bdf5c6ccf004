package policy

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// A takeover is seldom one change. What went before, within a day, decides about
// what is ordinary by itself.

// chain is the person's earlier events of the last day. Where only their classes
// are known, the worst is taken: somebody else reset what they are about.
func chain(q question) []holds.Past {
	if q.facts.Chain != nil {
		return q.facts.Chain
	}
	out := make([]holds.Past, 0, len(q.facts.Recent))
	for _, c := range q.facts.Recent {
		out = append(out, holds.Past{Class: c, Verb: holds.Reset, By: holds.PartyUnknown})
	}
	return out
}

// quiet tells whether nothing of the last day could be the first half of a
// takeover: no reset of any kind, no recovery path changed, no factor that
// somebody else touched. A person who enrols one factor and then another, or
// removes the old one, has changed nothing that was not theirs.
func quiet(q question) bool {
	return !slices.ContainsFunc(chain(q), func(p holds.Past) bool {
		switch p.Class {
		case holds.RecoveryChange:
			return true
		case holds.EmergencyAccess:
			return !byOwner(p)
		case holds.PasswordReset:
			return p.Verb == holds.Reset || p.Verb == holds.Update && !byOwner(p)
		case holds.MFAChange:
			return p.Verb == holds.Reset || !byOwner(p)
		default:
			return false
		}
	})
}

// quietPassword tells whether a reset by the person's own means comes out of the
// blue: no recovery path was changed, no factor touched, and nobody else reset the
// password, within a day. Forgetting it twice is no sign of anything.
func quietPassword(q question) bool {
	return !slices.ContainsFunc(chain(q), func(p holds.Past) bool {
		switch p.Class {
		case holds.RecoveryChange:
			return true
		case holds.MFAChange:
			return p.Verb != holds.Other || !byOwner(p)
		case holds.EmergencyAccess:
			return !byOwner(p)
		case holds.PasswordReset:
			return p.Verb != holds.Other && !byOwner(p)
		default:
			return false
		}
	})
}

// untouched tells whether nobody but the person has reset anything since the
// account was made.
func untouched(q question) bool {
	return !slices.ContainsFunc(chain(q), func(p holds.Past) bool {
		if d, known := age(q, p.Occurred); byOwner(p) || known && d <= newborn && p.Class != holds.MFAChange {
			return false
		}
		switch p.Class {
		case holds.RecoveryChange, holds.MFAChange, holds.EmergencyAccess:
			return true
		case holds.PasswordReset:
			return p.Verb != holds.Other
		default:
			return false
		}
	})
}

// byOwner is what a person did to their own account, or what the platform carried
// out for them.
func byOwner(p holds.Past) bool { return p.Own || p.By == holds.PartyPlatform }

// twin is the platform's own record of what somebody asked for, whose own record
// stands beside it and is judged. By itself it is not held, unless it grants a
// top role, replaces a way to recover the account, or comes in the wake of a
// reset: where an export has the platform's records alone, a chain shows all the
// same.
func twin(q question) bool {
	e := q.event
	agent := e.Actor.Kind == holds.PartySystem && strings.HasPrefix(e.Type, "system.agent.")
	if e.Actor.Kind != holds.PartyPlatform && !agent {
		return false
	}
	switch e.Class {
	case holds.RoleActivation:
		return !topRole(q) && activation(q) && quiet(q)
	case holds.PasswordReset:
		return quietPassword(q)
	case holds.MFAChange:
		return quiet(q)
	case holds.RecoveryChange:
		return adds(q) && quiet(q)
	default:
		return false
	}
}

// adds tells whether every value that changed was empty before.
func adds(q question) bool {
	return len(q.event.Fields) > 0 && !slices.ContainsFunc(q.event.Fields, func(f holds.FieldChange) bool { return f.Old != "" || f.New == "" })
}
