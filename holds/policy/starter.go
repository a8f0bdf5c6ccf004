package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// Version names the starter policy in every ruling it makes.
const Version = "starter/1"

// rule is one line of the policy: the first that fits decides.
type rule struct {
	name string
	fits func(holds.Event, holds.Facts) bool
	rule func(holds.Event, holds.Facts) holds.Ruling
}

// Starter is the embedded policy.
type Starter struct{ rules []rule }

// NewStarter builds the starter policy.
func NewStarter() *Starter {
	return &Starter{rules: []rule{
		{"no-change", noChange, say(holds.Ignore, "cannot hand an account to somebody else")},
		{"no-effect", failed, say(holds.Record, "did not take effect")},
		{"tamper", class(holds.Tamper), hold(tamper)},
		{"unclassified", class(holds.Unclassified), hold(unclassified)},
		{"unresolved", unresolved, hold(unresolvedTerms)},
		{"role", granted, hold(high)},
		{"role-taken-away", class(holds.RoleActivation), say(holds.Record, "a role was taken away, which hands nothing to anybody")},
		{"own-factor", ownQuietFactor, tell},
		{"mfa", class(holds.MFAChange), hold(byStanding)},
		{"recovery", class(holds.RecoveryChange), hold(byStanding)},
		{"other-kinds", always, say(holds.Record, "recorded; this policy holds MFA, recovery and role changes")},
	}}
}

// Judge rules on one event for one subject. A rule's terms are lowered by the
// connection's mode afterwards: watch records what would be held, notify holds
// without restraining.
func (p *Starter) Judge(e holds.Event, f holds.Facts) holds.Ruling {
	for _, r := range p.rules {
		if !r.fits(e, f) {
			continue
		}
		out := r.rule(e, f)
		out.Terms.Rule, out.Terms.Policy = r.name, Version
		return inMode(f.Mode, out)
	}
	return holds.Ruling{Verdict: holds.Record, Reason: "no rule fits"}
}

// inMode applies the connection's mode. An unknown mode restrains nobody.
func inMode(m holds.Mode, r holds.Ruling) holds.Ruling {
	if r.Verdict != holds.HoldIt && r.Verdict != holds.Notify {
		return r
	}
	switch m {
	case holds.ModeContain:
	case holds.ModeNotify:
		r.Terms.Contain = nil
	case holds.ModeWatch:
		return holds.Ruling{Verdict: holds.Record, Terms: r.Terms, Reason: "watching only: would " + string(r.Verdict) + " under rule " + r.Terms.Rule}
	default:
		return holds.Ruling{Verdict: holds.Record, Terms: r.Terms, Reason: "the connection has no mode; would " + string(r.Verdict)}
	}
	return r
}

func always(holds.Event, holds.Facts) bool { return true }

func noChange(e holds.Event, _ holds.Facts) bool { return e.Class == holds.None || e.Class == "" }

func failed(e holds.Event, _ holds.Facts) bool { return e.Outcome == holds.Failed }

func class(c holds.Class) func(holds.Event, holds.Facts) bool {
	return func(e holds.Event, _ holds.Facts) bool { return e.Class == c }
}

// unresolved is a change of a held kind whose account could not be told.
func unresolved(e holds.Event, _ holds.Facts) bool {
	switch e.Class {
	case holds.MFAChange, holds.RecoveryChange:
		return len(e.Subjects) == 0
	case holds.RoleActivation:
		return len(e.Subjects) == 0 && e.Verb != holds.Revoke && e.Verb != holds.Remove
	default:
		return false
	}
}

func granted(e holds.Event, _ holds.Facts) bool {
	return e.Class == holds.RoleActivation && e.Verb != holds.Revoke && e.Verb != holds.Remove
}

// ownQuietFactor is an ordinary person adding or removing a factor of their
// own account with nothing suspicious before it: told, not held. The account
// must be known, hold no administrator's role and work outside finance.
func ownQuietFactor(e holds.Event, f holds.Facts) bool {
	if e.Class != holds.MFAChange || e.Verb == holds.Reset || len(e.Subjects) != 1 {
		return false
	}
	own := e.Actor.Kind == holds.PartyPerson && e.Actor.ID != "" && e.Actor.ID == e.Subjects[0].ID
	return own && f.Known && !sensitive(f) && quiet(f)
}

// quiet tells whether nothing of the last day could be the first half of a
// takeover.
func quiet(f holds.Facts) bool {
	return !slices.ContainsFunc(f.Recent, func(c holds.Class) bool {
		return c == holds.PasswordReset || c == holds.RecoveryChange || c == holds.MFAChange || c == holds.EmergencyAccess
	})
}

// sensitive is whether the account can do much harm; the unknown can.
func sensitive(f holds.Facts) bool {
	if !f.Known || f.Snapshot.Privileged() || f.Owner.Belonging == holds.Vendor {
		return true
	}
	return sensitiveDepartment(f.Owner.Department) || sensitiveDepartment(f.Snapshot.Attributes["department"])
}

func sensitiveDepartment(d string) bool {
	d = strings.ToLower(d)
	return slices.ContainsFunc([]string{"finance", "payroll", "executive", "treasury", "accounting"}, func(s string) bool {
		return strings.Contains(d, s)
	})
}

func say(v holds.Verdict, why string) func(holds.Event, holds.Facts) holds.Ruling {
	return func(holds.Event, holds.Facts) holds.Ruling { return holds.Ruling{Verdict: v, Reason: why} }
}

func hold(terms func(holds.Facts) holds.Terms) func(holds.Event, holds.Facts) holds.Ruling {
	return func(_ holds.Event, f holds.Facts) holds.Ruling {
		return holds.Ruling{Verdict: holds.HoldIt, Reason: "held until identity is verified", Terms: terms(f)}
	}
}

func tell(_ holds.Event, f holds.Facts) holds.Ruling {
	return holds.Ruling{Verdict: holds.Notify, Reason: "a factor of one's own; the owner is told", Terms: byStanding(f)}
}

// restraint is what is done to an account that is held.
func restraint() []holds.ActionKind {
	return []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount}
}

func high(holds.Facts) holds.Terms {
	return holds.Terms{
		Tier: holds.TierHigh, Items: 2, Paths: 2, Approvers: 1, Tell: true,
		Contain: restraint(), Deadline: time.Hour, Expect: 15 * time.Minute,
	}
}

func medium(f holds.Facts) holds.Terms {
	t := high(f)
	t.Tier, t.Deadline = holds.TierMedium, 4*time.Hour
	return t
}

func byStanding(f holds.Facts) holds.Terms {
	if sensitive(f) {
		return high(f)
	}
	return medium(f)
}

// tamper restrains nobody: its subject may be our own footing. People are paged.
func tamper(f holds.Facts) holds.Terms {
	t := high(f)
	t.Contain, t.Tell, t.Expect = nil, false, 0
	return t
}

func unclassified(f holds.Facts) holds.Terms {
	t := tamper(f)
	t.Tier, t.Deadline = holds.TierMedium, 24*time.Hour
	return t
}

// unresolvedTerms: there is no account we could restrain or tell.
func unresolvedTerms(f holds.Facts) holds.Terms { return tamper(f) }
