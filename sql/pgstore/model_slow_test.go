//go:build slow

package pgstore_test

import "testing"

// TestModelOverPostgresLonger plays sequences that the quick test does not.
func TestModelOverPostgresLonger(t *testing.T) { play(t, 5, 4711) }
