package keeper

import (
	"fmt"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// asked is what Okta writes when somebody, whoever it is, presses "Forgot
// password?" with the victim's login.
func asked(id string, at time.Time) holds.Event {
	e := resetAll(id)
	e.Type, e.Class, e.Occurred = "user.account.reset_password", holds.PasswordReset, at
	e.Actor = holds.Party{ID: "00usystem", Kind: holds.PartySystem}
	return e
}

// TestG4AStrangerDoesNotKeepAnAccountHeld: the first request is evidence; as many
// more as somebody likes change nothing of the hold, so that what people check and
// approve between them counts and the account is released.
func TestG4AStrangerDoesNotKeepAnAccountHeld(t *testing.T) {
	w := newWorld(t)
	n := 0
	ask := func() holds.Answer {
		t.Helper()
		n++
		w.now = w.now.Add(time.Second)
		return w.happens(t, asked(fmt.Sprintf("asked-%d", n), w.now))
	}
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	due := w.the(t).Due
	if a := ask(); a.Change == nil || len(w.the(t).Events) != 2 {
		t.Fatalf("the first request is no evidence: %+v", a.Ruling)
	}
	w.run(holds.EffectContain, holds.EffectTell, holds.EffectSend)
	was, mails := w.the(t), len(w.mail.sent)
	for range 50 {
		if a := ask(); a.Change != nil || a.Ruling.Verdict != holds.Record {
			t.Fatalf("request %d changed the hold: %+v", n, a.Ruling)
		}
	}
	for _, e := range []holds.Evidence{
		{Kind: holds.Callback, Requester: "olga", Reference: "call 17", Point: "p1"},
		{Kind: holds.ManagerConfirmed, Requester: "olga", Reference: "chat 4"},
	} {
		ask()
		if _, err := w.Check(t.Context(), w.key(t), "vera", w.the(t).Version, e); err != nil {
			t.Fatal(err)
		}
		ask()
	}
	seen := w.the(t).Version
	ask()
	if h, err := w.Keeper.Decide(t.Context(), w.key(t), "adam", holds.Approve, seen, "spoke to her"); err != nil || h.State != holds.Approved {
		t.Fatalf("%s, %v", h.State, err)
	}
	ask()
	w.run(holds.EffectLift)
	if h := w.the(t); h.State != holds.Released || len(h.Events) != 2 || h.ContainRound > was.ContainRound || h.Due.After(due) || len(w.mail.sent) != mails {
		t.Errorf("%s with %d events, round %d, due %s, %d messages more", h.State, len(h.Events), h.ContainRound, h.Due, len(w.mail.sent)-mails)
	}
}

// TestG4AStrangersRequestRestrainsNobody, nor does it where people look already at
// something that restrains nobody.
func TestG4AStrangersRequestRestrainsNobody(t *testing.T) {
	w := newWorld(t)
	odd := resetAll("odd")
	odd.Class, odd.Type = holds.Unclassified, "user.something.new"
	w.happens(t, odd)
	if h := w.the(t); h.ToldOnly || h.Containment != holds.NotContained {
		t.Fatalf("told only %v, %s: this proves nothing", h.ToldOnly, h.Containment)
	}
	w.happens(t, asked("asked", w.now))
	w.run(holds.EffectContain)
	if h := w.the(t); len(h.Events) != 2 || h.Containment != holds.NotContained || len(h.Terms.Contain) != 0 || len(w.provider.calls) != 0 {
		t.Errorf("%d events, %s, it would do %v, did %v", len(h.Events), h.Containment, h.Terms.Contain, w.provider.calls)
	}
}

// TestG4TheSameVictimAgainAndAgain: each further reset of a held account is evidence
// of the one hold. Its deadline does not move away, the calls of its restraint are
// repeated a few times at most, and two people still let it go.
func TestG4TheSameVictimAgainAndAgain(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e0"))
	w.run(holds.EffectContain)
	due := w.the(t).Due
	for i := range 40 {
		w.now = w.now.Add(time.Minute)
		e := resetAll(fmt.Sprintf("again-%d", i))
		e.Occurred = w.now
		w.happens(t, e)
		w.run(holds.EffectContain)
	}
	h := w.the(t)
	if len(h.Events) != 41 || h.Due.After(due) {
		t.Errorf("%d events; due at %s, before at %s", len(h.Events), h.Due, due)
	}
	contained(t, w)
	onceEach(t, w, holds.JoinRestraintGroup, holds.SuspendAccount)
	if n := w.provider.effects[holds.ClearSessions]; n > 5 {
		t.Errorf("sessions were ended %d times", n)
	}
	approvedFrom(t, w)
	w.run(holds.EffectLift)
	if h := w.the(t); h.State != holds.Released || w.provider.account.Restrained {
		t.Errorf("%s, restrained: %v", h.State, w.provider.account.Restrained)
	}
}
