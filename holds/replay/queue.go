package replay

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// mostWaiting is how many records wait for the ones before them.
const mostWaiting = 16_384

// waiting is a record whose change may not be complete. Change is nil where there
// is none.
type waiting struct {
	verdict Verdict
	change  *change
	ruling  holds.Ruling
}

// queue keeps records in their order while changes become complete.
type queue struct {
	ring       []waiting
	head, size int
}

func (q *queue) empty() bool { return q.size == 0 }

func (q *queue) push(w waiting) {
	if q.ring == nil {
		q.ring = make([]waiting, mostWaiting)
	}
	q.ring[(q.head+q.size)%mostWaiting] = w
	q.size++
}

// flush emits from the front what waits for nothing more, and one at least when
// the queue is full.
func (q *queue) flush(now time.Time, all bool, emit func(Verdict) error) error {
	for q.size > 0 {
		w := &q.ring[q.head]
		if !all && q.size < mostWaiting && w.change != nil && !w.change.complete(now) {
			return nil
		}
		v := w.face()
		*w = waiting{}
		q.head, q.size = (q.head+1)%mostWaiting, q.size-1
		if err := emit(v); err != nil {
			return err
		}
	}
	return nil
}

// face is the verdict with what its change came to.
func (w *waiting) face() Verdict {
	v := w.verdict
	if v.Err != "" || w.change == nil {
		return v
	}
	c := w.change
	v.Change, v.Held = c.name(), c.held
	v.Reason = w.ruling.Terms.Rule + ": " + w.ruling.Reason
	switch {
	case c.held:
		v.Tier, v.Mode = c.terms.Tier, Notify
		if c.restrains {
			v.Mode = Contain
		}
		if w.ruling.Verdict != holds.HoldIt {
			v.Reason = c.terms.Rule + ": part of a change that is held: " + c.reason
		}
	case w.ruling.Verdict == holds.Notify:
		v.Tier = holds.TierLow
	}
	return v
}
