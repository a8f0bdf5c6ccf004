package pgstore_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// narrow is a store with two connections.
func (w *world) narrow() *pgstore.Store {
	w.Helper()
	w.opts.MaxConns = 2
	return w.open()
}

// changing waits until so many changes of a hold are under way.
func (w *world) changing(s *pgstore.Store, key holds.Key, many int) {
	w.Helper()
	late := time.After(time.Minute)
	for s.Changing(key) != many {
		select {
		case <-late:
			w.Fatalf("%d changes are under way, not %d", s.Changing(key), many)
		case <-time.After(time.Millisecond):
		}
	}
}

// F8: fifty clicks on one button take turns, and keep nobody else from the database.
func TestF8ManyChangesOfOneHoldKeepNobodyOut(t *testing.T) {
	w := newWorld(t)
	one, other := keyOf(w.held("00u1")), keyOf(w.held("00u2"))
	s := w.narrow()
	began, goOn := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	version := 0
	change := func(wait bool) {
		_, err := s.Update(t.Context(), one, at(6), func(h holds.Hold) (*holds.Change, error) {
			if wait {
				close(began)
				<-goOn
			}
			version++ // nobody else is here
			h.Version = version
			return &holds.Change{Hold: h}, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	all.Go(func() { change(true) })
	<-began
	for range 49 {
		all.Go(func() { change(false) })
	}
	w.changing(s, one, 50)
	for range 3 { // with the second connection
		w.change(other, func(*holds.Change) {})
		if _, err := s.View(t.Context(), other); err != nil {
			t.Error(err)
		}
		if _, err := s.Update(t.Context(), other, at(6), func(h holds.Hold) (*holds.Change, error) { return &holds.Change{Hold: h}, nil }); err != nil {
			t.Error(err)
		}
	}
	close(goOn)
	all.Wait()
	v, err := s.View(t.Context(), one)
	w.must(err)
	if v.Hold.Version != 50 {
		t.Errorf("50 changes led to version %d", v.Hold.Version)
	}
	w.changing(s, one, 0)
}

// F8: whoever waits for a turn waits no longer than the caller does.
func TestF8WaitingForATurnEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	key := keyOf(w.held("00u1"))
	began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := w.Update(t.Context(), key, at(6), func(holds.Hold) (*holds.Change, error) {
			close(began)
			<-goOn
			return nil, nil
		})
		ended <- err
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Update(ctx, key, at(6), func(holds.Hold) (*holds.Change, error) {
		t.Error("it had its turn")
		return nil, nil
	})
	w.kind(holds.Unavailable, err)
	w.changing(w.Store, key, 1)
	close(goOn)
	w.must(<-ended)
	w.changing(w.Store, key, 0)
}
