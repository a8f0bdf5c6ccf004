//go:build slow

package pgstore_test

import (
	"os"
	"testing"
)

// H10, H11: what a claim costs with a backlog behind it, for the log. The whole
// form is a million rows and a hundred thousand churned.
func TestH11CostOfClaims(t *testing.T) {
	if os.Getenv("COUNTERSIGN_SOAK") != "" {
		costOfClaims(t, 1_000_000, 100_000, 2000)
		return
	}
	costOfClaims(t, 50_000, 10_000, 300)
}
