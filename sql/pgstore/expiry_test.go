package pgstore_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// escalate is what the keeper's sweep does for one hold that is due.
func (w *world) escalate(s *pgstore.Store, key holds.Key, now time.Time) {
	_, err := s.Update(w.Context(), key, now, func(h holds.Hold) (*holds.Change, error) {
		if h.Due.After(now) {
			return nil, nil
		}
		c, err := holds.Apply(h, holds.DeadlinePassed{}, now)
		return &c, err
	})
	if err != nil {
		w.Error(err)
	}
}

// TestF16Expiry: to the second and on two replicas at once, a deadline pages once,
// moves on by its own length in seconds and never decides anything, through the
// night the clocks change and over a leap day, in whichever zone the moment was
// written.
func TestF16Expiry(t *testing.T) {
	w := newWorld(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	w.must(err)
	for n, due := range []time.Time{
		time.Date(2026, time.October, 25, 2, 30, 0, 0, berlin), // twice that night; the earlier one
		time.Date(2027, time.March, 28, 3, 0, 0, 0, berlin),    // an hour that was skipped ends here
		time.Date(2028, time.February, 29, 23, 59, 59, 0, time.UTC),
		time.Date(2028, time.February, 29, 12, 0, 0, 0, time.FixedZone("+14", 14*3600)),
	} {
		t.Run(fmt.Sprint("F16 ", due.UTC().Format(time.RFC3339)), func(t *testing.T) {
			h := w.held(fmt.Sprintf("00udue%d", n))
			key := keyOf(h)
			w.change(key, func(c *holds.Change) { c.Hold.Due = due })
			for d, want := range map[time.Duration]bool{-time.Second: false, -time.Microsecond: false, 0: true, time.Second: true} {
				for _, s := range []*pgstore.Store{w.Store, w.Second} {
					keys, err := s.Due(t.Context(), due.Add(d), 100)
					if w.must(err); slices.Contains(keys, key) != want {
						t.Errorf("F16 %s from its end it is due: %v", d, !want)
					}
				}
			}
			var both sync.WaitGroup
			both.Go(func() { w.escalate(w.Store, key, due) })
			both.Go(func() { w.escalate(w.Second, key, due) })
			both.Wait()
			v, err := w.View(t.Context(), key)
			if w.must(err); v.Hold.Escalations != 1 || !v.Hold.Due.Equal(due.Add(terms().Deadline)) {
				t.Errorf("F16 escalated %d times, next %s", v.Hold.Escalations, v.Hold.Due)
			}
			if v.Hold.State != holds.Pending || !v.Hold.ReleaseBegun.IsZero() || len(v.Intents) != 0 {
				t.Errorf("F16 time decided something: %s", v.Hold.State)
			}
		})
	}
}

// TestF16LapseOnTwoReplicas: a stop that lapses does so to the microsecond, on both.
func TestF16LapseOnTwoReplicas(t *testing.T) {
	w := newWorld(t)
	stop := w.stop(holds.BrakeContainment, 10)
	for d, want := range map[time.Duration]int{-time.Second: 1, -time.Microsecond: 1, 0: 0, time.Second: 0} {
		for _, s := range []*pgstore.Store{w.Store, w.Second} {
			list, err := s.Stops(t.Context(), acme, stop.Until.Add(d))
			if w.must(err); len(list) != want {
				t.Errorf("F16 %s from its end %d stops are in force", d, len(list))
			}
		}
	}
}
