package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway"
)

// The frames and flags of RFC 9113 that these tests send or look for.
const (
	frameData, frameHeaders, frameReset, frameSettings = 0x0, 0x1, 0x3, 0x4
	frameGoAway, frameContinuation                     = 0x7, 0x9
	endStream, endHeaders                              = 0x1, 0x4
)

// h2 is a client of HTTP/2 that minds no rule.
type h2 struct {
	*tls.Conn
	frames chan frame // what the server says; closed with the connection
}

type frame struct {
	kind, flags byte
	stream      uint32
	payload     string
}

func dialH2(t *testing.T, addr string, pool *x509.CertPool) *h2 {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	h := &h2{Conn: c, frames: make(chan frame, 1<<16)}
	t.Cleanup(func() { _ = c.Close() })
	go h.listen()
	h.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + encode(frameSettings, 0, 0, ""))
	return h
}

func (h *h2) listen() {
	defer close(h.frames)
	for {
		var head [9]byte
		if _, err := io.ReadFull(h, head[:]); err != nil {
			return
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(h, payload); err != nil {
			return
		}
		h.frames <- frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]), string(payload)}
	}
}

// say reports whether the connection still took it.
func (h *h2) say(s string) bool {
	_, err := io.WriteString(h, s)
	return err == nil
}

// wait is the first frame of a kind on a stream, or none when the server ends the
// connection before.
func (h *h2) wait(stream uint32, kinds ...byte) (frame, bool) {
	for f := range h.frames {
		for _, kind := range kinds {
			if f.kind == kind && (f.stream == stream || kind == frameGoAway) {
				return f, true
			}
		}
	}
	return frame{}, false
}

func encode(kind, flags byte, stream uint32, payload string) string {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	return string(head) + payload
}

// fields is a header block: a GET of / with further fields, none of them indexed.
func fields(more ...string) string {
	block := "\x82\x87\x84" + literal(0x00, ":authority", "gate.example") // GET, https, /
	for i := 0; i < len(more); i += 2 {
		block += literal(0x00, more[i], more[i+1])
	}
	return block
}

// literal is a field with a new name; as is 0x40 when it is to be remembered.
func literal(as byte, name, value string) string {
	return string(as) + prefixed(name) + prefixed(value)
}

// prefixed is a string with its length before it (RFC 7541 section 5.1).
func prefixed(s string) string {
	n := len(s)
	if n < 127 {
		return string(byte(n)) + s
	}
	out := []byte{127}
	for n -= 127; n >= 128; n /= 128 {
		out = append(out, byte(n%128+128))
	}
	return string(append(out, byte(n))) + s
}

// slow is a handler that keeps every request until it is let go, and counts.
type slow struct {
	running, most, seen atomic.Int32
	letGo               chan struct{}
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/honest" {
		_, _ = io.WriteString(w, "served")
		return
	}
	s.seen.Add(1)
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	<-s.letGo
}

// abused is a server that is about to be, and what proves that it still serves.
func abused(t *testing.T) (s *slow, attacker func() *h2, honest func()) {
	t.Helper()
	s = &slow{letGo: make(chan struct{})}
	conf, pool := certificate(t)
	server := run(t, gateway.ServerOptions{Handler: s, TLS: conf})
	t.Cleanup(func() { close(s.letGo) }) // before the server is stopped
	return s, func() *h2 { return dialH2(t, server.Addr(), pool) }, func() {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		}, Timeout: time.Minute}
		defer client.CloseIdleConnections()
		res, err := client.Get("https://" + server.Addr() + "/honest")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); string(body) != "served" || res.ProtoMajor != 2 {
			t.Errorf("an honest client is answered %q over %s", body, res.Proto)
		}
	}
}

// TestB8RapidReset: streams that are opened and reset at once do not make work
// without end; the connection is ended, and others are served.
func TestB8RapidReset(t *testing.T) {
	t.Parallel()
	s, attacker, honest := abused(t)
	h := attacker()
	for n := range uint32(10_000) {
		if !h.say(encode(frameHeaders, endStream|endHeaders, 2*n+1, fields()) + encode(frameReset, 0, 2*n+1, "\x00\x00\x00\x08")) {
			break
		}
	}
	for range h.frames { // until the connection is closed; a GOAWAY may be lost behind what we sent
	}
	if n := s.most.Load(); n > 64 {
		t.Errorf("%d requests of one connection ran at once", n)
	}
	if n := s.seen.Load(); n > 400 {
		t.Errorf("%d requests were begun", n)
	}
	honest()
}

// TestB8TenThousandStreams: no more than 64 of one connection are worked on.
func TestB8TenThousandStreams(t *testing.T) {
	t.Parallel()
	s, attacker, honest := abused(t)
	h := attacker()
	for n := range uint32(10_000) {
		if !h.say(encode(frameHeaders, endStream|endHeaders, 2*n+1, fields())) {
			break
		}
	}
	if f, ok := h.wait(2*64+1, frameReset, frameGoAway); ok && f.kind == frameReset && f.payload != "\x00\x00\x00\x07" {
		t.Errorf("stream 65 was reset for %x, want REFUSED_STREAM", f.payload)
	}
	if n := s.most.Load(); n == 0 || n > 64 {
		t.Errorf("%d requests of one connection ran at once", n)
	}
	honest()
}

// TestB8ContinuationFlood: a head without an end ends the connection.
func TestB8ContinuationFlood(t *testing.T) {
	t.Parallel()
	s, attacker, honest := abused(t)
	h := attacker()
	h.say(encode(frameHeaders, endStream, 1, fields()))
	piece := strings.Repeat(literal(0x00, "x-flood", strings.Repeat("y", 1000)), 15)
	const most = 2000 // 30 MB
	sent := 0
	for sent < most && h.say(encode(frameContinuation, 0, 1, piece)) {
		sent++
	}
	if _, ok := h.wait(0, frameGoAway); !ok && sent == most {
		t.Error("the server took all of it")
	}
	for range h.frames { // until the connection is closed
	}
	if s.seen.Load() != 0 {
		t.Error("a handler saw it")
	}
	honest()
}

// TestB8HugeHPACK: a few bytes that unfold to forty megabytes are refused.
func TestB8HugeHPACK(t *testing.T) {
	t.Parallel()
	s, attacker, honest := abused(t)
	h := attacker()
	bomb := fields() + literal(0x40, "x-bomb", strings.Repeat("y", 3900)) + strings.Repeat("\xbe", 10_000) // 62: the newest remembered
	h.say(encode(frameHeaders, endStream|endHeaders, 1, bomb))
	h.wait(1, frameHeaders, frameReset, frameGoAway) // an answer of its own, or an end
	if s.seen.Load() != 0 {
		t.Error("a handler saw it")
	}
	honest()
}

// TestA17FieldsThatHTTP2Forbids: those that HTTP/1 gives a meaning on the wire,
// and those that would have one if a proxy wrote them as HTTP/1.
func TestA17FieldsThatHTTP2Forbids(t *testing.T) {
	t.Parallel()
	s, attacker, honest := abused(t)
	for name, more := range map[string][]string{
		"connection":        {"connection", "close"},
		"keep-alive":        {"keep-alive", "timeout=5"},
		"proxy-connection":  {"proxy-connection", "close"},
		"transfer-encoding": {"transfer-encoding", "chunked"},
		"upgrade":           {"upgrade", "h2c"},
		"te":                {"te", "chunked"},
		"CRLF in a value":   {"x-a", "b\r\ncontent-length: 5"},
		"LF in a value":     {"x-a", "b\nx-b: c"},
		"NUL in a value":    {"x-a", "b\x00"},
		"CRLF in a name":    {"x-a\r\nx-b", "c"},
		"upper case":        {"X-A", "b"},
		"a second path":     {":path", "/other"},
	} {
		h := attacker()
		h.say(encode(frameHeaders, endStream|endHeaders, 1, fields(more...)))
		f, ok := h.wait(1, frameHeaders, frameReset, frameGoAway)
		if !ok {
			continue // the connection was ended
		}
		if f.kind == frameHeaders && !strings.HasPrefix(f.payload, "\x8c") { // the table's :status 400
			t.Errorf("%s: answered %q", name, f.payload)
		}
	}
	if n := s.seen.Load(); n != 0 {
		t.Errorf("a handler saw %d of them", n)
	}
	honest()
}

// TestA17BodiesOfAnotherLength: an announced length that the frames do not keep is
// an error for whoever reads, and not a shorter body.
func TestA17BodiesOfAnotherLength(t *testing.T) {
	t.Parallel()
	read := make(chan error, 2)
	conf, pool := certificate(t)
	server := run(t, gateway.ServerOptions{TLS: conf, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})})
	for _, body := range []string{"abc", "abcdefg"} {
		h := dialH2(t, server.Addr(), pool)
		h.say(encode(frameHeaders, endHeaders, 1, strings.Replace(fields("content-length", "5"), "\x82", "\x83", 1)) + // POST
			encode(frameData, endStream, 1, body))
		if err := <-read; err == nil {
			t.Errorf("%d bytes were read as 5", len(body))
		}
		_ = h.Close()
	}
}
