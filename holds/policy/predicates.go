package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// predicate is a question a rule asks. It looks at the class, verb, outcome, ids,
// address and time of the event and at the facts. What somebody could word as they
// like, a name or a summary, only ever makes a ruling stricter.
type predicate func(question) bool

func all(parts ...predicate) predicate {
	return func(q question) bool {
		return !slices.ContainsFunc(parts, func(p predicate) bool { return !p(q) })
	}
}

func either(parts ...predicate) predicate {
	return func(q question) bool {
		return slices.ContainsFunc(parts, func(p predicate) bool { return p(q) })
	}
}

func not(p predicate) predicate { return func(q question) bool { return !p(q) } }

func class(c holds.Class) predicate { return func(q question) bool { return q.event.Class == c } }

func verb(vs ...holds.Verb) predicate {
	return func(q question) bool { return slices.Contains(vs, q.event.Verb) }
}

func actor(k holds.PartyKind) predicate {
	return func(q question) bool { return q.event.Actor.Kind == k }
}

// understood is a kind of change that the lines below are about. Any other, and
// one that a decoder could not classify, is looked at by people.
func understood(q question) bool {
	return slices.Contains([]holds.Class{
		holds.PasswordReset, holds.MFAChange, holds.RecoveryChange, holds.RoleActivation, holds.MailboxDelegation, holds.VaultRecovery,
		holds.RemoteAccess, holds.DeviceRegistration, holds.EmergencyAccess, holds.OtherTakeover,
	}, q.event.Class)
}

func noChange(q question) bool { return q.event.Class == holds.None || q.event.Class == "" }

func failed(q question) bool { return q.event.Outcome == holds.Failed }

func noAccount(q question) bool { return len(q.event.Subjects) == 0 }

// unresolved is a change to an account that could not be told. What is made to
// everybody at once, such as a rule about factors, names none either.
func unresolved(q question) bool {
	switch q.event.Class {
	case holds.MFAChange, holds.RecoveryChange:
		return noAccount(q)
	case holds.PasswordReset:
		return noAccount(q) && q.event.Verb != holds.Other
	default:
		return false
	}
}

// emergencyAccount: whatever is done to an account that nobody uses on ordinary
// days is worth a look.
func emergencyAccount(q question) bool { return q.facts.BreakGlass }

// own is a person changing their own account, told by the immutable ids. An API
// token is not its owner.
func own(q question) bool {
	a := q.event.Actor
	return len(q.event.Subjects) == 1 && a.Kind == holds.PartyPerson && a.ID != "" && a.ID == q.event.Subjects[0].ID
}

func byPerson(q question) bool {
	a := q.event.Actor
	return a.ID != "" && (a.Kind == holds.PartyPerson || a.Kind == holds.PartyToken)
}

// automation is an application or service account that the organisation named.
func automation(q question) bool {
	a, known := q.event.Actor, q.settings.Automation
	return a.ID != "" && slices.Contains(known, a.ID) || a.Credential != "" && slices.Contains(known, a.Credential)
}

// fromUsual is a network of the organisation, or one the actor has acted from more
// than a day before.
func fromUsual(q question) bool { return q.settings.ours(q.event.IP) || q.facts.SeenNetwork }

// usualNetwork is fromUsual, or no address at all: where the provider tells none
// there is nothing to go by, and no requester can bring that about.
func usualNetwork(q question) bool { return q.event.IP == "" || fromUsual(q) }

// topRole is a role that can take the organisation over, or one nobody knows.
func topRole(q question) bool {
	return q.event.Rank != holds.RankPrivileged && q.event.Rank != holds.RankOrdinary
}

func activation(q question) bool { return q.event.Way == holds.WayActivation }

// takesAway is true of what leaves an account with less than before.
func takesAway(q question) bool {
	return q.event.Verb == holds.Remove || q.event.Verb == holds.Suspend || q.event.Verb == holds.Revoke
}

// ordinary is an account that is known, and known to be able to do little harm.
func ordinary(q question) bool { return q.facts.Known && !sensitive(q) }

func known(q question) bool { return q.facts.Known }

// sensitive is whether the account can do much harm; the unknown can.
func sensitive(q question) bool {
	f := q.facts
	if !f.Known || f.Snapshot.Privileged() || f.Owner.Belonging == holds.Vendor {
		return true
	}
	return q.settings.sensitiveDepartment(f.Owner.Department) || q.settings.sensitiveDepartment(f.Snapshot.Attributes["department"])
}

// newborn is how long after its creation an account is still being made: whoever
// makes it also sets its first password and profile, and nobody has used it yet.
const newborn = time.Hour

// clocks is how far the clocks of a provider's services may be apart.
const clocks = 5 * time.Minute

// age is how old the account was at a moment, false when that is not known.
func age(q question, at time.Time) (time.Duration, bool) {
	d := at.Sub(q.facts.Joined)
	return d, !q.facts.Joined.IsZero() && d >= -clocks
}

// making is a password, profile or factor that an account gets in the hour it is
// made, by somebody else's hand. A temporary pass is not: it is asked for later, in
// somebody's name.
func making(q question) bool {
	switch {
	case own(q) || pass(q) || q.facts.Snapshot.Privileged() || holding(q):
		return false
	case q.event.Class != holds.PasswordReset && q.event.Class != holds.RecoveryChange &&
		(q.event.Class != holds.MFAChange || q.event.Verb != holds.Enrol):
		return false
	}
	d, known := age(q, q.event.Occurred)
	return known && d <= newborn
}

// joiner is an account of somebody of the organisation who has just joined, with
// no power yet and no factor from before.
func joiner(q question) bool {
	d, known := age(q, q.event.Occurred)
	return known && d <= q.settings.joining() && q.facts.Owner.Belonging != holds.Vendor &&
		!q.facts.Snapshot.Privileged() && !holding(q) && !settled(q)
}

// holding tells whether the account was given a role within the last day.
func holding(q question) bool {
	return slices.ContainsFunc(chain(q), func(p holds.Past) bool {
		return p.Class == holds.RoleActivation && p.Verb != holds.Revoke && p.Verb != holds.Remove
	})
}

// settled tells whether the account had a factor of substance more than a day
// before. The mail address that every account starts with is none.
func settled(q question) bool {
	return slices.ContainsFunc(q.facts.Snapshot.Factors, func(f holds.Factor) bool {
		kind := strings.ToLower(f.Kind)
		trifling := strings.Contains(kind, "email") || strings.Contains(kind, "password") || strings.Contains(kind, "question")
		return !trifling && !f.Created.IsZero() && q.event.Occurred.Sub(f.Created) > 24*time.Hour
	})
}
