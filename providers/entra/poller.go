package entra

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
	// Interval between two rounds when nobody kicks; zero is 45 s.
	Interval time.Duration
	// Overlap is how far behind the newest record seen each round begins, since
	// records become visible late and out of order; zero is an hour, four times the
	// worst latency people have published.
	Overlap time.Duration
	// Lookback is how far back the very first reading starts; zero is one hour.
	Lookback time.Duration
	// Limit is how many records a page has at most; zero is 500, at most 999.
	Limit int
	// Retention is how long the tenant keeps its log: 7 days without a premium
	// licence, which is the zero value here, else 30
	// (https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention).
	Retention time.Duration
	// Report is told after every reading. When it went well with the time, and with
	// "" or a sentence for people about records that may have been lost for ever;
	// otherwise with the zero time and a sentence. Optional.
	Report func(polled time.Time, trouble string)
}

// Poller reads directoryAudits in rounds. Entra has neither a delta nor a cursor
// for its log, so a round asks by time, from an overlap before the newest record
// seen, and leaves out by their ids the records that were stored already. What
// becomes visible later still is found by a sweep of the last day.
type Poller struct {
	c    *Client
	opt  PollerOptions
	kick chan struct{}

	mu      sync.Mutex
	loaded  bool
	high    time.Time // the newest record that is durable
	limit   int       // of the next page, see smaller
	seen    seen
	round   *round
	deep    depth
	warning string
	warned  time.Time
	sweep   sweep

	hints
}

// The bounds of waiting.
const (
	spacing      = 3 * time.Second // between the starts of two rounds
	firstBackoff = time.Second
	maxBackoff   = 2 * time.Minute
	warnFor      = 24 * time.Hour
)

// NewPoller prepares a poller; Run starts it.
func (c *Client) NewPoller(o PollerOptions) *Poller {
	defaults := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	defaults(&o.Interval, 45*time.Second)
	defaults(&o.Overlap, time.Hour)
	defaults(&o.Lookback, time.Hour)
	defaults(&o.Retention, 7*24*time.Hour)
	if o.Limit <= 0 || o.Limit > 999 {
		o.Limit = 500
	}
	if o.Report == nil {
		o.Report = func(time.Time, string) {}
	}
	return &Poller{c: c, opt: o, limit: o.Limit, kick: make(chan struct{}, 1), seen: seen{at: map[string]time.Time{}}, sweep: newSweep()}
}

// Run polls until the context ends. A round in several pages goes on without
// pause. After one it waits the interval, or less when somebody kicks, but its
// rounds start at least three seconds apart. After an error it waits as long as
// Graph asks, or longer with every failure.
func (p *Poller) Run(ctx context.Context) error {
	failures := 0
	start := time.Now()
	for {
		more, err := p.Once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err != nil:
			failures++
			wait := p.backoff(failures, err)
			p.c.log.Warn("the audit log could not be read", "error", err, "again_in", wait)
			p.opt.Report(time.Time{}, holds.Say(err))
			if !sleep(ctx, wait, nil) {
				return nil
			}
		case more:
			failures = 0
			continue
		default:
			failures = 0
			if !sleep(ctx, p.interval(p.opt.Interval), p.kick) || !sleep(ctx, spacing-time.Since(start), nil) {
				return nil
			}
		}
		start = time.Now()
	}
}

// sleep waits, or until a kick, and tells whether the context goes on.
func sleep(ctx context.Context, d time.Duration, kick <-chan struct{}) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
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
	return max(d, spacing, holds.RetryAfter(err))
}

// Once reads one page, makes what is new in it durable and tells whether
// another should be read at once.
func (p *Poller) Once(ctx context.Context) (more bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.load(ctx); err != nil {
		return false, err
	}
	if err := p.c.know(ctx); err != nil {
		return false, err // what is read next would be judged without it
	}
	p.lapsed(p.c.opt.Now())
	if p.round == nil {
		p.begin()
	}
	page, err := p.c.auditPage(ctx, p.round.query(p.limit))
	if err != nil {
		p.round.lost(err)
		p.smaller(err)
		return false, err
	}
	if err := p.store(ctx, page); err != nil {
		return false, err // the same page is read again
	}
	if more, err = p.advance(ctx, page); err == nil && !more {
		p.sweepPage(ctx)
	}
	return more, err
}

// load reads the cursor of an earlier process.
func (p *Poller) load(ctx context.Context) error {
	if p.loaded {
		return nil
	}
	text, err := p.opt.Pages.Cursor(ctx, p.c.opt.Tenant, p.c.opt.Connection)
	if err != nil {
		return err
	}
	if p.high, err = parseCursor(text); err != nil {
		return err
	}
	if p.high.IsZero() {
		p.sweep.floor = p.c.opt.Now().Add(-p.opt.Lookback).UTC()
	}
	p.loaded = true
	return nil
}

// lapsed warns when reading stood still for longer than the log is kept.
func (p *Poller) lapsed(now time.Time) {
	if p.high.IsZero() || now.Sub(p.high) <= p.opt.Retention {
		return
	}
	if p.warning == "" {
		p.c.log.Error("records of the audit log may be lost", "read_up_to", p.high)
	}
	p.warning, p.warned = "The audit log was last read up to "+p.high.Format("2006-01-02 15:04")+" UTC, which is longer ago than Microsoft Entra keeps it. Changes in between may never be seen here; look at another copy of the log, if there is one.", now
}

// store appends the records of a page that are new. The cursor moves with them,
// as long as the log keeps the order that was asked for.
func (p *Poller) store(ctx context.Context, page auditPage) error {
	o, now := p.c.opt, p.c.opt.Now().UTC()
	fresh := p.seen.fresh(page.records)
	high := p.high
	if newest := p.round.note(page.records, now); newest.After(high) {
		high = newest
	}
	if len(fresh) == 0 && high.Equal(p.high) {
		return nil
	}
	d := holds.Delivery{Tenant: o.Tenant, Connection: o.Connection, Source: holds.FromPoller, Received: now}
	if len(fresh) > 0 {
		d.Body = body(fresh)
		d.Digest = sha256.Sum256(d.Body)
	}
	failpoint.Hit(failpoint.PollRead)
	if err := p.opt.Pages.AppendPage(ctx, d, cursor(high), now); err != nil {
		return err
	}
	failpoint.Hit(failpoint.PollStored)
	p.high = high
	p.seen.add(fresh)
	p.stored(fresh, now)
	return nil
}

// advance decides what is read next. A round ends where the log does. Next links
// that lead round in a circle, or too far, are left: reading goes on by time,
// from the newest record reached.
func (p *Poller) advance(ctx context.Context, page auditPage) (more bool, err error) {
	r := p.round
	r.pages++
	if page.next == "" {
		return false, p.finish(ctx)
	}
	circle := r.visited[page.next]
	r.visited[page.next] = true
	r.link = page.next
	progress := r.reached.After(r.from)
	switch {
	case circle && !progress:
		p.round = nil
		return false, circling()
	case circle:
		r.from = r.reached // it was the circle that broke the order
		r.byTime()
		return false, circling()
	case r.pages%roundPages == 0 && progress && !r.unordered:
		r.byTime()
	case p.limit < p.opt.Limit && progress && !r.unordered:
		p.limit = min(2*p.limit, p.opt.Limit)
		r.byTime() // a link keeps to the size it was made for
	}
	return true, nil
}

func circling() error {
	return holds.Refuse(holds.Unavailable, "The audit log does not lead on: its next link leads back to a page that was read. What it shows was stored, and reading goes on by time.")
}

// finish ends a round that read up to the end of the log. The first round of all
// leaves a cursor even when there was nothing, where it began, so that an outage
// after it is seen. In a log that is silent for days it follows at a distance
// that no late record has, or the silence would look like an outage.
func (p *Poller) finish(ctx context.Context) error {
	r := p.round
	high := p.high
	if r.newest.After(high) {
		high = r.newest
	}
	now := p.c.opt.Now().UTC()
	if silent := now.Add(-p.opt.Retention / 2).Truncate(time.Hour); high.Before(silent) {
		high = silent
	}
	if !high.Equal(p.high) {
		d := holds.Delivery{Tenant: p.c.opt.Tenant, Connection: p.c.opt.Connection, Source: holds.FromPoller, Received: now}
		if err := p.opt.Pages.AppendPage(ctx, d, cursor(high), now); err != nil {
			return err
		}
		p.high = high
	}
	p.limit = min(2*p.limit, p.opt.Limit)
	p.deep.ended(r)
	p.seen.forget(p.high.Add(-p.opt.Overlap - time.Hour))
	p.round = nil
	if p.warning != "" && now.Sub(p.warned) > warnFor {
		p.warning = ""
	}
	p.opt.Report(now, p.warning)
	return nil
}
