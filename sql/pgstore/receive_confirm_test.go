package pgstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// read says that the log was read to its end at a minute, with nothing in it.
func (c *copies) read(minute int) {
	c.Helper()
	c.must(c.AppendPage(c.Context(), holds.Delivery{Tenant: acme, Connection: okta, Source: holds.FromPoller}, "next", at(minute)))
}

// doubts is of how many events something is said at a minute.
func (c *copies) doubts(minute, want int) {
	c.Helper()
	n, err := c.Doubt(c.Context(), at(minute))
	if c.must(err); n != want {
		c.Fatalf("minute %d: something was said of %d events, want %d", minute, n, want)
	}
}

// notes are the remarks on the one hold there is.
func (c *copies) notes() (out []string) {
	c.Helper()
	list, err := c.Queue(c.Context(), acme, holds.Filter{})
	if c.must(err); len(list) == 0 {
		c.Fatal("there is no hold")
	}
	v, err := c.View(c.Context(), list[0].Key)
	c.must(err)
	for _, n := range v.Notes {
		out = append(out, n.Text)
	}
	return out
}

// end ends the one hold there is, as a release does.
func (c *copies) end() {
	c.Helper()
	list, err := c.Queue(c.Context(), acme, holds.Filter{})
	if c.must(err); len(list) != 1 {
		c.Fatalf("%d holds", len(list))
	}
	c.change(list[0].Key, func(ch *holds.Change) {
		ch.Hold.State, ch.Hold.Containment, ch.Hold.ClosedAt, ch.Hold.Outcome = holds.Released, holds.ContainmentLifted, at(5), holds.Approve
	})
}

// TestA14AnUnconfirmedEventIsSaidToBe: a forged event under a stolen secret is
// held, and half an hour later, the log having been read, its hold says that the
// log does not show it and people are told, once. The restraint stays.
func TestA14AnUnconfirmedEventIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	c := &copies{world: w, hook: []holds.Event{event("forged", "00u1")}}
	c.from(holds.FromHook)
	c.doubts(60, 0) // the log was never read
	c.read(25)
	c.doubts(60, 0) // not long enough after
	c.read(32)
	c.doubts(60, 1)
	c.doubts(61, 0)
	if notes := c.notes(); len(notes) != 1 || !strings.HasPrefix(notes[0], "Unconfirmed: the provider's log does not show event forged (user.mfa.factor.reset_all)") {
		t.Fatalf("notes: %q", notes)
	}
	c.from(holds.FromPoller) // decides the observation
	if len(c.told) != 1 || c.told[0].Type != "countersign.delivery_unconfirmed" || c.told[0].Class != holds.Tamper {
		t.Fatalf("people are told %+v", c.told)
	}
	if n := w.count("holds WHERE subject_id = '00u1' AND containment = 'requested' AND NOT ended"); n != 1 {
		t.Error("the restraint did not stay")
	}
	t.Run("and the log confirms it after all", func(t *testing.T) {
		c.log = []holds.Event{event("forged", "00u1")}
		c.from(holds.FromPoller)
		c.doubts(90, 1)
		c.doubts(91, 0)
		if notes := c.notes(); len(notes) != 2 || !strings.HasPrefix(notes[1], "Confirmed: ") {
			t.Errorf("notes: %q", notes)
		}
		c.told = nil
		c.from(holds.FromPoller)
		if len(c.told) != 0 {
			t.Errorf("people are paged for good news: %+v", c.told)
		}
	})
}

// TestA14WhatTheLogConfirmsIsNotDoubted: whichever of the two came first; nor is
// what nobody can know yet, nor what is no longer anybody's concern.
func TestA14WhatTheLogConfirmsIsNotDoubted(t *testing.T) {
	real := event("real", "00u1")
	for name, play := range map[string]func(c *copies){
		"hook, then log": func(c *copies) { c.from(holds.FromHook); c.from(holds.FromPoller) },
		"log, then hook": func(c *copies) { c.from(holds.FromPoller); c.from(holds.FromHook) },
		"the log alone":  func(c *copies) { c.from(holds.FromPoller) },
		"a page of the log still waits": func(c *copies) {
			c.from(holds.FromHook)
			page := delivery("page")
			page.Source = holds.FromPoller
			c.must(c.Receive(c.Context(), page))
		},
		"of no known kind": func(c *copies) {
			c.hook[0].Class = holds.Unclassified
			c.from(holds.FromHook)
		},
		"the hold has ended": func(c *copies) {
			c.from(holds.FromHook)
			c.end()
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &copies{world: newWorld(t), hook: []holds.Event{real}, log: []holds.Event{real}}
			play(c)
			c.read(60)
			c.doubts(61, 0)
		})
	}
}

// TestA13AReplayIsNoNews: the bytes of a delivery that was captured, sent again
// after a minute, a day and a year, and after its hold has ended, ask nobody
// anything: no hold, no containment, no reopening.
func TestA13AReplayIsNoNews(t *testing.T) {
	w := newWorld(t)
	c := &copies{world: w, hook: []holds.Event{event("evt", "00u1")}}
	c.from(holds.FromHook)
	if got := c.names(); len(got) != 1 || w.count("holds") != 1 {
		t.Fatalf("asked about %v", got)
	}
	replay := func(when string, after time.Duration) {
		t.Helper()
		captured := delivery(string(holds.FromHook))
		captured.Received = at(1).Add(after)
		w.must(w.Receive(t.Context(), captured))
		jobs := w.count("river.river_job")
		worked, err := w.Decide(t.Context(), at(2).Add(after), c.decode, c.fold)
		if w.must(err); !worked {
			t.Fatalf("%s: it was not decided", when)
		}
		if got := c.names(); len(got) != 0 || w.count("holds") != 1 || w.count("events") != 1 || w.count("river.river_job") != jobs {
			t.Errorf("%s: asked about %v; %d holds, %d events, %d jobs more", when, got, w.count("holds"), w.count("events"), w.count("river.river_job")-jobs)
		}
	}
	replay("a minute later", time.Minute)
	replay("a day later", 24*time.Hour)
	replay("a year later", 365*24*time.Hour)
	c.end()
	replay("after the hold was closed", time.Hour)
	replay("a year after it was closed", 366*24*time.Hour)
	if n := w.count("holds WHERE state = 'released' AND revision = 2"); n != 1 {
		t.Error("the closed hold was touched")
	}
}
