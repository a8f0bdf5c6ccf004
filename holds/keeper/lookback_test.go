package keeper

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// page is events as a provider's log has them.
func page(events ...holds.Event) []byte {
	body, err := json.Marshal(events)
	if err != nil {
		panic(err)
	}
	return body
}

// watched is a world whose platform has records.
func watched(t *testing.T) (*world, *records) {
	t.Helper()
	w := newWorld(t)
	w.Judge = holdAll{strict()}
	r := &records{accounts: map[string]holds.Account{}, pages: map[string][][]byte{}}
	c := w.connections["acme-okta"]
	c.Records = r
	w.connections["acme-okta"], w.Connections[0] = c, c
	return w, r
}

// token is something else that somebody did.
func token(id, actor string, minute int) holds.Event {
	e := resetAll(id)
	e.Class, e.Verb, e.Type, e.Occurred = holds.OtherTakeover, holds.Grant, "system.api_token.create", start.Add(time.Duration(minute)*time.Minute)
	e.Actor.ID, e.Subjects = actor, []holds.Account{{ID: actor}}
	return e
}

// TestLookBackFindsChildren: what the subject and the actor also did stands on the
// hold, and went through the inbox to be judged by itself; reading, failing and
// our own doings do not.
func TestLookBackFindsChildren(t *testing.T) {
	w, r := watched(t)
	read, failed, own, support := token("read", "00uvictim", 1), token("failed", "00uvictim", 1), token("own", "00uvictim", 1), token("support", "00uhelp", -3)
	read.Class, failed.Outcome, own.Actor.Own = holds.None, holds.Failed, true
	r.pages["00uvictim"] = [][]byte{page(resetAll("e1"), read, token("late", "00uvictim", 2)), page(failed, own, token("early", "00uvictim", 1))}
	r.pages["00uhelp"] = [][]byte{page(resetAll("e1"), support)}
	w.happens(t, resetAll("e1"))
	w.stored["acme-okta e1"] = true
	w.run(holds.EffectContain)
	w.run(holds.EffectLookBack)
	h := w.the(t)
	var ids []string
	for _, c := range h.Children {
		ids = append(ids, c.ID)
	}
	if !slices.Equal(ids, []string{"support", "early", "late"}) || len(h.Doubts) != 0 {
		t.Fatalf("children %v, doubts %q", ids, h.Doubts)
	}
	if !slices.Equal(r.asked, []string{"00uvictim", "00uhelp"}) || !r.since[0].Equal(start.Add(-5*time.Minute)) {
		t.Fatalf("asked for %v since %v", r.asked, r.since)
	}
	for _, d := range w.received {
		if d.Source != holds.FromPoller || d.Connection != "acme-okta" || d.Digest == [32]byte{} {
			t.Errorf("a page came in as %s of %s", d.Source, d.Connection)
		}
	}
	// Judged by itself: what is about the account joins its hold (our own doing
	// without an intent, too, as tamper), what is about another one is held there.
	w.deliver(t)
	if h := w.holds[h.ID]; len(h.Events) != 4 || len(h.Children) != 1 || h.Children[0].ID != "support" {
		t.Fatalf("%d events, children %+v", len(h.Events), h.Children)
	}
	if len(w.holds) != 2 {
		t.Fatalf("%d holds", len(w.holds))
	}
}

// TestLookBackAgainAtEffectiveBy: what was done with access issued before.
func TestLookBackAgainAtEffectiveBy(t *testing.T) {
	w, r := watched(t)
	w.provider.effectiveBy = start.Add(15 * time.Minute)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	first := take(t, w, holds.EffectLookBack)
	second := take(t, w, holds.EffectLookBack)
	if !first.At.IsZero() || !second.At.Equal(start.Add(15*time.Minute)) {
		t.Fatalf("looks at %s and %s", first.At, second.At)
	}
	if err := w.lookBack(t.Context(), first); err != nil || len(w.the(t).Children) != 0 {
		t.Fatalf("%v, %+v", err, w.the(t).Children)
	}
	r.pages["00uvictim"] = [][]byte{page(token("meanwhile", "00uvictim", 10))}
	w.now = start.Add(15 * time.Minute)
	if err := w.lookBack(t.Context(), second); err != nil || len(w.the(t).Children) != 1 {
		t.Fatalf("%v, %+v", err, w.the(t).Children)
	}
}

// TestLookBackThatCannotSee says so and is tried again; more than can be read is
// said as well.
func TestLookBackThatCannotSee(t *testing.T) {
	t.Run("down", func(t *testing.T) {
		w, r := watched(t)
		w.happens(t, resetAll("e1"))
		w.run(holds.EffectContain)
		r.err = holds.Refuse(holds.Unavailable, "the log is down")
		j := take(t, w, holds.EffectLookBack)
		for j.Attempt = 1; j.Attempt <= 3; j.Attempt++ {
			if err := w.lookBack(t.Context(), j); err == nil {
				t.Fatal("gave up")
			}
		}
		if h := w.the(t); !strings.Contains(strings.Join(h.Doubts, ""), "the log is down") || h.Standing != holds.Contained {
			t.Fatalf("%s, doubts %q", h.Standing, h.Doubts)
		}
		r.err = nil
		if err := w.lookBack(t.Context(), j); err != nil || w.the(t).Unseen != "" {
			t.Fatalf("%v %q", err, w.the(t).Unseen)
		}
	})
	t.Run("too much", func(t *testing.T) {
		w, r := watched(t)
		r.partial = true
		w.happens(t, resetAll("e1"))
		w.run(holds.EffectContain, holds.EffectLookBack)
		if h := w.the(t); !strings.Contains(strings.Join(h.Doubts, ""), "compare the provider's log") {
			t.Fatalf("doubts %q", h.Doubts)
		}
	})
	t.Run("gone", func(t *testing.T) {
		w, r := watched(t)
		r.err = holds.Refuse(holds.NotFound, "no such account")
		w.happens(t, resetAll("e1"))
		if errs := w.run(holds.EffectContain, holds.EffectLookBack); len(errs) > 0 || w.the(t).Unseen != "" {
			t.Fatalf("%v %q", errs, w.the(t).Unseen)
		}
	})
}

// TestLookBackLooksIntoPeopleOfThePlatformOnly: no application, nobody of another
// platform, not ourselves, and a bounded number.
func TestLookBackLooksIntoPeopleOfThePlatformOnly(t *testing.T) {
	j := job{hold: holds.Hold{Subject: holds.Account{ID: "00uvictim"}, Events: []holds.EventRef{
		{Actor: holds.Party{ID: "app", Kind: holds.PartyApp}},
		{Actor: holds.Party{ID: "00uvictim", Kind: holds.PartyPerson}},
		{Actor: holds.Party{ID: "ours", Kind: holds.PartyPerson, Own: true}},
		{Actor: holds.Party{ID: "elsewhere", Kind: holds.PartyPerson}, Leader: "h1"},
		{Actor: holds.Party{ID: "a", Kind: holds.PartyPerson}},
		{Actor: holds.Party{ID: "a", Kind: holds.PartyPerson}},
	}}}
	if got := j.involved(); !slices.Equal(got, []string{"00uvictim", "a"}) {
		t.Fatalf("%v", got)
	}
	for _, id := range []string{"b", "c", "d", "e", "f", "g"} {
		j.hold.Events = append(j.hold.Events, holds.EventRef{Actor: holds.Party{ID: id, Kind: holds.PartyPerson}})
	}
	if got := j.involved(); len(got) != maxActors+1 {
		t.Fatalf("%v", got)
	}
}
