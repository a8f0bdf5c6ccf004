package gateway_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway"
)

// running is a server in flight: stop ends its context, done is Run's answer.
type running struct {
	*gateway.Server
	stop context.CancelFunc
	done chan error
}

func run(t *testing.T, o gateway.ServerOptions) running {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	s, err := gateway.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := running{s, cancel, make(chan error, 1)}
	go func() {
		r.done <- s.Run(ctx)
		close(r.done)
	}()
	t.Cleanup(func() { cancel(); <-r.done })
	return r
}

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
}

// certificate borrows the one that httptest makes for 127.0.0.1.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, pool
}

func TestServerSpeaksTLSAndHTTP2(t *testing.T) {
	t.Parallel()
	conf, pool := certificate(t)
	s := run(t, gateway.ServerOptions{Handler: text("hello"), TLS: conf})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://" + s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "hello" || res.ProtoMajor != 2 {
		t.Errorf("got %q over %s", body, res.Proto)
	}
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", s.Addr(), old); err == nil {
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestA18PlainHTTPOnATLSListenerIsRefusedWithoutRedirect(t *testing.T) {
	t.Parallel()
	conf, _ := certificate(t)
	s := run(t, gateway.ServerOptions{Handler: text("hello"), TLS: conf})
	r := say(t, s.Addr(), "POST /hooks/okta/acme HTTP/1.1\nHost: gate.example\nAuthorization: hunter2\nContent-Length: 0\n\n")
	if r.status != 400 || r.header.Get("Location") != "" || strings.Contains(r.body, "hello") {
		t.Errorf("got %d, Location %q, %q; want a refusal", r.status, r.header.Get("Location"), r.body)
	}
}

func TestServerRefusesUnsafeOptions(t *testing.T) {
	t.Parallel()
	conf, _ := certificate(t)
	weak := conf.Clone()
	weak.MinVersion = tls.VersionTLS10
	taken := run(t, gateway.ServerOptions{Handler: text("")})
	for name, o := range map[string]gateway.ServerOptions{
		"no handler":     {Addr: "127.0.0.1:0"},
		"old TLS":        {Addr: "127.0.0.1:0", Handler: text(""), TLS: weak},
		"no certificate": {Addr: "127.0.0.1:0", Handler: text(""), TLS: &tls.Config{}},
		"taken port":     {Addr: taken.Addr(), Handler: text("")},
	} {
		if s, err := gateway.NewServer(o); err == nil {
			s.Close()
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestB12OptionsStarReachesNoDefaultHandler(t *testing.T) {
	t.Parallel()
	s := run(t, gateway.ServerOptions{Handler: gateway.NewEcho(gateway.Options{})})
	if r := say(t, s.Addr(), "OPTIONS * HTTP/1.1\nHost: gate.example\nConnection: close\n\n"); r.status != 404 {
		t.Errorf("got %d, want 404", r.status)
	}
}

func TestB1HeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := run(t, gateway.ServerOptions{Handler: text("hello")})
	r := say(t, s.Addr(), "GET / HTTP/1.1\nHost: gate.example\nX-Long: "+strings.Repeat("x", 40<<10)+"\n\n")
	if r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", r.status)
	}
}

func TestB7ConnectionsAreCapped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit  gateway.ConnLimit
		exempt []netip.Prefix
		open   int
	}{
		"per address":              {gateway.ConnLimit{PerAddress: 2}, nil, 2},
		"in total":                 {gateway.ConnLimit{Total: 3}, nil, 3},
		"a proxy has only a total": {gateway.ConnLimit{PerAddress: 2, Total: 4}, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := run(t, gateway.ServerOptions{Handler: text("hello"), Conns: tc.limit, TrustedProxies: tc.exempt})
			var held []net.Conn
			for range tc.open {
				c, ok := speak(t, s.Addr())
				if !ok {
					t.Fatalf("connection %d of %d was refused", len(held)+1, tc.open)
				}
				held = append(held, c)
			}
			if c, ok := speak(t, s.Addr()); ok {
				c.Close()
				t.Fatal("a connection above the cap was served")
			}
			held[0].Close()
			held = held[1:]
			// The place comes back when the server sees the close.
			for deadline := time.Now().Add(5 * time.Second); ; {
				c, ok := speak(t, s.Addr())
				if ok {
					held = append(held, c)
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the place of a closed connection never came back")
				}
			}
			for _, c := range held {
				c.Close()
			}
		})
	}
}

// speak opens a connection, makes one request and keeps the connection.
func speak(t *testing.T, addr string) (net.Conn, bool) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: gate.example\r\n\r\n")
	buf := make([]byte, 12)
	if _, err := io.ReadFull(c, buf); err != nil {
		c.Close()
		return nil, false
	}
	return c, true
}

func TestH16RequestsInFlightAreFinished(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	s := run(t, gateway.ServerOptions{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusTeapot) // the shutdown must not cancel it
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})})
	status := make(chan int, 1)
	go func() {
		res, err := http.Get("http://" + s.Addr())
		if err != nil {
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	<-entered
	s.stop()
	waitRefused(t, s.Addr()) // the shutdown has begun
	close(release)
	if got := <-status; got != http.StatusNoContent {
		t.Errorf("the request in flight ended with %d", got)
	}
	if err := <-s.done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func waitRefused(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		c.Close()
	}
	t.Fatal("the listener still accepts")
}

func TestH16NewRequestsAreRefusedBeforeTheirBody(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}, 2), make(chan struct{})
	s := run(t, gateway.ServerOptions{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		w.WriteHeader(http.StatusNoContent)
	})})
	// A connection that is open but silent when the shutdown begins, and one
	// request in flight that keeps the shutdown from being over at once.
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		if res, err := http.Get("http://" + s.Addr()); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	s.stop()
	waitRefused(t, s.Addr())
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
	answer, err := io.ReadAll(c)
	// Nothing at all is right too: net/http's way, when the 503's time is over.
	if got := string(answer); err == nil && got != "" && !strings.HasPrefix(got, "HTTP/1.1 503") {
		t.Errorf("want a 503 and no 100 Continue, got:\n%s", got)
	}
	close(release)
	<-s.done
	if len(entered) != 0 {
		t.Error("the handler saw a request after the shutdown began")
	}
}

func TestH16SilentConnectionsDoNotDelayTheShutdown(t *testing.T) {
	t.Parallel()
	s := run(t, gateway.ServerOptions{Handler: text("hello")})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: gate")
	if other, ok := speak(t, s.Addr()); ok { // so that the first one has been accepted
		defer other.Close()
	}
	began := time.Now()
	s.stop()
	if err := <-s.done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
}

func TestH16ShutdownEndsWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	entered, cut := make(chan struct{}), make(chan struct{})
	s := run(t, gateway.ServerOptions{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(cut)
	})})
	go func() {
		if res, err := http.Get("http://" + s.Addr()); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	began := time.Now()
	s.stop()
	err := <-s.done
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run says %v; a request was cut off and it should say so", err)
	}
	<-cut // and the request's context ended with it
}

func TestEarlyAnswerReachesASenderWhoIsStillSending(t *testing.T) {
	t.Parallel()
	s := run(t, gateway.ServerOptions{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})})
	res, err := http.Post("http://"+s.Addr(), "text/plain", strings.NewReader(strings.Repeat("x", 2<<20)))
	if err != nil {
		t.Fatalf("the answer was lost: %v", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", res.StatusCode)
	}
}

// A stop that meets nobody ends without a word: that the listener is closed
// twice, once by us and once by net/http, is no failure.
func TestStopOfAnIdleServerIsNoError(t *testing.T) {
	for range 500 {
		s, err := gateway.NewServer(gateway.ServerOptions{Addr: "127.0.0.1:0", Handler: http.NotFoundHandler()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}
