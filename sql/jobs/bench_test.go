package jobs

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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
		r.inserter.Kick(j)
		took = append(took, wait(b, began).Sub(committed))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}

// BenchmarkStorm measures how often queues are looked into, and how long a look
// takes, while holds are opened one after the other by two writers: each commit
// queues a containment, a telling and a look back, and the telling queues a message.
func BenchmarkStorm(b *testing.B) {
	r := newRig(b)
	var mu sync.Mutex
	var looks, empty int
	var spent time.Duration
	handlers := map[holds.EffectKind]Handler{}
	ran := make(chan struct{}, 4*b.N+64)
	done := func(context.Context, holds.Job) error {
		ran <- struct{}{}
		return nil
	}
	for _, k := range holds.EffectKinds() {
		handlers[k] = done
	}
	queue := func(jobs ...holds.Job) error {
		tx, err := r.pool.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if err := r.inserter.Enqueue(context.Background(), tx, jobs...); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		r.inserter.Kick(jobs...)
		return nil
	}
	handlers[holds.EffectTell] = func(_ context.Context, j holds.Job) error {
		ran <- struct{}{}
		return queue(job(holds.EffectSend, j.Key.Hold))
	}
	o := r.options(handlers)
	o.tuning.poll = 0 // as shipped
	o.tuning.looked = func(_ string, took time.Duration, found int) {
		mu.Lock()
		defer mu.Unlock()
		looks++
		spent += took
		if found == 0 {
			empty++
		}
	}
	r.start(o)
	var next atomic.Int64
	b.SetParallelism(1)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			hold := holds.HoldID(fmt.Sprint("h", next.Add(1)))
			if err := queue(job(holds.EffectContain, hold), job(holds.EffectTell, hold), job(holds.EffectLookBack, hold)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	for range 4 * b.N {
		<-ran
	}
	b.StopTimer()
	mu.Lock()
	defer mu.Unlock()
	b.ReportMetric(float64(looks)/float64(4*b.N), "looks/job")
	b.ReportMetric(float64(empty)/float64(looks), "empty/look")
	b.ReportMetric(float64(spent.Microseconds())/float64(looks), "µs/look")
}
