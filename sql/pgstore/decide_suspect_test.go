package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// dies decides one delivery with a process that ends meanwhile: nothing of what
// it did is committed, and nothing is counted afterwards.
func (w *world) dies(now time.Time) (worked, tried bool) {
	w.Helper()
	ctx, kill := context.WithCancel(w.Context())
	defer kill()
	worked, err := w.open().Decide(ctx, now, func(holds.Delivery) ([]holds.Event, error) {
		tried = true
		kill()
		return nil, context.Canceled
	}, openOrJoin)
	if tried && !errors.Is(err, context.Canceled) {
		w.Fatalf("it went on: %v", err)
	}
	return worked, tried
}

// TestH8ADeliveryThatKillsIsGivenUp: the death is counted before the attempt;
// after five processes it is kept for people, who are told, and the others have
// had their turn meanwhile.
func TestH8ADeliveryThatKillsIsGivenUp(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery(`{"poison":1}`)))
	minute := 2
	for n := range 5 {
		if worked, tried := w.dies(at(minute)); !worked || !tried {
			t.Fatalf("process %d: worked %v, tried %v", n+1, worked, tried)
		}
		if worked, tried := w.dies(at(minute)); worked || tried {
			t.Fatalf("process %d: the poison is tried again at once", n+1)
		}
		minute++
	}
	if n := w.count("deliveries WHERE deaths = 5 AND attempts = 0 AND failed_at IS NULL"); n != 1 {
		t.Fatal("five deaths were not counted")
	}
	if _, tried := w.dies(at(minute)); tried {
		t.Fatal("a sixth process tried it")
	}
	failed, err := w.FailedDeliveries(t.Context(), acme, 10)
	if w.must(err); len(failed) != 1 || failed[0].Failed.IsZero() {
		t.Fatalf("people see %+v", failed)
	}
	if n := w.count("deliveries WHERE source = 'keeper' AND decided_at IS NULL"); n != 1 {
		t.Errorf("%d observations tell of it", n)
	}
	// Put back by people, it has all its attempts again.
	w.must(w.RetryDelivery(t.Context(), acme, failed[0].ID, holds.BySystem("test")))
	if n := w.count("deliveries WHERE deaths = 0 AND failed_at IS NULL AND source = 'hook'"); n != 1 {
		t.Error("it has not")
	}
}

// TestH8AnAttemptThatEndsIsNoDeath: neither a failure nor an outage is, and a new
// delivery costs no commit more.
func TestH8AnAttemptThatEndsIsNoDeath(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery(`{}`)))
	for nth, cause := range []error{errors.New("bad"), holds.Refuse(holds.Unavailable, "away")} {
		minute := 10 + 10*nth
		w.dies(at(minute))
		_, err := w.open().Decide(t.Context(), at(minute+5), func(holds.Delivery) ([]holds.Event, error) { return nil, cause }, openOrJoin)
		if err == nil || w.count("deliveries WHERE deaths = 0 AND attempts > 0") != 1 {
			t.Fatalf("after %v", err)
		}
	}
	later := w.open()
	if worked, err := later.Decide(t.Context(), at(90), returns(event("e1", "00u1")), openOrJoin); err != nil || !worked {
		t.Fatal(worked, err)
	}
	if w.count("holds") != 1 || w.count("deliveries WHERE decided_at IS NOT NULL") != 1 {
		t.Error("an old delivery is not decided in the end")
	}
	w.must(w.Receive(t.Context(), delivery(`{"new":1}`)))
	_, err := w.Decide(t.Context(), at(91), func(holds.Delivery) ([]holds.Event, error) { return nil, errors.New("bad") }, openOrJoin)
	if err == nil || w.count("deliveries WHERE deaths = 0 AND attempts = 1") != 1 {
		t.Errorf("a new delivery that fails: %v", err)
	}
}
