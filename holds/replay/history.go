package replay

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// The spans of time that a policy asks about, as the service keeps them.
const (
	// chainWithin is how far back the chain of an account's events goes.
	chainWithin = 24 * time.Hour
	// clocks is how far the clocks of a provider's services may be apart.
	clocks = 5 * time.Minute
	// seenBefore is how old an act must be to speak for its network.
	seenBefore = 24 * time.Hour
	// madeWithin is how old an account may be to have just been made.
	madeWithin = 60 * 24 * time.Hour
	// activated is how long a role lasts that was taken up for a time; platforms
	// end it after a working day at most.
	activated = 24 * time.Hour
)

// How much is remembered. Each is a bound on memory and far more than a day of an
// organisation's log needs.
const (
	mostAccounts = 50_000
	mostNetworks = 150_000
	mostPast     = 64
	mostRoles    = 16
	mostFactors  = 8
)

// History is what a log tells of accounts, by time and not by order: an event is
// judged by what happened before it, also when that comes later in the log and
// History was given it beforehand.
type History struct {
	accounts *cache[string, *account]
	whole    bool
	// networks is when an actor was first seen in a network, by the digest of both.
	networks *cache[uint64, int64]
}

// account is what is known of one account.
type account struct {
	made    time.Time
	past    []past
	roles   []role
	factors []holds.Factor
}

type past struct {
	holds.Past
	id     string
	failed bool
}

// role is a role with when the account had it; until is zero where it lasts.
type role struct {
	holds.Role
	since, until time.Time
}

// NewHistory knows nothing. Whole says that it is given a log before any of it is
// judged, and must not forget an account's older events for its newer ones.
func NewHistory(whole bool) *History {
	return &History{accounts: newCache[string, *account](mostAccounts), networks: newCache[uint64, int64](mostNetworks), whole: whole}
}

// Note remembers an event. Held says that it would have been held: its network is
// then no proof for the next event. An event noted twice counts once.
func (h *History) Note(e holds.Event, held bool) {
	if !held && e.IP != "" && e.Settled() {
		h.noteNetwork(e)
	}
	if e.Class == holds.None && !e.MakesAccount() {
		return
	}
	for _, s := range e.Held() {
		h.noteSubject(e, s)
	}
	if administers(e) {
		a := h.account(e.Actor.ID)
		a.addRole(role{Role: holds.Role{Name: "administrator, as seen acting on others", Privileged: true}, since: e.Occurred})
	}
}

// noteNetwork remembers when the actor was first seen where they are.
func (h *History) noteNetwork(e holds.Event) {
	key := networkKey(e)
	at := e.Occurred.Unix()
	if first, known := h.networks.get(key); !known || at < first {
		h.networks.put(key, at)
	}
}

func networkKey(e holds.Event) uint64 { return digest(e.Actor.ID, network(e.IP)) }

// network is holds.NetworkOf, without the work for what most addresses are: four
// numbers, of which the first three are the network.
func network(ip string) string {
	dots := strings.Count(ip, ".")
	if last := strings.LastIndexByte(ip, '.'); dots == 3 && len(ip) <= len("255.255.255.255") {
		return ip[:last]
	}
	return holds.NetworkOf(ip)
}

// noteSubject remembers what an event did to an account.
func (h *History) noteSubject(e holds.Event, s holds.Account) {
	if s.ID == "" {
		return
	}
	a := h.account(s.ID)
	if slices.ContainsFunc(a.past, func(p past) bool { return p.id == e.ID && p.Class == e.Class }) {
		return
	}
	if e.MakesAccount() && (a.made.IsZero() || e.Occurred.Before(a.made)) {
		a.made = e.Occurred
	}
	if e.Class == holds.None {
		return
	}
	failed := e.Outcome == holds.Failed
	a.addPast(h.whole, past{id: e.ID, failed: failed, Past: holds.Past{
		Class: e.Class, Verb: e.Verb, Occurred: e.Occurred, By: e.Actor.Kind,
		Own: e.Actor.Kind == holds.PartyPerson && e.Actor.ID == s.ID,
	}})
	if !failed {
		a.change(e)
	}
}

func (h *History) account(id string) *account {
	a, known := h.accounts.get(id)
	if !known {
		a = &account{}
		h.accounts.put(id, a)
	}
	return a
}

// Facts are what is known about an event and one of the accounts it is judged for,
// at the moment of the event.
func (h *History) Facts(e holds.Event, subject holds.Account) holds.Facts {
	f := holds.Facts{At: e.Occurred, Mode: holds.ModeContain, Known: true, Recent: []holds.Class{}, Chain: []holds.Past{}}
	f.Snapshot = holds.Snapshot{Account: subject, At: e.Occurred, Status: holds.StatusActive}
	if first, known := h.networks.get(networkKey(e)); known && e.IP != "" && e.Actor.ID != "" {
		f.SeenNetwork = first <= e.Occurred.Add(-seenBefore).Unix()
	}
	if subject.ID == "" {
		return f
	}
	a, known := h.accounts.get(subject.ID)
	if !known {
		return f
	}
	if age := e.Occurred.Sub(a.made); !a.made.IsZero() && age >= -clocks && age <= madeWithin {
		f.Joined = a.made
	}
	for _, p := range a.past {
		if d := e.Occurred.Sub(p.Occurred); d < 0 || d > chainWithin || p.id == e.ID {
			continue
		}
		f.Recent = append(f.Recent, p.Class)
		if !p.failed {
			f.Chain = append(f.Chain, p.Past)
		}
	}
	f.Snapshot.Roles, f.Snapshot.Factors = a.rolesAt(e.Occurred), a.factorsAt(e.Occurred)
	return f
}

// administers tells whether the actor is seen to have power over other accounts.
func administers(e holds.Event) bool {
	if e.Actor.ID == "" || e.Outcome == holds.Failed || e.Actor.Kind != holds.PartyPerson && e.Actor.Kind != holds.PartyToken {
		return false
	}
	switch e.Class {
	case holds.PasswordReset, holds.MFAChange, holds.RecoveryChange, holds.RoleActivation:
		return slices.ContainsFunc(e.Subjects, func(s holds.Account) bool { return s.ID != e.Actor.ID })
	default:
		return false
	}
}
