package health

import (
	"context"
	"sync"
	"time"
)

// ready remembers for a moment whether the database answered: probes may come from
// many sides at once.
type ready struct {
	ask func(ctx context.Context) error

	mu  sync.Mutex
	at  time.Time
	err error
}

// now tells whether the database answers. Those who ask while somebody else does
// wait for that answer.
func (r *ready) now(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < readyKept {
		return r.err
	}
	// The answer is for everybody who asks, whoever hangs up.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	r.err = r.ask(short)
	r.at = time.Now()
	return r.err
}
