package keeper

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestLinkedAccountsHaveTheirOwnStanding: both are restrained and read back, each
// by its own hold; the owner and the people on duty hear of one.
func TestLinkedAccountsHaveTheirOwnStanding(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	if errs := w.settle(t); len(errs) > 0 {
		t.Fatal(errs)
	}
	leader, follower := w.at(t, "acme-okta"), w.at(t, second.id)
	if leader.Standing != holds.Contained || follower.Standing != holds.Contained || !second.provider.account.Restrained {
		t.Fatalf("leader %s, follower %s", leader.Standing, follower.Standing)
	}
	if follower.Leader != leader.ID || follower.Class != leader.Class || follower.Terms.Rule != holds.FollowRule || follower.Terms.Tier != leader.Terms.Tier {
		t.Fatalf("%+v", follower)
	}
	for _, n := range w.notices {
		if n.Hold != leader.ID {
			t.Errorf("%s was told of the follower: %s", n.Audience, n.Why)
		}
	}
	if len(w.holds) != 2 || follower.Actor.ID != "" {
		t.Fatalf("%d holds; the follower names an actor %q by an id of another platform", len(w.holds), follower.Actor.ID)
	}
}

// TestLinkedOneFailsOthersStay: the second platform is down; the first account is
// contained, the second says that it is not, and people hear of it.
func TestLinkedOneFailsOthersStay(t *testing.T) {
	w, second := olgas(t)
	third := w.joins("acme-lab", "l-olga", holds.ModeContain)
	w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
	second.provider.unreadable = holds.Refuse(holds.Unavailable, "the second provider is down")
	w.happens(t, resetAll("e1"))
	w.settle(t)
	for conn, want := range map[holds.ConnectionID]holds.Standing{"acme-okta": holds.Contained, second.id: holds.Observed, third.id: holds.Contained} {
		if got := w.at(t, conn).Standing; got != want {
			t.Errorf("%s is %s, want %s", conn, got, want)
		}
	}
	if f := w.at(t, second.id); !strings.Contains(strings.Join(f.Doubts, ""), "down") {
		t.Fatalf("the follower does not say why: %q", f.Doubts)
	}
}

// TestLinkedCrashBetweenLeaderAndFollower: whatever is lost between the two, there
// is one follower in the end.
func TestLinkedCrashBetweenLeaderAndFollower(t *testing.T) {
	for name, f := range map[string]failure{"not written": {before: 1}, "answer lost": {after: 1}, "for a while": {before: 4}} {
		t.Run(name, func(t *testing.T) {
			w, second := olgas(t)
			w.happens(t, resetAll("e1"))
			w.fail["Receive"] = f
			w.settle(t)
			if len(w.holds) != 2 || !second.provider.account.Restrained || second.effects[holds.SuspendAccount] != 1 {
				t.Fatalf("%d holds, restrained %v", len(w.holds), second.provider.account.Restrained)
			}
		})
	}
}

// TestFollowersTakeNoDecisions and no checks; they say where to go.
func TestFollowersTakeNoDecisions(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	f := w.at(t, second.id)
	for _, kind := range []holds.DecisionKind{holds.Approve, holds.Deny, holds.RemoveAccess, holds.Restore} {
		_, err := w.Keeper.Decide(t.Context(), keyOf(f), "adam", kind, f.Version, "x")
		if holds.KindOf(err) != holds.Forbidden || !strings.Contains(err.Error(), f.Leader.Short()) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	_, err := w.Check(t.Context(), keyOf(f), "vera", f.Version, holds.Evidence{Kind: holds.HRRecord, Requester: "olga", Reference: "r"})
	if holds.KindOf(err) != holds.Forbidden {
		t.Errorf("a check: %v", err)
	}
	if err := w.Note(t.Context(), keyOf(f), "person:adam", "seen"); err != nil {
		t.Errorf("a note: %v", err)
	}
}

// TestFollowerGoesWithItsLeader by a release and by a restoration, and by nothing
// else: a deny and the owner's word leave it restrained.
func TestFollowerGoesWithItsLeader(t *testing.T) {
	t.Run("released", func(t *testing.T) {
		w, second := olgas(t)
		w.happens(t, resetAll("e1"))
		w.settle(t)
		w.approve(t, keyOf(w.at(t, "acme-okta")))
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Released || f.Containment != holds.ContainmentLifted || !second.free() {
			t.Fatalf("%s %s, account %+v", f.State, f.Containment, second.provider.account)
		}
	})
	t.Run("denied and restored", func(t *testing.T) {
		w, second := olgas(t)
		denied(t, w, resetAll("e1"))
		w.settle(t)
		leader := w.at(t, "acme-okta")
		if leader.State != holds.Reverted || !second.provider.account.Restrained || w.at(t, second.id).State != holds.Pending {
			t.Fatalf("leader %s, follower %s", leader.State, w.at(t, second.id).State)
		}
		proved(t, w, keyOf(leader))
		if _, err := w.Keeper.Decide(t.Context(), keyOf(leader), "anna", holds.Restore, w.holds[leader.ID].Version, "met her"); err != nil {
			t.Fatal(err)
		}
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Released || f.Outcome != holds.Restore || !second.free() {
			t.Fatalf("%s %s, account %+v", f.State, f.Outcome, second.provider.account)
		}
	})
	t.Run("not me", func(t *testing.T) {
		w, second := olgas(t)
		w.happens(t, resetAll("e1"))
		w.settle(t)
		for id, n := range w.notices {
			if n.Audience == holds.ToOwner {
				if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.now = w.now.Add(72 * time.Hour)
		w.Escalate(t.Context())
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Pending || !second.provider.account.Restrained || f.Escalations != 0 {
			t.Fatalf("%s, restrained %v, escalated %d times", f.State, second.provider.account.Restrained, f.Escalations)
		}
	})
}

// TestLeaderReleasedWhileTheFollowerIsBeingContained: at every call of the
// follower's containment the leader ends; nothing stays restrained.
func TestLeaderReleasedWhileTheFollowerIsBeingContained(t *testing.T) {
	for _, during := range []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount} {
		t.Run(string(during), func(t *testing.T) {
			w, second := olgas(t)
			w.happens(t, resetAll("e1"))
			w.run(holds.EffectContain, holds.EffectLink)
			w.deliver(t)
			once := false
			second.crash = func(a holds.Action) {
				if a.Kind != during || once {
					return
				}
				once = true
				second.provider.mu.Unlock() // other jobs read while this one is between two calls
				defer second.provider.mu.Lock()
				w.approve(t, keyOf(w.at(t, "acme-okta")))
				w.run(holds.EffectLift)
				w.run(holds.EffectFollow)
				w.run(holds.EffectLift)
			}
			w.settle(t)
			if f := w.at(t, second.id); f.State != holds.Released || !second.free() {
				t.Fatalf("follower %s, account %+v", f.State, second.provider.account)
			}
		})
	}
}

// TestLeaderEndedBeforeTheFollowerWasThere: the observation was decided late.
func TestLeaderEndedBeforeTheFollowerWasThere(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain, holds.EffectLink)
	late := w.received
	w.received = nil
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.settle(t)
	w.received = late
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Released || !second.free() {
		t.Fatalf("an orphan: %s, account %+v", f.State, second.provider.account)
	}
}

// TestFollowerHealsItself: the leader's word is lost with a restore of the
// installation; the follower looks by itself within the hour, and pages nobody.
func TestFollowerHealsItself(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.queue = nil
	pages := len(w.mail.sent)
	w.now = w.now.Add(followEveryInTests)
	w.Escalate(t.Context())
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Released || !second.free() || len(w.mail.sent) != pages {
		t.Fatalf("%s, account %+v, %d pages", f.State, second.provider.account, len(w.mail.sent)-pages)
	}
}
