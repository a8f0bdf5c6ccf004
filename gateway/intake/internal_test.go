package intake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestLookupIsSharedAndNeverStale: while one reading is under way, all who ask
// share the next, which begins after they asked; so what was announced the
// moment before is found, and strangers cannot make many readings.
func TestLookupIsSharedAndNeverStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		announced, readings := 0, 0
		release := make(chan struct{})
		l := &lookup{most: time.Minute, read: func(context.Context) ([]holds.Feed, error) {
			readings++
			seen := make([]holds.Feed, announced)
			<-release
			return seen, nil
		}}
		answers := make(chan int, 100)
		ask := func() {
			go func() {
				feeds, err := l.get(t.Context())
				if err != nil {
					t.Error(err)
				}
				answers <- len(feeds)
			}()
			synctest.Wait()
		}
		ask()         // a stranger; the reading begins
		announced = 1 // a subscription is announced
		for range 50 {
			ask()
		}
		release <- struct{}{}
		if got := <-answers; got != 0 {
			t.Errorf("the first asked before the announcement and was told of %d", got)
		}
		release <- struct{}{}
		for range 50 {
			if got := <-answers; got != 1 {
				t.Errorf("who asked after the announcement was told of %d", got)
			}
		}
		if readings != 2 {
			t.Errorf("%d readings for 51 callers", readings)
		}
		synctest.Wait()
		ask() // nothing is kept, and nothing runs on
		release <- struct{}{}
		if <-answers; readings != 3 {
			t.Errorf("%d readings", readings)
		}
	})
}

// TestLookupEnds: a reading is given up, and so is waiting for one.
func TestLookupEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lookup{most: time.Second, read: func(ctx context.Context) ([]holds.Feed, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		began := time.Now()
		if _, err := l.get(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp()
		if _, err := l.get(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who is gone still waits: %v", err)
		}
		<-time.After(2 * time.Second)
		synctest.Wait()
		if l.running {
			t.Error("it reads for nobody")
		}
	})
}
