package gateway

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
)

// given is a connection that says what it was given, a piece at a time.
type given struct {
	net.Conn
	rest  []byte
	piece int
}

func (g *given) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, g.rest[:min(g.piece, len(g.rest))])
	g.rest = g.rest[n:]
	return n, nil
}

// FuzzA17Wire: what passes does not depend on the pieces it comes in, and where
// one request ends and the next begins is where net/http says, too.
func FuzzA17Wire(f *testing.F) {
	for _, seed := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n",
		"POST / HTTP/1.0\r\ncontent-length: 0003\r\n\r\nabc",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		whole, _ := io.ReadAll(newStrict(&given{rest: in, piece: len(in)}, 1<<10))
		if !bytes.HasPrefix(in, whole) {
			t.Fatal("what passes is not what came")
		}
		pieces, _ := io.ReadAll(newStrict(&given{rest: in, piece: max(1, piece%64)}, 1<<10))
		if heads := bytes.LastIndex(whole, []byte("\r\n\r\n")); len(pieces) < heads || len(whole) < bytes.LastIndex(pieces, []byte("\r\n\r\n")) {
			t.Fatalf("in one piece passes %q, in others %q", whole, pieces)
		}
		c := newStrict(&given{rest: in, piece: len(in)}, 1<<20)
		r := bufio.NewReaderSize(c, 1) // reads no further than it must, as far as bufio can
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			if len(req.TransferEncoding) > 0 {
				return // not followed; the server closes behind it
			}
			if req.Method == http.MethodConnect && req.ContentLength > 0 {
				return // net/http reads no body of it
			}
			if n, err := io.Copy(io.Discard, req.Body); err != nil || n != max(0, req.ContentLength) {
				return
			}
			if c.body > int64(0) && r.Buffered() == 0 {
				t.Fatalf("net/http is at the end of a body, and we are not: %d bytes of %q are left", c.body, in)
			}
		}
	})
}
