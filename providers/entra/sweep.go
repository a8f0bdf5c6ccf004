package entra

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/countersign/countersign/holds"
)

// A sweep looks for records that became visible later than a round's overlap
// reaches back. Microsoft publishes no longest latency, and whoever could make a
// record late enough would otherwise make it unseen.
const (
	sweepBack  = 24 * time.Hour
	sweepEvery = 6 * time.Hour
	sweepFirst = time.Hour // after the start, so that a service restarted daily sweeps too
)

// sweep is the reading under way, if there is one. It takes one page after each
// round, so that a large tenant's day is read without keeping the newest records
// waiting.
type sweep struct {
	round *round
	limit int // of the next page: a large one must not stop the sweep either
	due   time.Time
	floor time.Time            // nothing before it is looked for: there was no Countersign
	told  map[string]time.Time // what matters and was stored, and when
}

func newSweep() sweep {
	return sweep{due: time.Now().Add(sweepFirst), told: map[string]time.Time{}}
}

// sweepPage reads one page of the sweep, beginning one when it is due. Trouble is
// left to the rounds to tell of: they ask the same endpoint.
func (p *Poller) sweepPage(ctx context.Context) {
	s := &p.sweep
	now := p.c.opt.Now().UTC()
	if s.round == nil {
		if time.Now().Before(s.due) {
			return
		}
		s.due = time.Now().Add(sweepEvery)
		from := now.Add(-sweepBack)
		if from.Before(s.floor) {
			from = s.floor
		}
		s.round, s.limit = newRound(from, true), p.opt.Limit
	}
	page, err := p.c.auditPage(ctx, s.round.query(s.limit))
	if err == nil {
		s.round.note(page.records, now)
		err = p.storeLate(ctx, page, now)
	}
	if undelivered(err) && s.limit > fewest {
		s.limit = max(s.limit/2, fewest)
		s.round.byTime()
		return
	}
	if err != nil {
		p.c.log.Info("a sweep of the audit log was left; the next one comes later", "error", err)
		s.round = nil
		return
	}
	r := s.round
	r.pages++
	over := page.next == "" || r.visited[page.next] || !r.unordered && r.reached.After(p.high.Add(-p.opt.Overlap))
	if over {
		s.ended(now)
		return
	}
	r.visited[page.next] = true
	r.link = page.next
}

// storeLate appends the records of a page that matter and were not stored.
func (p *Poller) storeLate(ctx context.Context, page auditPage, now time.Time) error {
	o := p.c.opt
	var late []auditRecord
	for _, r := range p.seen.fresh(page.records) {
		if _, told := p.sweep.told[r.key]; !told && p.matters(r) {
			late = append(late, r) // or a restart made us forget it, and it is recognised by its id
		}
	}
	if len(late) == 0 {
		return nil
	}
	d := holds.Delivery{Tenant: o.Tenant, Connection: o.Connection, Source: holds.FromPoller, Received: now, Body: body(late)}
	d.Digest = sha256.Sum256(d.Body)
	if err := p.opt.Pages.AppendPage(ctx, d, cursor(p.high), now); err != nil {
		return err
	}
	p.stored(late, now)
	return nil
}

// stored remembers, for longer than the rounds do, what of a page matters.
func (p *Poller) stored(records []auditRecord, now time.Time) {
	for _, r := range records {
		if !p.matters(r) {
			continue
		}
		if len(p.sweep.told) >= mostSeen {
			clear(p.sweep.told)
		}
		p.sweep.told[r.key] = now
	}
}

// matters tells whether a record is of a class that is judged.
func (p *Poller) matters(r auditRecord) bool {
	for _, e := range p.c.Decode(holds.Delivery{Source: holds.FromPoller, Body: body([]auditRecord{r})}) {
		if e.Class != holds.None {
			return true
		}
	}
	return false
}

// ended forgets what no later sweep reads.
func (s *sweep) ended(now time.Time) {
	s.round = nil
	for key, at := range s.told {
		if now.Sub(at) > 2*sweepBack {
			delete(s.told, key)
		}
	}
}
