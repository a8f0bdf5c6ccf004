package keeper

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/holds"
)

// entries are the audit entries of a kind.
func (w *world) entriesOf(kind string) (n int) {
	for _, e := range w.entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestI3AGivenUpContainmentHasAnOutcome: a run that dies over a call, while people let
// the account go or a later round restrains it, leaves no call without an outcome.
func TestI3AGivenUpContainmentHasAnOutcome(t *testing.T) {
	for name, moveOn := range map[string]func(*world){
		"given back": func(w *world) {
			approvedFrom(t, w)
			w.run(holds.EffectLift)
		},
		"restrained once more": func(w *world) {
			h := w.the(t)
			h.ContainRound++
			w.holds[h.ID] = h
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.happens(t, resetAll("e1"))
			j := take(t, w, holds.EffectContain)
			w.fail["Outcome"] = failure{before: 1}
			if err := w.Handlers()[j.Kind](t.Context(), j); err == nil {
				t.Fatal("the run did not fail")
			}
			moveOn(w)
			j.Attempt++
			if err := w.Handlers()[j.Kind](t.Context(), j); err != nil {
				t.Fatal(err)
			}
			w.run(holds.EffectLift)
			if open := slices.ContainsFunc(w.intents, func(i holds.Intent) bool { return !i.Tried.IsZero() && !i.Done() }); open {
				t.Fatalf("a call has no outcome: %+v", w.intents)
			}
			if name == "given back" && w.provider.account.Restrained {
				t.Fatal("the account is restrained by nobody's hold")
			}
		})
	}
}

// TestI5BeginningAReleaseIsInTheLog: from there on nothing can be recalled, whether or
// not there is anything to lift.
func TestI5BeginningAReleaseIsInTheLog(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Subjects[0].ID = "00ubreakglass"
	w.happens(t, e)
	approvedFrom(t, w)
	w.run(holds.EffectLift)
	if w.the(t).State != holds.Released || w.entriesOf("release.begun") != 1 || w.entriesOf("intent.recorded") != 0 {
		t.Fatalf("%s, %d entries", w.the(t).State, w.entriesOf("release.begun"))
	}
}

// TestI5RepudiationAfterAReleaseIsInTheLog: on the hold that the owner's word is about,
// and on the one that goes on.
func TestI5RepudiationAfterAReleaseIsInTheLog(t *testing.T) {
	w := approved(t, newWorld(t))
	w.run(holds.EffectLift)
	if err := w.ownerSays(t.Context(), w.key(t), true, false); err != nil {
		t.Fatal(err)
	}
	if w.entriesOf("owner.not_me") != 1 || w.entriesOf("hold.continued") != 1 {
		t.Fatalf("%d and %d entries", w.entriesOf("owner.not_me"), w.entriesOf("hold.continued"))
	}
}

// TestF10ADecisionAfterTheEndIsRefused, of every kind, on a hold that was released and
// on one that was given back after a deny, and changes nothing.
func TestF10ADecisionAfterTheEndIsRefused(t *testing.T) {
	for name, ended := range map[string]func(*world){
		"released": func(w *world) { w.run(holds.EffectLift) },
		"given back": func(w *world) {
			h := w.the(t)
			h.State, h.Outcome, h.Containment, h.Standing = holds.Reverted, holds.Deny, holds.ContainmentLifted, holds.Observed
			w.holds[h.ID] = h
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := approved(t, newWorld(t))
			ended(w)
			was := w.the(t)
			for _, kind := range []holds.DecisionKind{holds.Approve, holds.Deny, holds.RemoveAccess, holds.Restore} {
				_, err := w.Keeper.Decide(t.Context(), w.key(t), "anna", kind, was.Version, "too late")
				if k := holds.KindOf(err); err == nil || k != holds.Conflict && k != holds.Forbidden {
					t.Errorf("%s: %v", kind, err)
				}
			}
			if now := w.the(t); now.Version != was.Version || now.State != was.State || len(now.Decisions) != len(was.Decisions) {
				t.Errorf("it became %s with %d decisions", now.State, len(now.Decisions))
			}
		})
	}
}
