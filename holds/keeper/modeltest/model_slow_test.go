//go:build slow

package modeltest

import (
	"testing"
	"time"
)

// TestModelLonger plays sequences that the quick test does not.
func TestModelLonger(t *testing.T) {
	Tune(t, 600, 4711, 20*time.Second)
	Check(t, memory, nil)
}

// TestTheModelBitesRarely: mutations that take several hundred sequences to find.
func TestTheModelBitesRarely(t *testing.T) { bites(t, true) }
