package console_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/console"
	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// TestI5 follows every link from the queue on, as a crawler would, and sends
// every form that is sent by GET: nothing is written.
func TestI5(t *testing.T) {
	w := gallery()
	c := serve(t, w).as(t, "p-rolf")
	seen, todo := map[string]bool{}, []string{"/", "/holds?q=kim@acme.example", "/holds?ended=1"}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		path, _, _ = strings.Cut(path, "#")
		if path == "" || seen[path] {
			continue
		}
		seen[path] = true
		p := c.get(path)
		if p.status != http.StatusOK {
			t.Errorf("%s: %d", path, p.status)
		}
		p.Find("[href]").Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			todo = append(todo, href)
		})
		p.Find("form").Each(func(_ int, f *goquery.Selection) {
			if method, _ := f.Attr("method"); method != "post" && method != "get" {
				t.Errorf("%s has a form with the method %q", path, method)
			}
			if action, _ := f.Attr("action"); f.AttrOr("method", "") == "post" {
				if got := c.get(action).status; got != http.StatusMethodNotAllowed {
					t.Errorf("GET %s: %d", action, got)
				}
			}
		})
	}
	if len(seen) < len(w.order)+4 {
		t.Errorf("only %d pages were found: %v", len(seen), seen)
	}
	if n := w.count(); n != 0 {
		t.Errorf("reading wrote %d times", n)
	}
}

// TestI4: what another site sends is refused at every door, whatever it says of
// itself, and so is what is no form.
func TestI4(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	path := "/holds/" + string(k.Hold)
	p := c.get(path)
	form := p.fill(t, path+"/decision", map[string]string{"decision": "deny", "reason": "No."})
	form.Set("text", "x")
	before := s.count()
	const ok = "application/x-www-form-urlencoded"
	for name, header := range map[string]map[string]string{
		"cross-site":        {"Content-Type": ok, "Sec-Fetch-Site": "cross-site"},
		"same-site":         {"Content-Type": ok, "Sec-Fetch-Site": "same-site"},
		"other origin":      {"Content-Type": ok, "Origin": "https://evil.example"},
		"null origin":       {"Content-Type": ok, "Origin": "null"},
		"text/plain":        {"Content-Type": "text/plain", "Sec-Fetch-Site": "same-origin"},
		"json":              {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"},
		"multipart":         {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"},
		"no type":           {"Sec-Fetch-Site": "same-origin"},
		"override by field": {"Content-Type": ok, "Sec-Fetch-Site": "cross-site", "X-HTTP-Method-Override": "POST"},
	} {
		for _, door := range []string{"/decision", "/evidence", "/note"} {
			got := c.do(http.MethodPost, path+door, form.Encode(), header)
			want := http.StatusForbidden
			if strings.HasPrefix(name, "text") || name == "json" || name == "multipart" || name == "no type" {
				want = http.StatusUnsupportedMediaType
			}
			if got.status != want {
				t.Errorf("%s %s: %d, want %d", name, door, got.status, want)
			}
		}
	}
	if got := c.do(http.MethodGet, path+"/decision?"+form.Encode(), "", map[string]string{"X-HTTP-Method-Override": "POST"}).status; got != http.StatusMethodNotAllowed {
		t.Errorf("an override of the method: %d", got)
	}
	if s.count() != before {
		t.Error("something was written")
	}
}

// TestI7: every page, errors included, keeps to itself.
func TestI7(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	s := serve(t, w)
	c := s.as(t, "p-rolf")
	stranger := &client{t: t, site: s}
	for name, p := range map[string]answer{
		"queue": c.get("/"), "hold": c.get("/holds/" + string(k.Hold)), "history": c.get("/holds"), "missing": c.get("/holds/none"),
		"unsigned": stranger.get("/"), "refused": c.post("/holds/"+string(k.Hold)+"/note", nil), "nowhere": c.get("/nowhere"),
	} {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if got := p.header.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		policy := p.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", name, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is %s", name, policy)
		}
	}
}

// TestI11: a failure of ours says nothing but the number of the request; an
// outage says that it is one.
func TestI11(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).as(t, "p-rolf")
	w.fail = errors.New("pq: relation \"holds\" does not exist at 10.0.0.5:5432")
	for _, path := range []string{"/", "/holds", "/holds/" + string(k.Hold)} {
		p := c.get(path)
		p.want(t, http.StatusInternalServerError, "Something went wrong on our side", p.header.Get("X-Request-Id"))
		if p.header.Get("X-Request-Id") == "" || strings.Contains(p.html, "pq") || strings.Contains(p.html, "5432") {
			t.Errorf("%s says %s", path, p.text("body"))
		}
	}
	w.fail = &holds.Error{Kind: holds.Unavailable, Detail: "The database is not available.", Err: errors.New("pq: secret")}
	p := c.get("/")
	p.want(t, http.StatusServiceUnavailable, "The database is not available.")
	if p.header.Get("Retry-After") == "" || strings.Contains(p.html, "secret") {
		t.Errorf("an outage says %s", p.text("body"))
	}
	form := url.Values{"version": {"1"}, "decision": {"deny"}, "reason": {"No."}}
	c.post("/holds/"+string(k.Hold)+"/decision", form).want(t, http.StatusServiceUnavailable)
}

// TestUnsigned: without a session there is only the page that says how to get
// in, at every door.
func TestUnsigned(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := &client{t: t, site: serve(t, w)}
	form := url.Values{"version": {"1"}, "decision": {"deny"}, "reason": {"No."}, "text": {"x"}}
	path := "/holds/" + string(k.Hold)
	for _, p := range []answer{c.get("/"), c.get("/holds"), c.get(path), c.post(path+"/decision", form), c.post(path+"/evidence", form), c.post(path+"/note", form)} {
		p.want(t, http.StatusUnauthorized, "You are not signed in", "countersign reviewers link PERSON")
		if strings.Contains(p.html, "Anna") {
			t.Error("a stranger is shown a name")
		}
	}
	if w.count() != 0 {
		t.Error("something was written")
	}
}

// TestSearch: by id or login, exactly; what is open comes first.
func TestSearch(t *testing.T) {
	c := serve(t, gallery()).as(t, "p-rolf")
	p := c.get("/holds?q=+00uAnna0000000000001+")
	p.want(t, http.StatusOK, "Holds of 00uAnna0000000000001")
	if n := p.Find("table.holds").Length(); n != 2 {
		t.Errorf("%d lists, want the open and the ended", n)
	}
	if n := p.Find("tbody tr").Length(); n != 2 {
		t.Errorf("%d holds", n)
	}
	c.get("/holds?q=00uAnna").want(t, http.StatusOK, "No open hold of an account with exactly this login or id.")
}

// TestQueue: the head says how the machine is, in words somebody can act on.
func TestQueue(t *testing.T) {
	p := serve(t, gallery()).as(t, "p-rolf").get("/")
	p.want(t, http.StatusOK, "2 deliveries failed", "1 owner says not me", "1 overdue", "restraint NOT enforced", "watches only",
		"Calls to the provider fail: the provider answers 401", "Notifications from the provider: users: the subscription was lost", "overdue by 5 min", "in 48 min", "escalated 1×")
	if n := p.Find("tbody tr.frozen").Length(); n != 1 {
		t.Errorf("%d lines are marked as repudiated", n)
	}
	if n := p.Find(".connections > .hot").Length(); n != 1 {
		t.Errorf("%d connections are marked", n)
	}
}

func TestNewNeedsEverything(t *testing.T) {
	if _, err := console.New(console.Options{}); err == nil {
		t.Error("a console of nothing")
	}
}

// TestF5Console: the console asks about authority itself, whoever let the
// request through; and a handler without anybody signed in is a failure.
func TestF5Console(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	for want, who := range map[int]func(echo.Context) (holds.TenantID, holds.PersonID, error){
		http.StatusForbidden:           func(echo.Context) (holds.TenantID, holds.PersonID, error) { return tenant, "p-gone", nil },
		http.StatusInternalServerError: signin.Who,
	} {
		con, err := console.New(console.Options{
			Reader: w, Keeper: w, Brakes: w, NewID: w.newID, Inbox: w.Inbox, Who: who, Now: w.clock,
			Require:      func(next echo.HandlerFunc) echo.HandlerFunc { return next },
			Reviewer:     func(_ holds.TenantID, p holds.PersonID) bool { return p == "p-rolf" },
			Organisation: func(holds.TenantID) string { return "Acme" },
		})
		if err != nil {
			t.Fatal(err)
		}
		e := gateway.NewEcho(gateway.Options{})
		con.Mount(e)
		server := httptest.NewServer(e)
		defer server.Close()
		c := &client{t: t, site: &site{url: server.URL}}
		form := url.Values{"version": {"1"}, "decision": {"deny"}, "reason": {"No."}, "text": {"x"}}
		path := "/holds/" + string(k.Hold)
		for _, a := range []answer{c.get("/"), c.get("/holds"), c.get(path), c.post(path+"/decision", form), c.post(path+"/evidence", form), c.post(path+"/note", form)} {
			a.want(t, want)
			if strings.Contains(a.html, "Anna") {
				t.Error("a name is shown")
			}
		}
	}
	if w.count() != 0 {
		t.Error("something was written")
	}
}
