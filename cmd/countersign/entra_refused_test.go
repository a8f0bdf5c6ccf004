package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// Refused notifications reach the database at once, but not as often as
// strangers send them; none is lost when it is down or when the service ends.
func TestRefusalsAreWrittenInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, began := newRefusals(), time.Now()
		type written struct {
			At   time.Duration
			Conn holds.ConnectionID
			N    int
		}
		var got []written
		var down atomic.Bool
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.run(ctx, func(ctx context.Context, conn holds.ConnectionID, n int) error {
				if ctx.Err() != nil {
					t.Error("there is no time left to write")
				}
				if down.Load() {
					return errors.New("the database is down")
				}
				got = append(got, written{time.Since(began), conn, n})
				return nil
			})
		}()
		wait := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		wait(time.Minute)
		r.add("a", 2)
		synctest.Wait()
		for range 100 {
			r.add("a", 1)
		}
		wait(9 * time.Second)
		down.Store(true)
		r.add("b", 1)
		wait(time.Minute)
		down.Store(false)
		wait(10 * time.Second)
		r.add("b", 5)
		stop()
		<-ended
		sum := map[holds.ConnectionID]int{}
		for _, w := range got {
			sum[w.Conn] += w.N
		}
		if diff := cmp.Diff(map[holds.ConnectionID]int{"a": 102, "b": 6}, sum); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
		if got[0] != (written{time.Minute, "a", 2}) || len(got) > 5 {
			t.Errorf("written %v", got)
		}
	})
}
