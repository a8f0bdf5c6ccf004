package pgstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// Depth is how many deliveries may wait to be decided before no more are taken.
// Zero fields are the defaults.
type Depth struct {
	// PerConnection bounds the webhook deliveries of one connection: 10,000.
	PerConnection int
	// Total bounds those of all connections together: 50,000.
	Total int
	// Pages bounds the pages of one connection's log: 64. Its poller waits then, and
	// reads on where it stopped. Webhooks do not count for it, nor it for them:
	// whoever has a hook's secret must not be able to keep the log from us.
	Pages int
}

func (d Depth) withDefaults() Depth {
	return Depth{
		PerConnection: cmp.Or(max(d.PerConnection, 0), 10_000), Total: cmp.Or(max(d.Total, 0), 50_000),
		Pages: cmp.Or(max(d.Pages, 0), 64),
	}
}

// Nobody counts at every request. The database is counted every second, less
// often where counting takes long, and what this process takes in between is
// added. So the depth is known too high by at most what was decided since, and
// too low by at most what other replicas took.
const (
	countEvery   = time.Second
	countShare   = 20 // at most a twentieth of the time is spent on counting
	countTimeout = 10 * time.Second
)

// feedOf is one of the ways in which a connection's deliveries come.
type feedOf struct {
	tenant holds.TenantID
	conn   holds.ConnectionID
	source holds.Source
}

// depths is what waits, as far as this process knows.
type depths struct {
	mu      sync.Mutex
	waiting map[feedOf]int
	hooks   int           // webhook deliveries of all connections
	known   bool          // it was counted at least once
	counted chan struct{} // closed when it is counted again
}

func newDepths() *depths { return &depths{waiting: map[feedOf]int{}, counted: make(chan struct{})} }

// add notes what was taken since it was counted.
func (d *depths) add(f feedOf) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting[f]++
	if f.source == holds.FromHook {
		d.hooks++
	}
}

// set takes over a new count.
func (d *depths) set(waiting map[feedOf]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting, d.hooks, d.known = waiting, 0, true
	for f, n := range waiting {
		if f.source == holds.FromHook {
			d.hooks += n
		}
	}
	close(d.counted)
	d.counted = make(chan struct{})
}

// of is how many of a feed wait, how many webhooks' of all connections, and a
// channel that is closed when they are counted again. Nothing is known before
// the first count.
func (d *depths) of(f feedOf) (own, hooks int, again <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.known {
		return 0, 0, d.counted
	}
	return d.waiting[f], d.hooks, d.counted
}

// full tells whether any connection of a tenant, or of all for the empty one, has
// as much waiting as may.
func (d *depths) full(tenant holds.TenantID, most Depth) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.known || d.hooks >= most.Total {
		return d.known
	}
	for f, n := range d.waiting {
		if f.source == holds.FromHook && n >= most.PerConnection && (tenant == "" || f.tenant == tenant) {
			return true
		}
	}
	return false
}

// Saturated tells whether no more webhook deliveries of a connection should be
// taken, because too many of it or of all wait to be decided. It answers from
// memory; without Measure running it is never so.
func (s *Store) Saturated(tenant holds.TenantID, conn holds.ConnectionID) bool {
	own, hooks, _ := s.depths.of(feedOf{tenant, conn, holds.FromHook})
	return own >= s.depth.PerConnection || hooks >= s.depth.Total
}

// saturation is the sentence about it for people, empty when all is well.
func (s *Store) saturation(tenant holds.TenantID, conn holds.ConnectionID) string {
	own, hooks, _ := s.depths.of(feedOf{tenant, conn, holds.FromHook})
	switch {
	case own >= s.depth.PerConnection:
		return fmt.Sprintf("intake saturated: %d deliveries of this connection wait to be decided, and further ones are answered 503 "+
			"until fewer than %d do; the provider's log is read all the same", own, s.depth.PerConnection)
	case hooks >= s.depth.Total:
		return fmt.Sprintf("intake saturated: %d deliveries of all connections wait to be decided, and further ones are answered 503 "+
			"until fewer than %d do; the providers' logs are read all the same", hooks, s.depth.Total)
	}
	return ""
}

// room waits until another page of a connection's log may be stored.
func (s *Store) room(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) error {
	for {
		own, _, again := s.depths.of(feedOf{tenant, conn, holds.FromPoller})
		if own < s.depth.Pages {
			return nil
		}
		select {
		case <-again:
		case <-ctx.Done():
			return holds.Because(holds.Unavailable, ctx.Err(), "%d pages of the log wait to be decided; this one was not stored.", own)
		}
	}
}

// Measure counts what waits to be decided, again and again until ctx ends.
func (s *Store) Measure(ctx context.Context) error {
	failing := false
	for {
		began := time.Now()
		err := s.count(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			s.log.Warn("the deliveries that wait could not be counted", "error", err)
		}
		failing = err != nil
		next := time.NewTimer(max(countEvery, countShare*time.Since(began)))
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
	}
}

// count counts once.
func (s *Store) count(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	waiting := map[feedOf]int{}
	err := s.inPool(ctx, s.doors, func(t *tx) error {
		// More of one feed than this says nothing more.
		rows, err := t.WaitingDeliveries(ctx, int32(min(s.depth.Total, math.MaxInt32))) //nolint:gosec // bounded
		for _, row := range rows {
			waiting[feedOf{holds.TenantID(row.TenantID), holds.ConnectionID(row.ConnectionID), holds.Source(row.Source)}] = int(row.Waiting)
		}
		return err
	})
	if err == nil {
		s.depths.set(waiting)
	}
	return translate("count what waits to be decided", err)
}
