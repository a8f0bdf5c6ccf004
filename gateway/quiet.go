package gateway

import (
	"sync"
	"time"
)

// Quiet bounds log lines that strangers can cause: so many per period, and the
// rest are counted. It is safe for use by many goroutines.
type Quiet struct {
	lines int
	per   time.Duration
	now   func() time.Time

	mu      sync.Mutex
	began   time.Time
	written int
	skipped int
}

// NewQuiet lets through a number of lines per period.
func NewQuiet(lines int, per time.Duration, now func() time.Time) *Quiet {
	return &Quiet{lines: lines, per: per, now: now}
}

// Allow tells whether a line may be written now, and how many were not since
// the last one that was.
func (q *Quiet) Allow() (skipped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// A clock that was set back must not silence the log until it catches up.
	if now := q.now(); now.Sub(q.began) >= q.per || now.Before(q.began) {
		q.began, q.written = now, 0
	}
	if q.written >= q.lines {
		q.skipped++
		return 0, false
	}
	q.written++
	skipped, q.skipped = q.skipped, 0
	return skipped, true
}
