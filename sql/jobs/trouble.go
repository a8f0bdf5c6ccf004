package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// River logs an error for each look of each queue that fails: ten lines a second
// while the database is away. said lets the first line of a kind through, and
// then one a minute that says how many were like it.
type said struct {
	mu    sync.Mutex
	lines map[string]*saidLine
	every time.Duration
}

type saidLine struct {
	since time.Time
	more  int64
}

// saidEvery is between two lines of one kind.
const saidEvery = time.Minute

func newSaid(every time.Duration) *said { return &said{lines: map[string]*saidLine{}, every: every} }

// pass tells whether a line is to be logged, and how many were left out since
// the last one like it.
func (s *said) pass(message string, at time.Time) (left int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.lines[message]
	if line == nil {
		s.lines[message] = &saidLine{since: at}
		return 0, true
	}
	if at.Sub(line.since) < s.every {
		line.more++
		return 0, false
	}
	left, line.since, line.more = line.more, at, 0
	return left, true
}

// bounded is a handler that says the same thing once a minute. Lines are the same
// when their message is, whatever they say of queue, attempt or cause; only what
// River says of its own goes through here, never what became of a job.
type bounded struct {
	slog.Handler
	said *said
}

// Handle leaves a line out, or says how many were.
func (b bounded) Handle(ctx context.Context, r slog.Record) error {
	left, ok := b.said.pass(r.Message, r.Time)
	if !ok {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int64("left_out_since_the_last", left))
	}
	return b.Handler.Handle(ctx, r)
}

// WithAttrs keeps the bound.
func (b bounded) WithAttrs(a []slog.Attr) slog.Handler {
	return bounded{b.Handler.WithAttrs(a), b.said}
}

// WithGroup keeps the bound.
func (b bounded) WithGroup(name string) slog.Handler {
	return bounded{b.Handler.WithGroup(name), b.said}
}
