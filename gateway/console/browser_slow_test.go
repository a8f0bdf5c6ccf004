//go:build slow

package console_test

import (
	"net/http"
	"testing"

	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// enter signs a person in by a link, as they would.
func enter(t *testing.T, s *site, b *pagetest.Browser, who holds.PersonID) *pagetest.Person {
	t.Helper()
	token, digest := signin.NewToken()
	s.sessions.mu.Lock()
	s.sessions.links[digest] = who
	s.sessions.mu.Unlock()
	p := b.Person()
	p.Go(s.url + signin.Path(tenant, token))
	if status := p.Press("form button"); status != http.StatusOK {
		t.Fatalf("signing in led to %d", status)
	}
	return p
}

// TestBrowserPages looks at every page in a real browser: nothing is against
// the pages' own policy, and nothing is wider than the screen.
func TestBrowserPages(t *testing.T) {
	w := gallery()
	s := serve(t, w)
	b := pagetest.Open(t)
	stranger := b.Person()
	stranger.Go(s.url + "/")
	stranger.Shot("unsigned")
	stranger.Go(s.url + signin.Path(tenant, "x"))
	stranger.Shot("link")
	stranger.Press("form button")
	stranger.Shot("spent")
	p := enter(t, s, b, "p-rolf")
	p.Shot("queue")
	for name, path := range map[string]string{"history": "/holds", "found": "/holds?q=anna.berg@acme.example", "not-found": "/holds?q=nobody", "missing": "/holds/none"} {
		p.Go(s.url + path)
		p.Shot(name)
	}
	for _, k := range w.order {
		p.Go(s.url + "/holds/" + string(k.Hold))
		p.Shot("hold-" + string(k.Hold)[34:])
	}
	empty := serve(t, newWorld())
	p = enter(t, empty, b, "p-rolf")
	p.Shot("queue-empty")
	p.Go(empty.url + "/holds")
	p.Shot("history-empty")
}
