package keeper

import (
	"context"
	"testing"

	"github.com/countersign/countersign/holds"
)

// TestF10DecisionAfterTheEnd is refused, changes nothing and is on record, whoever
// makes it and whatever it is; one that merely comes too late for its version is
// no more than refused.
func TestF10DecisionAfterTheEnd(t *testing.T) {
	entries := func(w *world) (out []holds.Entry) {
		for _, e := range w.entries {
			if e.Kind == "decision.refused" {
				out = append(out, e)
			}
		}
		return out
	}
	for name, end := range map[string]func(*testing.T, *world){
		"F10 released": func(t *testing.T, w *world) {
			approved(t, w)
			w.run(holds.EffectLift)
			if w.the(t).State != holds.Released {
				t.Fatal(w.the(t).State)
			}
		},
		"F10 a release that has begun": func(t *testing.T, w *world) {
			approved(t, w)
			w.provider.before = 1000
			_ = w.Handlers()[holds.EffectLift](context.Background(), take(t, w, holds.EffectLift))
			if w.the(t).ReleaseBegun.IsZero() {
				t.Fatal("it has not begun")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			end(t, w)
			was := w.the(t)
			kinds := []holds.DecisionKind{holds.Approve, holds.Deny, holds.RemoveAccess, holds.Restore}
			for _, kind := range kinds {
				if _, err := w.Keeper.Decide(context.Background(), w.key(t), "beth", kind, was.Version, "because"); holds.KindOf(err) != holds.Conflict {
					t.Errorf("%s: %v", kind, err)
				}
			}
			is := w.the(t)
			if is.State != was.State || is.Version != was.Version || len(is.Decisions) != len(was.Decisions) {
				t.Errorf("something was done: %+v", is)
			}
			got := entries(w)
			if len(got) != len(kinds) {
				t.Fatalf("%d attempts are on record, want %d", len(got), len(kinds))
			}
			if e := got[0]; e.By != holds.ByPerson("beth") || e.Facts["state"] != string(was.State) {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("F10 a button pressed twice is no second decision", func(t *testing.T) {
		w := approved(t, newWorld(t))
		w.run(holds.EffectLift)
		d := w.the(t).Decisions[0]
		if _, err := w.Keeper.Decide(context.Background(), w.key(t), d.Approver, d.Kind, d.Version, "again"); holds.KindOf(err) != holds.Conflict || len(entries(w)) != 0 {
			t.Errorf("%v, %v", err, entries(w))
		}
	})
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	if _, err := w.Keeper.Decide(context.Background(), w.key(t), "beth", holds.Deny, 9, "because"); holds.KindOf(err) != holds.Conflict || len(entries(w)) != 0 {
		t.Errorf("a stale page: %v, %v", err, entries(w))
	}
}
