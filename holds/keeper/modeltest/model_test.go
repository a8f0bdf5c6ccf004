package modeltest

import (
	"os"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

func memory() keepertest.Bench { return keepertest.NewMemory(Setup()) }

// TestModel plays the same sequences every time, and comes to every kind of end.
func TestModel(t *testing.T) {
	Tune(t, 100, 20261102, 20*time.Second)
	ends := map[string]int{}
	check(t, memory, nil, func(h *History) { count(ends, h) })
	for _, end := range []string{
		"pending", "released", "reverted", "given back", "frozen", "continued", "following", "told only", "contained", "spared",
		"lifted", "found in force", "announced and never tried", "expected", "escalated",
	} {
		if ends[end] == 0 {
			t.Errorf("no sequence has come to a hold or a call that was %s: %v", end, ends)
		}
	}
	t.Log(ends)
}

// count counts what became of holds and calls.
func count(ends map[string]int, h *History) {
	is := func(what string, so bool) {
		if so {
			ends[what]++
		}
	}
	for _, hold := range h.Now.Holds {
		ends[string(hold.State)]++
		is("given back", !hold.RestoreBegun.IsZero())
		is("frozen", hold.Frozen())
		is("continued", hold.Previous != "" && hold.Round > 0)
		is("following", hold.Leader != "")
		is("told only", hold.ToldOnly)
		is("contained", hold.Standing == holds.Contained)
		is("spared", hold.Exempt != "")
		is("expected", !hold.Expectation.Met.IsZero() && !hold.ToldOnly)
		is("escalated", hold.Escalations > 0)
	}
	for _, i := range h.Now.Intents {
		is("lifted", i.Purpose == holds.ToLift && i.Done())
		is("found in force", i.Result.Status == holds.Applied && i.Result.Detail != "")
		is("announced and never tried", i.Tried.IsZero())
	}
}

// TestModelSoak plays 10⁵ sequences, others every time, or as many as
// COUNTERSIGN_SOAK_SEQUENCES says.
func TestModelSoak(t *testing.T) {
	soak(t)
	Tune(t, Sequences(100_000), 0, 2*time.Minute)
	Check(t, memory, nil)
}

// soak leaves a test out that takes long.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("COUNTERSIGN_SOAK") == "" {
		t.Skip("COUNTERSIGN_SOAK is not set: this takes the better part of an hour")
	}
}
