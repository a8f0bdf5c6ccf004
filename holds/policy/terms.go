package policy

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// A rule ends in one of these: record, tell, or hold on some terms.

// say records or ignores a change.
func say(v holds.Verdict, why string) func(question) holds.Ruling {
	return func(question) holds.Ruling { return holds.Ruling{Verdict: v, Reason: why} }
}

// tell records a change and tells the owner; the terms are what it is held on
// when the owner says that it was not them.
func tell(why string) func(question) holds.Ruling {
	return func(q question) holds.Ruling {
		return holds.Ruling{Verdict: holds.Notify, Reason: why, Terms: byStanding(q)}
	}
}

// hold holds a change, and says in words what makes it one that can hand an
// account to somebody else.
func hold(why string, terms func(question) holds.Terms) func(question) holds.Ruling {
	return func(q question) holds.Ruling {
		return holds.Ruling{Verdict: holds.HoldIt, Reason: why + ": held until identity is verified", Terms: terms(q)}
	}
}

// restraint is what is done to an account that is held.
func restraint() []holds.ActionKind {
	return []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount}
}

func high(question) holds.Terms {
	return holds.Terms{
		Tier: holds.TierHigh, Items: 2, Paths: 2, Approvers: 1, Tell: true,
		Contain: restraint(), Deadline: time.Hour, Expect: 15 * time.Minute,
	}
}

func medium(q question) holds.Terms {
	t := high(q)
	t.Tier, t.Deadline = holds.TierMedium, 4*time.Hour
	return t
}

// byStanding asks more for an account that can do much harm.
func byStanding(q question) holds.Terms {
	if sensitive(q) {
		return high(q)
	}
	return medium(q)
}

// open are the terms of a change that names no account and is made to the
// organisation: whoever made it is told, and the organisation goes on working.
func open(q question) holds.Terms {
	t := nobody(q)
	t.Tell = len(q.event.Held()) > 0
	return t
}

// onActor are the terms of a change that lets somebody in by a door of its own: a
// key, an identity provider, a consent. Whoever made it is restrained, since no
// other account is there to restrain and the next change would be theirs. An
// application or the platform is not restrained.
func onActor(q question) holds.Terms {
	if len(q.event.Held()) == 0 {
		return nobody(q)
	}
	return high(q)
}

// askedFor rules on what a stranger can bring about without being let in: the owner
// is told, and people look at it where the account can do much harm or something
// loosened it before. Nobody is restrained.
func askedFor(why string) func(question) holds.Ruling {
	return func(q question) (r holds.Ruling) {
		if ordinary(q) && quietPassword(q) {
			r = tell(why + "; the owner is told")(q)
		} else {
			r = hold(why, func(q question) holds.Terms {
				t := byStanding(q)
				t.Contain = nil
				return t
			})(q)
		}
		r.Anyone = true
		return r
	}
}

// nobody are the terms where there is no account we could restrain or tell, or
// none we may: tamper, whose subject may be our own footing.
func nobody(q question) holds.Terms {
	t := high(q)
	t.Contain, t.Tell, t.Expect = nil, false, 0
	return t
}

// slow are the terms of what must be looked at and restrains nobody.
func slow(q question) holds.Terms {
	t := nobody(q)
	t.Tier, t.Deadline = holds.TierMedium, 24*time.Hour
	return t
}
