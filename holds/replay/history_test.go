package replay

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// factsOf plays events and gives what was known when the last one was judged for
// its account.
func factsOf(t *testing.T, h *History, events ...holds.Event) (f holds.Facts) {
	t.Helper()
	last := events[len(events)-1].ID
	play(t, Options{History: h, Judge: rules{asked: func(e holds.Event, facts holds.Facts) {
		if e.ID == last {
			f = facts
		}
	}}}, events...)
	return f
}

func from(ip string) func(*holds.Event) { return func(e *holds.Event) { e.IP = ip } }

func onDay(n int) func(*holds.Event) {
	return func(e *holds.Event) { e.Occurred = e.Occurred.AddDate(0, 0, n) }
}

// TestChain: what went before within a day, with what it did and at whose hand;
// nothing of what came later, and never the event itself.
func TestChain(t *testing.T) {
	self := by("ada", holds.PartyPerson)
	f := factsOf(t, nil,
		event("old", "08:00:00"),
		event("own", "09:00:00", onDay(1), self, kind(holds.MFAChange, holds.Enrol)),
		event("failed", "10:00:00", onDay(1), failed, kind(holds.RecoveryChange, holds.Update)),
		event("other", "11:00:00", onDay(1), of("bob")),
		event("signs in", "11:00:00", onDay(1), none),
		event("reset", "12:00:00", onDay(1), kind(holds.PasswordReset, holds.Reset)),
		event("later", "13:00:00", onDay(1), kind(holds.RoleActivation, holds.Grant)),
		event("last", "12:30:00", onDay(1)),
	)
	if want := []holds.Class{holds.PasswordReset, holds.RecoveryChange, holds.MFAChange}; !slices.Equal(f.Recent, want) {
		t.Fatalf("recent are %v, want %v", f.Recent, want)
	}
	want := []holds.Past{
		{Class: holds.PasswordReset, Verb: holds.Reset, Occurred: at("12:00:00").AddDate(0, 0, 1), By: holds.PartyPerson},
		{Class: holds.MFAChange, Verb: holds.Enrol, Occurred: at("09:00:00").AddDate(0, 0, 1), By: holds.PartyPerson, Own: true},
	}
	if !slices.Equal(f.Chain, want) {
		t.Fatalf("the chain is %+v", f.Chain)
	}
	if !f.Known || f.Mode != holds.ModeContain || !f.At.Equal(at("12:30:00").AddDate(0, 0, 1)) {
		t.Fatalf("%+v", f)
	}
}

// TestChainKeepsWhatMatters: no number of small things pushes a reset out of the day,
// in a log that is read once and in one that is read twice.
func TestChainKeepsWhatMatters(t *testing.T) {
	events := []holds.Event{event("reset", "09:00:00", kind(holds.MFAChange, holds.Reset))}
	for i := range 300 {
		events = append(events, event(fmt.Sprint("asks-", i), "10:00:00", kind(holds.PasswordReset, holds.Other), func(e *holds.Event) {
			e.Occurred = e.Occurred.Add(time.Duration(i) * time.Minute)
		}))
	}
	enrols := event("enrols", "15:30:00", by("ada", holds.PartyPerson), kind(holds.MFAChange, holds.Enrol))
	for _, whole := range []bool{false, true} {
		h := NewHistory(whole)
		for _, e := range events {
			h.Note(e, true)
		}
		f := h.Facts(enrols, enrols.Subjects[0])
		if !slices.ContainsFunc(f.Chain, func(p holds.Past) bool { return p.Class == holds.MFAChange && p.Verb == holds.Reset }) {
			t.Errorf("whole %v: the reset of the morning is forgotten: %d things are known", whole, len(f.Chain))
		}
		if len(f.Chain) > mostPast {
			t.Errorf("whole %v: %d things are remembered", whole, len(f.Chain))
		}
	}
}

// TestJoined: an account that was seen being made is new, for a while.
func TestJoined(t *testing.T) {
	for name, kind := range map[string]string{"Okta": "user.lifecycle.create", "Entra": "Add user", "Microsoft 365": "Add user. "} {
		made := event("made", "09:00:00", none, func(e *holds.Event) { e.Type = kind })
		if f := factsOf(t, nil, made, event("enrols", "10:00:00", onDay(3))); !f.Joined.Equal(at("09:00:00")) {
			t.Errorf("%s: joined at %s", name, f.Joined)
		}
		if f := factsOf(t, nil, made, event("enrols", "10:00:00", onDay(61))); !f.Joined.IsZero() {
			t.Errorf("%s: still new after two months", name)
		}
		failed(&made)
		if f := factsOf(t, nil, made, event("enrols", "10:00:00")); !f.Joined.IsZero() {
			t.Errorf("%s: made by an attempt that failed", name)
		}
	}
}

// TestSeenNetwork: a network is the actor's when they were in it more than a day
// before, by something that was not held.
func TestSeenNetwork(t *testing.T) {
	enrol := func(ip string) holds.Event {
		return event("enrols", "09:00:01", onDay(1), by("ada", holds.PartyPerson), kind(holds.MFAChange, holds.Enrol), from(ip))
	}
	in := func(ip string, m ...func(*holds.Event)) holds.Event {
		return event("before", "09:00:00", append([]func(*holds.Event){none, by("ada", holds.PartyPerson), from(ip)}, m...)...)
	}
	for _, tc := range []struct {
		name string
		was  holds.Event
		now  string
		want bool
	}{
		{"the same network", in("198.51.100.7"), "198.51.100.200", true},
		{"another network", in("198.51.100.7"), "198.51.101.7", false},
		{"the same network of IPv6", in("2001:db8:1:2::3"), "2001:db8:1:ffff::1", true},
		{"another network of IPv6", in("2001:db8:1::"), "2001:db8:2::", false},
		{"today", in("198.51.100.7", func(e *holds.Event) { e.Occurred = e.Occurred.Add(2 * time.Second) }), "198.51.100.7", false},
		{"somebody else", in("198.51.100.7", by("bob", holds.PartyPerson)), "198.51.100.7", false},
		{"an attempt that failed", in("198.51.100.7", failed), "198.51.100.7", false},
		{"what needs no sign-in", in("198.51.100.7", of("ada"), kind(holds.PasswordReset, holds.Other)), "198.51.100.7", false},
		{"what is told from anywhere", in("198.51.100.7", of("ada"), kind(holds.MFAChange, holds.Remove)), "198.51.100.7", false},
		{"what was held", in("198.51.100.7", of("bob"), kind(holds.PasswordReset, holds.Reset)), "198.51.100.7", false},
		{"no address", in(""), "", false},
	} {
		if f := factsOf(t, nil, tc.was, enrol(tc.now)); f.SeenNetwork != tc.want {
			t.Errorf("%s: seen is %v", tc.name, f.SeenNetwork)
		}
	}
}

// TestRoles: R49: an account has power when it was seen getting a role, or acting
// on others; what is being granted is not part of the picture before.
func TestRoles(t *testing.T) {
	grant := func(id, clock, name string, m ...func(*holds.Event)) holds.Event {
		return event(id, clock, append([]func(*holds.Event){kind(holds.RoleActivation, holds.Grant), func(e *holds.Event) { e.Role = holds.Object{ID: name, Name: name} }}, m...)...)
	}
	for _, tc := range []struct {
		name   string
		events []holds.Event
		want   string
	}{
		{"a role", []holds.Event{grant("a", "09:00:00", "Helpdesk"), event("b", "10:00:00")}, "Helpdesk!"},
		{"a role that only reads", []holds.Event{grant("a", "09:00:00", "Reader", func(e *holds.Event) { e.Rank = holds.RankOrdinary }), event("b", "10:00:00")}, "Reader"},
		{"the role itself", []holds.Event{grant("a", "09:00:00", "Helpdesk")}, ""},
		{"a role taken away", []holds.Event{grant("a", "09:00:00", "Helpdesk"), grant("b", "10:00:00", "Helpdesk", kind(holds.RoleActivation, holds.Revoke)), event("c", "11:00:00")}, ""},
		{"before it was taken away", []holds.Event{grant("a", "09:00:00", "Helpdesk"), grant("b", "11:00:00", "Helpdesk", kind(holds.RoleActivation, holds.Revoke)), event("c", "10:00:00")}, "Helpdesk!"},
		{"a role taken up for a time", []holds.Event{grant("a", "09:00:00", "Helpdesk", func(e *holds.Event) { e.Way = holds.WayActivation }), event("b", "10:00:00")}, "Helpdesk!"},
		{"a role taken up the day before", []holds.Event{grant("a", "09:00:00", "Helpdesk", func(e *holds.Event) { e.Way = holds.WayActivation }), event("b", "09:00:00", onDay(1))}, ""},
		{"a role that was not granted", []holds.Event{grant("a", "09:00:00", "Helpdesk", failed), event("b", "10:00:00")}, ""},
		{"somebody who acts on others", []holds.Event{event("a", "09:00:00", by("ada", holds.PartyPerson), of("bob")), event("b", "10:00:00")}, "administrator, as seen acting on others!"},
		{"somebody who acts on themselves", []holds.Event{event("a", "09:00:00", by("ada", holds.PartyPerson)), event("b", "10:00:00")}, ""},
		{"an application that acts on others", []holds.Event{event("a", "09:00:00", by("ada", holds.PartyApp), of("bob")), event("b", "10:00:00")}, ""},
		{"what is changed about roles", []holds.Event{grant("a", "09:00:00", "Helpdesk", of(), by("ada", holds.PartyPerson)), event("b", "10:00:00")}, ""},
	} {
		got := ""
		for _, r := range factsOf(t, nil, tc.events...).Snapshot.Roles {
			got += r.Name
			if r.Privileged {
				got += "!"
			}
		}
		if got != tc.want {
			t.Errorf("%s: has the roles %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestFactors: a factor that was enrolled is there until it is removed or all are
// reset.
func TestFactors(t *testing.T) {
	factor := func(id, clock, name string, v holds.Verb) holds.Event {
		return event(id, clock, by("ada", holds.PartyPerson), kind(holds.MFAChange, v), func(e *holds.Event) { e.Factor = holds.Object{Type: name, Name: name} })
	}
	for _, tc := range []struct {
		name   string
		events []holds.Event
		want   []string
	}{
		{"enrolled", []holds.Event{factor("a", "09:00:00", "push", holds.Enrol), event("b", "10:00:00")}, []string{"push"}},
		{"the one being enrolled", []holds.Event{factor("a", "09:00:00", "push", holds.Enrol)}, nil},
		{"removed", []holds.Event{factor("a", "09:00:00", "push", holds.Enrol), factor("b", "10:00:00", "sms", holds.Enrol), factor("c", "11:00:00", "push", holds.Remove), event("d", "12:00:00")}, []string{"sms"}},
		{"reset", []holds.Event{factor("a", "09:00:00", "push", holds.Enrol), event("b", "10:00:00"), factor("c", "11:00:00", "sms", holds.Enrol), event("d", "12:00:00")}, []string{"sms"}},
	} {
		var got []string
		for _, f := range factsOf(t, nil, tc.events...).Snapshot.Factors {
			got = append(got, f.Kind)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: has %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestNewestFirst: with the history given beforehand, a log whose newest records
// come first is judged by the same facts as one in order.
func TestNewestFirst(t *testing.T) {
	log := []holds.Event{
		event("made", "07:00:00", none, of("new"), func(e *holds.Event) { e.Type = "user.lifecycle.create" }),
		event("works", "08:00:00", none, by("ada", holds.PartyPerson), from("198.51.100.7")),
		event("role", "08:30:00", onDay(1), kind(holds.RoleActivation, holds.Grant), func(e *holds.Event) { e.Role.Name = "Helpdesk" }),
		event("reset", "09:00:00", onDay(1), from("198.51.100.9")),
		event("enrol", "10:00:00", onDay(1), by("ada", holds.PartyPerson), kind(holds.MFAChange, holds.Enrol), from("198.51.100.8")),
		event("joins", "11:00:00", onDay(1), by("new", holds.PartyPerson), of("new"), kind(holds.MFAChange, holds.Enrol)),
		event("recovers", "12:00:00", onDay(2), kind(holds.RecoveryChange, holds.Update)),
	}
	told := func(h *History, log []holds.Event) map[string]string {
		out := map[string]string{}
		play(t, Options{History: h, Judge: rules{asked: func(e holds.Event, f holds.Facts) {
			f.Snapshot.At = time.Time{}
			out[e.ID] = fmt.Sprintf("%+v", f)
		}}}, log...)
		return out
	}
	forward := told(nil, log)
	h := NewHistory(true)
	backward := slices.Clone(log)
	slices.Reverse(backward)
	for _, e := range backward {
		h.Note(e, false)
	}
	got := told(h, backward)
	for id, want := range forward {
		if got[id] != want {
			t.Errorf("%s:\n newest first %s\n in order     %s", id, got[id], want)
		}
	}
	if len(forward) != 5 {
		t.Fatalf("%d events were judged", len(forward))
	}
}
