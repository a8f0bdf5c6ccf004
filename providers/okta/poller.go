package okta

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// Pages is where the poller keeps what it reads.
type Pages interface {
	// Cursor is where reading continues, empty when the log was never read.
	Cursor(ctx context.Context, tenant holds.TenantID, conn holds.ConnectionID) (string, error)
	// AppendPage makes a page durable together with the cursor behind it, in one
	// commit. An empty body only moves the cursor.
	AppendPage(ctx context.Context, d holds.Delivery, cursor string, at time.Time) error
}

// PollerOptions configure a Poller.
type PollerOptions struct {
	Pages Pages
	// Interval between two readings when there is nothing new; zero is 7 s, which
	// leaves room within the sixty calls a minute that one token has by default.
	Interval time.Duration
	// Lookback is how far back the very first reading starts; zero is one hour.
	Lookback time.Duration
	// Limit is how many events a page has at most; zero is 100, at most 1000.
	Limit int
	// Report is told after every reading: when it went well with the time and "",
	// otherwise with the zero time and a sentence for people. Optional.
	Report func(polled time.Time, trouble string)
}

// Poller reads the System Log in polling mode: without an end, in the order of
// persistence, following the opaque next link. It never asks by time again after
// the first call, since events become visible late and out of order. See
// https://developer.okta.com/docs/reference/system-log-query/.
type Poller struct {
	c    *Client
	opt  PollerOptions
	kick chan struct{}

	mu     sync.Mutex
	cursor string // where to read next; may be ahead of the durable one, never of a page
	last   [32]byte
}

// The bounds of waiting after a failed reading.
const (
	firstBackoff = time.Second
	maxBackoff   = 2 * time.Minute
)

// NewPoller prepares a poller; Run starts it.
func (c *Client) NewPoller(o PollerOptions) *Poller {
	if o.Interval <= 0 {
		o.Interval = 7 * time.Second
	}
	if o.Lookback <= 0 {
		o.Lookback = time.Hour
	}
	if o.Limit <= 0 || o.Limit > 1000 {
		o.Limit = 100
	}
	if o.Report == nil {
		o.Report = func(time.Time, string) {}
	}
	return &Poller{c: c, opt: o, kick: make(chan struct{}, 1)}
}

// Kick makes the poller look at once; it never blocks.
func (p *Poller) Kick() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// Run polls until the context ends. It reads on without pause while there are
// pages, waits the interval when there are none, and after an error waits as
// long as Okta asks, or longer with every failure.
func (p *Poller) Run(ctx context.Context) error {
	failures := 0
	for {
		more, err := p.Once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := p.opt.Interval
		switch {
		case err != nil:
			failures++
			wait = p.backoff(failures, err)
			p.c.log.Warn("the System Log could not be read", "error", err, "again_in", wait)
			p.opt.Report(time.Time{}, detail(err))
		case more:
			failures, wait = 0, 0
		default:
			failures = 0
		}
		if wait > 0 && !p.pause(ctx, wait, err == nil) {
			return nil
		}
	}
}

// pause waits; a kick ends it early, except while Okta asked us to wait.
func (p *Poller) pause(ctx context.Context, d time.Duration, wakeable bool) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	kick := p.kick
	if !wakeable {
		kick = nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-kick:
	case <-t.C:
	}
	return true
}

func (p *Poller) backoff(failures int, err error) time.Duration {
	d := min(firstBackoff<<min(failures-1, 10), maxBackoff)
	d += rand.N(d / 4)
	return max(d, holds.RetryAfter(err))
}

// Once reads one page, makes it durable and reports whether another should be
// read at once. A page is durable before the cursor behind it counts.
func (p *Poller) Once(ctx context.Context) (more bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.c.opt
	if p.cursor == "" {
		if p.cursor, err = p.opt.Pages.Cursor(ctx, o.Tenant, o.Connection); err != nil {
			return false, err
		}
	}
	at := p.cursor
	if at == "" {
		at = p.first()
	}
	page, err := p.c.readPage(ctx, at)
	if err != nil {
		return false, err
	}
	now := o.Now().UTC()
	sum := sha256.Sum256(page.body)
	lost := page.next == ""
	if lost {
		page.next = at
	}
	stuck := page.events > 0 && page.next == at
	if !stuck || sum != p.last {
		if err := p.store(ctx, page, sum, now); err != nil {
			return false, err
		}
	}
	p.cursor, p.last = page.next, sum
	if lost || stuck {
		return false, holds.Refuse(holds.Unavailable, "The System Log does not lead on: its next link is missing or leads back to the page itself. What it shows was stored.")
	}
	p.opt.Report(now, "")
	return page.events > 0, nil
}

// store appends the page. An empty one is stored only when it moved the cursor.
func (p *Poller) store(ctx context.Context, page logPage, sum [32]byte, now time.Time) error {
	o := p.c.opt
	d := holds.Delivery{Tenant: o.Tenant, Connection: o.Connection, Source: holds.FromPoller, Received: now}
	if page.events > 0 {
		d.Body, d.Digest = page.body, sum
	} else if page.next == p.cursor {
		return nil
	}
	failpoint.Hit(failpoint.PollRead)
	err := p.opt.Pages.AppendPage(ctx, d, page.next, now)
	failpoint.Hit(failpoint.PollStored)
	return err
}
