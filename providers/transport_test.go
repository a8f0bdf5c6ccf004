package providers

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// rig is a server and a client that keeps the rules towards it.
type rig struct {
	*Transport
	url   string
	calls atomic.Int64
}

func newRig(t *testing.T, h http.HandlerFunc, change func(*Rules)) *rig {
	t.Helper()
	r := &rig{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.calls.Add(1)
		h(w, req)
	}))
	t.Cleanup(srv.Close)
	rules := Rules{Name: "Okta", Origin: srv.URL, Loopback: true}
	if change != nil {
		change(&rules)
	}
	tr, err := NewTransport(rules)
	if err != nil {
		t.Fatal(err)
	}
	r.Transport, r.url = tr, srv.URL
	return r
}

// do makes a call without a deadline of its own and classifies it.
func (r *rig) do(t *testing.T, method, path string) ([]byte, error) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("{}")
	}
	req, err := http.NewRequestWithContext(context.Background(), method, r.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.Client().Do(req)
	if err != nil {
		return nil, r.Classify(nil, err)
	}
	data, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return data, r.Classify(resp, err)
}

func wantKind(t *testing.T, err error, want holds.Kind) {
	t.Helper()
	if err == nil || holds.KindOf(err) != want {
		t.Errorf("error %v has kind %v, want %v", err, holds.KindOf(err), want)
	}
}

func TestOriginIsChecked(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://acme.okta.com":       true,
		"https://acme.okta.com/":      true,
		"http://127.0.0.1:80":         true,
		"http://localhost:8080":       true,
		"http://acme.okta.com":        false,
		"https://acme.okta.com/x":     false,
		"https://acme.okta.com?a=b":   false,
		"https://a:b@acme.okta.com":   false,
		"acme.okta.com":               false,
		"file:///etc/passwd":          false,
		"":                            false,
		"https://":                    false,
		"http://127.0.0.1.evil.test/": false,
	} {
		_, err := NewTransport(Rules{Origin: origin, Loopback: true})
		if (err == nil) != ok {
			t.Errorf("origin %q: %v", origin, err)
		}
	}
	if _, err := NewTransport(Rules{Origin: "http://127.0.0.1:80"}); err == nil {
		t.Error("http was permitted without Loopback")
	}
}

func TestG14OnlyTheConfiguredOrigin(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {}, nil)
	for _, at := range []string{
		"http://example.com/x", "http://169.254.169.254/latest/meta-data", "https" + strings.TrimPrefix(r.url, "http"),
		strings.Replace(r.url, "127.0.0.1", "localhost", 1), strings.Replace(r.url, "http://", "http://user:pw@", 1), "file:///etc/passwd",
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
		_, err := r.RoundTrip(req)
		wantKind(t, err, holds.Invalid)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url, nil)
	req.Host = "other.example"
	_, err := r.RoundTrip(req)
	wantKind(t, err, holds.Invalid)
	if r.Attempts() != 0 || r.calls.Load() != 0 {
		t.Errorf("%d attempts reached the network", r.Attempts())
	}
}

func TestG14RedirectsAreErrors(t *testing.T) {
	for _, code := range []int{301, 302, 303, 304, 307, 308} {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		}, nil)
		for _, m := range []string{http.MethodGet, http.MethodPost} {
			_, err := r.do(t, m, "/a")
			wantKind(t, err, holds.Unavailable)
		}
		if r.calls.Load() != 2 {
			t.Errorf("%d: %d calls, so a redirect was followed", code, r.calls.Load())
		}
	}
}

func TestG14AddressIsCheckedWhileDialling(t *testing.T) {
	tr, err := NewTransport(Rules{Origin: "https://acme.okta.com"})
	if err != nil {
		t.Fatal(err)
	}
	for a, public := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1": false, "fd00:ec2::254": false,
		"100.100.100.200": false, "0.0.0.0": false, "0.1.2.3": false, "255.255.255.255": false, "224.0.0.1": false,
		"::": false, "64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false, "198.18.0.1": false, "ff02::1": false,
	} {
		if got := tr.allowsAddr(netip.MustParseAddr(a)); got != public {
			t.Errorf("%s allowed: %v", a, got)
		}
	}
	// A configuration may name a private address itself, and only that one.
	tr, err = NewTransport(Rules{Origin: "https://10.1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	if !tr.allowsAddr(netip.MustParseAddr("10.1.2.3")) || tr.allowsAddr(netip.MustParseAddr("10.1.2.4")) {
		t.Error("the configured private address is not the only one allowed")
	}
	// A name that leads to loopback is refused by the dialler itself.
	tr, err = NewTransport(Rules{Name: "Okta", Origin: "https://localhost:1"})
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://localhost:1/", nil)
	_, err = tr.RoundTrip(req)
	wantKind(t, err, holds.Invalid)
	if !strings.Contains(err.Error(), "not public") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestG5EveryCallHasADeadline(t *testing.T) {
	gone := make(chan struct{})
	r := newRig(t, func(_ http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body) // only then does the server notice that the caller left
		<-req.Context().Done()
		close(gone)
	}, func(r *Rules) { r.Timeout = 100 * time.Millisecond })
	_, err := r.do(t, http.MethodPost, "/hang")
	wantKind(t, err, holds.Unavailable)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say that the time was up", err)
	}
	<-gone
}

func TestG5SlowBodyEndsAtTheDeadline(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.WriteString(w, `{"a":`)
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	}, func(r *Rules) { r.Timeout = 100 * time.Millisecond })
	_, err := r.do(t, http.MethodGet, "/slow")
	wantKind(t, err, holds.Unavailable)
}

func TestAnswersAreBounded(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"plain": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) },
		"bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 64<<20))
			_ = z.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, h, func(r *Rules) { r.MaxBody = 1 << 20 })
			data, err := r.do(t, http.MethodGet, "/big")
			wantKind(t, err, holds.Unavailable)
			if len(data) > 1<<20+1 {
				t.Errorf("%d bytes were read", len(data))
			}
		})
	}
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, func(r *Rules) { r.MaxBody = 1 << 20 })
	if data, err := r.do(t, http.MethodGet, "/fits"); err != nil || len(data) != 1<<20 {
		t.Errorf("an answer of exactly the limit: %d bytes, %v", len(data), err)
	}
}

// The SDK retries an EOF without end; a change must never be repeated at all.
func TestBrokenConnections(t *testing.T) {
	for method, want := range map[string]int64{"GET": 2, "HEAD": 2, "POST": 1, "PUT": 1, "DELETE": 1, "PATCH": 1} {
		t.Run(method, func(t *testing.T) {
			r := newRig(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil)
			_, err := r.do(t, method, "/cut")
			wantKind(t, err, holds.Unavailable)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error("the error is an EOF, which an SDK would retry")
			}
			if r.calls.Load() != want || r.Attempts() != want {
				t.Errorf("%d calls, %d attempts; want %d", r.calls.Load(), r.Attempts(), want)
			}
		})
	}
	var calls atomic.Int64
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "{}")
	}, nil)
	if _, err := r.do(t, http.MethodGet, "/once"); err != nil {
		t.Errorf("a reading was not tried again: %v", err)
	}
}

func TestG5TooManyRequests(t *testing.T) {
	date := time.Now().Add(-time.Hour).UTC() // their clock is not ours
	for name, c := range map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"reset minus date plus one": {map[string]string{"X-Rate-Limit-Reset": strconv.FormatInt(date.Add(20*time.Second).Unix(), 10)}, 21 * time.Second},
		"retry-after seconds":       {map[string]string{"Retry-After": "7"}, 7 * time.Second},
		"retry-after date":          {map[string]string{"Retry-After": date.Add(9 * time.Second).Format(http.TimeFormat)}, 9 * time.Second},
		"the longer of both":        {map[string]string{"Retry-After": "3", "X-Rate-Limit-Reset": strconv.FormatInt(date.Add(4*time.Second).Unix(), 10)}, 5 * time.Second},
		"neither":                   {nil, defaultWait},
		"in the past":               {map[string]string{"X-Rate-Limit-Reset": "1"}, time.Second},
		"absurd":                    {map[string]string{"Retry-After": "99999999"}, longestWait},
		"not a number":              {map[string]string{"Retry-After": "soon"}, defaultWait},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}, nil)
			_, err := r.do(t, http.MethodPost, "/a")
			wantKind(t, err, holds.Unavailable)
			if got := holds.RetryAfter(err); got != c.want {
				t.Errorf("wait %v, want %v", got, c.want)
			}
			// The next caller is told at once, without a call and without sleeping.
			start := time.Now()
			_, err = r.do(t, http.MethodPost, "/a")
			wantKind(t, err, holds.Unavailable)
			if r.calls.Load() != 1 || time.Since(start) > 20*time.Second {
				t.Errorf("%d calls in %v", r.calls.Load(), time.Since(start))
			}
		})
	}
}

func TestG5OneConnectionsLimitDelaysNoOther(t *testing.T) {
	limited := func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/logs") {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	bucket := func(r *Rules) { r.Bucket = func(req *http.Request) string { return req.URL.Path } }
	a, b := newRig(t, limited, bucket), newRig(t, func(http.ResponseWriter, *http.Request) {}, bucket)
	_, err := a.do(t, http.MethodGet, "/logs")
	wantKind(t, err, holds.Unavailable)
	if _, err := a.do(t, http.MethodGet, "/users"); err != nil {
		t.Errorf("another bucket is closed too: %v", err)
	}
	if _, err := b.do(t, http.MethodGet, "/logs"); err != nil {
		t.Errorf("another connection is closed too: %v", err)
	}
}

func TestRateIsPaced(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) {}, func(r *Rules) { r.Rate, r.Burst, r.Timeout = 1, 2, 300*time.Millisecond })
	for range 2 {
		if _, err := r.do(t, http.MethodGet, "/a"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.do(t, http.MethodGet, "/a")
	wantKind(t, err, holds.Unavailable)
	if r.calls.Load() != 2 {
		t.Errorf("%d calls were made", r.calls.Load())
	}
}

func TestClassify(t *testing.T) {
	for status, want := range map[int]holds.Kind{
		400: holds.Invalid, 401: holds.Forbidden, 403: holds.Forbidden, 404: holds.NotFound, 405: holds.Invalid, 408: holds.Unavailable,
		409: holds.Conflict, 410: holds.NotFound, 422: holds.Invalid, 425: holds.Unavailable, 500: holds.Unavailable, 502: holds.Unavailable, 503: holds.Unavailable,
	} {
		for _, page := range []bool{false, true} {
			r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if page {
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
				}
				w.WriteHeader(status)
			}, nil)
			_, err := r.do(t, http.MethodPost, "/x")
			if page {
				// A proxy's 404 page must not read as "the account is gone".
				wantKind(t, err, holds.Unavailable)
			} else {
				wantKind(t, err, want)
			}
		}
	}
	if err := Classify(nil, nil); err != nil {
		t.Errorf("nothing went wrong, but: %v", err)
	}
	if err := Classify(&http.Response{StatusCode: 204}, nil); err != nil {
		t.Errorf("204 is an error: %v", err)
	}
	if err := Classify(nil, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped call is not recognisable: %v", err)
	}
}

func TestPageInsteadOfData(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>Sign in</html>")
	}, nil)
	_, err := r.do(t, http.MethodGet, "/a")
	wantKind(t, err, holds.Unavailable)
	if !strings.Contains(err.Error(), "web page instead of data") {
		t.Errorf("the error does not say what came: %v", err)
	}
}

func TestErrorsCarryNoSecrets(t *testing.T) {
	const secret = "s3cr3t-value"
	tr, err := NewTransport(Rules{Origin: "https://acme.okta.com", Secrets: []string{secret}})
	if err != nil {
		t.Fatal(err)
	}
	for _, cause := range []error{
		&url.Error{Op: "Post", URL: "https://acme.okta.com/token?client_assertion=" + secret, Err: errors.New("broken at " + secret)},
		errors.New("Authorization: SSWS 00abcdefghijklmnop"),
		errors.New("assertion eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"),
		errors.New("POST /token?client_secret=hunter2hunter2&a=b"),
		errors.New("key -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"),
	} {
		got := tr.Classify(nil, cause).Error()
		for _, bad := range []string{secret, "00abcdefghijklmnop", "eyJhbGci", "hunter2", "MIIE"} {
			if strings.Contains(got, bad) {
				t.Errorf("%q leaks %q", got, bad)
			}
		}
	}
}

func TestB5PlainText(t *testing.T) {
	for in, want := range map[string]string{
		"Zoë ’N 李":              "Zoë ’N 李",
		"a\x00b":                "a\ufffdb",
		"a\u202eb\u200bc\ufeff": "a\ufffdb\ufffdc\ufffd",
		"line\nbreak":           "line\ufffdbreak",
		"\xff":                  "\ufffd",
		strings.Repeat("x", 20): "xxxxxxxxxxxx…",
	} {
		if got := Plain(in, 12); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"00u1a2b3c4d5e6f7g8h9": "00u1a2b3c4d5e6f7g8h9", "a b": "", "": "", "é": "", "a\x00": "", strings.Repeat("x", 129): "",
	} {
		if got := Identifier(in); got != want {
			t.Errorf("Identifier(%q) = %q", in, got)
		}
	}
	if !bytes.Equal([]byte(Plain(strings.Repeat("é", 64<<10), 256)), []byte(strings.Repeat("é", 256)+"…")) {
		t.Error("a 128 kB name was not cut to 256 characters")
	}
}
