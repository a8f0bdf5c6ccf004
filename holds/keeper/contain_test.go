package keeper

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

func contained(t *testing.T, w *world) holds.Hold {
	t.Helper()
	h := w.the(t)
	if h.Standing != holds.Contained || h.Containment != holds.ContainmentConfirmed {
		t.Fatalf("%s, containment %s, doubts %v", h.Standing, h.Containment, h.Doubts)
	}
	return h
}

// onceEach asserts that every call to the provider took effect exactly once.
func onceEach(t *testing.T, w *world, kinds ...holds.ActionKind) {
	t.Helper()
	for _, k := range kinds {
		if n := w.provider.effects[k]; n != 1 {
			t.Errorf("I3: %s took effect %d times", k, n)
		}
	}
	for _, i := range w.intents {
		if !i.Done() {
			t.Errorf("I3: intent %s has no outcome", i.Action.Kind)
		}
	}
}

func TestContainThenLabel(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	if errs := w.run(holds.EffectContain); len(errs) > 0 {
		t.Fatal(errs)
	}
	contained(t, w)
	onceEach(t, w, holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount)
}

// TestG7G8LostAnswersAndCrashes: at every call, the answer is lost before or
// after the effect, or the process dies; each action takes effect once.
func TestG7G8LostAnswersAndCrashes(t *testing.T) {
	for name, break1 := range map[string]func(*world){
		"G7 provider fails before applying":  func(w *world) { w.provider.before = 2 },
		"G7 provider fails after applying":   func(w *world) { w.provider.after = 1 },
		"G8 intent row: answer lost":         func(w *world) { w.fail["Update"] = failure{after: 1} },
		"G8 intent row: not written":         func(w *world) { w.fail["Update"] = failure{before: 1} },
		"G8 outcome row: answer lost":        func(w *world) { w.fail["Outcome"] = failure{after: 1} },
		"G8 outcome row: not written":        func(w *world) { w.fail["Outcome"] = failure{before: 1} },
		"G8 every outcome row fails at once": func(w *world) { w.fail["Outcome"] = failure{before: 3} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.happens(t, resetAll("e1"))
			break1(w)
			w.run(holds.EffectContain)
			contained(t, w)
			// Clearing sessions cannot be read back and may be repeated.
			onceEach(t, w, holds.JoinRestraintGroup, holds.SuspendAccount)
		})
	}
}

// TestG5OutageIsVisible: the hold says that it is not restrained, people are
// paged, and the job goes on until it is.
func TestG5OutageIsVisible(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.before = 15
	j := take(t, w, holds.EffectContain)
	for j.Attempt = 1; j.Attempt <= 5; j.Attempt++ {
		if err := w.contain(context.Background(), j); holds.KindOf(err) != holds.Unavailable {
			t.Fatalf("attempt %d: %v", j.Attempt, err)
		}
		want := holds.ContainmentRequested
		if j.Attempt >= 3 {
			want = holds.ContainmentFailed
		}
		if h := w.the(t); h.Containment != want || h.Standing != holds.Observed {
			t.Fatalf("attempt %d: %s %s", j.Attempt, h.Containment, h.Standing)
		}
	}
	if h := w.the(t); !strings.Contains(strings.Join(h.Doubts, ";"), "the provider is down") {
		t.Fatalf("the hold does not say why: %v", h.Doubts)
	}
	if err := w.contain(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	contained(t, w)
}

func take(t *testing.T, w *world, kind holds.EffectKind) holds.Job {
	t.Helper()
	for n, j := range w.queue {
		if j.Kind == kind {
			w.queue = append(w.queue[:n:n], w.queue[n+1:]...)
			return j
		}
	}
	t.Fatalf("no %s job is queued", kind)
	return holds.Job{}
}

// TestG6PartialSuccessIsNotContained: group and sessions work, the group's rules
// are not in force and the account cannot be suspended.
func TestG6PartialSuccessIsNotContained(t *testing.T) {
	w := newWorld(t)
	w.provider.rules = holds.Enforcement{Problems: []string{"the deny rule is not first"}}
	w.provider.refuse = map[holds.ActionKind]string{holds.SuspendAccount: "the account is in recovery and cannot be suspended"}
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	h := w.the(t)
	if h.Standing != holds.Observed || h.Containment != holds.ContainmentFailed {
		t.Fatalf("called %s", h.Standing)
	}
	for _, want := range []string{"deny rule is not first", "in recovery"} {
		if !strings.Contains(strings.Join(h.Doubts, ";"), want) {
			t.Errorf("the hold does not say %q: %v", want, h.Doubts)
		}
	}
}

// TestG9DriftIsRestrainedAgain.
func TestG9DriftIsRestrainedAgain(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	w.provider.account.Status, w.provider.account.Restrained = holds.StatusActive, false
	w.now = w.now.Add(time.Hour)
	w.Drift(context.Background())
	if h := w.the(t); h.Standing != holds.Observed || h.ContainRound != 2 {
		t.Fatalf("%s in round %d", h.Standing, h.ContainRound)
	}
	w.run(holds.EffectContain)
	contained(t, w)
	revision := w.the(t).Revision
	w.now = w.now.Add(time.Hour)
	entries := len(w.entries)
	w.Drift(context.Background())
	if h := contained(t, w); h.Revision == revision || len(w.entries) != entries {
		t.Fatal("a clean read-back was not noted, or filled the audit log")
	}
}

// TestG11ReleaseRestoresWhatWeChanged and nothing else.
func TestG11ReleaseRestoresWhatWeChanged(t *testing.T) {
	t.Run("G11 all ours", func(t *testing.T) {
		w := approved(t, newWorld(t))
		w.run(holds.EffectLift)
		if a := w.provider.account; a.Restrained || a.Status != holds.StatusActive || w.the(t).State != holds.Released {
			t.Fatalf("%+v, hold %s", a, w.the(t).State)
		}
	})
	t.Run("G11 suspended before us", func(t *testing.T) {
		w := newWorld(t)
		w.provider.account.Status = holds.StatusSuspended
		w = approved(t, w)
		w.run(holds.EffectLift)
		if a := w.provider.account; a.Restrained || a.Status != holds.StatusSuspended {
			t.Fatalf("%+v", a)
		}
	})
	t.Run("G11 taken out of the group by somebody", func(t *testing.T) {
		w := approved(t, newWorld(t))
		w.provider.account.Restrained = false
		w.run(holds.EffectLift)
		if n := w.provider.effects[holds.LeaveRestraintGroup]; n != 0 || w.the(t).State != holds.Released {
			t.Fatalf("left the group %d times, hold %s", n, w.the(t).State)
		}
	})
	t.Run("G7 lift answers lost", func(t *testing.T) {
		w := approved(t, newWorld(t))
		w.provider.after, w.fail["Outcome"] = 1, failure{before: 1}
		w.run(holds.EffectLift)
		if w.the(t).State != holds.Released {
			t.Fatalf("hold %s", w.the(t).State)
		}
		onceEach(t, w, holds.LeaveRestraintGroup, holds.UnsuspendAccount)
	})
}

// TestG12AccountDeletedMeanwhile: the release is a no-op with a remark.
func TestG12AccountDeletedMeanwhile(t *testing.T) {
	w := approved(t, newWorld(t))
	w.provider.prior = true
	w.run(holds.EffectLift)
	if h := w.the(t); h.State != holds.Released || len(h.Doubts) == 0 || w.provider.effects[holds.LeaveRestraintGroup] != 0 {
		t.Fatalf("%s %v", h.State, h.Doubts)
	}
}

// TestG13RefusedCredential: people hear of it at once, the hold stays, and the
// job waits for the credential to be mended.
func TestG13RefusedCredential(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.provider.before, w.provider.err = 1, holds.Refuse(holds.Forbidden, "the token lacks okta.groups.manage")
	j := take(t, w, holds.EffectContain)
	if err := w.contain(context.Background(), j); holds.KindOf(err) != holds.Unavailable {
		t.Fatalf("the job gave up: %v", err)
	}
	if h := w.the(t); h.Containment != holds.ContainmentFailed || !strings.Contains(strings.Join(h.Doubts, ""), "okta.groups.manage") {
		t.Fatalf("%s %v", h.Containment, h.Doubts)
	}
	if err := w.contain(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	contained(t, w)
}

// TestOldEpochMustNotAct: a replica from before a restore.
func TestOldEpochMustNotAct(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.epoch = 4
	if errs := w.run(holds.EffectContain); len(errs) != 1 || holds.KindOf(errs[0]) != holds.Forbidden || len(w.provider.calls) != 0 {
		t.Fatalf("%v, calls %v", errs, w.provider.calls)
	}
}

// approved brings a contained hold to approved through the keeper's doors.
func approved(t *testing.T, w *world) *world {
	t.Helper()
	w.happens(t, resetAll("e1"))
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
	h, err := w.Keeper.Decide(ctx, key, "adam", holds.Approve, w.the(t).Version, "spoke to her manager")
	if err != nil || h.State != holds.Approved {
		t.Fatalf("%s %v", h.State, err)
	}
	return w
}

// TestWhatCannotBeDoneIsSaid: a request the provider calls wrong is not repeated
// for ever in silence, and an account that cannot be read is said to be so.
func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	for name, broken := range map[string]func(*world){
		"every call is called wrong": func(w *world) {
			w.provider.before, w.provider.err = 100, holds.Refuse(holds.Invalid, "Okta calls the request wrong")
		},
		"the account cannot be named": func(w *world) { w.provider.unreadable = holds.Refuse(holds.Invalid, "that is no id of an account") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			broken(w)
			w.happens(t, resetAll("e1"))
			if errs := w.run(holds.EffectContain); len(errs) > 0 {
				t.Fatalf("tried again: %v", errs)
			}
			if h := w.the(t); h.Containment != holds.ContainmentFailed || len(h.Doubts) == 0 {
				t.Fatalf("%s %v", h.Containment, h.Doubts)
			}
			take(t, w, holds.EffectPage)
		})
	}
}

// TestC7AnAccountThatIsNotThere is not called contained: nothing was read back.
func TestC7AnAccountThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	w.provider.prior = true
	w.happens(t, resetAll("e1"))
	if errs := w.run(holds.EffectContain); len(errs) > 0 {
		t.Fatal(errs)
	}
	h := w.the(t)
	if h.Standing != holds.Observed || h.Containment != holds.ContainmentFailed || !strings.Contains(strings.Join(h.Doubts, " "), "no longer exists") {
		t.Errorf("%s, containment %s, doubts %v", h.Standing, h.Containment, h.Doubts)
	}
	if len(w.provider.calls) != 0 {
		t.Errorf("calls were made: %v", w.provider.calls)
	}
}
