package gateway_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// serve starts an edge with a few routes on a real listener.
func serve(t *testing.T, o gateway.Options) string {
	t.Helper()
	e := gateway.NewEcho(o)
	e.GET("/things/:id", func(c echo.Context) error { return c.String(http.StatusOK, "thing "+c.Param("id")) })
	e.POST("/things/:id", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
	e.GET("/who", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()+" "+c.Scheme()) })
	e.GET("/panic", func(echo.Context) error { panic("hunter2") })
	e.GET("/broken", func(echo.Context) error { return errors.New("pq: hunter2") })
	e.GET("/later", func(echo.Context) error {
		return &holds.Error{Kind: holds.Unavailable, Detail: "Later.", After: 1500 * time.Millisecond}
	})
	e.GET("/slow", func(c echo.Context) error {
		<-c.Request().Context().Done()
		return c.Request().Context().Err()
	})
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

type reply struct {
	status int
	header http.Header
	body   string
}

// say sends a request as written (with \n for line ends) and reads the answer.
func say(t *testing.T, addr, script string) reply {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.ReplaceAll(script, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(script, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("answer to %q: %v", firstLine(script), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("body of the answer to %q: %v", firstLine(script), err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// lockedBuffer is a log that a test reads while handlers write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func get(t *testing.T, addr, target string, headers ...string) reply {
	t.Helper()
	return say(t, addr, "GET "+target+" HTTP/1.1\nHost: gate.example\nConnection: close\n"+strings.Join(append(headers, "", ""), "\n"))
}

// problem checks that the answer is a problem document of that status.
func problem(t *testing.T, r reply, status int) gateway.Details {
	t.Helper()
	var d gateway.Details
	if r.status != status || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %q, want a %d problem\n%s", r.status, r.header.Get("Content-Type"), status, r.body)
		return d
	}
	if err := json.Unmarshal([]byte(r.body), &d); err != nil || d.Status != status || !strings.HasPrefix(d.Type, "urn:countersign:problem:") {
		t.Errorf("not a problem of ours: %v\n%s", err, r.body)
	}
	if d.Request == "" || d.Request != r.header.Get("X-Request-Id") {
		t.Errorf("request id %q in the body, %q in the header", d.Request, r.header.Get("X-Request-Id"))
	}
	return d
}

func TestB12Methods(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{})
	for _, m := range []string{"HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "BREW"} {
		t.Run(m, func(t *testing.T) {
			t.Parallel()
			r := say(t, addr, m+" /things/1 HTTP/1.1\nHost: gate.example\nX-Canary: hunter2\nConnection: close\n\n")
			if r.status != 405 || r.header.Get("Allow") != "GET, POST" {
				t.Errorf("got %d, Allow %q; want 405, Allow \"GET, POST\"", r.status, r.header.Get("Allow"))
			}
			if strings.Contains(r.body, "hunter2") {
				t.Errorf("the request is reflected: %s", r.body)
			}
			if m != "HEAD" {
				problem(t, r, 405)
			}
			if r := say(t, addr, m+" /nothing HTTP/1.1\nHost: gate.example\nConnection: close\n\n"); r.status != 404 {
				t.Errorf("unknown path: got %d, want 404", r.status)
			}
		})
	}
	t.Run("CONNECT", func(t *testing.T) {
		t.Parallel()
		if r := say(t, addr, "CONNECT evil.example:443 HTTP/1.1\nHost: evil.example:443\nConnection: close\n\n"); r.status != 404 {
			t.Errorf("got %d, want 404", r.status)
		}
	})
}

func TestB13PathTricks(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{})
	if r := get(t, addr, "/things/a-1.b_2~c"); r.status != 200 || r.body != "thing a-1.b_2~c" {
		t.Fatalf("a plain path: %d %s", r.status, r.body)
	}
	for _, path := range []string{
		"/things%2F1", "/things/1%2F2", "/things/%31", "//things/1", "/things//1", "/things/1/", "/things/1/2",
		"/things/../who", "/things/..;/who", "/./who", "/who/.", "/things/%2e%2e/who", "/%09/evil.example/",
		"//evil.example/%2e%2e", "/things/1;x=1", `/things\1`, "/things/1%00", "/things/é", "/nothing",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := get(t, addr, path)
			if r.status == 400 {
				return // refused by net/http before us
			}
			problem(t, r, 404)
			if loc := r.header.Get("Location"); loc != "" {
				t.Errorf("a redirect to %q", loc)
			}
		})
	}
}

func TestB14MethodOverrideIsIgnored(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{})
	r := say(t, addr, "POST /who?_method=GET HTTP/1.1\nHost: gate.example\nX-HTTP-Method-Override: GET\nContent-Length: 0\nConnection: close\n\n")
	problem(t, r, 405)
}

func TestA15ForwardingHeadersOfStrangersAreIgnored(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{})
	r := get(t, addr, "/who", "X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9",
		"Forwarded: for=203.0.113.9;proto=https", "X-Forwarded-Proto: https", "X-Forwarded-Ssl: on")
	if r.body != "127.0.0.1 http" {
		t.Errorf("got %q, want the TCP peer", r.body)
	}
	if r.header.Get("Strict-Transport-Security") != "" {
		t.Error("a stranger's header made this an HTTPS answer")
	}
}

func TestA15ClientBehindDeclaredProxies(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8:1::/48"),
	}})
	cases := []struct {
		name, want string
		forwarded  []string
	}{
		{"no header", "127.0.0.1", nil},
		{"one hop", "203.0.113.9", []string{"203.0.113.9"}},
		{"the stranger's own words come first", "203.0.113.9", []string{"198.51.100.1, 203.0.113.9"}},
		{"two proxies", "203.0.113.9", []string{"198.51.100.1, 203.0.113.9, 10.0.0.7"}},
		{"a private address is not a proxy unless declared", "10.0.9.9", []string{"203.0.113.9, 10.0.9.9"}},
		{"two header lines are one list", "203.0.113.9", []string{"198.51.100.1", "203.0.113.9"}},
		{"all declared", "10.0.0.8", []string{"10.0.0.8, 10.0.0.7"}},
		{"nonsense next to the proxy", "127.0.0.1", []string{"203.0.113.9, unknown"}},
		{"nonsense further left", "10.0.0.7", []string{"unknown, 10.0.0.7"}},
		{"with a port", "203.0.113.9", []string{"203.0.113.9:4711"}},
		{"IPv6 with brackets and port", "2001:db8:2::9", []string{"[2001:db8:2::9]:4711"}},
		{"IPv6 through an IPv6 proxy", "2001:db8:2::9", []string{"2001:db8:2::9, 2001:db8:1::1"}},
		{"IPv4 in IPv6 is IPv4", "203.0.113.9", []string{"::ffff:203.0.113.9"}},
		{"X-Real-IP counts nowhere", "127.0.0.1", []string{"\nX-Real-IP: 203.0.113.9"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			lines := []string{"X-Forwarded-Proto: https"}
			for _, f := range tc.forwarded {
				lines = append(lines, "X-Forwarded-For: "+f)
			}
			if r := get(t, addr, "/who", lines...); r.body != tc.want+" https" {
				t.Errorf("got %q, want %q", r.body, tc.want+" https")
			}
		})
	}
}

func TestA18PlainHTTPAtTheProxyIsRefusedWithoutRedirect(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for name, lines := range map[string][]string{
		"http":           {"X-Forwarded-Proto: http"},
		"not said":       nil,
		"said twice":     {"X-Forwarded-Proto: https", "X-Forwarded-Proto: https"},
		"a list":         {"X-Forwarded-Proto: https, http"},
		"another header": {"X-Forwarded-Ssl: on", "X-Url-Scheme: https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := get(t, addr, "/who", lines...)
			if d := problem(t, r, 403); d.Type != gateway.TypeHTTPSRequired.URI() {
				t.Errorf("type %q", d.Type)
			}
			if r.header.Get("Location") != "" {
				t.Error("it redirects")
			}
		})
	}
	r := get(t, addr, "/who", "X-Forwarded-Proto: HTTPS")
	if r.status != 200 || r.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over HTTPS: %d, HSTS %q", r.status, r.header.Get("Strict-Transport-Security"))
	}
}

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	addr := serve(t, gateway.Options{})
	for _, path := range []string{"/who", "/nothing", "/panic", "/things/1/"} {
		r := get(t, addr, path, "X-Request-Id: forged\tline")
		for name, want := range map[string]string{
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-store",
			"X-Frame-Options":         "DENY",
			"Content-Security-Policy": gateway.DefaultPolicy,
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if id := r.header.Get("X-Request-Id"); len(id) < 20 || strings.Contains(id, "forged") {
			t.Errorf("%s: request id %q", path, id)
		}
	}
	addr = serve(t, gateway.Options{ContentSecurityPolicy: "default-src 'self'"})
	if got := get(t, addr, "/who").header.Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("policy %q", got)
	}
}

func TestInternalErrorsShowOnlyTheRequestID(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/panic", "/broken"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			addr := serve(t, gateway.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			r := get(t, addr, path)
			d := problem(t, r, 500)
			want := `{"type":"urn:countersign:problem:internal","title":"Something went wrong on our side","status":500,"request":"` + d.Request + "\"}\n"
			if r.body != want {
				t.Errorf("got %s want %s", r.body, want)
			}
			if line := log.String(); !strings.Contains(line, d.Request) || !strings.Contains(line, "hunter2") {
				t.Errorf("the log does not lead from the id to the cause: %s", line)
			}
		})
	}
}

func TestUnavailableAsksForAWait(t *testing.T) {
	t.Parallel()
	r := get(t, serve(t, gateway.Options{}), "/later")
	problem(t, r, 503)
	if got := r.header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want 1.5 s rounded up", got)
	}
}

// TestB10AFloodDoesNotFillTheLog: of what is answered 503 a number of lines a
// minute is written, and failures of ours are written whatever else happens.
func TestB10AFloodDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	addr := serve(t, gateway.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 80 {
		get(t, addr, "/later")
	}
	get(t, addr, "/broken")
	// The clock's minute may have turned once in between.
	if n := strings.Count(log.String(), "status=503"); n < 60 || n > 79 {
		t.Errorf("%d lines tell of 80 answers of 503", n)
	}
	if !strings.Contains(log.String(), "status=500") {
		t.Error("a failure of ours was not written")
	}
}

func TestRequestsHaveADeadline(t *testing.T) {
	t.Parallel()
	problem(t, get(t, serve(t, gateway.Options{Timeout: time.Millisecond}), "/slow"), 503)
}

func TestStrangersDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	addr := serve(t, gateway.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	get(t, addr, "/nothing")
	get(t, addr, "/things/%00")
	if log.String() != "" {
		t.Errorf("logged: %s", log.String())
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	page := func(c echo.Context, d gateway.Details) error {
		return c.HTML(d.Status, "<h1>"+d.Title+"</h1>")
	}
	e := gateway.NewEcho(gateway.Options{})
	g := e.Group("/pages", gateway.Pages(page))
	g.GET("/gone", func(echo.Context) error { return holds.Refuse(holds.NotFound, "No.") })
	g.GET("/panic", func(echo.Context) error { panic("x") })
	bad := e.Group("/bad", gateway.Pages(func(echo.Context, gateway.Details) error { return errors.New("template") }))
	bad.GET("/gone", func(echo.Context) error { return holds.Refuse(holds.NotFound, "No.") })
	e.GET("/api/gone", func(echo.Context) error { return holds.Refuse(holds.NotFound, "No.") })
	every := gateway.NewEcho(gateway.Options{Page: page})
	for _, tc := range []struct {
		e      *echo.Echo
		path   string
		status int
		kind   string
	}{
		{e, "/pages/gone", 404, "text/html; charset=UTF-8"},
		{e, "/pages/panic", 500, "text/html; charset=UTF-8"},
		{e, "/bad/gone", 404, "application/problem+json"},
		{e, "/api/gone", 404, "application/problem+json"},
		{every, "/nothing", 404, "text/html; charset=UTF-8"},
		{every, "/%2e", 404, "text/html; charset=UTF-8"},
	} {
		w := httptest.NewRecorder()
		tc.e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path, nil))
		if w.Code != tc.status || w.Header().Get("Content-Type") != tc.kind {
			t.Errorf("%s: got %d %q, want %d %q", tc.path, w.Code, w.Header().Get("Content-Type"), tc.status, tc.kind)
		}
	}
}

func TestProblemAnswersWithoutReturning(t *testing.T) {
	t.Parallel()
	e := gateway.NewEcho(gateway.Options{})
	e.GET("/", func(c echo.Context) error {
		return gateway.Problem(c, gateway.Refuse(gateway.TypeUnauthenticated, "Who?"))
	})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	d := problem(t, reply{w.Code, w.Header(), w.Body.String()}, 401)
	if d.Detail != "Who?" || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("detail %q, challenge %q", d.Detail, w.Header().Get("WWW-Authenticate"))
	}
}

func TestHalfAnAnswerIsNotContinuedWithAProblem(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	e := gateway.NewEcho(gateway.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	e.GET("/", func(c echo.Context) error {
		if err := c.String(http.StatusOK, "half"); err != nil {
			return err
		}
		return holds.Refuse(holds.NotFound, "too late")
	})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK || w.Body.String() != "half" {
		t.Errorf("got %d %q", w.Code, w.Body.String())
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "too late") {
		t.Errorf("nobody is told: %s", log.String())
	}
}

func TestAbortedHandlerCutsTheConnection(t *testing.T) {
	t.Parallel()
	e := gateway.NewEcho(gateway.Options{})
	e.GET("/", func(echo.Context) error { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(e)
	defer s.Close()
	res, err := http.Get(s.URL)
	if err == nil {
		res.Body.Close()
		t.Errorf("got an answer, %d", res.StatusCode)
	}
}
