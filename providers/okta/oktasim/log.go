package oktasim

import (
	"slices"
	"time"
)

// eventLog keeps the System Log. Events become part of it when they are
// visible, and their place then is the persistence order that polling reads;
// a delayed event therefore comes after younger ones.
type eventLog struct {
	waiting []logged
	stored  []logged
}

// logged is an event of the log. It is decoded once, for filters: a search reads all
// of the log.
type logged struct {
	event   Event
	decoded map[string]any
	visible time.Time
}

func (l *eventLog) add(e Event, visible time.Time) {
	l.waiting = append(l.waiting, logged{e, e.asMap(), visible})
}

// persist moves what is due into the log, in the order in which it fell due.
func (l *eventLog) persist(now time.Time) {
	slices.SortStableFunc(l.waiting, func(a, b logged) int { return a.visible.Compare(b.visible) })
	n := 0
	for n < len(l.waiting) && !l.waiting[n].visible.After(now) {
		n++
	}
	l.stored = append(l.stored, l.waiting[:n]...)
	l.waiting = slices.Clone(l.waiting[n:])
}

// Log returns the events visible now, in persistence order.
func (s *Sim) Log() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.persist(s.now())
	out := make([]Event, len(s.log.stored))
	for i, l := range s.log.stored {
		out[i] = l.event
	}
	return out
}
