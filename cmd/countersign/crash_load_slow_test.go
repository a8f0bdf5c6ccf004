//go:build slow

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// crowded makes a world of many engineers whose caps nobody reaches: what is proved
// here is not them.
func crowded(many int) options {
	c := oktasim.SmallCompany()
	for _, p := range oktasim.SmallCompany().People {
		for i := 0; p.ID == oktasim.Engineer && i < many; i++ {
			one := p
			one.ID = fmt.Sprintf("00uCrowd%012d", i)
			one.Profile = maps.Clone(p.Profile)
			one.Profile["firstName"], one.Profile["lastName"] = fmt.Sprintf("Crowd%d", i), "Tanaka"
			one.Profile["login"] = fmt.Sprintf("crowd%d.tanaka@nordwind.example", i)
			one.Profile["email"], one.Profile["mobilePhone"] = one.Profile["login"], fmt.Sprintf("+31 6 5550 %04d", i)
			one.Factors = nil
			for n, f := range p.Factors {
				f.ID = fmt.Sprintf("opfCrowd%08d%04d", i, n)
				f.Enrollment, f.Device = "", ""
				one.Factors = append(one.Factors, f)
			}
			c.People = append(c.People, one)
		}
	}
	return options{
		notYet: true, sim: oktasim.Options{Company: c},
		edit: func(l *layout) {
			l.swap("    connections:\n", "    caps: {per_hour: 100000, per_actor: 100000}\n    connections:\n")
		},
	}
}

// deadly is for a world whose processes are killed: their jobs are taken over soon.
func (o options) deadly() options {
	o.seams = func(s *seams) { s.job = childJob }
	return o
}

func inCrowd(i int) string { return fmt.Sprintf("00uCrowd%012d", i) }

// storm resets the factors of some of the crowd.
func (w *world) storm(from, to int) {
	w.Helper()
	for i := from; i < to; i++ {
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, inCrowd(i)))
	}
}

// allContained proves that each of the crowd has one hold, is restrained by one
// call of each kind, and that its owner was told.
func (w *world) allContained(many int) {
	w.Helper()
	for i := range many {
		who := inCrowd(i)
		w.hold(who, "the restraint of "+who, func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
		if n := len(w.holdsOf(who)); n != 1 {
			w.Errorf("I1: %s has %d holds", who, n)
		}
		w.once(who)
	}
}

// pour sends deliveries without events until it is stopped, as fast as a busy
// organisation does, and remembers what was answered. The short form sends a tenth:
// under the race detector everything takes ten times as long.
type pour struct {
	mu      sync.Mutex
	taken   map[string]bool
	answers map[int]int
	broken  int           // connections that broke without an answer
	slowest time.Duration // until a refusal
	last    time.Time     // of the newest 204
	got     chan struct{} // one 204 after another
	stop    func()
}

func (w *world) pour(address string, workers int) *pour {
	w.Helper()
	p := &pour{taken: map[string]bool{}, answers: map[int]int{}, got: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(w.Context())
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			c := client()
			defer c.CloseIdleConnections()
			tick := time.NewTicker(pourEvery())
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					p.send(ctx, c, w.orgs[0], address)
				}
			}
		})
	}
	p.stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	w.Cleanup(p.stop)
	return p
}

func pourEvery() time.Duration {
	if soak {
		return 20 * time.Millisecond
	}
	return 200 * time.Millisecond
}

func (p *pour) send(ctx context.Context, c *http.Client, o *org, address string) {
	body := envelope(o)
	var e struct {
		EventID string `json:"eventId"`
	}
	if json.Unmarshal(body, &e) != nil {
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/hooks/okta/"+string(o.id), bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header = header("Authorization", o.secret)
	began := time.Now()
	res, err := c.Do(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.broken++
		return
	}
	_ = res.Body.Close()
	p.answers[res.StatusCode]++
	if res.StatusCode != http.StatusNoContent {
		p.slowest = max(p.slowest, time.Since(began))
		return
	}
	p.taken[e.EventID], p.last = true, time.Now()
	select {
	case p.got <- struct{}{}:
	default:
	}
}

// next waits for a delivery that is taken from now on, and tells when it was.
func (p *pour) next(w *world) time.Time {
	w.Helper()
	select {
	case <-p.got: // perhaps of before
	default:
	}
	for range 2 { // one may have been on its way
		select {
		case <-p.got:
		case <-time.After(waiting):
			w.Fatal("no delivery is taken any more")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// kept proves that every delivery that was answered 204 is a row, and that
// nothing but 204 and 503 was answered.
func (p *pour) kept(w *world) {
	w.Helper()
	stored := map[string]bool{}
	for _, id := range w.column("SELECT envelope FROM deliveries WHERE source = 'hook'") {
		stored[id] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := 0
	for id := range p.taken {
		if !stored[id] {
			lost++
		}
	}
	if lost > 0 || len(p.taken) == 0 {
		w.Errorf("I9: %d of %d deliveries that were answered 204 are lost", lost, len(p.taken))
	}
	for status, n := range p.answers {
		if status != http.StatusNoContent && status != http.StatusServiceUnavailable {
			w.Errorf("%d deliveries were answered %d", n, status)
		}
	}
}
