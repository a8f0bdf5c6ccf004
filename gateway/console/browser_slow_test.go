//go:build slow

package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/page"
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

// TestBrowserTwoPeople is the whole way in a real browser: two people in two
// private windows, one checks identity over two paths, the other approves; the
// owner's word comes in between for a page that is then out of date.
func TestBrowserTwoPeople(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	s := serve(t, w)
	path := s.url + "/holds/" + string(k.Hold)
	b := pagetest.Open(t)
	sara, tove := enter(t, s, b, "p-sara"), enter(t, s, b, "p-tove")

	sara.Go(path)
	if sara.Seen(".for-callback") || sara.Seen(".for-in_person") {
		t.Error("fields are shown before their method is chosen")
	}
	sara.Choose("#kind", "callback")
	if !sara.Seen(".for-callback") || sara.Seen(".for-in_person") {
		t.Error("the fields of a call back are not shown, or others are")
	}
	sara.Shot("form-callback")
	sara.Tick(`input[name=point][value=c-old]`)
	sara.Choose("#requester", "p-anna")
	sara.Type("#reference", "CALL-1")
	press(t, sara, ".by-kind button")
	sara.Choose("#kind", "manager")
	sara.Choose("#requester", "p-anna")
	sara.Type("#reference", "REC-2")
	press(t, sara, ".by-kind button")
	if got := sara.Text(".by-choice"); !strings.Contains(got, "You checked identity here") {
		t.Errorf("the verifier is told %q", got)
	}

	tove.Go(path)
	if tove.Seen(".for-letting") {
		t.Error("the fields of an approval are shown before it is chosen")
	}
	tove.Tick("input[value=approve]")
	if !tove.Seen(".for-letting") {
		t.Error("the fields of an approval are not shown")
	}
	tove.Shot("form-approve")
	tove.Type("#target", "anna.berg@acme.example")
	tove.Type("#reason", "Two checks over two paths.")
	if status := tove.Press(".by-choice button"); status != http.StatusBadRequest {
		t.Errorf("an approval without a look at the roles: %d", status)
	}
	tove.Shot("form-wrong")
	tove.Tick("input[name=roles_seen]")
	sara.Type("#text", "Remember the phone.")
	press(t, sara, "#notes button")
	press(t, tove, ".by-choice button")
	if h := w.hold(k); h.State != holds.Approved || h.Decisions[0].Approver != "p-tove" || h.Evidence[0].Verifier != "p-sara" {
		t.Fatalf("the hold is %s: %+v", h.State, h.Decisions)
	}
	sara.Go(path)
	w.tick(time.Second)
	w.owner(k, true)
	sara.Tick("input[value=deny]")
	sara.Type("#reason", "Something is odd.")
	if status := sara.Press(".by-choice button"); status != http.StatusConflict {
		t.Errorf("a page that is out of date: %d", status)
	}
	sara.Shot("stale")
	press(t, sara, "a.button")
	press(t, sara, ".me button")
	sara.Shot("goodbye")
	sara.Go(path)
	if got := sara.Text("h1"); got != "You are not signed in" {
		t.Errorf("after signing out: %q", got)
	}
	tove.Go(path)
	if got := tove.Text(".me"); !strings.Contains(got, "Tove Falk") {
		t.Errorf("the other window is signed out as well: %q", got)
	}
}

// press presses what leads to a page that is well.
func press(t *testing.T, p *pagetest.Person, selector string) {
	t.Helper()
	if status := p.Press(selector); status != http.StatusOK {
		t.Fatalf("pressing %s led to %d: %s", selector, status, p.Text("body"))
	}
}

// TestBrowserI1 shows hostile values to a real browser: no script runs, and
// nothing is even tried against the policy.
func TestBrowserI1(t *testing.T) {
	b := pagetest.Open(t)
	w := newWorld()
	for i, bad := range pagetest.Hostile() {
		w.add(another(i+1, func(v *holds.View) { poison(v, bad) }))
	}
	s := serve(t, w)
	p := enter(t, s, b, "p-rolf")
	for _, k := range w.order {
		p.Go(s.url + "/holds/" + string(k.Hold))
	}
	p.Go(s.url + "/")
	p.Shot("hostile")
}

// TestBrowserSeesBreaches proves that the browser would tell: a page with an
// inline script and an inline style breaks the policy twice.
func TestBrowserSeesBreaches(t *testing.T) {
	b := pagetest.Open(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", page.Policy)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!DOCTYPE html><link rel="icon" href="/icon"><p style="color:red">x</p><script>alert(1)</script>`)
	}))
	defer server.Close()
	p := b.Person()
	p.Go(server.URL)
	said := strings.Join(p.Said(), "\n")
	if !strings.Contains(said, "style") || !strings.Contains(said, "script") {
		t.Errorf("the browser said only %q", said)
	}
}
