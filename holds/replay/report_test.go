package replay

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestReport: each figure of the report, of a log small enough to count by hand.
func TestReport(t *testing.T) {
	self := by("bob", holds.PartyPerson)
	_, r := play(t, Options{},
		event("1", "09:00:00"),                                                          // a hold
		event("2", "09:00:01", by("svc", holds.PartyPlatform)),                          // its twin
		event("3", "12:59:00", kind(holds.PasswordReset, holds.Reset)),                  // joins: another change before the deadline
		event("4", "13:30:00", kind(holds.PasswordReset, holds.Reset)),                  // a hold
		event("5", "14:00:00", of("ada", "bob", "eve"), kind(holds.RoleActivation, "")), // two more, of high tier; ada's is open
		event("6", "15:00:00", failed, of("zoe")),
		event("7", "15:00:00", onDay(2), self, of("bob")),                                                            // told
		event("8", "16:00:00", onDay(3), of(), kind(holds.RemoteAccess, "")),                                         // a hold without restraint
		event("9", "17:00:00", onDay(3), of(), by("app", holds.PartyApp), kind(holds.OtherTakeover, "")),             // a hold of nobody
		event("10", "17:00:00", onDay(9), none, by("kim", holds.PartyPerson), of()),                                  // only seen
		event("11", "18:00:00", onDay(9), by("svc", holds.PartyPlatform), of("kim"), kind(holds.RoleActivation, "")), // recorded
	)
	p := r.Report(0)
	for _, f := range []struct {
		what      string
		got, want any
	}{
		{"records", p.Records, int64(11)},
		{"changes that took effect", p.Changes, 8},
		{"changes held", p.Held, 6},
		{"changes told", p.Told, 1},
		{"holds", p.Holds, 6},
		{"from", p.From, at("09:00:00")},
		{"to", p.To, at("18:00:00").AddDate(0, 0, 9)},
		{"days", p.Days, 10},
		{"holds of each day", fmt.Sprint(p.PerDay), "[4 0 0 2 0 0 0 0 0 0]"},
		{"95th percentile", p.P95, 4},
		{"median", p.Median, 0},
		{"busiest", p.Busiest.Format(time.DateOnly), "2026-09-07"},
		{"people", p.People, 6}, // ada, bob, eve, zoe, help, kim
		{"for each hundred and week", math.Round(p.PerHundredWeek), math.Round(6 / 0.06 / (10.0 / 7))},
		{"rules", fmt.Sprint(p.Rules), "[{role_activation 2} {mfa_change 1} {other_takeover 1} {password_reset 1} {remote_access 1}]"},
		{"sources", fmt.Sprint(p.Sources), "[{" + ByAdmin + " 4} {" + ForAll + " 1} {" + ByApp + " 1}]"},
		{"tiers", fmt.Sprint(p.Tiers), "[{medium 4} {high 2}]"},
		{"hours", p.Hours, 1.0},
		{"accounts restrained", p.Restrained, 3},
		{"examples", len(p.Examples), 6},
		{"the first example", p.Examples[0].Account, "bob"},
	} {
		if f.got != f.want {
			t.Errorf("%s: %v, want %v", f.what, f.got, f.want)
		}
	}
	if q := r.Report(600); q.People != 600 || !q.PeopleGiven || math.Abs(q.PerHundredWeek-0.7) > 1e-9 {
		t.Errorf("of 600 people: %+v", q.PerHundredWeek)
	}
	if q := New(Options{Judge: rules{}}).Report(0); !math.IsNaN(q.PerHundredWeek) || q.Days != 0 || q.Holds != 0 {
		t.Errorf("of nothing: %+v", q)
	}
}

// TestARecordTwiceIsCountedOnce: exports overlap.
func TestARecordTwiceIsCountedOnce(t *testing.T) {
	log := []holds.Event{event("1", "09:00:00"), event("2", "15:00:00", of("bob")), event("3", "16:00:00", by("eve", holds.PartyPerson), of("eve"))}
	_, once := play(t, Options{}, log...)
	_, twice := play(t, Options{}, append(slices.Clone(log), log...)...)
	a, b := once.Report(0), twice.Report(0)
	if a.Holds != 2 || a.Holds != b.Holds || a.Held != b.Held || a.Told != b.Told || a.Changes != b.Changes || b.Records != 6 {
		t.Fatalf("once %+v\ntwice %+v", a, b)
	}
}

// TestPercentile: by nearest rank.
func TestPercentile(t *testing.T) {
	var days []int
	for i := 1; i <= 100; i++ {
		days = append(days, i)
	}
	if rank(days, 0.95) != 95 || rank(days[:20], 0.95) != 19 || rank(days[:1], 0.95) != 1 || rank(days[:3], 0.5) != 2 {
		t.Fatal("not the nearest rank")
	}
}

// TestCrowd: people are counted once each, exactly while they are few.
func TestCrowd(t *testing.T) {
	c := newCrowd()
	for i := range 300_000 {
		c.add(fmt.Sprintf("00u%d", i))
		c.add(fmt.Sprintf("00u%d", i))
		if i+1 == 60_000 && c.count() != 60_000 {
			t.Fatalf("%d people of 60,000", c.count())
		}
	}
	if n := c.count(); n < 297_000 || n > 303_000 || len(c.seen) > 2*mostExact {
		t.Fatalf("%d people of 300,000, of %d kept", n, len(c.seen))
	}
}

// TestSources: every kind of actor has a source, and the account decides whether it
// was for themselves.
func TestSources(t *testing.T) {
	for want, e := range map[string]holds.Event{
		ByAdmin: event("a", "09:00:00"), BySelf: event("a", "09:00:00", by("ada", holds.PartyPerson)), ForAll: event("a", "09:00:00", of()),
		ByApp: event("a", "09:00:00", by("x", holds.PartyApp)), ByPlatform: event("a", "09:00:00", by("x", holds.PartySystem)),
		BySupport: event("a", "09:00:00", by("x", holds.PartySupport)), ByNobody: event("a", "09:00:00", by("", holds.PartyPerson)),
	} {
		if got := source(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if source(event("a", "09:00:00", by("ada", holds.PartyPerson), of("ada", "bob"))) != ByAdmin {
		t.Error("somebody else is changed, too")
	}
}
