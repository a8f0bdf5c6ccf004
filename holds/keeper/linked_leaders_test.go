package keeper

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestFollowerWithAnEventOfItsOwn is a hold that people decide: told, paged, on
// the stricter terms of both, and left alone by its leader's end.
func TestFollowerWithAnEventOfItsOwn(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	leader := w.at(t, "acme-okta")
	own := resetAll("own")
	own.Class, own.Verb, own.Subjects, own.Occurred = holds.RecoveryChange, holds.Update, []holds.Account{{ID: second.account}}, start.Add(time.Minute)
	own.Actor = holds.Party{ID: second.account, Kind: holds.PartyPerson}
	w.now = w.now.Add(time.Minute)
	w.mail.sent = nil
	w.happensAt(t, second.id, own)
	w.settle(t)
	f := w.at(t, second.id)
	if f.Leader != "" || f.Terms.Rule != "all" || f.Class != holds.RecoveryChange || f.Requester != "olga" || !f.Due.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("leader %q, rule %s, class %s, requester %q, due %s", f.Leader, f.Terms.Rule, f.Class, f.Requester, f.Due)
	}
	if linked, owns := f.Events[0], f.Events[1]; !linked.Received.Equal(start) || !owns.Received.Equal(w.now) {
		t.Errorf("we heard of the other account at %s and of the change at %s", linked.Received, owns.Received)
	}
	told, paged := 0, 0
	for _, n := range w.mail.sent {
		if n.Hold == f.ID && n.Audience == holds.ToOwner {
			told++
		}
		if n.Hold == f.ID && n.Audience == holds.ToDuty {
			paged++
		}
	}
	if told == 0 || paged == 0 {
		t.Fatalf("the owner heard %d times, people on duty %d times", told, paged)
	}
	w.approve(t, keyOf(leader))
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Pending || !second.provider.account.Restrained {
		t.Fatalf("the leader's end let it go: %s, restrained %v", f.State, second.provider.account.Restrained)
	}
	w.approve(t, keyOf(w.at(t, second.id)))
	w.settle(t)
	if !second.free() {
		t.Fatalf("its own people's approval did not: %+v", second.provider.account)
	}
}

// TestOwnEventDuringTheFollowersLift: what opens is a hold of its own, and takes
// the restraint over.
func TestOwnEventDuringTheFollowersLift(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.run(holds.EffectFollow)
	own := resetAll("own")
	own.Subjects, own.Occurred = []holds.Account{{ID: second.account}}, start.Add(time.Minute)
	second.crash = func(holds.Action) {
		second.crash = nil
		w.happensAt(t, second.id, own)
	}
	w.settle(t)
	open := 0
	for _, h := range w.holds {
		if h.Connection == second.id && h.Open() {
			open++
			if h.Standing != holds.Contained || h.Leader != "" {
				t.Errorf("%s, leader %q", h.Standing, h.Leader)
			}
		}
	}
	if open != 1 || !second.provider.account.Restrained {
		t.Fatalf("%d open holds, restrained %v", open, second.provider.account.Restrained)
	}
}

// TestTwoLeadersOneFollower: the third account stays restrained until the last of
// the two holds has ended, in either order.
func TestTwoLeadersOneFollower(t *testing.T) {
	for name, first := range map[string]holds.ConnectionID{"the older first": "acme-okta", "the newer first": "acme-entra"} {
		t.Run(name, func(t *testing.T) {
			w, second := olgas(t)
			third := w.joins("acme-lab", "l-olga", holds.ModeContain)
			w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
			w.happens(t, resetAll("e1"))
			w.settle(t)
			own := resetAll("own")
			own.Subjects = []holds.Account{{ID: second.account}}
			w.happensAt(t, second.id, own)
			w.settle(t)
			if f := w.at(t, third.id); len(f.Leaders) != 1 {
				t.Fatalf("led by %s and %v", f.Leader, f.Leaders)
			}
			last := map[holds.ConnectionID]holds.ConnectionID{"acme-okta": second.id, "acme-entra": "acme-okta"}[first]
			w.approve(t, keyOf(w.at(t, first)))
			w.settle(t)
			if third.free() {
				t.Fatal("let go while another account of hers is held")
			}
			w.approve(t, keyOf(w.at(t, last)))
			w.settle(t)
			if !third.free() || w.at(t, third.id).State != holds.Released {
				t.Fatalf("%s, account %+v", w.at(t, third.id).State, third.provider.account)
			}
		})
	}
}

// TestNewLeaderKeepsAFollowerThatWasAboutToGo.
func TestNewLeaderKeepsAFollowerThatWasAboutToGo(t *testing.T) {
	w, second := olgas(t)
	third := w.joins("acme-lab", "l-olga", holds.ModeContain)
	w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.run(holds.EffectFollow)
	lifts := w.queue
	w.queue = nil
	own := resetAll("own")
	own.Subjects = []holds.Account{{ID: second.account}}
	w.happensAt(t, second.id, own)
	w.run(holds.EffectLink)
	w.deliver(t)
	w.queue = append(w.queue, lifts...)
	w.settle(t)
	if f := w.at(t, third.id); f.State != holds.Pending || f.Leader != w.at(t, second.id).ID || third.free() {
		t.Fatalf("%s, leader %s", f.State, f.Leader)
	}
	if w.at(t, second.id).State != holds.Pending || second.free() {
		t.Fatal("the second account was let go by the first one's end")
	}
}

// TestFollowerRepudiated: the owner's word about an older change of the account
// makes it a hold of its own, frozen.
func TestFollowerRepudiated(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	f := w.at(t, second.id)
	if err := w.freezeOpen(t.Context(), keyOf(f), w.now); err != nil {
		t.Fatal(err)
	}
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.settle(t)
	if f = w.at(t, second.id); f.Leader != "" || !f.Frozen() || f.State != holds.Denied || second.free() {
		t.Fatalf("leader %q, %s, restrained %v", f.Leader, f.State, second.provider.account.Restrained)
	}
}

// TestALinkVoidsAnApprovalGivenBefore: whoever approved a hold of this account did
// not know that another account of the person has been changed since.
func TestALinkVoidsAnApprovalGivenBefore(t *testing.T) {
	w, second := olgas(t)
	terms := strict()
	terms.Approvers = 2
	w.Judge = holdAll{terms}
	own := resetAll("own")
	own.Subjects = []holds.Account{{ID: second.account}}
	w.happensAt(t, second.id, own)
	w.run(holds.EffectContain)
	key := keyOf(w.at(t, second.id))
	w.approve(t, key)
	if h := w.at(t, second.id); h.State != holds.Pending || len(h.Approvals(holds.Approve)) != 1 {
		t.Fatalf("%s with %d approvals, which proves nothing", h.State, len(h.Approvals(holds.Approve)))
	}
	w.happens(t, resetAll("e1"))
	w.settle(t)
	if h := w.holds[key.Hold]; len(h.Approvals(holds.Approve)) != 0 || h.State != holds.Pending || h.Leader != "" {
		t.Fatalf("%s with %d approvals, leader %q", h.State, len(h.Approvals(holds.Approve)), h.Leader)
	}
}
