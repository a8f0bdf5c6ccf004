package keeper

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestG5OutageBeforeTheFirstIntent: an outage that lasted until people were
// paged does not keep the account from being restrained when it is over.
func TestG5OutageBeforeTheFirstIntent(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.unreadable = holds.Refuse(holds.Unavailable, "the provider is down")
	j := take(t, w, holds.EffectContain)
	for j.Attempt = 1; j.Attempt <= 4; j.Attempt++ {
		if err := w.contain(context.Background(), j); err == nil {
			t.Fatalf("attempt %d gave up", j.Attempt)
		}
	}
	w.provider.unreadable = nil
	if err := w.contain(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	contained(t, w)
}

// TestToldOnlyHidesNobodyElse: an administrator's enrolment within two minutes of
// one's own is not part of it.
func TestToldOnlyHidesNobodyElse(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Verb, e.Actor.ID = holds.Enrol, "00uvictim"
	q := w.question(e)
	q.Facts.Known = true
	a, _ := w.fold(q)
	w.commit(*a.Change)
	other := resetAll("e2")
	other.Verb, other.Occurred = holds.Enrol, start.Add(time.Minute)
	other.Actor.ID = "00umallory"
	w.happens(t, other)
	if len(w.holds) != 2 {
		t.Fatalf("somebody else's enrolment joined what the owner is merely told of")
	}
}

// TestToldOnlyHidesNothingGraver: what a policy holds never passes as a part of what
// the owner is merely told of, though it be of the same kind, moment and request.
// At Microsoft whoever makes a request chooses its name.
func TestToldOnlyHidesNothingGraver(t *testing.T) {
	w := newWorld(t)
	taken := resetAll("e1")
	taken.Class, taken.Verb, taken.Actor.ID = holds.RoleActivation, holds.Grant, "00uvictim"
	taken.Way, taken.Rank, taken.Transaction = holds.WayActivation, holds.RankPrivileged, "chosen"
	w.happens(t, taken)
	if h := w.the(t); !h.ToldOnly {
		t.Fatalf("a role taken up is held: %+v", h.Terms)
	}
	again := taken
	again.ID, again.Occurred = "e2", start.Add(30*time.Second)
	w.happens(t, again)
	if h := w.the(t); len(h.Events) != 2 {
		t.Fatalf("of one request, %d events were told together", len(h.Events))
	}
	top := taken
	top.ID, top.Rank, top.Occurred = "e3", holds.RankTop, start.Add(time.Minute)
	w.happens(t, top)
	for _, h := range w.holds {
		if !h.ToldOnly && h.Containment == holds.ContainmentRequested && h.Has("e3") {
			return
		}
	}
	t.Fatalf("a top role was only told: %d holds", len(w.holds))
}

// TestF1ActorOfAJoinedEventDecidesNothing either.
func TestF1ActorOfAJoinedEventDecidesNothing(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	q := w.question(roleGranted(holds.Object{Name: "x"}))
	q.Event.ID, q.Event.Actor.ID = "e2", "00umallory"
	q.Facts.ActorPerson = holds.Person{ID: "mallory"}
	a, err := w.fold(q)
	if err != nil {
		t.Fatal(err)
	}
	w.commit(*a.Change)
	_, err = w.Keeper.Decide(t.Context(), w.key(t), "mallory", holds.Deny, w.the(t).Version, "x")
	if holds.KindOf(err) != holds.Forbidden {
		t.Fatalf("an actor decided: %v", err)
	}
}

// TestEventDuringRevert: the hold is not reverted before what joined meanwhile is
// undone, too.
func TestEventDuringRevert(t *testing.T) {
	w := newWorld(t)
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "SUPER_ADMIN", Name: "Super"}}
	denied(t, w, roleGranted(holds.Object{Name: "Super"}))
	j := take(t, w, holds.EffectRevert)
	w.provider.crash = func(a holds.Action) {
		if a.Kind != holds.RemoveRole || a.Object != "r1" {
			return
		}
		w.provider.account.Roles = append(w.provider.account.Roles, holds.Role{ID: "r2", Kind: "ORG_ADMIN", Name: "Org"})
		e := roleGranted(holds.Object{Name: "Org"})
		e.ID = "e2"
		w.happens(t, e)
	}
	if err := w.revert(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectRevert)
	if n := len(w.provider.account.Roles); n != 0 || w.the(t).State != holds.Reverted {
		t.Fatalf("%s with %d roles left", w.the(t).State, n)
	}
}

// TestLiftOnASlowClock: a machine whose clock is a little behind does not swallow
// the only lift there is.
func TestLiftOnASlowClock(t *testing.T) {
	w := approved(t, newWorld(t))
	w.now = w.now.Add(-20 * time.Millisecond)
	j := take(t, w, holds.EffectLift)
	err := w.lift(context.Background(), j)
	w.now = w.now.Add(time.Second)
	if err == nil && w.the(t).State == holds.Approved {
		t.Fatal("the only lift was swallowed")
	}
}

// TestE4NotMeSurvivesALostUpdate: the code is used up, the word was not taken, and
// the same code takes it the next time.
func TestE4NotMeSurvivesALostUpdate(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectTell)
	w.fail["Update"] = failure{before: 1}
	for id := range w.notices {
		if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err == nil {
			t.Fatal("said yes")
		}
		err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true)
		if !w.the(t).Frozen() {
			t.Fatalf("the word was lost: %v", err)
		}
	}
}

// TestSnapshotAfterReceiptIsNoBeforeImage, whatever the provider's clock says.
func TestSnapshotAfterReceiptIsNoBeforeImage(t *testing.T) {
	w := newWorld(t)
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "SUPER_ADMIN", Name: "Super"}}
	e := roleGranted(holds.Object{Name: "Super"})
	e.Occurred = start.Add(time.Second) // the provider's clock is ahead of ours
	denied(t, w, e)
	w.run(holds.EffectRevert)
	if len(w.provider.account.Roles) != 0 {
		t.Fatalf("the role stayed; hold %s, done %v, irreversible %v", w.the(t).State, w.the(t).RevertDone, w.the(t).Irreversible)
	}
}

// TestRevertNeverSilent: nothing undone is said, with a before-image, too.
func TestRevertNeverSilent(t *testing.T) {
	w := newWorld(t)
	w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour)})
	w.provider.account.Factors = []holds.Factor{{ID: "f-new", Kind: "push", Created: start.Add(-10 * time.Minute)}}
	e := resetAll("e1")
	e.Verb, e.Type = holds.Enrol, "user.mfa.factor.activate"
	denied(t, w, e)
	w.run(holds.EffectRevert)
	h := w.the(t)
	if len(h.RevertDone)+len(h.Irreversible) == 0 {
		t.Fatalf("%s, nothing done and nothing said; factors %v", h.State, w.provider.account.Factors)
	}
}

// TestG5TimeoutIsReported: a provider that takes all the time a job has.
func TestG5TimeoutIsReported(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.unreadable = holds.Refuse(holds.Unavailable, "the provider hangs")
	j := take(t, w, holds.EffectContain)
	j.Attempt = 3
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	w.Holds = ctxHolds{w.memory}
	_ = w.contain(ctx, j)
	if w.the(t).Containment != holds.ContainmentFailed {
		t.Fatalf("%s", w.the(t).Containment)
	}
}

type ctxHolds struct{ *memory }

func (c ctxHolds) Update(ctx context.Context, key holds.Key, at time.Time, f func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	if ctx.Err() != nil {
		return holds.Hold{}, holds.Because(holds.Unavailable, ctx.Err(), "late")
	}
	return c.memory.Update(ctx, key, at, f)
}

// TestFailedRestraintIsGivenBack: the group was joined though its rules do not
// hold; a restoration takes the account out of it.
func TestFailedRestraintIsGivenBack(t *testing.T) {
	w := newWorld(t)
	w.provider.rules = holds.Enforcement{Problems: []string{"the deny rule is not first"}}
	w.provider.refuse = map[holds.ActionKind]string{holds.SuspendAccount: "no"}
	denied(t, w, resetAll("e1"))
	w.run(holds.EffectRevert)
	ctx, key := context.Background(), w.key(t)
	for _, e := range []holds.Evidence{
		{Kind: holds.Callback, Requester: "olga", Reference: "call 18", Point: "p1"},
		{Kind: holds.InPerson, Requester: "olga", Reference: "badge 9", Witness: "wim", Place: "front desk"},
	} {
		if _, err := w.Check(ctx, key, "vera", w.the(t).Version, e); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Keeper.Decide(ctx, key, "anna", holds.Restore, w.the(t).Version, "met her"); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectLift)
	if w.provider.account.Restrained {
		t.Fatal("still in the restraint group")
	}
}

// TestEventsDoNotUseUpTheRounds: whoever makes events does not keep a restraint
// from being put back.
func TestEventsDoNotUseUpTheRounds(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e0"))
	w.run(holds.EffectContain)
	for i := range 8 {
		w.now = w.now.Add(time.Minute)
		e := resetAll("e" + string(rune('1'+i)))
		e.Occurred = w.now
		w.happens(t, e)
		w.now = w.now.Add(time.Second)
		w.run(holds.EffectContain)
	}
	contained(t, w)
	w.provider.account.Status, w.provider.account.Restrained = holds.StatusActive, false
	w.now = w.now.Add(time.Hour)
	w.Drift(context.Background())
	w.run(holds.EffectContain)
	contained(t, w)
}

// TestF9ContinueDuringALift: what the first hold is giving back is not taken for
// the restraint of the second.
func TestF9ContinueDuringALift(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectTell)
	first := w.key(t)
	w = approvedFrom(t, w)
	j := take(t, w, holds.EffectLift)
	said := false
	w.provider.crash = func(a holds.Action) {
		if a.Kind != holds.UnsuspendAccount || said {
			return
		}
		said = true
		w.provider.mu.Unlock() // the other job reads while ours is between two calls
		defer w.provider.mu.Lock()
		for id := range w.notices {
			if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
				t.Error(err)
			}
		}
		n := slices.IndexFunc(w.queue, func(j holds.Job) bool { return j.Kind == holds.EffectContain })
		_ = w.contain(context.Background(), w.queue[n])
	}
	if err := w.lift(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	w.provider.crash = nil
	w.run(holds.EffectLift, holds.EffectContain)
	for id, h := range w.holds {
		if id != first.Hold && (h.Standing == holds.Contained) != w.provider.account.Restrained {
			t.Fatalf("labelled %s; in the group: %v", h.Standing, w.provider.account.Restrained)
		}
	}
}

func approvedFrom(t *testing.T, w *world) *world {
	w.run(holds.EffectContain)
	ctx, key := context.Background(), w.key(t)
	for _, e := range []holds.Evidence{
		{Kind: holds.Callback, Requester: "olga", Reference: "call 17", Point: "p1"},
		{Kind: holds.ManagerConfirmed, Requester: "olga", Reference: "chat 4"},
	} {
		if _, err := w.Check(ctx, key, "vera", w.the(t).Version, e); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Keeper.Decide(ctx, key, "adam", holds.Approve, w.the(t).Version, "x"); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestLiftAgainWhenSomebodyPutsItBack by a call and an intent of its own.
func TestLiftAgainWhenSomebodyPutsItBack(t *testing.T) {
	w := approved(t, newWorld(t))
	once := true
	w.provider.crash = func(a holds.Action) {
		if a.Kind == holds.LeaveRestraintGroup && once {
			once = false
			w.provider.account.Restrained = true // a group rule of the organisation put it back
		}
	}
	w.run(holds.EffectLift)
	if w.the(t).State != holds.Released {
		t.Fatalf("hold %s; restrained %v", w.the(t).State, w.provider.account.Restrained)
	}
}

// TestSuspendEvenIfTheGroupFails: one way to restrain fails, the others are taken.
func TestSuspendEvenIfTheGroupFails(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	c := w.connections["acme-okta"]
	c.Provider = onlyGroup{w.provider}
	w.connections["acme-okta"] = c
	w.run(holds.EffectContain)
	if w.provider.account.Status != holds.StatusSuspended {
		t.Fatalf("the account was not suspended because the group refused")
	}
}

type onlyGroup struct{ *provider }

func (p onlyGroup) Do(ctx context.Context, a holds.Action) (holds.Result, error) {
	if a.Kind == holds.JoinRestraintGroup {
		return holds.Result{}, holds.Refuse(holds.Forbidden, "no groups.manage")
	}
	return p.provider.Do(ctx, a)
}

// TestOwnerLeavesBeforeTheMessage: people hear that nobody was told.
func TestOwnerLeavesBeforeTheMessage(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectTell)
	delete(w.people, "olga")
	errs := w.run(holds.EffectSend)
	if h := w.the(t); h.Untold == "" || len(errs) > 0 {
		t.Fatalf("untold %q, %v", h.Untold, errs)
	}
}

// TestLateCallIsLifted: the process died after a call that came after the lift
// had looked.
func TestLateCallIsLifted(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.before = 100
	j := take(t, w, holds.EffectContain)
	_ = w.contain(context.Background(), j) // intents, no call took effect
	w = approvedFrom(t, w)
	w.queue = slices.DeleteFunc(w.queue, func(j holds.Job) bool { return j.Kind == holds.EffectContain })
	w.provider.before = 0
	w.run(holds.EffectLift)
	w.provider.account.Restrained = true // the call that was under way
	if err := w.contain(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	w.run(holds.EffectLift)
	if w.provider.account.Restrained || w.the(t).State != holds.Released {
		t.Fatalf("hold %s, in the group %v", w.the(t).State, w.provider.account.Restrained)
	}
}

// TestE4NotMeWhileAnotherHoldIsOpen: the word about the released hold reaches
// people though no second open hold can be made.
func TestE4NotMeWhileAnotherHoldIsOpen(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectTell)
	w = approvedFrom(t, w)
	w.run(holds.EffectLift)
	first := w.the(t).ID
	next := resetAll("e2")
	next.Occurred = start.Add(time.Hour)
	w.happens(t, next)
	w.queue = nil
	for id, n := range w.notices {
		if n.Hold != first {
			continue
		}
		if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
			t.Fatal(err)
		}
	}
	if !w.holds[first].Frozen() || len(w.holds) != 2 {
		t.Fatalf("%d holds, the word: %v", len(w.holds), w.holds[first].NotMe)
	}
	take(t, w, holds.EffectPage)
}

// TestC13OwnCredentialInOtherHands: what it does to an account is held like
// everybody else's doing, and is tamper besides.
func TestC13OwnCredentialInOtherHands(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Actor = holds.Party{ID: "00uourselves", Kind: holds.PartyToken, Own: true}
	w.happens(t, e)
	w.run(holds.EffectContain)
	if h := contained(t, w); h.Class != holds.Tamper || !h.Terms.Tell {
		t.Fatalf("%s, told %v", h.Class, h.Terms.Tell)
	}
}

// TestSlowProviderKeepsNobodyFromBeingPaged.
func TestSlowProviderKeepsNobodyFromBeingPaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.happens(t, resetAll("e1"))
		w.run(holds.EffectContain)
		c := w.connections["acme-okta"]
		c.Provider = hanging{w.provider}
		w.connections["acme-okta"] = c
		ctx, cancel := context.WithCancel(t.Context())
		w.now = w.now.Add(10 * time.Minute)
		go func() { _ = w.Sweep(ctx) }()
		synctest.Wait()
		w.later.Store(int64(24 * time.Hour))
		<-time.After(sweepEvery + time.Second)
		synctest.Wait()
		if n := w.the(t).Escalations; n == 0 {
			t.Error("nobody was paged while the provider did not answer")
		}
		cancel()
		synctest.Wait()
	})
}

type hanging struct{ *provider }

func (hanging) Snapshot(ctx context.Context, _ string) (holds.Snapshot, error) {
	<-ctx.Done()
	return holds.Snapshot{}, holds.Because(holds.Unavailable, ctx.Err(), "no answer")
}

// TestG6MendedRulesAreSeen: the account is called contained once the rules of
// its group are in force again.
func TestG6MendedRulesAreSeen(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.rules = holds.Enforcement{Problems: []string{"the deny rule is not first"}}
	w.provider.refuse = map[holds.ActionKind]string{holds.SuspendAccount: "in recovery"}
	j := take(t, w, holds.EffectContain)
	if err := w.contain(t.Context(), j); holds.KindOf(err) != holds.Unavailable || w.the(t).Containment != holds.ContainmentFailed {
		t.Fatalf("%s %v", w.the(t).Containment, err)
	}
	w.provider.rules = holds.Enforcement{InForce: true}
	if err := w.contain(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	contained(t, w)
}
