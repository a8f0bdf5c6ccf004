package replay

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// mostOpen is how many holds are remembered as open.
const mostOpen = 20_000

// mostDays bounds the days that are counted one by one; a log of fifty years does
// not exist.
const mostDays = 20_000

// tally counts what a report tells. It keeps numbers and no records, but for a few
// examples.
type tally struct {
	records, malformed   int64
	from, to             time.Time
	people, restrained   *crowd
	changes, held, told  int
	holds                int
	days                 map[int64]int
	rules, sources, tier map[string]int
	open                 *cache[string, *openHold]
	examples             examples
}

// openHold is the hold of one account.
type openHold struct {
	opened   time.Time
	deadline time.Duration
	change   *change
}

func newTally() *tally {
	return &tally{
		people: newCrowd(), restrained: newCrowd(), days: map[int64]int{}, rules: map[string]int{}, sources: map[string]int{},
		tier: map[string]int{}, open: newCache[string, *openHold](mostOpen),
	}
}

// event counts an event of any class.
func (t *tally) event(e holds.Event) {
	if !e.Occurred.IsZero() {
		if t.from.IsZero() || e.Occurred.Before(t.from) {
			t.from = e.Occurred
		}
		if e.Occurred.After(t.to) {
			t.to = e.Occurred
		}
	}
	if e.Actor.Kind == holds.PartyPerson {
		t.people.add(e.Actor.ID)
	}
	for _, s := range e.Subjects {
		if s.ID != e.Actor.ID && s.Resolved() {
			t.people.add(s.ID)
		}
	}
}

// ruling counts what the policy says of an event for one account. Was is the change
// before it.
func (t *tally) ruling(was change, c *change, e holds.Event, s holds.Account, r holds.Ruling) {
	if !c.counted && effective(e) {
		c.counted = true
		t.changes++
	}
	if c.told && !c.held && !was.told {
		t.told++
	}
	if c.held && !was.held {
		t.held++
		if was.told {
			t.told--
		}
	}
	if r.Verdict != holds.HoldIt {
		return
	}
	if len(r.Terms.Contain) > 0 && s.ID != "" {
		t.restrained.add(s.ID)
	}
	key := s.ID
	if key == "" {
		key = "change:" + c.id
	}
	if h, known := t.open.get(key); known && (h.change == c || e.Occurred.Sub(h.opened).Abs() <= h.deadline) {
		c.join(h.change) // the hold that is open takes it in
		return
	}
	t.open.put(key, &openHold{opened: e.Occurred, deadline: r.Terms.Deadline, change: c})
	t.opened(e, s, r)
}

// opened counts a hold.
func (t *tally) opened(e holds.Event, s holds.Account, r holds.Ruling) {
	t.holds++
	t.rules[r.Terms.Rule]++
	t.sources[source(e)]++
	t.tier[string(r.Terms.Tier)]++
	if day := dayOf(e.Occurred); len(t.days) < mostDays {
		t.days[day]++
	}
	t.examples.add(Example{
		Occurred: e.Occurred, Class: e.Class, Type: e.Type, Rule: r.Terms.Rule, Tier: r.Terms.Tier,
		Account: label(s.ID, s.Login), Actor: label(e.Actor.ID, e.Actor.Login), Reason: r.Reason,
	})
}

func label(id, login string) string {
	if login != "" {
		return login
	}
	return id
}

// dayOf is the day in UTC, counted from 1970.
func dayOf(t time.Time) int64 {
	const day = 24 * 60 * 60
	s := t.Unix()
	if s < 0 {
		s -= day - 1
	}
	return s / day
}

// The sources of changes: at whose hand they came.
const (
	// ByAdmin: a person changed the account of somebody else.
	ByAdmin = "a person, for somebody else"
	// BySelf: people changed their own accounts.
	BySelf = "a person, for themselves"
	// ForAll: a person changed the organisation.
	ForAll = "a person, for the organisation"
	ByApp  = "an application"
	// ByPlatform: a service of the platform, or a directory that it is joined to.
	ByPlatform = "the platform itself"
	BySupport  = "the vendor's support"
	ByNobody   = "nobody that the record names"
)

func source(e holds.Event) string {
	switch e.Actor.Kind {
	case holds.PartyApp:
		return ByApp
	case holds.PartyPlatform, holds.PartySystem:
		return ByPlatform
	case holds.PartySupport:
		return BySupport
	case holds.PartyPerson, holds.PartyToken:
		switch {
		case e.Actor.ID == "":
			return ByNobody
		case len(e.Subjects) == 0:
			return ForAll
		case len(e.Subjects) == 1 && e.Subjects[0].ID == e.Actor.ID:
			return BySelf
		}
		return ByAdmin
	case holds.PartyUnknown:
	}
	return ByNobody
}
