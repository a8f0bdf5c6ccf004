package providers

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// longestWait bounds what a 429 may ask for, so that a wrong header cannot stop
// a connection for days.
const longestWait = 15 * time.Minute

// defaultWait is used when a 429 does not say how long.
const defaultWait = 10 * time.Second

// gate paces one connection's calls and remembers which buckets are closed.
type gate struct {
	limiter *rate.Limiter
	mu      sync.Mutex
	closed  map[string]time.Time
}

func newGate(r rate.Limit, burst int) *gate {
	return &gate{limiter: rate.NewLimiter(r, burst), closed: map[string]time.Time{}}
}

// enter waits for its turn. A closed bucket is not waited for: the caller gets
// the wait at once and can do something else.
func (g *gate) enter(ctx context.Context, bucket string) (time.Duration, bool) {
	if d := g.remaining(bucket); d > 0 {
		return d, false
	}
	if err := g.limiter.Wait(ctx); err != nil {
		return time.Second, false
	}
	// Another call may have met a 429 while this one waited.
	d := g.remaining(bucket)
	return d, d <= 0
}

func (g *gate) remaining(bucket string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.closed[bucket])
}

// close keeps a bucket shut for d; a shorter wait never opens it earlier.
func (g *gate) close(bucket string, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.closed[bucket]) {
		g.closed[bucket] = until
	}
}

// waitOf is how long a 429 or 503 asks to wait: the longer of Retry-After and
// X-Rate-Limit-Reset minus Date plus one second. The second form is Okta's
// (https://developer.okta.com/docs/reference/rl-best-practices/); using its own
// Date keeps our clock out of it.
func waitOf(h http.Header, now time.Time) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		date = now
	}
	var d time.Duration
	known := false
	if v := h.Get("Retry-After"); v != "" {
		if n, err := strconv.ParseInt(v, 10, 32); err == nil && n >= 0 {
			d, known = time.Duration(n)*time.Second, true
		} else if at, err := http.ParseTime(v); err == nil {
			d, known = at.Sub(date), true
		}
	}
	if n, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64); err == nil {
		d, known = max(d, time.Unix(n, 0).Sub(date)+time.Second), true
	}
	return min(max(d, time.Second), longestWait), known
}
