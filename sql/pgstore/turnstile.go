package pgstore

import (
	"context"
	"sync"

	"github.com/countersign/countersign/holds"
)

// turnstile lets the changes of one hold through one after the other. The database
// would do that, too, but those who wait there keep a connection each: fifty clicks on
// one button would keep everybody else out. It is no lock, and nothing relies on it:
// other processes have turnstiles of their own.
type turnstile struct {
	mu   sync.Mutex
	lots map[holds.Key]*turn
}

// turn is one hold's: whoever has put something into the channel is through.
type turn struct {
	taken chan struct{}
	in    int // how many are here, waiting or through
}

// pass waits for a hold's turn. The caller ends its turn with leave.
func (s *turnstile) pass(ctx context.Context, key holds.Key) (leave func(), err error) {
	s.mu.Lock()
	t := s.lots[key]
	if t == nil {
		t = &turn{taken: make(chan struct{}, 1)}
		if s.lots == nil {
			s.lots = map[holds.Key]*turn{}
		}
		s.lots[key] = t
	}
	t.in++
	s.mu.Unlock()
	select {
	case t.taken <- struct{}{}:
		return func() { <-t.taken; s.gone(key, t) }, nil
	case <-ctx.Done():
		s.gone(key, t)
		return nil, ctx.Err()
	}
}

func (s *turnstile) gone(key holds.Key, t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.in--; t.in == 0 {
		delete(s.lots, key)
	}
}
