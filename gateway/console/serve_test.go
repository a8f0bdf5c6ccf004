package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/console"
	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// sessions is a store of links and sessions in memory.
type sessions struct {
	mu       sync.Mutex
	links    map[[32]byte]holds.PersonID
	sessions map[[32]byte]holds.Session
}

func (s *sessions) UseLink(_ context.Context, _ holds.TenantID, token [32]byte, _ time.Time) (holds.PersonID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.links[token]
	if !ok {
		return "", holds.Refuse(holds.NotFound, "Not found.")
	}
	delete(s.links, token)
	return p, nil
}

func (s *sessions) CreateSession(_ context.Context, x holds.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[x.Token] = x
	return nil
}

func (s *sessions) Session(_ context.Context, t holds.TenantID, token [32]byte, _ time.Time) (holds.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.sessions[token]; ok && x.Tenant == t {
		return x, nil
	}
	return holds.Session{}, holds.Refuse(holds.NotFound, "Not found.")
}

func (s *sessions) EndSession(_ context.Context, _ holds.TenantID, token [32]byte, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	return nil
}

// site is the console's listener: sign-in and console as they are mounted in
// the program.
type site struct {
	*world
	url       string
	sessions  *sessions
	mu        sync.Mutex
	reviewers map[holds.PersonID]bool
}

func (s *site) reviewer(_ holds.TenantID, p holds.PersonID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reviewers[p]
}

func (s *site) dismiss(p holds.PersonID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reviewers, p)
}

func serve(t *testing.T, w *world) *site {
	t.Helper()
	s := &site{
		world: w, sessions: &sessions{links: map[[32]byte]holds.PersonID{}, sessions: map[[32]byte]holds.Session{}},
		reviewers: map[holds.PersonID]bool{"p-rolf": true, "p-sara": true, "p-tove": true, "p-dora": true, "p-anna": true},
	}
	in, err := signin.New(signin.Options{Store: s.sessions, Reviewer: s.reviewer, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	con, err := console.New(console.Options{
		Reader: w, Keeper: w, Brakes: w, NewID: w.newID, Inbox: w.Inbox, Require: in.Require, Who: signin.Who, Reviewer: s.reviewer,
		Organisation: func(holds.TenantID) string { return "Acme" }, Now: w.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{Page: con.Problem})
	in.Mount(e)
	con.Mount(e)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// client is one reviewer's browser, without one.
type client struct {
	t      *testing.T
	site   *site
	cookie string
}

// as signs a person in, in a tenant.
func (s *site) as(t *testing.T, p holds.PersonID) *client { return s.in(t, tenant, p) }

func (s *site) in(t *testing.T, of holds.TenantID, p holds.PersonID) *client {
	t.Helper()
	token, digest := signin.NewToken()
	s.sessions.mu.Lock()
	s.sessions.sessions[digest] = holds.Session{Token: digest, Tenant: of, Person: p, Created: s.clock(), Expires: s.clock().Add(signin.SessionLife)}
	s.sessions.mu.Unlock()
	return &client{t: t, site: s, cookie: "countersign=" + string(of) + "." + token}
}

// answer is an answer with its document.
type answer struct {
	*goquery.Document
	status int
	header http.Header
	html   string
}

func (c *client) do(method, path string, body string, header map[string]string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.site.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.cookie != "" {
		req.Header.Set("Cookie", c.cookie)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(raw)))
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{Document: doc, status: res.StatusCode, header: res.Header, html: string(raw)}
}

func (c *client) get(path string) answer {
	c.t.Helper()
	return c.do(http.MethodGet, path, "", nil)
}

// post sends a form as a browser does from our own page.
func (c *client) post(path string, form url.Values) answer {
	c.t.Helper()
	return c.do(http.MethodPost, path, form.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Origin": "null",
	})
}

// fill takes the hidden fields of the form with this action and adds what a
// person types.
func (p answer) fill(t *testing.T, action string, typed map[string]string) url.Values {
	t.Helper()
	form := p.Find(`form[action="` + action + `"]`)
	if form.Length() != 1 {
		t.Fatalf("%d forms for %s on this page:\n%s", form.Length(), action, p.Find("main").Text())
	}
	out := url.Values{}
	form.Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		out.Set(name, value)
	})
	for k, v := range typed {
		out.Set(k, v)
	}
	return out
}

func (p answer) text(selector string) string {
	return strings.Join(strings.Fields(p.Find(selector).Text()), " ")
}

// want fails unless the page has this status and says all of this.
func (p answer) want(t *testing.T, status int, says ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d, want %d: %s", p.status, status, p.text("main"))
	}
	all := p.text("body")
	for _, s := range says {
		if !strings.Contains(all, s) {
			t.Errorf("the page does not say %q:\n%s", s, all)
		}
	}
}

// check and decide are the two forms, filled in well.
func check(kind string, more map[string]string) map[string]string {
	out := map[string]string{"kind": kind, "requester": "p-anna", "reference": "CALL-1"}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func (c *client) record(k holds.Key, typed map[string]string) answer {
	c.t.Helper()
	path := "/holds/" + string(k.Hold)
	return c.post(path+"/evidence", c.get(path).fill(c.t, path+"/evidence", typed))
}

func (c *client) decide(k holds.Key, typed map[string]string) answer {
	c.t.Helper()
	path := "/holds/" + string(k.Hold)
	return c.post(path+"/decision", c.get(path).fill(c.t, path+"/decision", typed))
}

// rolesSeen is the value of the page's acknowledgement.
func (p answer) rolesSeen() string {
	v, _ := p.Find("input[name=roles_seen]").Attr("value")
	return v
}
