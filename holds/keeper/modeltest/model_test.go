package modeltest

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/countersign/countersign/holds/keeper/keepertest"
)

func memory() keepertest.Bench { return keepertest.NewMemory(Setup()) }

// TestModel plays the same sequences every time.
func TestModel(t *testing.T) {
	Tune(t, 120, 20261102, 20*time.Second)
	Check(t, memory, nil)
}

// TestModelSoak plays 10⁵ sequences, others every time, or as many as
// COUNTERSIGN_SOAK_SEQUENCES says.
func TestModelSoak(t *testing.T) {
	if os.Getenv("COUNTERSIGN_SOAK") == "" {
		t.Skip("COUNTERSIGN_SOAK is not set: this takes the better part of an hour")
	}
	Tune(t, sequences(100_000), 0, 2*time.Minute)
	Check(t, memory, nil)
}

func sequences(all int) int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERSIGN_SOAK_SEQUENCES")); err == nil {
		return n
	}
	return all
}
