package pgstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// facts is what a fold is told about the first subject of an event.
func (w *world) facts(e holds.Event) (f holds.Facts) {
	w.Helper()
	w.must(w.Receive(w.Context(), delivery(e.ID)))
	w.drain(e.Occurred.Add(time.Minute), []holds.Event{e}, func(q holds.Question) (holds.Answer, error) {
		f = q.Facts
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record}}, nil
	})
	return f
}

// from is an event of the account's own, at a day and from an address.
func from(name, ip string, day int) holds.Event {
	e := event(name, "00u1")
	e.Verb, e.Actor.ID, e.IP, e.Occurred = holds.Enrol, "00u1", ip, at(0).AddDate(0, 0, day)
	return e
}

// TestSeenNetwork: where somebody works from is known once they have acted from
// there more than a day ago, by something that was not held and did not fail; and
// is forgotten after ninety days.
func TestSeenNetwork(t *testing.T) {
	for name, c := range map[string]struct {
		before holds.Event
		held   bool
		now    holds.Event
		want   bool
	}{
		"the same address":         {before: from("a", "203.0.113.7", -3), now: from("b", "203.0.113.7", 0), want: true},
		"a neighbour":              {before: from("a", "203.0.113.7", -3), now: from("b", "203.0.113.200:5100", 0), want: true},
		"another network":          {before: from("a", "203.0.113.7", -3), now: from("b", "198.51.100.7", 0)},
		"IPv6":                     {before: from("a", "2001:db8:1:9::1", -3), now: from("b", "2001:db8:1::2", 0), want: true},
		"an hour ago":              {before: from("a", "203.0.113.7", 0), now: from("b", "203.0.113.7", 0)},
		"a hundred days ago":       {before: from("a", "203.0.113.7", -100), now: from("b", "203.0.113.7", 0)},
		"by something held":        {before: from("a", "203.0.113.7", -3), held: true, now: from("b", "203.0.113.7", 0)},
		"by what needs no sign-in": {before: asked(from("a", "203.0.113.7", -3)), now: from("b", "203.0.113.7", 0)},
		"no address":               {before: from("a", "", -3), now: from("b", "", 0)},
		"afterwards":               {before: from("a", "203.0.113.7", 3), now: from("b", "203.0.113.7", 0)},
		"an attempt that failed":   {before: failed(from("a", "203.0.113.7", -3)), now: from("b", "203.0.113.7", 0)},
		"by somebody else":         {before: event("a", "00u1"), now: from("b", "203.0.113.7", 0)},
		"what is no address twice": {before: from("a", "<null>", -3), now: from("b", "<null>", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.held {
				w.must(w.Receive(t.Context(), delivery("held")))
				w.drain(c.before.Occurred, []holds.Event{c.before}, openOrJoin)
			} else {
				w.facts(c.before)
			}
			if got := w.facts(c.now).SeenNetwork; got != c.want {
				t.Fatalf("seen %v, want %v", got, c.want)
			}
		})
	}
}

func failed(e holds.Event) holds.Event {
	e.Outcome = holds.Failed
	return e
}

func asked(e holds.Event) holds.Event {
	e.Class, e.Verb = holds.PasswordReset, holds.Other
	return e
}

// TestSeenNetworkOfAnIntruder: what was told, or came to a hold, and was then said to
// be nobody's of the account's makes no network known; a release does.
func TestSeenNetworkOfAnIntruder(t *testing.T) {
	for name, c := range map[string]struct {
		becomes func(*holds.Hold)
		want    bool
	}{
		"told":                 {func(h *holds.Hold) { h.State, h.ClosedAt = holds.Released, at(1) }, true},
		"told, and repudiated": {func(h *holds.Hold) { h.State, h.ClosedAt, h.NotMe = holds.Released, at(1), at(2) }, false},
		"still held":           {func(*holds.Hold) {}, false},
		"denied":               {func(h *holds.Hold) { h.State = holds.Denied }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.Receive(t.Context(), delivery("told")))
			before := from("a", "203.0.113.7", -3)
			w.drain(before.Occurred, []holds.Event{before}, func(q holds.Question) (holds.Answer, error) {
				a, err := openOrJoin(q)
				a.Ruling.Verdict = holds.Notify
				c.becomes(&a.Change.Hold)
				return a, err
			})
			if got := w.facts(from("b", "203.0.113.7", 0)).SeenNetwork; got != c.want {
				t.Fatalf("seen %v, want %v", got, c.want)
			}
		})
	}
}

// TestChainKeepsWhatMatters: no number of small things pushes a reset out of what is
// known of the day.
func TestChainKeepsWhatMatters(t *testing.T) {
	w := newWorld(t)
	events := []holds.Event{event("reset", "00u1")}
	for i := range 110 {
		e := asked(event(fmt.Sprintf("asked-%d", i), "00u1"))
		e.Occurred = at(1 + i)
		events = append(events, e)
	}
	w.must(w.Receive(t.Context(), delivery("day")))
	w.drain(at(200), events, func(holds.Question) (holds.Answer, error) {
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record}}, nil
	})
	e := event("enrols", "00u1")
	e.Occurred = at(200)
	f := w.facts(e)
	if !slices.ContainsFunc(f.Chain, func(p holds.Past) bool { return p.Class == holds.MFAChange && p.Verb == holds.Reset }) {
		t.Fatalf("the reset of three hours ago is forgotten: %d things are known", len(f.Chain))
	}
}

// TestJoined: when an account was made is its own word, else that of the event
// that told of it, and else not known.
func TestJoined(t *testing.T) {
	w := newWorld(t)
	if f := w.facts(from("a", "", 1)); !f.Joined.IsZero() {
		t.Fatalf("joined %s, and nothing tells", f.Joined)
	}
	for id, kind := range map[string]string{"00u2": "user.lifecycle.create", "00u3": "Add user", "00u4": "Add user. "} {
		made := event("made-"+id, id)
		made.Class, made.Type, made.Occurred = holds.None, kind, at(0)
		w.facts(made)
		e := event("e-"+id, id)
		e.Occurred = at(100)
		if f := w.facts(e); !f.Joined.Equal(at(0)) {
			t.Errorf("%s: joined %s, want %s", kind, f.Joined, at(0))
		}
	}
	w.must(w.SaveSnapshot(t.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: "00u2"}, At: at(1), Created: at(-9)}))
	e := event("later", "00u2")
	e.Occurred = at(200)
	if f := w.facts(e); !f.Joined.Equal(at(-9)) {
		t.Fatalf("joined %s, and the account says %s", f.Joined, at(-9))
	}
}
