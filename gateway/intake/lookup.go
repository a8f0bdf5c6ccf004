package intake

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// lookup reads the feeds of one connection for all who ask: at most one reading
// is under way at a time, so that strangers cannot make many of them, and who
// asks while it is shares the next one. So nobody is given what was read before
// they asked, and a handshake finds the subscription that was announced the
// moment before.
type lookup struct {
	read func(context.Context) ([]holds.Feed, error)
	// most bounds a reading; whoever waits may wait for two.
	most time.Duration

	mu      sync.Mutex
	running bool
	next    *reading
}

// reading is one look, shared by those who wait for it.
type reading struct {
	done  chan struct{}
	feeds []holds.Feed
	err   error
}

func (l *lookup) get(ctx context.Context) ([]holds.Feed, error) {
	l.mu.Lock()
	if l.next == nil {
		l.next = &reading{done: make(chan struct{})}
	}
	r := l.next
	if !l.running {
		l.running = true
		go l.work(context.WithoutCancel(ctx))
	}
	l.mu.Unlock()
	select {
	case <-r.done:
		return r.feeds, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// work reads until nobody waits any more.
func (l *lookup) work(ctx context.Context) {
	for {
		l.mu.Lock()
		r := l.next
		l.next, l.running = nil, r != nil
		l.mu.Unlock()
		if r == nil {
			return
		}
		l.one(ctx, r)
	}
}

func (l *lookup) one(ctx context.Context, r *reading) {
	defer close(r.done)
	ctx, cancel := context.WithTimeout(ctx, l.most)
	defer cancel()
	r.feeds, r.err = l.read(ctx)
}
