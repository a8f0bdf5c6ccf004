package signin_test

import (
	"encoding/base64"
	"errors"
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

// TestI6 is the cookie's attributes, rotation, ends, and what a planted cookie
// is worth.
func TestI6(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := serve(t, secure)
		r := s.send(t, http.MethodPost, s.link("p-sara"), "", nil)
		if len(r.cookies) != 1 {
			t.Fatalf("%d cookies", len(r.cookies))
		}
		c := r.cookies[0]
		wantName := map[bool]string{false: "countersign", true: "__Host-countersign"}[secure]
		if c.Name != wantName || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 8*60*60 {
			t.Errorf("secure %t: the cookie is %s", secure, c.Raw)
		}
		of, token, _ := strings.Cut(c.Value, ".")
		s.store.mu.Lock()
		stored, known := s.sessions[signin.Digest(token)]
		s.store.mu.Unlock()
		if of != string(tenant) || !known || stored.Person != "p-sara" || stored.Expires.Sub(stored.Created) != 8*time.Hour {
			t.Errorf("the session is %+v, known %t", stored, known)
		}
		if r := s.send(t, http.MethodGet, "/", c.Name+"="+c.Value, nil); r.body != "acme p-sara" {
			t.Errorf("signed in: %d %s", r.status, r.body)
		}
	}
}

// TestI6Rotation: a new sign-in is a new session, and the one before is over.
func TestI6Rotation(t *testing.T) {
	s := serve(t, false)
	planted := s.enter(t, "p-tove", "")
	mine := s.enter(t, "p-sara", planted)
	if mine == planted {
		t.Fatal("the cookie is the one that was there")
	}
	if r := s.send(t, http.MethodGet, "/", planted, nil); r.status != http.StatusUnauthorized {
		t.Errorf("the session before: %d", r.status)
	}
	if r := s.send(t, http.MethodGet, "/", mine, nil); r.body != "acme p-sara" {
		t.Errorf("the new one: %s", r.body)
	}
	if r := s.send(t, http.MethodGet, "/", mine+"; "+planted, nil); r.status != http.StatusUnauthorized {
		t.Errorf("two cookies of our name: %d", r.status)
	}
}

func TestI6Ends(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *site, string){
		"eight hours": func(t *testing.T, s *site, cookie string) {
			for range 7 { // being used does not make it longer
				s.tick(time.Hour)
				if r := s.send(t, http.MethodGet, "/", cookie, nil); r.status != http.StatusOK {
					t.Fatalf("before its end: %d", r.status)
				}
			}
			s.tick(time.Hour)
		},
		"signing out": func(t *testing.T, s *site, cookie string) {
			r := s.send(t, http.MethodPost, "/signout", cookie, nil)
			if r.status != http.StatusOK || len(r.cookies) != 1 || r.cookies[0].MaxAge != -1 || r.cookies[0].Value != "" {
				t.Errorf("signing out: %d, %v", r.status, r.cookies)
			}
		},
		"a store that forgot its end": func(_ *testing.T, s *site, _ string) {
			s.store.mu.Lock()
			defer s.store.mu.Unlock()
			for k, x := range s.sessions {
				x.Expires, x.Created = now.AddDate(1, 0, 0), now.Add(-signin.SessionLife)
				s.sessions[k] = x
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, false)
			cookie := s.enter(t, "p-sara", "")
			end(t, s, cookie)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if r := s.send(t, method, "/", cookie, nil); r.status != http.StatusUnauthorized {
					t.Errorf("%s afterwards: %d %s", method, r.status, r.body)
				}
			}
		})
	}
}

// TestF5: whoever is no longer a reviewer is refused at the next request, and
// a link does not make anybody one.
func TestF5(t *testing.T) {
	s := serve(t, false)
	cookie := s.enter(t, "p-sara", "")
	s.dismiss("p-sara")
	if r := s.send(t, http.MethodGet, "/", cookie, nil); r.status != http.StatusForbidden {
		t.Errorf("afterwards: %d", r.status)
	}
	r := s.send(t, http.MethodPost, s.link("p-sara"), "", nil)
	if r.status != http.StatusForbidden || len(r.cookies) != 0 || !strings.Contains(r.body, "You are not a reviewer") {
		t.Errorf("a link for somebody else: %d", r.status)
	}
}

// TestUnsigned: the page says how to get in; on a GET it offers to open the
// page again, for a cookie that SameSite kept away.
func TestUnsigned(t *testing.T) {
	s := serve(t, false)
	good := s.enter(t, "p-sara", "")
	for name, cookie := range map[string]string{
		"none": "", "unknown": "countersign=acme." + strings.Repeat("A", 43), "broken": "countersign=x", "empty": "countersign=",
		"another tenant's": strings.Replace(good, "acme", "globex", 1), "another name": strings.Replace(good, "countersign", "__Host-countersign", 1),
	} {
		r := s.send(t, http.MethodGet, "/", cookie, nil)
		if r.status != http.StatusUnauthorized || !strings.Contains(r.body, "countersign reviewers link PERSON") || !strings.Contains(r.body, "private window for the second") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if !strings.Contains(r.body, `<a href="/">`) {
			t.Errorf("%s: the page is not offered again", name)
		}
	}
	if r := s.send(t, http.MethodPost, "/", "", nil); r.status != http.StatusUnauthorized || strings.Contains(r.body, "Open the page again") {
		t.Errorf("a POST: %d", r.status)
	}
}

// TestOutage: when the store is down nobody is told that they are not signed
// in, and nothing of the cause is shown.
func TestOutage(t *testing.T) {
	s := serve(t, false)
	cookie, path := s.enter(t, "p-sara", ""), s.link("p-sara")
	for want, fail := range map[int]error{
		http.StatusServiceUnavailable:  &holds.Error{Kind: holds.Unavailable, Detail: "The database is not available.", Err: errors.New("hunter2")},
		http.StatusInternalServerError: errors.New("pq: hunter2"),
	} {
		s.store.mu.Lock()
		s.fail = fail
		s.store.mu.Unlock()
		for _, r := range []reply{
			s.send(t, http.MethodGet, "/", cookie, nil), s.send(t, http.MethodPost, path, "", nil), s.send(t, http.MethodPost, "/signout", cookie, nil),
		} {
			if r.status != want || strings.Contains(r.body, "hunter2") || len(r.cookies) != 0 {
				t.Errorf("%d, want %d: %s", r.status, want, r.body)
			}
		}
	}
}

// TestWhoNeedsRequire: a handler that was mounted without Require is a failure
// of ours, not somebody without a name.
func TestWhoNeedsRequire(t *testing.T) {
	s := serve(t, false)
	if r := s.send(t, http.MethodGet, "/open", s.enter(t, "p-sara", ""), nil); r.status != http.StatusInternalServerError {
		t.Errorf("%d %s", r.status, r.body)
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
