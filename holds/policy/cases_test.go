package policy

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// one is a case of the policy: an event for a subject, what is known of it, and
// the ruling that is asked for.
type one struct {
	name     string
	event    func(*holds.Event)
	facts    func(*holds.Facts)
	settings func(*Settings)
	rule     string
	want     holds.Verdict
	tier     holds.Tier
	// free is set where the change is held and nobody is restrained.
	free bool
}

const (
	held  = holds.HoldIt
	told  = holds.Notify
	noted = holds.Record
	mid   = holds.TierMedium
	top   = holds.TierHigh
)

// noon is when every event of the table happens.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// The words in which the table is written: each changes one thing.

func is(c holds.Class, v holds.Verb, more ...func(*holds.Event)) func(*holds.Event) {
	return func(e *holds.Event) {
		e.Class, e.Verb = c, v
		for _, m := range more {
			m(e)
		}
	}
}

func herself(e *holds.Event) { e.Actor = holds.Party{ID: "00uvictim", Kind: holds.PartyPerson} }
func platform(e *holds.Event) {
	e.Actor = holds.Party{ID: "sp-platform", Kind: holds.PartyPlatform, Name: "MS-PIM"}
}
func system(e *holds.Event)  { e.Actor = holds.Party{ID: "sys", Kind: holds.PartySystem} }
func unnamed(e *holds.Event) { e.Actor = holds.Party{Kind: holds.PartyUnknown} }
func app(e *holds.Event) {
	e.Actor = holds.Party{ID: "0oaprovision", Kind: holds.PartyApp, Credential: "0oaprovision"}
}
func nobodyNamed(e *holds.Event)        { e.Subjects = nil }
func unsuspends(e *holds.Event)         { e.Echo = holds.UnsuspendAccount }
func fails(e *holds.Event)              { e.Outcome = holds.Failed }
func typed(t string) func(*holds.Event) { return func(e *holds.Event) { e.Type = t } }
func at(ip string) func(*holds.Event)   { return func(e *holds.Event) { e.IP = ip } }

func about(kind, id, name string) func(*holds.Event) {
	return func(e *holds.Event) { e.Objects = append(e.Objects, holds.Object{Type: kind, ID: id, Name: name}) }
}

func field(name, old, now string) func(*holds.Event) {
	return func(e *holds.Event) { e.Fields = append(e.Fields, holds.FieldChange{Field: name, Old: old, New: now}) }
}

func role(way holds.Way, rank holds.Rank) func(*holds.Event) {
	return func(e *holds.Event) { e.Way, e.Rank = way, rank }
}

func factorOf(kind string) func(*holds.Event) { return func(e *holds.Event) { e.Factor.Type = kind } }

func knowing(parts ...func(*holds.Facts)) func(*holds.Facts) {
	return func(f *holds.Facts) {
		for _, p := range parts {
			p(f)
		}
	}
}

func stranger(f *holds.Facts) { f.Known = false }
func admin(f *holds.Facts) {
	f.Snapshot.Roles = []holds.Role{{ID: "r", Kind: "SUPER_ADMIN", Privileged: true}}
}
func finance(f *holds.Facts)    { f.Owner.Department = "Finance" }
func vendor(f *holds.Facts)     { f.Owner.Belonging = holds.Vendor }
func breakGlass(f *holds.Facts) { f.BreakGlass = true }
func seen(f *holds.Facts)       { f.SeenNetwork = true }

// joined is how long before noon the account was made.
func joined(ago time.Duration) func(*holds.Facts) {
	return func(f *holds.Facts) { f.Joined = noon.Add(-ago) }
}

func enrolledLongAgo(kind string) func(*holds.Facts) {
	return func(f *holds.Facts) {
		f.Snapshot.Factors = append(f.Snapshot.Factors, holds.Factor{ID: kind, Kind: kind, Created: noon.Add(-48 * time.Hour)})
	}
}

// after is what went before, an hour earlier.
func after(c holds.Class, v holds.Verb, by holds.PartyKind) func(*holds.Facts) {
	return earlier(time.Hour, c, v, by, false)
}

func afterOwn(c holds.Class, v holds.Verb) func(*holds.Facts) {
	return earlier(time.Hour, c, v, holds.PartyPerson, true)
}

func earlier(ago time.Duration, c holds.Class, v holds.Verb, by holds.PartyKind, own bool) func(*holds.Facts) {
	return func(f *holds.Facts) {
		f.Chain = append(f.Chain, holds.Past{Class: c, Verb: v, Occurred: noon.Add(-ago), By: by, Own: own})
	}
}

const (
	day     = 24 * time.Hour
	strange = "203.0.113.77"
	office  = "192.0.2.10"
)

func offices(s *Settings) { s.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }
func watching(s *Settings) {
	s.WatchedGroups, s.WatchedApps = []string{"00gvpn"}, []string{"0oapayroll"}
}
func provisions(s *Settings) { s.Automation = []string{"0oaprovision"} }
func noJoiners(s *Settings)  { s.JoinerDays = -1 }

// asked makes the question of a case.
func (c one) asked() (holds.Event, holds.Facts, Settings) {
	e := holds.Event{
		ID: "e", Class: holds.MFAChange, Verb: holds.Reset, Outcome: holds.Succeeded, Occurred: noon,
		Actor: holds.Party{ID: "00uhelp", Kind: holds.PartyPerson}, Subjects: []holds.Account{{ID: "00uvictim", Login: "olga@acme.example"}},
	}
	f := holds.Facts{At: noon, Mode: holds.ModeContain, Known: true, Chain: []holds.Past{}}
	f.Owner = holds.Person{ID: "olga", Belonging: holds.Employee, Department: "Engineering"}
	var s Settings
	if c.event != nil {
		c.event(&e)
	}
	if c.facts != nil {
		c.facts(&f)
	}
	if c.settings != nil {
		c.settings(&s)
	}
	return e, f, s
}

// TestRulings: every case gets its ruling, by the line of the policy that is
// meant to give it.
func TestRulings(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			e, f, s := c.asked()
			r := NewStarter(s).Judge(e, f)
			if r.Verdict != c.want || r.Terms.Rule != c.rule || r.Terms.Tier != c.tier {
				t.Fatalf("%s by rule %s, tier %q (%s); want %s by %s, tier %q", r.Verdict, r.Terms.Rule, r.Terms.Tier, r.Reason, c.want, c.rule, c.tier)
			}
			if free := len(r.Terms.Contain) == 0; c.want == held && free != c.free {
				t.Errorf("restrains nobody: %v, want %v", free, c.free)
			}
			if r.Reason == "" || r.Terms.Policy != Version {
				t.Errorf("R99: a ruling without reason or policy: %+v", r)
			}
			if len(r.Terms.Contain) > 0 && len(e.Subjects) == 0 && e.Held() == nil {
				t.Error("C5: restrains somebody, and nobody is named")
			}
		})
	}
}

// TestNoDeadRule: take any one line away, and a case is ruled otherwise: held
// where it should not be, or let through where it should be held.
func TestNoDeadRule(t *testing.T) {
	for i, r := range rules() {
		alive := false
		for _, c := range cases() {
			e, f, s := c.asked()
			p := NewStarter(s)
			p.rules = append(append([]rule{}, p.rules[:i]...), p.rules[i+1:]...)
			without := p.Judge(e, f)
			if without.Verdict != c.want || without.Terms.Tier != c.tier || (c.want == held && (len(without.Terms.Contain) == 0) != c.free) {
				alive = true
				break
			}
		}
		if !alive {
			t.Errorf("rule %q decides nothing that another would not decide the same way", r.name)
		}
	}
}

// TestRuleNames: reviewers read them, and holds keep them.
func TestRuleNames(t *testing.T) {
	names := map[string]bool{}
	for _, r := range rules() {
		if names[r.name] || strings.Trim(r.name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("rule %q: twice, or not of lower-case letters and dashes", r.name)
		}
		names[r.name] = true
	}
}
