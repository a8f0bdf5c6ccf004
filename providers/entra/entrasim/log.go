package entrasim

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// auditLog keeps the audit records. A record can be read once it is visible;
// its place in a list is that of its activityDateTime, so that a late one
// appears before younger ones that were already read.
type auditLog struct {
	records []logged
}

type logged struct {
	record  Record
	visible time.Time
}

// add puts a record in; it draws its own delay.
func (l *auditLog) add(r Record, now time.Time, x Switches) {
	delay := x.AuditDelay.D()
	if delay > 0 && !x.AuditDelayFixed {
		delay = time.Duration(rand.Int64N(int64(delay)) + 1) //nolint:gosec // a delay is no secret
	}
	if r.at.Sub(now) > time.Second { // nothing is told before it happened
		now = r.at
	}
	r.asMap = toMap(r)
	l.records = append(l.records, logged{r, now.Add(delay)})
}

// visible lists what can be read now, ordered by activityDateTime, then id.
func (l *auditLog) visible(now time.Time) []Record {
	out := []Record{}
	for _, e := range l.records {
		if !e.visible.After(now) {
			out = append(out, e.record)
		}
	}
	slices.SortStableFunc(out, func(a, b Record) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// last is when the last record becomes visible.
func (l *auditLog) last() time.Time {
	var out time.Time
	for _, e := range l.records {
		if e.visible.After(out) {
			out = e.visible
		}
	}
	return out
}

// Log returns the records visible now, ordered by activityDateTime.
func (s *Sim) Log() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.log.visible(s.now())
}

// Written returns all records, also those not visible yet, in the order in
// which they were written.
func (s *Sim) Written() []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	out := make([]Record, len(s.log.records))
	for i, e := range s.log.records {
		out[i] = e.record
	}
	return out
}

// Visible waits until every record written so far can be read. It needs a
// clock that moves by itself.
func (s *Sim) Visible(ctx context.Context) error {
	s.mu.Lock()
	wait := s.log.last().Sub(s.now())
	s.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
