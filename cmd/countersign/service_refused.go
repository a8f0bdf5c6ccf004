package main

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// refusedEvery bounds how often the database is told of refused notifications:
// strangers can send them at will.
const refusedEvery = 10 * time.Second

// refusals counts, by connection, the notifications that were not the
// provider's, until they are written down where people see them.
type refusals struct {
	mu    sync.Mutex
	count map[holds.ConnectionID]int
	some  chan struct{}
}

func newRefusals() *refusals {
	return &refusals{count: map[holds.ConnectionID]int{}, some: make(chan struct{}, 1)}
}

// add counts; it never waits.
func (r *refusals) add(conn holds.ConnectionID, n int) {
	r.mu.Lock()
	r.count[conn] += n
	r.mu.Unlock()
	select {
	case r.some <- struct{}{}:
	default:
	}
}

func (r *refusals) take() map[holds.ConnectionID]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.count
	r.count = map[holds.ConnectionID]int{}
	return out
}

// run writes the counts down at once and then every few seconds at most, and
// what is left when the context ends. Counts that could not be written are kept.
func (r *refusals) run(ctx context.Context, write func(context.Context, holds.ConnectionID, int) error) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-r.some:
		}
		r.flush(ctx, write)
		pause := time.NewTimer(refusedEvery)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
	r.flush(ctx, write)
}

func (r *refusals) flush(ctx context.Context, write func(context.Context, holds.ConnectionID, int) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	for conn, n := range r.take() {
		if write(ctx, conn, n) != nil {
			r.add(conn, n)
		}
	}
}

// recordRefusals is the loop of the service.
func (s *service) recordRefusals(ctx context.Context) error {
	s.refused.run(ctx, func(ctx context.Context, conn holds.ConnectionID, n int) error {
		err := s.store.CountRefused(ctx, s.tenantOf(conn), conn, n, s.store.Now())
		if err != nil {
			s.log.Warn("refused notifications could not be counted", "connection", conn, "notifications", n, "error", err)
		}
		return err
	})
	return nil
}

func (s *service) tenantOf(conn holds.ConnectionID) holds.TenantID {
	for _, c := range s.platforms {
		if c.config.ID == string(conn) {
			return holds.TenantID(c.tenant.ID)
		}
	}
	return ""
}
