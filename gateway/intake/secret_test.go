package intake_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/intake"
)

func TestA1RandomCredentials(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	const n = 10_000
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		body := &counter{}
		req := httptest.NewRequest(http.MethodPost, "/hooks/okta/acme-okta", body)
		req.Header.Set("Content-Type", "application/json")
		switch i {
		case 0: // none at all
		case 1:
			req.Header.Set("Authorization", "")
		default:
			req.Header.Set("Authorization", randomText(rnd))
		}
		w := httptest.NewRecorder()
		e.router.ServeHTTP(w, req)
		if w.Code != http.StatusUnauthorized || body.n.Load() != 0 {
			t.Fatalf("request %d: got %d and %d bytes read for %q", i, w.Code, body.n.Load(), req.Header.Get("Authorization"))
		}
	}
	if e.store.calls != 0 {
		t.Errorf("the store was called %d times", e.store.calls)
	}
	if lines := strings.Count(e.log.String(), "hook refused"); lines == 0 || lines > 10 {
		t.Errorf("%d lines in the security log, want a few", lines)
	}
	if got := e.count(intake.Unauthenticated); got != n {
		t.Errorf("%d counted, want %d", got, n)
	}
}

// randomText is a header value of up to 60 characters, often near the secret.
func randomText(r *rand.Rand) string {
	b := []byte(acmeSecret)[:r.IntN(len(acmeSecret))]
	for range 1 + r.IntN(30) {
		b = append(b, byte('!'+r.IntN('~'-'!')))
	}
	if string(b) == acmeSecret {
		b[0]++ // a lucky guess
	}
	return string(b)
}

func TestA1TheBodyOfAStrangerIsNotRead(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	// A sender that waits for "100 Continue" learns 401 instead.
	r := e.say(t, "POST /hooks/okta/acme-okta HTTP/1.1\nHost: gate.example\nContent-Type: application/json\nAuthorization: wrong\nContent-Length: 1000\nExpect: 100-continue\n\n")
	problem(t, r, http.StatusUnauthorized)
}

func TestA2UnsafeSecretsDoNotStart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*intake.Connection){
		"empty":                     func(c *intake.Connection) { c.Secrets.Current = "" },
		"only a previous one":       func(c *intake.Connection) { c.Secrets = intake.Secrets{Previous: acmeOld} },
		"short":                     func(c *intake.Connection) { c.Secrets.Current = "fifteen-charact" },
		"short after a scheme":      func(c *intake.Connection) { c.Secrets.Current = "Authentication fifteen-charact" },
		"white space only":          func(c *intake.Connection) { c.Secrets.Current = "                    " },
		"white space around":        func(c *intake.Connection) { c.Secrets.Current = " sixteen-characters" },
		"a line break":              func(c *intake.Connection) { c.Secrets.Current = "sixteen-characters\n" },
		"a comma":                   func(c *intake.Connection) { c.Secrets.Current = "sixteen-characters,more" },
		"not ASCII":                 func(c *intake.Connection) { c.Secrets.Current = "sixteen-charactérs" },
		"a short previous one":      func(c *intake.Connection) { c.Secrets.Previous = "short" },
		"both the same":             func(c *intake.Connection) { c.Secrets.Previous = c.Secrets.Current },
		"an end of nothing":         func(c *intake.Connection) { c.Secrets.Previous = "" },
		"another one's secret":      func(c *intake.Connection) { c.Secrets.Current = bolt },
		"another one's as previous": func(c *intake.Connection) { c.Secrets.Previous = bolt },
		"no host":                   func(c *intake.Connection) { c.SourceHost = "" },
		"an address as host":        func(c *intake.Connection) { c.SourceHost = "https://acme.okta.example" },
		"a path in the host":        func(c *intake.Connection) { c.SourceHost = "acme.okta.example/" },
		"no tenant":                 func(c *intake.Connection) { c.Tenant = "" },
		"no id":                     func(c *intake.Connection) { c.ID = "" },
		"an id with a slash":        func(c *intake.Connection) { c.ID = "a/b" },
		"the same id twice":         func(c *intake.Connection) { c.ID = "bolt-okta" },
		"unknown provider":          func(c *intake.Connection) { c.Provider = "keycloak" },
		"a header of HTTP's":        func(c *intake.Connection) { c.HeaderName = "content-type" },
		"a header with space":       func(c *intake.Connection) { c.HeaderName = "X Secret" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := connections()
			change(&all[0])
			_, err := intake.New(intake.Options{Connections: all, Store: &fakeStore{}})
			if err == nil {
				t.Fatal("it starts")
			}
			if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "sixteen") || strings.Contains(err.Error(), "YWNtZTpj") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
	if _, err := intake.New(intake.Options{Connections: connections()}); err == nil {
		t.Error("it starts without a store")
	}
}

func TestA3NearMisses(t *testing.T) {
	t.Parallel()
	in, err := intake.New(intake.Options{Connections: connections(), Store: &fakeStore{}, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	in.Routes(e)
	// Straight to the handler, since net/http trims white space around a value and
	// refuses a NUL by itself.
	status := func(values ...string) int {
		req := httptest.NewRequest(http.MethodPost, "/hooks/okta/acme-okta", strings.NewReader(event("e-1")))
		req.Header.Set("Content-Type", "application/json")
		if values != nil {
			req.Header["Authorization"] = values
		}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, req)
		return w.Code
	}
	if got := status(acmeSecret); got != http.StatusNoContent {
		t.Fatalf("the secret itself: %d", got)
	}
	for name, value := range map[string]string{
		"empty":                "",
		"a prefix":             acmeSecret[:len(acmeSecret)-1],
		"longer":               acmeSecret + "x",
		"without its scheme":   strings.TrimPrefix(acmeSecret, "Basic "),
		"lower case":           strings.ToLower(acmeSecret),
		"upper case":           strings.ToUpper(acmeSecret),
		"space before":         " " + acmeSecret,
		"space after":          acmeSecret + " ",
		"tab after":            acmeSecret + "\t",
		"two spaces inside":    strings.Replace(acmeSecret, " ", "  ", 1),
		"NUL after":            acmeSecret + "\x00",
		"NUL inside":           acmeSecret[:9] + "\x00" + acmeSecret[9:],
		"line break":           acmeSecret + "\r\n",
		"twice in one":         acmeSecret + acmeSecret,
		"another connection's": bolt,
	} {
		if got := status(value); got != http.StatusUnauthorized {
			t.Errorf("%s: got %d", name, got)
		}
	}
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("no header: got %d", got)
	}
}

func TestA5OneDocumentedRule(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for name, lines := range map[string]string{
		"twice, both right":         "Authorization: " + acmeSecret + "\nAuthorization: " + acmeSecret,
		"twice, wrong first":        "Authorization: wrong\nAuthorization: " + acmeSecret,
		"twice, right first":        "Authorization: " + acmeSecret + "\nAuthorization: wrong",
		"twice, one empty":          "Authorization: " + acmeSecret + "\nAuthorization:",
		"joined with a comma":       "Authorization: " + acmeSecret + ", " + acmeSecret,
		"lower-case scheme":         "Authorization: basic" + strings.TrimPrefix(acmeSecret, "Basic"),
		"a colon in a Basic value":  "Authorization: Basic acme:canary-one-1",
		"not UTF-8":                 "Authorization: Basic \xff\xfe",
		"another header":            "X-Hook-Secret: " + acmeSecret,
		"the proxy's header":        "Proxy-Authorization: " + acmeSecret,
		"in the address, not there": "X-None: 1",
	} {
		t.Run(name, func(t *testing.T) {
			r := e.say(t, script("acme-okta", lines, event("e-1")))
			problem(t, r, http.StatusUnauthorized)
			if r.header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 without a challenge")
			}
		})
	}
	if r := e.say(t, script("acme-okta?authorization="+"x", "aUTHORIZATION:   "+acmeSecret+"  ", event("e-1"))); r.status != http.StatusNoContent {
		t.Errorf("the header's name has no case, and white space around its value is not part of it: got %d", r.status)
	}
}

func TestA6Rotation(t *testing.T) {
	t.Parallel()
	now := noon()
	e := open(t, func(o *intake.Options) { o.Now = func() time.Time { return now } })
	try := func(credential string) int {
		t.Helper()
		return e.deliver(t, event("e-1"), "Authorization: "+credential).status
	}
	if a, b := try(acmeSecret), try(acmeOld); a != 204 || b != 204 {
		t.Fatalf("during the overlap: current %d, previous %d", a, b)
	}
	now = noon().Add(time.Hour) // the end itself is over
	if a, b := try(acmeSecret), try(acmeOld); a != 204 || b != 401 {
		t.Errorf("after the end: current %d, previous %d", a, b)
	}
	if !strings.Contains(e.log.String(), "the previous one, and its time is over") {
		t.Errorf("the log does not say that an old secret is still in use:\n%s", e.log.String())
	}
	var which []string
	for _, d := range e.store.all() {
		which = append(which, d.Secret)
	}
	if got := strings.Join(which, " "); got != "current previous current" {
		t.Errorf("the deliveries name the secrets %q", got)
	}
}

func TestA6PreviousSecretWithoutAnEnd(t *testing.T) {
	t.Parallel()
	e := open(t, func(o *intake.Options) {
		o.Connections[0].Secrets.PreviousUntil = time.Time{}
		o.Now = func() time.Time { return noon().AddDate(1, 0, 0) }
	})
	if r := e.deliver(t, event("e-1"), "Authorization: "+acmeOld); r.status != 204 {
		t.Errorf("got %d", r.status)
	}
}

func TestA7SecretsAndSourcesDoNotCross(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	t.Run("acme's secret at bolt's address", func(t *testing.T) {
		problem(t, e.say(t, script("bolt-okta", "X-Hook-Secret: "+acmeSecret, event("e-1"))), 401)
		problem(t, e.say(t, script("bolt-okta", "Authorization: "+bolt, event("e-1"))), 401)
	})
	for name, body := range map[string]string{
		"another org":        `{"eventId":"e-1","source":"https://evil.okta.example/api/v1/eventHooks/who1"}`,
		"a longer host":      `{"eventId":"e-1","source":"https://acme.okta.example.evil.example/"}`,
		"a name in front":    `{"eventId":"e-1","source":"https://acme.okta.example@evil.example/"}`,
		"another port":       `{"eventId":"e-1","source":"https://acme.okta.example:444/"}`,
		"twice, wrong last":  `{"source":"https://acme.okta.example/","source":"https://evil.okta.example/"}`,
		"twice, wrong first": `{"source":"https://evil.okta.example/","source":"https://acme.okta.example/"}`,
		"hidden by case":     `{"source":"https://acme.okta.example/","SOURCE":"https://evil.okta.example/"}`,
		"no scheme":          `{"source":"//evil.okta.example/"}`,
	} {
		t.Run(name, func(t *testing.T) {
			problem(t, e.deliver(t, body), 403)
		})
	}
	if n := len(e.store.all()); n != 0 {
		t.Errorf("%d deliveries were stored", n)
	}
	if log := e.log.String(); !strings.Contains(log, "configured=acme.okta.example") || !strings.Contains(log, "evil.okta.example") {
		t.Errorf("the log does not say what is wrong:\n%s", log)
	}
	if r := e.deliver(t, `{"eventId":"e-2","source":"https://ACME.okta.example/api"}`); r.status != 204 {
		t.Errorf("hosts have no case: got %d", r.status)
	}
}

func TestUnknownConnectionAnswersAsAWrongSecretDoes(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for name, request := range map[string]func(connection string) string{
		"post":            func(c string) string { return script(c, "Authorization: wrong", event("e-1")) },
		"post, no secret": func(c string) string { return script(c, "X-None: 1", event("e-1")) },
		"post, media": func(c string) string {
			return strings.Replace(script(c, "Authorization: wrong", event("e-1")), "application/json", "text/plain", 1)
		},
		"get": func(c string) string {
			return "GET /hooks/okta/" + c + " HTTP/1.1\nHost: gate.example\nConnection: close\nX-Okta-Verification-Challenge: x\n\n"
		},
	} {
		known, unknown := e.say(t, request("acme-okta")), e.say(t, request("nobody"))
		id := func(r reply) string { return strings.ReplaceAll(r.body, r.header.Get("X-Request-Id"), "ID") }
		if known.status != unknown.status || id(known) != id(unknown) || len(known.header) != len(unknown.header) {
			t.Errorf("%s: a stranger can tell them apart:\n%d %v %s\n%d %v %s", name,
				known.status, known.header, known.body, unknown.status, unknown.header, unknown.body)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := connections()[0]
	asJSON, err := json.Marshal(c.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "connection", c, "secret", c.Secrets.Current)
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q %x", c, c, c.Secrets.Current, c.Secrets.Current, c.Secrets.Current),
		string(asJSON), log.String(), c.Secrets.Current.String(),
	} {
		if strings.Contains(text, "YWNtZTpj") || strings.Contains(text, "59574e74") {
			t.Errorf("a secret printed: %s", text)
		}
	}
}
