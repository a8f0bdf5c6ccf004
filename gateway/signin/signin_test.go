package signin_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// site is sign-in with one page behind it that says who is there.
type site struct {
	*store
	url string

	mu        sync.Mutex
	now       time.Time
	reviewers map[holds.PersonID]bool
}

func serve(t *testing.T, secure bool) *site {
	t.Helper()
	s := &site{store: newStore(), now: now, reviewers: map[holds.PersonID]bool{"p-sara": true, "p-tove": true}}
	in, err := signin.New(signin.Options{Store: s.store, Secure: secure, Now: s.clock, Reviewer: func(of holds.TenantID, p holds.PersonID) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return of == tenant && s.reviewers[p]
	}})
	if err != nil {
		t.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	in.Mount(e)
	who := func(c echo.Context) error {
		of, p, err := signin.Who(c)
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, string(of)+" "+string(p))
	}
	e.GET("/", who, in.Require)
	e.POST("/", who, in.Require)
	e.GET("/open", who) // a mistake: not behind Require
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *site) tick(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *site) dismiss(p holds.PersonID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reviewers, p)
}

// link makes a link as the command line does.
func (s *site) link(p holds.PersonID) string {
	token, digest := signin.NewToken()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.links[digest] = link{tenant, p, s.clock().Add(signin.LinkLife)}
	return signin.Path(tenant, token)
}

type reply struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	body    string
}

func (s *site) send(t *testing.T, method, path, cookie string, header map[string]string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, res.Cookies(), string(body)}
}

// enter signs in and returns the cookie.
func (s *site) enter(t *testing.T, p holds.PersonID, cookie string) string {
	t.Helper()
	r := s.send(t, http.MethodPost, s.link(p), cookie, nil)
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/" || len(r.cookies) != 1 {
		t.Fatalf("signing in: %d to %q with %d cookies", r.status, r.header.Get("Location"), len(r.cookies))
	}
	return r.cookies[0].Name + "=" + r.cookies[0].Value
}

// TestSingleUse: looking uses nothing up, pressing uses the link up, once.
func TestSingleUse(t *testing.T) {
	s := serve(t, false)
	path := s.link("p-sara")
	for _, header := range []map[string]string{nil, {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"Sec-Fetch-Site": "cross-site"}} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if r := s.send(t, method, path, "", header); r.status != http.StatusOK || len(r.cookies) != 0 {
				t.Errorf("%s: %d with %d cookies", method, r.status, len(r.cookies))
			}
		}
	}
	if writes, lookups, _ := s.counts(); writes+lookups != 0 {
		t.Errorf("looking asked the store %d times", writes+lookups)
	}
	if r := s.send(t, http.MethodPost, path, "", map[string]string{"Sec-Fetch-Site": "cross-site"}); r.status != http.StatusForbidden {
		t.Errorf("from another site: %d", r.status)
	}
	r := s.send(t, http.MethodPost, path, "", nil)
	if r.status != http.StatusSeeOther {
		t.Fatalf("the first press: %d", r.status)
	}
	r = s.send(t, http.MethodPost, path, "", nil)
	if r.status != http.StatusNotFound || len(r.cookies) != 0 || !strings.Contains(r.body, "countersign reviewers link PERSON") {
		t.Errorf("the second press: %d", r.status)
	}
	if _, _, sessions := s.counts(); sessions != 1 {
		t.Errorf("%d sessions", sessions)
	}
}

// TestRace: of many presses at once, one gets in.
func TestRace(t *testing.T) {
	s := serve(t, false)
	path := s.link("p-sara")
	var in sync.WaitGroup
	got := make(chan int, 20)
	for range cap(got) {
		in.Go(func() { got <- s.send(t, http.MethodPost, path, "", nil).status })
	}
	in.Wait()
	close(got)
	entered := 0
	for status := range got {
		if status == http.StatusSeeOther {
			entered++
		}
	}
	if entered != 1 {
		t.Errorf("%d got in", entered)
	}
}

func TestExpiredLink(t *testing.T) {
	s := serve(t, false)
	path := s.link("p-sara")
	s.tick(signin.LinkLife)
	if r := s.send(t, http.MethodPost, path, "", nil); r.status != http.StatusNotFound {
		t.Errorf("after ten minutes: %d", r.status)
	}
}

// TestBadLinks: all of them are the same page, and what has the form of a link
// is looked up whether or not its tenant or token exist.
func TestBadLinks(t *testing.T) {
	s := serve(t, false)
	good := s.link("p-sara")
	token := good[strings.LastIndex(good, "/")+1:]
	unknown, _ := signin.NewToken()
	same := s.send(t, http.MethodPost, signin.Path(tenant, unknown), "", nil).body
	for name, tt := range map[string]struct {
		path    string
		lookups int
	}{
		"unknown token":        {signin.Path(tenant, unknown), 1},
		"unknown tenant":       {signin.Path("nobody", token), 1},
		"cut":                  {signin.Path(tenant, token[:42]), 0},
		"too long":             {signin.Path(tenant, token+"A"), 0},
		"not canonical":        {signin.Path(tenant, token[:42]+"B"), 0},
		"tenant in capitals":   {signin.Path("ACME", token), 0},
		"tenant with a dot":    {signin.Path("ac.me", token), 0},
		"tenant is very long":  {signin.Path(holds.TenantID(strings.Repeat("a", 65)), token), 0},
		"padding":              {signin.Path(tenant, token+"="), 0},
		"another alphabet":     {signin.Path(tenant, base64.RawStdEncoding.EncodeToString([]byte("????????????????????????????????"))[:43]), 0},
		"nothing of the token": {signin.Path(tenant, "x"), 0},
	} {
		if strings.Contains(tt.path[len("/signin/acme/"):], "/") {
			continue // the alphabet of the address itself
		}
		_, before, _ := s.counts()
		r := s.send(t, http.MethodPost, tt.path, "", nil)
		_, after, _ := s.counts()
		if r.status != http.StatusNotFound || r.body != same {
			t.Errorf("%s: %d", name, r.status)
		}
		if after-before != tt.lookups {
			t.Errorf("%s: %d lookups, want %d", name, after-before, tt.lookups)
		}
	}
	if r := s.send(t, http.MethodPost, good, "", nil); r.status != http.StatusSeeOther {
		t.Errorf("the good one after all of them: %d", r.status)
	}
}

func TestNewToken(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token, digest := signin.NewToken()
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(raw) != 32 || digest != signin.Digest(token) || seen[token] {
			t.Fatalf("%q: %v", token, err)
		}
		seen[token] = true
	}
	if _, err := signin.New(signin.Options{}); err == nil {
		t.Error("a sign-in of nothing")
	}
}

func TestGolden(t *testing.T) {
	s := serve(t, false)
	spent, _ := signin.NewToken()
	for name, r := range map[string]reply{
		"link":     s.send(t, http.MethodGet, "/signin/acme/TOKEN", "", nil),
		"spent":    s.send(t, http.MethodPost, signin.Path(tenant, spent), "", nil),
		"unsigned": s.send(t, http.MethodGet, "/", "", nil),
		"goodbye":  s.send(t, http.MethodPost, "/signout", "", nil),
	} {
		pagetest.Golden(t, name, r.body)
		pagetest.Harmless(t, r.body)
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if got := r.header.Get(header); got != want && name != "unsigned" {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
	}
}
