//go:build slow

package modeltest

import (
	"testing"
	"time"
)

// TestModelLonger plays sequences that the quick test does not.
func TestModelLonger(t *testing.T) {
	Tune(t, 150, 4711, 20*time.Second)
	Check(t, memory, nil)
}
