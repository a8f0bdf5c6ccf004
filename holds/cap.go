package holds

import (
	"fmt"
	"time"
)

// Automation that contains accounts is itself a weapon: whoever can cause events
// could have everybody restrained. Caps bound that. Above them the circuit is
// open: holds stay, nothing more is restrained, people are paged, and the
// containments that wait go on by themselves as room returns, by severity and
// then by age.

// Cap is a bound on containments.
type Cap string

// The caps.
const (
	// CapHour bounds the containments of a connection within an hour.
	CapHour Cap = "hour"
	// CapActor bounds those that the changes of one actor cause within an hour.
	CapActor Cap = "actor"
	// CapRole bounds how many of the members of a top role are restrained at a time.
	CapRole Cap = "role"
	// CapLast keeps the last active member of a top role unrestrained, or nobody could
	// undo what we did. Sessions are ended all the same.
	CapLast Cap = "last"
)

// CapWindow is the hour that CapHour and CapActor look back.
const CapWindow = time.Hour

// Caps bound the containments of one connection.
type Caps struct {
	// PerHour and PerActor are numbers of containments within an hour.
	PerHour, PerActor int
	// Reserve is the percentage of both that is kept for privileged accounts, so that
	// an ordinary storm cannot use up what they need.
	Reserve int
	// RoleShare is the percentage of a top role's known active members that may be
	// restrained at a time. It is at least one of them, and never the last.
	RoleShare int
}

// DefaultCaps are the caps of a connection with so many known accounts.
//
// An organisation sees about three holds per hundred people and week (0.75 an
// hour of work in a thousand). Twenty an hour is then a hundred times what a
// company of 300 ever has, and 7 % of it at most in the hour until somebody who
// was paged has looked. Above 5,000 accounts it is four in a thousand: 200 an
// hour at 50,000, five times the 40 of an ordinary hour there.
//
// One actor gets twelve: whoever changes accounts by hand, and asks each owner
// first, does not do one every five minutes for an hour; a script does.
//
// A quarter of both is for privileged accounts, of which there are few and which
// matter most. Of a top role at most half: whoever is left must be able to undo
// it.
func DefaultCaps(accounts int) Caps {
	return Caps{PerHour: max(20, accounts*4/1000), PerActor: 12, Reserve: 25, RoleShare: 50}
}

// Restraint is what the caps must know of an account that is about to be
// restrained.
type Restraint struct {
	Caps Caps
	// Privileged is whether the account has an administrator's role.
	Privileged bool
	// Roles are the kinds of the top roles that it has.
	Roles []string
}

// Load is what counts against the caps at a moment, without the containment that
// is asked about.
type Load struct {
	// Hour and Actor are the containments of the last hour: all, and those that the
	// same actor caused. Ahead is how many wait that are more urgent and that could
	// use the same room.
	Hour, Actor, Ahead int
	Roles              []RoleLoad
}

// RoleLoad is a top role: its known members beside the account asked about, and
// how many of them we restrain.
type RoleLoad struct {
	Kind               string
	Active, Restrained int
}

// Admit tells whether one more account may be restrained now, nil if so. An actor
// that nobody could name is no actor: people who have nothing to do with each
// other stand behind it.
func (r Restraint) Admit(l Load, actor string) *Braked {
	refuse := func(c Cap, scope, format string, args ...any) *Braked {
		return &Braked{Brake: BrakeContainment, Cap: c, Scope: scope, Why: fmt.Sprintf(format, args...)}
	}
	for _, m := range l.Roles {
		most := max(1, (m.Active+m.Restrained+1)*r.Caps.RoleShare/100)
		switch {
		case m.Active == 0:
			return refuse(CapLast, m.Kind, "it is the last active account with the role %s that is known; it is not suspended, or nobody could undo it. Its sessions are ended; look at it now", m.Kind)
		case m.Restrained+1 > most:
			return refuse(CapRole, m.Kind, "%d of the %d known accounts with the role %s are restrained already, and %d may be at a time", m.Restrained, m.Active+m.Restrained+1, m.Kind, most)
		}
	}
	if n := r.room(r.Caps.PerActor); actor != "" && l.Actor >= n {
		return refuse(CapActor, actor, "the changes of one actor (%s) have caused %d containments within an hour, and %d is the most", actor, l.Actor, n)
	}
	if n := r.room(r.Caps.PerHour); l.Hour+l.Ahead >= n {
		return refuse(CapHour, r.scope(), "%d accounts of this connection were restrained within an hour, and %d is the most", l.Hour, n)
	}
	return nil
}

// ScopePrivileged is the scope of CapHour when even the reserve is used up.
const ScopePrivileged = "privileged"

func (r Restraint) scope() string {
	if r.Privileged {
		return ScopePrivileged
	}
	return ""
}

// room is what of a cap an account may use.
func (r Restraint) room(most int) int {
	if r.Privileged {
		return most
	}
	return most - (most*r.Caps.Reserve+99)/100
}
