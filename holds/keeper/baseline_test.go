package keeper

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestBaselineReadsEveryLinkedAccountOnceADay.
func TestBaselineReadsEveryLinkedAccountOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.people["olga"] = holds.Person{ID: "olga", Accounts: []holds.PersonAccount{{Connection: "acme-okta", Account: "00uvictim"}, {Connection: "other", Account: "x"}}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Baseline(ctx) }()
		synctest.Wait()
		if len(w.snapshots) != 1 {
			t.Fatalf("%d before-images at the start", len(w.snapshots))
		}
		w.later.Store(int64(time.Minute))
		<-time.After(2 * baselineLoop)
		synctest.Wait()
		if len(w.snapshots) != 1 {
			t.Fatal("a young before-image was taken again")
		}
		w.later.Store(int64(25 * time.Hour))
		<-time.After(baselineLoop)
		synctest.Wait()
		if len(w.snapshots) != 2 {
			t.Fatalf("%d before-images after a day", len(w.snapshots))
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
