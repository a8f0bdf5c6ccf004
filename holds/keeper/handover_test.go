package keeper

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestRestoreLeavesTheOtherHoldItsRestraint: giving back the first hold must not
// free the account of the second, which nobody has verified; the second lifts it
// when its own people say so.
func TestRestoreLeavesTheOtherHoldItsRestraint(t *testing.T) {
	w := newWorld(t)
	denied(t, w, resetAll("e1"))
	w.run(holds.EffectRevert)
	ctx, key := t.Context(), w.key(t)
	first := key.Hold
	next := roleGranted(holds.Object{Name: "Super Administrator"})
	next.ID, next.Occurred = "e2", start.Add(time.Hour)
	w.happens(t, next)
	w.run(holds.EffectContain)
	proved(t, w, key)
	if _, err := w.Keeper.Decide(ctx, key, "anna", holds.Restore, w.holds[first].Version, "met her"); err != nil {
		t.Fatal(err)
	}
	w.fail["Outcome"] = failure{before: 1} // and the first run dies in the middle
	w.run(holds.EffectLift)
	if a := w.provider.account; !a.Restrained || a.Status != holds.StatusSuspended {
		t.Fatalf("the account of the second hold is free: %+v", a)
	}
	if h := w.holds[first]; h.Containment != holds.ContainmentLifted || len(h.Doubts) == 0 {
		t.Fatalf("the first hold: %s %v", h.Containment, h.Doubts)
	}
	var second holds.Key
	for id := range w.holds {
		if id != first {
			second = holds.Key{Tenant: "acme", Hold: id}
		}
	}
	proved(t, w, second)
	if _, err := w.Keeper.Decide(ctx, second, "anna", holds.Approve, w.holds[second.Hold].Version, "met her"); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectLift)
	if a := w.provider.account; a.Restrained || a.Status != holds.StatusActive {
		t.Fatalf("the second release left the account restrained: %+v", a)
	}
}

// TestSecondLiftLeavesTheHeirItsRestraint: a lift that was queued twice, or an old
// one, frees nothing that another hold of the account has taken over or is about
// to restrain, whether that one is open or denied.
func TestSecondLiftLeavesTheHeirItsRestraint(t *testing.T) {
	restoring := func(t *testing.T) (*world, holds.HoldID, holds.Job) {
		w := newWorld(t)
		denied(t, w, resetAll("e1"))
		w.run(holds.EffectRevert)
		key := w.key(t)
		proved(t, w, key)
		if _, err := w.Keeper.Decide(t.Context(), key, "anna", holds.Restore, w.holds[key.Hold].Version, "met her"); err != nil {
			t.Fatal(err)
		}
		again := take(t, w, holds.EffectLift)
		w.queue = append(w.queue, again)
		return w, key.Hold, again
	}
	next := func(w *world) holds.Hold {
		e := resetAll("e2")
		e.Occurred = start.Add(time.Hour)
		w.happens(t, e)
		for _, h := range w.holds {
			if h.Open() {
				return h
			}
		}
		t.Fatal("no second hold")
		return holds.Hold{}
	}
	t.Run("denied since", func(t *testing.T) {
		w, _, again := restoring(t)
		second := next(w)
		w.run(holds.EffectLift)
		if _, err := w.Keeper.Decide(t.Context(), keyOf(second), "adam", holds.Deny, w.holds[second.ID].Version, "x"); err != nil {
			t.Fatal(err)
		}
		w.run(holds.EffectRevert)
		if err := w.lift(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		w.run(holds.EffectContain)
		if a := w.provider.account; !a.Restrained || a.Status != holds.StatusSuspended || w.provider.effects[holds.LeaveRestraintGroup] != 0 {
			t.Fatalf("the account of the denied hold was freed: %+v", a)
		}
	})
	t.Run("lifted before", func(t *testing.T) {
		w, _, again := restoring(t)
		w.run(holds.EffectLift)
		second := next(w)
		if err := w.lift(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		w.run(holds.EffectContain)
		if a := w.provider.account; !a.Restrained || w.holds[second.ID].Standing != holds.Contained {
			t.Fatalf("it took a restraint over that was no longer there: %+v, hold %s", a, w.holds[second.ID].Standing)
		}
	})
	t.Run("a part of it", func(t *testing.T) {
		w, _, _ := restoring(t)
		w.provider.account.Status = holds.StatusActive // somebody unsuspended it
		second := next(w)
		w.run(holds.EffectLift, holds.EffectContain)
		if a := w.provider.account; !a.Restrained || a.Status != holds.StatusSuspended || w.holds[second.ID].Standing != holds.Contained {
			t.Fatalf("what it did not take over it did not do: %+v", a)
		}
	})
}

func proved(t *testing.T, w *world, key holds.Key) {
	t.Helper()
	for _, e := range []holds.Evidence{
		{Kind: holds.Callback, Requester: "olga", Reference: "call 18", Point: "p1"},
		{Kind: holds.InPerson, Requester: "olga", Reference: "badge 9", Witness: "wim", Place: "front desk"},
	} {
		if _, err := w.Check(t.Context(), key, "vera", w.holds[key.Hold].Version, e); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStillRestrainedIsNotForgotten: after a deny people are reminded until the
// account is given back, and a restoration that got lost is queued again.
func TestStillRestrainedIsNotForgotten(t *testing.T) {
	w := newWorld(t)
	denied(t, w, resetAll("e1"))
	w.run(holds.EffectRevert)
	w.queue = nil
	w.now = w.now.Add(30 * 24 * time.Hour)
	w.Escalate(t.Context())
	if w.the(t).Escalations == 0 {
		t.Fatal("thirty days restrained after the deny and nobody is reminded")
	}
	take(t, w, holds.EffectPage)
	proved(t, w, w.key(t))
	if _, err := w.Keeper.Decide(t.Context(), w.key(t), "anna", holds.Restore, w.the(t).Version, "met her"); err != nil {
		t.Fatal(err)
	}
	w.queue = nil // the job is lost with a restore of the installation
	w.now = w.now.Add(2 * time.Hour)
	w.Escalate(t.Context())
	w.run(holds.EffectLift)
	if w.the(t).Containment != holds.ContainmentLifted {
		t.Fatalf("the restoration is stuck: %s", w.the(t).Containment)
	}
	revision := w.the(t).Revision
	w.now = w.now.Add(2 * time.Hour)
	w.Escalate(t.Context())
	if w.the(t).Revision != revision {
		t.Fatal("a hold that is over escalates")
	}
}

// TestNotMeFreezesTheOpenHold: the word about a released hold counts for the
// account's open one.
func TestNotMeFreezesTheOpenHold(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectTell)
	w = approvedFrom(t, w)
	w.run(holds.EffectLift)
	first := w.the(t).ID
	next := resetAll("e2")
	next.Occurred = start.Add(time.Hour)
	w.happens(t, next)
	for id, n := range w.notices {
		if n.Hold == first && n.Audience == holds.ToOwner {
			if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
				t.Fatal(err)
			}
		}
	}
	for id, h := range w.holds {
		if id != first && !h.Frozen() {
			t.Fatal("the open hold can still be approved")
		}
	}
	if len(w.holds) != 2 {
		t.Fatalf("%d holds", len(w.holds))
	}
}

// TestG11WhatAPersonDidStays: a suspension that people made while our own calls
// never went out is theirs.
func TestG11WhatAPersonDidStays(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	j := take(t, w, holds.EffectContain)
	w.fail["Tried"] = failure{before: 100}
	for j.Attempt = 1; j.Attempt < 4; j.Attempt++ {
		_ = w.contain(t.Context(), j)
	}
	w.fail["Tried"] = failure{}
	w.provider.account.Status = holds.StatusSuspended // by hand, as people were paged to
	if err := w.contain(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	w = approvedFrom(t, w)
	w.run(holds.EffectLift)
	if a := w.provider.account; a.Status != holds.StatusSuspended || a.Restrained {
		t.Fatalf("the release lifted a suspension that a person made, or kept ours: %+v", a)
	}
}

// TestGivenUpPages: a job that will not be tried again is said and paged.
func TestGivenUpPages(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	j := take(t, w, holds.EffectContain)
	w.queue = nil
	if err := w.GivenUp(t.Context(), j, holds.Refuse(holds.Unavailable, "the provider was down for a day")); err != nil {
		t.Fatal(err)
	}
	take(t, w, holds.EffectPage)
	if len(w.the(t).Doubts) == 0 {
		t.Fatal("the hold does not say so")
	}
}

// TestRevertLeavesOtherNewRoles: where the event names the role, one that was
// granted to the account since its before-image stays.
func TestRevertLeavesOtherNewRoles(t *testing.T) {
	w := newWorld(t)
	w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-20 * time.Hour)})
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "READ_ONLY_ADMIN", Name: "Read-only"}, {ID: "r2", Kind: "SUPER_ADMIN", Name: "Super Administrator"}}
	denied(t, w, roleGranted(holds.Object{Name: "Super Administrator"}))
	w.run(holds.EffectRevert)
	if r := w.provider.account.Roles; len(r) != 1 || r[0].ID != "r1" {
		t.Fatalf("roles left: %v", r)
	}
}
