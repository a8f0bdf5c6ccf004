package signin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

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
