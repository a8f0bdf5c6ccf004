package jobs

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// BenchmarkPickUp measures from the end of the commit to the first line of the
// handler, one job at a time.
func BenchmarkPickUp(b *testing.B) {
	began := make(chan time.Time, 1)
	r := newRig(b)
	o := r.options(only(holds.EffectTell, func(context.Context, holds.Job) error {
		began <- time.Now()
		return nil
	}))
	o.tuning.poll = 0 // as shipped
	r.start(o)
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		j := job(holds.EffectTell, "h")
		j.Round = n
		r.enqueue(j)
		committed := time.Now()
		r.inserter.Kick()
		took = append(took, wait(b, began).Sub(committed))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}
