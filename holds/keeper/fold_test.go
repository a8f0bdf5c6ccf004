package keeper

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestR2ThreeEventsOneHold: the events of one reset are one hold, whatever
// their order.
func TestR2ThreeEventsOneHold(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"e2", "e1", "e3"} {
		w.happens(t, resetAll(id))
	}
	if h := w.the(t); len(h.Events) != 3 || h.ContainRound != 1 {
		t.Fatalf("%d events, %d containments", len(h.Events), h.ContainRound)
	}
}

// TestC12C13OwnActs: what we did ourselves is recognised by its intent; the
// same act without one is tamper, and restrains nobody.
func TestC12C13OwnActs(t *testing.T) {
	own := holds.Event{
		ID: "e", Type: "user.lifecycle.suspend", Class: holds.None, Outcome: holds.Succeeded, Occurred: start, Echo: holds.SuspendAccount,
		Actor: holds.Party{ID: "00uourselves", Kind: holds.PartyToken, Own: true}, Subjects: []holds.Account{{ID: "00uvictim"}},
	}
	w := newWorld(t)
	q := w.question(own)
	q.Facts.Intent = "i-1"
	if a, _ := w.fold(q); a.Ruling.Verdict != holds.Ignore || a.Change != nil {
		t.Fatalf("C13: our own act: %+v", a.Ruling)
	}
	a := w.happens(t, own)
	if h := w.the(t); h.Class != holds.Tamper || h.ContainRound != 0 || a.Ruling.Terms.Tier != holds.TierHigh {
		t.Fatalf("C13: without an intent: %s, tier %s", h.Class, a.Ruling.Terms.Tier)
	}
	harmless := own
	harmless.Echo, harmless.Type = "", "user.session.start"
	if a, _ := newWorld(t).fold(newWorld(t).question(harmless)); a.Ruling.Verdict != holds.Ignore {
		t.Fatalf("a harmless act of ours: %+v", a.Ruling)
	}
}

func TestC12ChangesToOurselvesAreTamper(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Subjects = []holds.Account{{ID: "00uourselves"}}
	w.happens(t, e)
	h := w.the(t)
	if h.Class != holds.Tamper || h.Exempt == "" || h.ContainRound != 0 {
		t.Fatalf("%s, exempt %q, %d containments", h.Class, h.Exempt, h.ContainRound)
	}
}

// TestI4BreakGlassIsNeverRestrained by immutable id, whatever the event says.
func TestI4BreakGlassIsNeverRestrained(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Subjects = []holds.Account{{ID: "00ubreakglass", Login: "olga@acme.example"}}
	w.happens(t, e)
	w.happens(t, func() holds.Event { e.ID = "e2"; return e }())
	if errs := w.run(holds.EffectContain); len(errs) > 0 || len(w.provider.calls) > 0 {
		t.Fatalf("%v, calls %v", errs, w.provider.calls)
	}
	if h := w.the(t); h.Exempt != "break-glass account" || h.Standing != holds.Observed {
		t.Fatalf("%q %s", h.Exempt, h.Standing)
	}
}

// TestC5UnresolvedSubject: nothing is restrained, people are paged, and two
// unresolved events are two holds.
func TestC5UnresolvedSubject(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"e1", "e2"} {
		e := resetAll(id)
		e.Subjects, e.Actor.Kind = nil, holds.PartyUnknown
		w.happens(t, e)
	}
	w.run(holds.EffectContain)
	if len(w.holds) != 2 || len(w.provider.calls) != 0 {
		t.Fatalf("%d holds, calls %v", len(w.holds), w.provider.calls)
	}
	for id, h := range w.holds {
		if h.Terms.Tier != holds.TierHigh || len(h.Doubts) == 0 {
			t.Fatalf("%+v", h)
		}
		// And it can be decided all the same.
		if _, err := w.Keeper.Decide(t.Context(), holds.Key{Tenant: "acme", Hold: id}, "adam", holds.Deny, h.Version, "nobody knows of it"); err != nil {
			t.Fatal(err)
		}
	}
	if errs := w.run(holds.EffectRevert); len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, h := range w.holds {
		if h.State != holds.Reverted || len(h.Irreversible) == 0 {
			t.Fatalf("%s %v", h.State, h.Irreversible)
		}
	}
}

// TestD3OldEventOpensNothingTwice and TestFollowUp: after a release the expected
// enrolment joins, and the one after it opens the next hold.
func TestR2ReleaseThenEnrolThenAnother(t *testing.T) {
	w := approved(t, newWorld(t))
	w.run(holds.EffectLift)
	enrol := func(id string, minutes int) holds.Event {
		e := resetAll(id)
		e.Actor.ID = "00uvictim"
		e.Verb, e.Type, e.Occurred = holds.Enrol, "user.mfa.factor.activate", start.Add(time.Duration(minutes)*time.Minute)
		return e
	}
	w.happens(t, enrol("e2", 4))
	if h := w.the(t); h.State != holds.Released || len(h.Events) != 2 {
		t.Fatalf("%s with %d events", h.State, len(h.Events))
	}
	w.happens(t, enrol("e3", 10))
	if len(w.holds) != 2 {
		t.Fatalf("a second enrolment opened %d holds", len(w.holds)-1)
	}
}

// TestToldOnlyThenNotMe: a quiet change is told, and the owner's word opens the
// hold that restrains.
func TestToldOnlyThenNotMe(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Verb, e.Actor.ID = holds.Enrol, "00uvictim"
	q := w.question(e)
	q.Facts.Known = true
	a, err := w.fold(q)
	if err != nil || a.Ruling.Verdict != holds.Notify {
		t.Fatalf("%+v %v", a.Ruling, err)
	}
	w.commit(*a.Change)
	w.run(holds.EffectTell, holds.EffectContain, holds.EffectSend)
	if h := w.the(t); !h.ToldOnly || h.ToldAt.IsZero() || len(w.provider.calls) != 0 {
		t.Fatalf("%+v", h)
	}
	for id := range w.notices {
		if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
			t.Fatal(err)
		}
	}
	w.run(holds.EffectContain)
	if len(w.holds) != 2 || !w.provider.account.Restrained {
		t.Fatalf("%d holds, restrained %v", len(w.holds), w.provider.account.Restrained)
	}
}

// TestEachTenantItsPolicy: a connection's own policy decides about its events.
func TestEachTenantItsPolicy(t *testing.T) {
	w := newWorld(t)
	c := w.connections["acme-okta"]
	c.Judge = verdict(holds.Ignore)
	w.connections["acme-okta"] = c
	if a, err := w.fold(w.question(resetAll("e1"))); err != nil || a.Ruling.Verdict != holds.Ignore || a.Change != nil {
		t.Fatalf("%+v %v", a.Ruling, err)
	}
}

type verdict holds.Verdict

func (v verdict) Judge(holds.Event, holds.Facts) holds.Ruling {
	return holds.Ruling{Verdict: holds.Verdict(v)}
}
