package pgstore_test

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/holds"
)

// opens commits a hold made by hand, as a fold would.
func (w *world) opens(name, account string, owner holds.PersonID, minute int, edit func(*holds.Hold)) holds.Hold {
	w.Helper()
	var out holds.Hold
	d := delivery(name)
	d.Received = at(minute)
	w.must(w.Receive(w.Context(), d))
	e := event(name, account)
	e.Occurred = at(minute)
	w.drain(at(minute), []holds.Event{e}, func(q holds.Question) (holds.Answer, error) {
		q.Facts.Owner.ID = owner
		c := holds.Open(holds.Opening{ID: holds.HoldID(newID()), Delivery: q.Delivery, Event: q.Event, Subject: q.Subject, Facts: q.Facts, Terms: terms()}, at(minute))
		edit(&c.Hold)
		out = c.Hold
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.HoldIt, Terms: terms()}, Change: &c}, nil
	})
	return out
}

// TestSiblings: beside a hold stand the person's other holds that are open or
// opened within a day of it, those of the same account that are not over, and
// whatever it follows or is followed by, whoever the directory says they belong
// to.
func TestSiblings(t *testing.T) {
	w := newWorld(t)
	const day = 24 * 60
	none := func(*holds.Hold) {}
	over := func(h *holds.Hold) { h.State, h.ClosedAt = holds.Released, h.Opened }
	leader := w.opens("leader", "00u1", "p-olga", 10*day, none)
	follows := func(h *holds.Hold) { h.Leader = leader.ID }
	want := []holds.HoldID{
		w.opens("another open", "00u2", "p-olga", 1, none).ID,
		w.opens("over, the day before", "00u3", "p-olga", 9*day+60, over).ID,
		w.opens("a follower", "00u4", "p-olga", 10*day+1, follows).ID,
		w.opens("a follower of nobody's", "00u5", "", 10*day+2, follows).ID,
		w.opens("led by two", "00u6", "", 10*day+3, func(h *holds.Hold) { h.Leader, h.Leaders = firstOf(w, "00u2"), []holds.HoldID{leader.ID} }).ID,
		w.opens("over, but followed", "00u7", "", 11*day, func(h *holds.Hold) { over(h); follows(h) }).ID,
	}
	w.opens("somebody else's", "00u8", "p-otto", 10*day, none)
	w.opens("over, a week before", "00u9", "p-olga", 2*day, over)
	v, err := w.View(t.Context(), keyOf(leader))
	w.must(err)
	var got []holds.HoldID
	for _, s := range v.Siblings {
		got = append(got, s.Key.Hold)
		if s.Subject.ID == "00u4" && s.Leader != leader.ID {
			t.Errorf("the line of a follower names %q", s.Leader)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	v, err = w.View(t.Context(), holds.Key{Tenant: acme, Hold: firstOf(w, "00u5")})
	w.must(err)
	if len(v.Siblings) != 1 || v.Siblings[0].Key.Hold != leader.ID || v.Hold.Leader != leader.ID {
		t.Fatalf("a follower shows %v", v.Siblings)
	}
	if _, err := w.View(t.Context(), holds.Key{Tenant: globe, Hold: leader.ID}); holds.KindOf(err) != holds.NotFound {
		t.Fatalf("another tenant sees it: %v", err)
	}
}

// firstOf is an account's open hold.
func firstOf(w *world, account string) holds.HoldID {
	w.Helper()
	key, err := w.OpenHold(w.Context(), acme, okta, account)
	w.must(err)
	return key.Hold
}

// TestSameAccountIsASibling though nobody owns it: a hold that is denied and still
// restrains stands beside the next one.
func TestSameAccountIsASibling(t *testing.T) {
	w := newWorld(t)
	first := w.opens("first", "00u1", "", 1, func(h *holds.Hold) {
		h.State, h.ClosedAt, h.Outcome = holds.Reverted, at(1), holds.Deny
		h.Containment, h.Standing, h.ReadBack = holds.ContainmentConfirmed, holds.Contained, at(1)
	})
	second := w.opens("second", "00u1", "", 9000, func(*holds.Hold) {})
	v, err := w.View(t.Context(), keyOf(second))
	if w.must(err); len(v.Siblings) != 1 || v.Siblings[0].Key.Hold != first.ID {
		t.Fatalf("%v", v.Siblings)
	}
}
