package gateway

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestB7EveryTimeoutIsSet(t *testing.T) {
	t.Parallel()
	s, err := NewServer(ServerOptions{Addr: "127.0.0.1:0", Handler: http.NotFoundHandler()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := s.http
	if h.ReadHeaderTimeout != 5*time.Second || h.ReadTimeout != 10*time.Second || h.WriteTimeout == 0 || h.IdleTimeout == 0 {
		t.Errorf("headers %v, whole request %v, answer %v, idle %v", h.ReadHeaderTimeout, h.ReadTimeout, h.WriteTimeout, h.IdleTimeout)
	}
	if h.HTTP2.MaxConcurrentStreams == 0 || h.HTTP2.MaxConcurrentStreams > 100 || h.MaxHeaderBytes == 0 {
		t.Errorf("streams %d, header bytes %d", h.HTTP2.MaxConcurrentStreams, h.MaxHeaderBytes)
	}
}

func TestH16DrainingServerAnswers503AndReadsNoBody(t *testing.T) {
	t.Parallel()
	s, err := NewServer(ServerOptions{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler saw a request")
	})})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.draining.Store(true)
	edge := httptest.NewServer(s.http.Handler)
	defer edge.Close()
	c, err := net.Dial("tcp", edge.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
	answer, err := io.ReadAll(c) // ends, so the connection was closed
	if err != nil {
		t.Fatal(err)
	}
	got := string(answer)
	for _, want := range []string{"HTTP/1.1 503 ", "\r\nConnection: close\r\n", "\r\nRetry-After: 1\r\n", "\r\nContent-Type: application/problem+json\r\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	if strings.Contains(got, "100 Continue") {
		t.Error("the body was asked for")
	}
}

// from is a connection from an address.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.addr), 4711))
}

func TestConnectionsAreCountedByWhatOneHostIsGiven(t *testing.T) {
	t.Parallel()
	l := limitConns(nil, ConnLimit{PerAddress: 1}, proxies{netip.MustParsePrefix("10.0.0.7/32")}, slog.New(slog.DiscardHandler))
	for _, tc := range []struct {
		addr string
		want bool
	}{
		{"203.0.113.9", true},
		{"203.0.113.9", false},
		{"::ffff:203.0.113.9", false},
		{"203.0.113.10", true},
		{"2001:db8::1", true},
		{"2001:db8::ffff", false}, // the same /64
		{"2001:db8:0:1::1", true},
		{"10.0.0.7", true},
		{"10.0.0.7", true}, // a declared proxy
	} {
		if got := l.take(l.network(from{addr: tc.addr})); got != tc.want {
			t.Errorf("%s: taken %v, want %v", tc.addr, got, tc.want)
		}
	}
	l.give(l.network(from{addr: "2001:db8::1"}))
	if !l.take(l.network(from{addr: "2001:db8::2"})) {
		t.Error("a place that was given back is not there")
	}
	for range l.total {
		l.total--
	}
	for who := range l.per {
		l.give(who)
	}
	if len(l.per) != 0 {
		t.Errorf("%d networks are remembered without connections", len(l.per))
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	q := NewQuiet(2, time.Minute, func() time.Time { return now })
	step := func(after time.Duration, wantSkipped int, wantOK bool) {
		t.Helper()
		now = now.Add(after)
		if skipped, ok := q.Allow(); skipped != wantSkipped || ok != wantOK {
			t.Errorf("at %s: %d, %v; want %d, %v", now.Format(time.TimeOnly), skipped, ok, wantSkipped, wantOK)
		}
	}
	step(0, 0, true)
	step(time.Second, 0, true)
	step(time.Second, 0, false)
	step(time.Second, 0, false)
	step(time.Minute, 2, true)
	step(time.Second, 0, true)
	step(-time.Hour, 0, true) // a clock that was set back does not silence it
}
