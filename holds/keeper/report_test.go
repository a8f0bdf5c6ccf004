package keeper

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// attempt runs a job once more.
func (w *world) attempt(j *holds.Job) error {
	err := w.contain(context.Background(), *j)
	j.Attempt++
	return err
}

// recorded counts the entries of a kind.
func (w *world) recorded(kind string) int {
	n := 0
	for _, e := range w.entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// H3: our own database loses answers while a containment is written down. The
// account is restrained, so nobody hears that it is not, and the attempt that gets
// through heals the hold without a second call of any kind.
func TestH3ADatabaseThatFailsIsNoFailedRestraint(t *testing.T) {
	for _, call := range []string{"Update", "Outcome", "Tried"} {
		t.Run(call, func(t *testing.T) {
			w := newWorld(t)
			w.happens(t, resetAll("e1"))
			j := take(t, w, holds.EffectContain)
			for range 6 {
				w.fail[call] = failure{after: 1}
				if err := w.attempt(&j); err == nil {
					break // it has gone through, losing fewer answers than there were
				}
				w.fail[call] = failure{}
				if h := w.the(t); h.Containment == holds.ContainmentFailed || w.recorded("restraint.failed") > 0 {
					t.Fatalf("after attempt %d people hear: %q", j.Attempt-1, h.Doubts)
				}
			}
			w.fail[call] = failure{}
			for w.the(t).Standing != holds.Contained && j.Attempt < 10 {
				if err := w.attempt(&j); err != nil {
					t.Fatal(err)
				}
			}
			contained(t, w)
			for kind, n := range w.provider.effects {
				if n > 1 {
					t.Errorf("%s was done %d times", kind, n)
				}
			}
			if h := w.the(t); slices.ContainsFunc(h.Doubts, func(d string) bool { return strings.Contains(d, "not restrained") }) {
				t.Errorf("doubts: %q", h.Doubts)
			}
		})
	}
}

// H3: a database that never lets it be written down is told of in the end, as what
// it is.
func TestH3ADatabaseThatKeepsFailingIsToldOf(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	j := take(t, w, holds.EffectContain)
	for j.Attempt < storeToldFrom {
		w.fail["Outcome"] = failure{before: 5}
		if err := w.attempt(&j); err == nil {
			t.Fatal("it was written down")
		}
		if n := w.recorded("restraint.failed"); n > 0 {
			t.Fatalf("told after attempt %d", j.Attempt-1)
		}
	}
	w.fail["Outcome"] = failure{before: 5}
	_ = w.attempt(&j)
	if h := w.the(t); w.recorded("restraint.failed") != 1 || !slices.ContainsFunc(h.Doubts, func(d string) bool { return strings.Contains(d, "could not be written down") }) {
		t.Errorf("doubts: %q", h.Doubts)
	}
	w.fail["Outcome"] = failure{}
	if err := w.attempt(&j); err != nil {
		t.Fatal(err)
	}
	contained(t, w)
}

// H3: where the provider fails beside the database, it is the provider that people
// hear of, as soon as ever.
func TestH3AProviderThatFailsBesideTheDatabaseIsToldOf(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	j := take(t, w, holds.EffectContain)
	for j.Attempt <= toldFrom {
		w.provider.before = 1
		w.fail["Tried"] = failure{before: 1}
		_ = w.attempt(&j)
	}
	if h := w.the(t); w.recorded("restraint.failed") != 1 {
		t.Errorf("nobody heard of it: %q", h.Doubts)
	}
}

// timed is a context whose deadline passes when it is told to.
type timed struct {
	context.Context
	over chan struct{}
}

func (c timed) Deadline() (time.Time, bool) { return time.Now(), true }
func (c timed) Done() <-chan struct{}       { return c.over }
func (c timed) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// lateProvider answers when the time of the job is just over.
type lateProvider struct {
	*provider
	over chan struct{}
}

func (p lateProvider) Do(ctx context.Context, a holds.Action) (holds.Result, error) {
	if ctx.Err() != nil {
		return holds.Result{}, holds.Because(holds.Unavailable, ctx.Err(), "it did not leave")
	}
	r, err := p.provider.Do(ctx, a)
	close(p.over)
	return r, err
}

// strictStore takes nothing in a time that is over.
type strictStore struct{ *memory }

func (s strictStore) Outcome(ctx context.Context, key holds.Key, id holds.IntentID, r holds.Result) error {
	if err := ctx.Err(); err != nil {
		return holds.Because(holds.Unavailable, err, "late")
	}
	return s.memory.Outcome(ctx, key, id, r)
}

// H3: what a provider did in the last moment of a job's time is written down all
// the same; a stop of the program ends even that.
func TestH3WhatIsKnownIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	over := make(chan struct{})
	c := w.connections["acme-okta"]
	c.Provider = lateProvider{w.provider, over}
	w.connections["acme-okta"] = c
	w.Keeper.Intents = strictStore{w.memory}
	_ = w.contain(timed{t.Context(), over}, take(t, w, holds.EffectContain))
	done := 0
	for _, i := range w.intents {
		if i.Done() {
			done++
		}
	}
	if done != 1 || len(w.provider.calls) != 1 {
		t.Errorf("%d outcomes of %d calls", done, len(w.provider.calls))
	}

	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(reportTime/2))
	writing, cancel := lasting(ctx)
	defer cancel()
	if end, ok := writing.Deadline(); !ok || time.Until(end) < reportTime/2 {
		t.Errorf("it has until %s", end)
	}
	stop()
	<-writing.Done()
	if !errors.Is(writing.Err(), context.Canceled) {
		t.Errorf("a stop ended it with %v", writing.Err())
	}
}
