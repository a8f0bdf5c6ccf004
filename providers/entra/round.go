package entra

import (
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// roundPages is after how many pages a round asks by time again instead of
// following links for ever.
const roundPages = 50

// round is one reading from a moment up to the end of the log.
type round struct {
	from      time.Time
	link      string // the query of the next page; empty asks by time
	pages     int
	visited   map[string]bool
	reached   time.Time // the newest record of this round
	newest    time.Time // the same, never ahead of our clock
	unordered bool      // the log did not keep the order that was asked for
	deep      bool
}

func newRound(from time.Time, deep bool) *round {
	return &round{from: from, reached: from, visited: map[string]bool{}, deep: deep}
}

func (r *round) query(limit int) string {
	if r.link != "" {
		return r.link
	}
	return auditQuery(r.from, limit, "")
}

// byTime goes on from what was reached, or begins anew where that says nothing
// about what was read.
func (r *round) byTime() {
	if !r.unordered {
		r.from = r.reached
	}
	r.link = ""
	clear(r.visited)
}

// fewest is the smallest page that is asked for: twenty records of a page's
// greatest size are larger than any record can be.
const fewest = 20

// smaller asks for half as many records after a page that did not arrive: too
// many of the largest are more than is read of one answer, or more than Graph
// sends in time, and whoever can write such records must not stop the reading.
func (p *Poller) smaller(err error) {
	if !undelivered(err) {
		return
	}
	p.limit = max(p.limit/2, min(fewest, p.opt.Limit))
	p.round.byTime()
}

// undelivered tells of a page that was asked for and did not arrive whole.
func undelivered(err error) bool {
	return holds.KindOf(err) == holds.Unavailable && holds.RetryAfter(err) == 0 && faultOf(err) == nil
}

// lost is told of an error. A link that Graph no longer knows is left.
func (r *round) lost(err error) {
	if k := holds.KindOf(err); r.link != "" && (k == holds.Invalid || k == holds.NotFound) {
		r.byTime()
	}
}

// note looks at the times of a page and gives the newest moment that may be
// committed: nothing while the order is broken, and never one ahead of our
// clock, or a record from the future would hide what comes before it.
func (r *round) note(records []auditRecord, now time.Time) time.Time {
	for _, rec := range records {
		if rec.at.IsZero() {
			continue
		}
		if rec.at.Before(r.reached.Truncate(time.Second)) {
			r.unordered = true
		}
		if rec.at.After(r.reached) && !rec.at.After(now) {
			r.reached = rec.at
		}
	}
	r.newest = r.reached
	if r.unordered || !r.reached.After(r.from) {
		return time.Time{}
	}
	return r.reached
}

// depth decides how far back a round begins. Where the whole overlap takes many
// pages it is read every few minutes, and a shorter one in between, so that the
// newest records of a large tenant are reached within seconds.
type depth struct {
	pages int // of the last deep round
	at    time.Time
}

const (
	deepPages = 3
	deepEvery = 5 * time.Minute
	shallow   = 15 * time.Minute
)

func (d *depth) ended(r *round) {
	if r.deep {
		d.pages, d.at = r.pages, time.Now()
	}
}

func (d *depth) due() bool {
	return d.at.IsZero() || d.pages <= deepPages || time.Since(d.at) >= deepEvery
}

// begin starts a round.
func (p *Poller) begin() {
	deep := p.backfill() || p.deep.due()
	from := p.high.Add(-p.opt.Overlap)
	switch {
	case p.high.IsZero():
		from = p.c.opt.Now().Add(-p.opt.Lookback)
	case !deep:
		from = p.high.Add(-min(shallow, p.opt.Overlap))
	}
	p.round = newRound(from.UTC(), deep)
}

// hints are what others know of changes that the log does not show yet.
type hints struct {
	hint   sync.Mutex
	kicked time.Time
	whole  bool
}

// After a kick the poller looks more often for a while: what was hinted at shows
// in the log a minute or a quarter of an hour later.
const (
	eagerFor   = 3 * time.Minute
	eagerEvery = 12 * time.Second
)

// Kick makes the poller look at once, or as soon as three seconds have passed
// since it last did; it never blocks, and many kicks are one.
func (p *Poller) Kick() {
	p.hint.Lock()
	p.kicked = time.Now()
	p.hint.Unlock()
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// Backfill is a kick after hints may have been lost: the whole overlap is read.
func (p *Poller) Backfill() {
	p.hint.Lock()
	p.whole = true
	p.hint.Unlock()
	p.Kick()
}

func (p *Poller) backfill() bool {
	p.hint.Lock()
	defer p.hint.Unlock()
	whole := p.whole
	p.whole = false
	return whole
}

func (p *Poller) interval(usual time.Duration) time.Duration {
	p.hint.Lock()
	defer p.hint.Unlock()
	if !p.kicked.IsZero() && time.Since(p.kicked) < eagerFor {
		return min(usual, eagerEvery)
	}
	return usual
}

// The cursor is a version and the time of the newest durable record.
const cursorVersion = "v1 "

func cursor(high time.Time) string { return cursorVersion + high.UTC().Format(time.RFC3339Nano) }

func parseCursor(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	rest, ok := strings.CutPrefix(s, cursorVersion)
	at, err := time.Parse(time.RFC3339, rest)
	if !ok || err != nil {
		return time.Time{}, holds.Refuse(holds.Invalid, "Where the audit log was last read cannot be understood: a newer version of Countersign may have written it. Use that version.")
	}
	return at.UTC(), nil
}

// seen remembers the records that were stored, so that an overlap is not stored
// again. It is bounded: what is forgotten is stored twice, and recognised by its
// id when it is classified.
type seen struct {
	at map[string]time.Time
}

const mostSeen = 200_000

// fresh gives the records that were not seen, each once.
func (s *seen) fresh(records []auditRecord) []auditRecord {
	var out []auditRecord
	within := map[string]bool{}
	for _, r := range records {
		if _, known := s.at[r.key]; !known && !within[r.key] {
			within[r.key] = true
			out = append(out, r)
		}
	}
	return out
}

func (s *seen) add(records []auditRecord) {
	for _, r := range records {
		if len(s.at) >= mostSeen {
			clear(s.at)
		}
		s.at[r.key] = r.at
		if r.at.IsZero() {
			s.at[r.key] = time.Now() // it says no time, but is not to be stored in every round
		}
	}
}

// forget drops what no round reaches any more.
func (s *seen) forget(before time.Time) {
	for key, at := range s.at {
		if at.Before(before) {
			delete(s.at, key)
		}
	}
}
