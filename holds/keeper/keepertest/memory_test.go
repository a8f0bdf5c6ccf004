package keepertest_test

import (
	"testing"

	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// TestMemoryKeepsThePorts runs the suite that the store over Postgres runs.
func TestMemoryKeepsThePorts(t *testing.T) {
	keepertest.Run(t, func(_ *testing.T, s keepertest.Setup) keepertest.Bench { return keepertest.NewMemory(s) })
}
