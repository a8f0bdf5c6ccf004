package keeper

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// looked is an inbox that says how often somebody looked, and has one delivery
// when told.
type looked struct {
	Inbox
	waits, decided, looks atomic.Int64
}

func (l *looked) Decide(context.Context, time.Time, func(holds.Delivery) ([]holds.Event, error), func(holds.Question) (holds.Answer, error)) (bool, error) {
	l.looks.Add(1)
	if l.waits.Load() == 0 {
		return false, nil
	}
	l.waits.Add(-1)
	l.decided.Add(1)
	return true, nil
}

// TestH9ALostSignal: a delivery of which nobody was told is decided within a
// second, and one of which somebody was told at once.
func TestH9ALostSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inbox := &looked{}
		k := New(Options{Inbox: inbox, Now: time.Now})
		ctx, stop := context.WithCancel(t.Context())
		wake := make(chan struct{})
		go func() { _ = k.Classify(ctx, wake) }()
		synctest.Wait()
		inbox.waits.Store(1)
		synctest.Wait()
		if inbox.decided.Load() != 0 || inbox.looks.Load() != 1 {
			t.Fatal("it was found without a signal and without looking: this proves nothing")
		}
		<-time.After(time.Second + time.Millisecond)
		synctest.Wait()
		if inbox.decided.Load() != 1 {
			t.Error("a second after a lost signal nobody has looked")
		}
		inbox.waits.Store(1)
		wake <- struct{}{}
		synctest.Wait()
		if inbox.decided.Load() != 2 {
			t.Error("the signal woke nobody")
		}
		stop()
		synctest.Wait()
	})
}

// slow is an inbox whose deliveries take an hour each to decide.
type slow struct {
	Inbox
	waits, at, most atomic.Int64
}

func (s *slow) Decide(context.Context, time.Time, func(holds.Delivery) ([]holds.Event, error), func(holds.Question) (holds.Answer, error)) (bool, error) {
	if s.waits.Add(-1) < 0 {
		s.waits.Add(1)
		return false, nil
	}
	s.most.Store(max(s.most.Load(), s.at.Add(1)))
	<-time.After(time.Hour)
	s.at.Add(-1)
	return true, nil
}

// TestD5ASlowDeliveryHoldsUpNoOther: as many are decided at a time as was asked for,
// and no more; one that takes long holds up none.
func TestD5ASlowDeliveryHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inbox := &slow{}
		inbox.waits.Store(10)
		k := New(Options{Inbox: inbox, Now: time.Now, Classifiers: 3})
		ctx, stop := context.WithCancel(t.Context())
		began := time.Now()
		go func() { _ = k.Classify(ctx, nil) }()
		for inbox.waits.Load() > 0 || inbox.at.Load() > 0 {
			<-time.After(time.Minute)
		}
		if took := time.Since(began); took > 5*time.Hour || inbox.most.Load() != 3 {
			t.Errorf("ten that take an hour each took %s, %d at a time", took, inbox.most.Load())
		}
		stop()
		synctest.Wait()
	})
}
