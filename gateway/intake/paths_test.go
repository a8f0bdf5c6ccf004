package intake_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway/intake"
)

// direct is a request that does not go through a listener, and its answer.
func direct(path, body string) (*http.Request, *httptest.ResponseRecorder) {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	return req, httptest.NewRecorder()
}

// doors are both addresses with what each would take.
func doors() map[string]string {
	body := `{"value":[` + good() + `]}`
	return map[string]string{
		"/hooks/okta/acme-okta":                 script("acme-okta", "Authorization: "+acmeSecret, event("e-1")),
		"/hooks/entra/acme-entra":               graphScript("acme-entra", body) + body,
		"/hooks/entra/acme-entra/" + usersNonce: graphScript("acme-entra/"+usersNonce, body) + body,
	}
}

// TestB13PathTricks: no spelling of an address but the one is that address.
func TestB13PathTricks(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	g.feeds.set("acme-entra", usersFeed(), newFeed())
	tricks := map[string]func(string) string{
		"a trailing slash":        func(p string) string { return p + "/" },
		"two":                     func(p string) string { return p + "//" },
		"a dot":                   func(p string) string { return p + "/." },
		"a doubled slash":         func(p string) string { return "/" + p },
		"one in the middle":       func(p string) string { return strings.Replace(p, "/acme", "//acme", 1) },
		"an escaped slash":        func(p string) string { return strings.Replace(p, "/acme", "%2Facme", 1) },
		"one in lower case":       func(p string) string { return strings.Replace(p, "/acme", "%2facme", 1) },
		"one at the end":          func(p string) string { return p + "%2F" },
		"twice escaped":           func(p string) string { return strings.Replace(p, "/acme", "%252Facme", 1) },
		"a letter escaped":        func(p string) string { return strings.Replace(p, "acme", "%61cme", 1) },
		"a backslash":             func(p string) string { return strings.Replace(p, "/acme", `\acme`, 1) },
		"an escaped backslash":    func(p string) string { return strings.Replace(p, "/acme", `%5Cacme`, 1) },
		"a parameter":             func(p string) string { return p + ";x=y" },
		"an empty one":            func(p string) string { return strings.Replace(p, "/acme", "/;/acme", 1) },
		"up and down":             func(p string) string { return strings.Replace(p, "/acme", "/x/../acme", 1) },
		"up by a parameter":       func(p string) string { return strings.Replace(p, "/acme", "/..;/acme", 1) },
		"upper case":              strings.ToUpper,
		"another segment":         func(p string) string { return p + "/x/y" },
		"elsewhere":               func(string) string { return "/%09/evil.example/" },
		"elsewhere, then ours":    func(p string) string { return "/%09/evil.example" + p },
		"a NUL":                   func(p string) string { return p + "%00" },
		"a line break":            func(p string) string { return p + "%0d%0aLocation:%20x" },
		"the folder":              func(p string) string { return p[:strings.LastIndex(p, "/acme")] },
		"the folder with a slash": func(p string) string { return p[:strings.LastIndex(p, "/acme")] + "/" },
		"the other door": func(p string) string {
			return strings.NewReplacer("okta/acme", "entra/x/acme", "entra/acme", "okta/acme").Replace(p)
		},
	}
	for path, request := range doors() {
		for name, trick := range tricks {
			for _, query := range []string{"", "?validationToken=reflected"} {
				to := trick(path)
				r := g.say(t, strings.Replace(request, "POST "+path+" ", "POST "+to+query+" ", 1))
				if name == "the other door" && r.status == http.StatusAccepted {
					continue // the address of another connection, like any unknown one
				}
				if r.status/100 == 2 || r.status/100 == 3 || r.header.Get("Location") != "" || strings.Contains(r.body, "reflected") {
					t.Errorf("%s: %s: got %d, Location %q: %s", name, to, r.status, r.header.Get("Location"), r.body)
				}
			}
		}
	}
	if g.store.calls != 0 || g.waker.all() != "" || g.count(intake.Verified) != 0 {
		t.Error("something was stored, woken or verified")
	}
}

// TestB14MethodOverrideDoesNothing, in whatever form.
func TestB14MethodOverrideDoesNothing(t *testing.T) {
	t.Parallel()
	overrides := []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}
	for path, request := range doors() {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			g := openGraph(t, nil)
			want := 0
			for _, header := range overrides {
				for _, method := range []string{"GET", "DELETE", "OPTIONS"} {
					r := g.say(t, strings.Replace(request, "\nConnection: close\n", "\nConnection: close\n"+header+": "+method+"\n", 1))
					if want++; r.status/100 != 2 || len(g.store.all()) != want {
						t.Errorf("%s: %s: a POST is not taken for one: got %d", header, method, r.status)
					}
				}
				r := g.say(t, strings.Replace(strings.Replace(request, "POST", "GET", 1), "\nConnection: close\n", "\nConnection: close\n"+header+": POST\n", 1))
				if len(g.store.all()) != want {
					t.Errorf("%s: a GET is taken for a POST: got %d", header, r.status)
				}
			}
			r := g.say(t, strings.Replace(request, "POST "+path+" ", "POST "+path+"?_method=GET ", 1))
			if want++; r.status/100 != 2 || len(g.store.all()) != want {
				t.Errorf("_method=GET: got %d", r.status)
			}
			r = g.say(t, strings.Replace(request, "POST "+path+" ", "GET "+path+"?_method=POST ", 1))
			if len(g.store.all()) != want {
				t.Errorf("_method=POST: got %d", r.status)
			}
		})
	}
}
