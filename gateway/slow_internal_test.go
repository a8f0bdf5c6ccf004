package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// hasty is a running server whose patience is a fraction of what it ships with;
// TestB7EveryTimeoutIsSet tells what that is.
func hasty(t *testing.T, h http.Handler, conf *tls.Config) string {
	t.Helper()
	s, err := NewServer(ServerOptions{Addr: "127.0.0.1:0", Handler: h, TLS: conf})
	if err != nil {
		t.Fatal(err)
	}
	const brief = 300 * time.Millisecond
	s.http.ReadHeaderTimeout, s.http.ReadTimeout, s.http.WriteTimeout, s.http.IdleTimeout = brief, 2*brief, 3*brief, brief
	if l, ok := s.listener.(*secure); ok {
		l.patience = brief
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return s.Addr()
}

// drip sends a text byte by byte, slower than any sender has reason to be.
func drip(c net.Conn, text string) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		<-tick.C
	}
}

func dialed(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestB7SlowSendersAreCutOff: whoever says nothing, drips a head or a body, or
// keeps an idle connection, loses it; honest requests beside a hundred of them
// are served.
func TestB7SlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	broken := make(chan error, 200)
	addr := hasty(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, err := io.ReadAll(r.Body)
			broken <- err
		}
		_, _ = io.WriteString(w, "served")
	}), nil)
	long := strings.Repeat("x", 4000)
	abuse := map[string]func(net.Conn){
		"nothing": func(net.Conn) {},
		"a head":  func(c net.Conn) { drip(c, "GET / HTTP/1.1\r\nX-Long: "+long) },
		"a body": func(c net.Conn) {
			_, _ = io.WriteString(c, "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n")
			drip(c, long)
		},
		"an idle":    func(c net.Conn) { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") },
		"half a TLS": func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00") },
	}
	var all sync.WaitGroup
	for name, do := range abuse {
		for range 20 {
			c := dialed(t, addr)
			go do(c)
			all.Go(func() {
				if _, err := io.Copy(io.Discard, c); isTimeout(err) {
					t.Errorf("%s: the connection was never cut", name)
				}
			})
		}
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 20 {
		res, err := client.Get("http://" + addr + "/")
		if err != nil {
			t.Fatalf("an honest request beside them: %v", err)
		}
		_ = res.Body.Close()
	}
	all.Wait()
	for range 20 {
		if err := <-broken; err == nil {
			t.Error("half a body was taken for a whole one")
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// TestB7AHandshakeDoesNotWaitForEver: nor does it keep others from theirs.
func TestB7AHandshakeDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	borrowed := httptest.NewTLSServer(http.NotFoundHandler())
	defer borrowed.Close()
	addr := hasty(t, http.NotFoundHandler(), &tls.Config{Certificates: borrowed.TLS.Certificates, MinVersion: tls.VersionTLS12})
	silent := dialed(t, addr)
	client := borrowed.Client()
	res, err := client.Get("https://" + addr + "/")
	if err != nil {
		t.Fatalf("beside a silent connection: %v", err)
	}
	_ = res.Body.Close()
	if _, err := io.Copy(io.Discard, silent); isTimeout(err) {
		t.Error("a connection that never shakes hands was never cut")
	}
}

// TestB7AnswersThatAreNeverRead: whoever asks and does not read is given up.
func TestB7AnswersThatAreNeverRead(t *testing.T) {
	t.Parallel()
	given := make(chan error, 1)
	addr := hasty(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece := make([]byte, 1<<20)
		for {
			if _, err := w.Write(piece); err != nil {
				given <- err
				return
			}
		}
	}), nil)
	c := dialed(t, addr)
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	select {
	case <-given:
	case <-time.After(time.Minute):
		t.Fatal("the handler still writes to somebody who does not read")
	}
}
