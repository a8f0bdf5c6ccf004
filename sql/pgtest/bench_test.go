package pgtest

import (
	"sync/atomic"
	"testing"
)

// BenchmarkNew is what a test pays for its database.
func BenchmarkNew(b *testing.B) {
	var built atomic.Int32
	for b.Loop() {
		New(b, "bench", preparer(&built))
	}
}
