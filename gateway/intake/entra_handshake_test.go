package intake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// shaking is an edge at which the users' subscription of acme's is being made.
func shaking(t testing.TB) *graphEdge {
	t.Helper()
	g := openGraph(t, nil)
	g.feeds.set("acme-entra", groupsFeed(), newFeed())
	return g
}

func TestA10Handshake(t *testing.T) {
	t.Parallel()
	g := shaking(t)
	for name, tc := range map[string]struct{ query, want string }{
		"Microsoft's":      {"validationToken=Validation%3A+Testing+client+application+reachability+for+subscription+Request-Id%3A+9d6e", "Validation: Testing client application reachability for subscription Request-Id: 9d6e"},
		"a page":           {"validationToken=%3Cscript%3Ealert(1)%3C/script%3E", "<script>alert(1)</script>"},
		"bare page":        {"validationToken=<script>", "<script>"},
		"decoded once":     {"validationToken=%2541%252541", "%41%2541"},
		"a line break":     {"validationToken=a%0D%0AX-Injected:%201%0D%0A%0D%0Ab", "a\r\nX-Injected: 1\r\n\r\nb"},
		"a NUL":            {"validationToken=a%00b", "a\x00b"},
		"UTF-7":            {"validationToken=%2BADw-script%2BAD4-", "+ADw-script+AD4-"},
		"UTF-8":            {"validationToken=%C3%A4", "ä"},
		"not UTF-8":        {"validationToken=%FF", "\xff"},
		"the longest":      {"validationToken=" + strings.Repeat("a", 512), strings.Repeat("a", 512)},
		"longest, escaped": {"validationToken=" + strings.Repeat("%3C", 512), strings.Repeat("<", 512)},
		"and another":      {"x=1&validationToken=a&y=2", "a"},
		"other spelling":   {"validationToken=a&ValidationToken=b", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			r := g.say(t, graphScript("acme-entra/"+newNonce+"?"+tc.query, "", "Content-Type: text/plain; charset=utf-8"))
			if r.status != http.StatusOK || r.body != tc.want {
				t.Fatalf("got %d %q, want %q", r.status, r.body, tc.want)
			}
			for header, want := range map[string]string{
				"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Injected": "",
			} {
				if got := r.header.Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			if csp := r.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") {
				t.Errorf("the policy is %q", csp)
			}
		})
	}
	for name, query := range map[string]string{
		"a byte too long":  "validationToken=" + strings.Repeat("a", 513),
		"16 kB":            "validationToken=" + strings.Repeat("a", 16<<10),
		"too long decoded": "validationToken=" + strings.Repeat("%3C", 513),
		"empty":            "validationToken=",
		"no value":         "validationToken",
		"twice":            "validationToken=a&validationToken=b",
		"twice the same":   "validationToken=a&validationToken=a",
		"twice, one empty": "validationToken=a&validationToken",
		"hidden by escape": "validationToken=a&%76alidationToken=b",
		"a bad escape":     "validationToken=%zz",
		"a semicolon":      "x=1;validationToken=a",
	} {
		t.Run(name, func(t *testing.T) {
			r := g.say(t, graphScript("acme-entra/"+newNonce+"?"+query, ""))
			problem(t, r, http.StatusBadRequest)
			if strings.Contains(r.body, "aaaa") || strings.Contains(r.body, "<") {
				t.Errorf("the token is reflected: %s", r.body)
			}
		})
	}
	t.Run("1 MB", func(t *testing.T) {
		r, err := g.try(graphScript("acme-entra/"+newNonce+"?validationToken="+strings.Repeat("a", 1<<20), ""), nil)
		if err == nil && r.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %d", r.status)
		}
	})
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			r := g.say(t, strings.Replace(graphScript("acme-entra/"+newNonce+"?validationToken=reflected", ""), "POST", method, 1))
			if r.status != http.StatusMethodNotAllowed || strings.Contains(r.body, "reflected") {
				t.Errorf("got %d %s", r.status, r.body)
			}
		})
	}
	t.Run("with a body", func(t *testing.T) {
		body := notifications(told(item{"subscriptionId": groupsID, "clientState": groupState}))
		r := g.notify(t, "acme-entra/"+newNonce+"?validationToken=a", body)
		if r.status != http.StatusOK || r.body != "a" {
			t.Errorf("got %d %q", r.status, r.body)
		}
	})
	if g.store.calls != 0 || g.waker.all() != "" || g.refusedAt("acme-entra") != 0 {
		t.Error("a handshake's body was taken for notifications")
	}
}

// TestA11UnsolicitedHandshake: to whoever asks without need the address does not
// exist, whatever they ask.
func TestA11UnsolicitedHandshake(t *testing.T) {
	t.Parallel()
	g := shaking(t)
	nowhere := func() reply { return g.say(t, graphScript("a/b/c/d?validationToken=a", "")) }
	same := func(t *testing.T, r reply) {
		t.Helper()
		want := nowhere()
		id := func(r reply) string { return strings.ReplaceAll(r.body, r.header.Get("X-Request-Id"), "ID") }
		if r.status != http.StatusNotFound || id(r) != id(want) || len(r.header) != len(want.header) {
			t.Errorf("got %d %v %s\nunlike any other 404: %v %s", r.status, r.header, r.body, want.header, want.body)
		}
	}
	for name, path := range map[string]string{
		"no nonce":              "acme-entra?validationToken=a",
		"wrong nonce":           "acme-entra/WRONGNONCE2345?validationToken=a",
		"nonce in other case":   "acme-entra/" + strings.ToLower(newNonce) + "?validationToken=a",
		"half a nonce":          "acme-entra/" + newNonce[:7] + "?validationToken=a",
		"a nonce not pending":   "acme-entra/GROUPSNONCE234?validationToken=a",
		"another connection":    "bolt-entra/" + newNonce + "?validationToken=a",
		"unknown connection":    "nobody/" + newNonce + "?validationToken=a",
		"an Okta connection":    "acme-okta/" + newNonce + "?validationToken=a",
		"a token too long":      "acme-entra/WRONGNONCE2345?validationToken=" + strings.Repeat("a", 600),
		"two tokens":            "acme-entra/WRONGNONCE2345?validationToken=a&validationToken=b",
		"a query of two senses": "acme-entra/WRONGNONCE2345?%zz",
	} {
		t.Run(name, func(t *testing.T) {
			same(t, g.say(t, graphScript(path, "")))
		})
	}
	if g.count(intake.Verified) != 0 || g.count(intake.Unexpected) == 0 || !strings.Contains(g.log.String(), "handshake refused") {
		t.Errorf("not counted, or not in the security log:\n%s", g.log.String())
	}
	pending := func(f *holds.Feed) { f.Pending = noon().Add(time.Nanosecond) }
	for name, tc := range map[string]struct {
		change func(*holds.Feed)
		path   string
	}{
		"it is over now":       {func(f *holds.Feed) { f.Pending = noon() }, newNonce},
		"it was never pending": {func(f *holds.Feed) { f.Pending = time.Time{} }, newNonce},
		"the feed has none":    {func(f *holds.Feed) { pending(f); f.Nonce = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed()
			tc.change(&f)
			g.feeds.set("acme-entra", f)
			same(t, g.say(t, graphScript(strings.TrimSuffix("acme-entra/"+tc.path, "/")+"?validationToken=a", "")))
		})
	}
	f := newFeed()
	pending(&f)
	g.feeds.set("acme-entra", f)
	if r := g.say(t, graphScript("acme-entra/"+newNonce+"?validationToken="+url.QueryEscape("a b"), "")); r.status != http.StatusOK || r.body != "a b" {
		t.Errorf("and while it is pending: %d %q", r.status, r.body)
	}
}
