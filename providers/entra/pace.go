package entra

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/providers"
)

// Graph's reporting endpoints allow five requests in ten seconds to one app in
// one tenant, and often do not say how long to wait when there were more
// (https://learn.microsoft.com/graph/throttling-limits). The window is a little
// longer here, since requests do not arrive at the distance they left at.
const (
	paceCalls  = 5
	paceWindow = 10*time.Second + 500*time.Millisecond
)

// pace lets paceCalls through in any paceWindow; a token bucket would let twice
// as many through in its first one.
type pace struct {
	mu   sync.Mutex
	last [paceCalls]time.Time // when each of the last calls may leave, oldest at next
	next int
}

func newPace() *pace { return &pace{} }

// wait lets the caller leave when its turn has come. A caller that gives up
// leaves its turn unused.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := now
	if oldest := p.last[p.next]; !oldest.IsZero() && oldest.Add(paceWindow).After(now) {
		at = oldest.Add(paceWindow)
	}
	p.last[p.next] = at
	p.next = (p.next + 1) % paceCalls
	p.mu.Unlock()
	if !at.After(now) {
		return nil
	}
	t := time.NewTimer(at.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return providers.Classify(nil, ctx.Err())
	}
}
