package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway"
)

// heard is a handler that notes what reaches it and answers with the body.
type heard struct {
	mu       sync.Mutex
	requests []string
	tls      bool
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r.Method+" "+r.URL.Path)
	h.tls = r.TLS != nil
	_, _ = w.Write(body)
}

func (h *heard) all() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.requests, ", ")
}

// wire is a server and a way to dial it, in clear or inside TLS.
func wire(t *testing.T, secure bool) (*heard, func() net.Conn) {
	t.Helper()
	h := &heard{}
	o := gateway.ServerOptions{Handler: h}
	dial := func(addr string) (net.Conn, error) { return net.Dial("tcp", addr) }
	if secure {
		conf, pool := certificate(t)
		o.TLS = conf
		dial = func(addr string) (net.Conn, error) {
			return tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12})
		}
	}
	s := run(t, o)
	return h, func() net.Conn {
		t.Helper()
		c, err := dial(s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

// answers are the statuses of everything that comes back before the connection
// is closed, and whether it was.
func answers(c net.Conn, most int) (out []string, closed bool) {
	r := bufio.NewReader(c)
	for len(out) < most {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return out, true
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		out = append(out, fmt.Sprint(res.StatusCode))
		if res.StatusCode == http.StatusOK {
			out[len(out)-1] += " " + string(body)
		}
	}
	_, err := r.ReadByte()
	return out, err != nil
}

// TestA17RequestsWithMoreThanOneMeaning: each is answered 400 and its connection
// closed, and no handler sees it, in clear as inside TLS.
func TestA17RequestsWithMoreThanOneMeaning(t *testing.T) {
	t.Parallel()
	const head = "POST /hook HTTP/1.1\r\nHost: gate.example\r\n"
	shapes := map[string]string{
		"CL and TE":                 head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE and CL":                 head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		"two lengths":               head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
		"the same length twice":     head + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
		"a list of lengths":         head + "Content-Length: 4, 4\r\n\r\nabcd",
		"a length with a sign":      head + "Content-Length: +4\r\n\r\nabcd",
		"a negative length":         head + "Content-Length: -4\r\n\r\nabcd",
		"a length in hex":           head + "Content-Length: 0x4\r\n\r\nabcd",
		"an empty length":           head + "Content-Length:\r\n\r\nabcd",
		"a length beyond 64 bits":   head + "Content-Length: 18446744073709551620\r\n\r\nabcd",
		"TE twice":                  head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE of two codings":         head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"TE identity":               head + "Transfer-Encoding: identity\r\n\r\n",
		"TE that is nearly chunked": head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"TE with a vertical tab":    head + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
		"a bare LF in the line":     "POST /hook HTTP/1.1\nHost: gate.example\r\nContent-Length: 0\r\n\r\n",
		"a bare LF in a header":     head + "X-A: b\nContent-Length: 0\r\n\r\n",
		"a bare LF at the end":      head + "Content-Length: 0\r\n\n",
		"a bare CR in a value":      head + "X-A: b\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
		"a NUL in a value":          head + "X-A: b\x00\r\nContent-Length: 0\r\n\r\n",
		"obs-fold by a space":       head + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
		"obs-fold by a tab":         head + "Content-Length:\r\n\t4\r\n\r\nabcd",
		"a folded first header":     "POST /hook HTTP/1.1\r\n Content-Length: 4\r\nHost: gate.example\r\n\r\nabcd",
		"a space before the colon":  head + "Content-Length : 4\r\n\r\nabcd",
		"a header without a colon":  head + "Content-Length\r\n\r\n",
		"a header without a name":   head + ": 4\r\n\r\n",
	}
	for where, secure := range map[string]bool{"clear": false, "TLS": true} {
		h, dial := wire(t, secure)
		for name, request := range shapes {
			t.Run(where+"/"+name, func(t *testing.T) {
				c := dial()
				_, _ = io.WriteString(c, request)
				if got, closed := answers(c, 1); len(got) != 1 || got[0] != "400" || !closed {
					t.Errorf("answered %q, closed: %v; want one 400 and the end", got, closed)
				}
			})
			t.Run(where+"/behind another/"+name, func(t *testing.T) {
				c := dial()
				_, _ = io.WriteString(c, "POST /first HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 3\r\n\r\nabc"+request)
				if got, closed := answers(c, 2); len(got) != 2 || got[0] != "200 abc" || got[1] != "400" || !closed {
					t.Errorf("answered %q, closed: %v; want 200, 400 and the end", got, closed)
				}
			})
		}
		if got := h.all(); strings.Contains(got, "/hook") || !strings.Contains(got, "/first") {
			t.Errorf("%s: a handler saw %q", where, got)
		}
	}
}

// TestA17NothingStandsBetweenRequests: not even an empty line; net/http may close
// without a word there.
func TestA17NothingStandsBetweenRequests(t *testing.T) {
	t.Parallel()
	h, dial := wire(t, false)
	for _, first := range []string{"", "POST /first HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 3\r\n\r\nabc"} {
		c := dial()
		_, _ = io.WriteString(c, first+"\r\nPOST /hook HTTP/1.1\r\nHost: gate.example\r\nContent-Length: 0\r\n\r\n")
		if got, closed := answers(c, 3); !closed || strings.Contains(h.all(), "/hook") {
			t.Errorf("answered %q, closed: %v, handlers saw %q", got, closed, h.all())
		}
	}
}

// TestA17OneMeaningIsServed: what has one meaning is served whatever pieces it
// comes in, and nothing of a body is taken for a request.
func TestA17OneMeaningIsServed(t *testing.T) {
	t.Parallel()
	const evil = "GET /evil HTTP/1.1\r\nHost: gate.example\r\n\r\n"
	post := func(body string) string {
		return fmt.Sprintf("POST /hook HTTP/1.1\r\nHost: gate.example\r\ncontent-length: %d \r\n\r\n%s", len(body), body)
	}
	const get = "GET /page HTTP/1.1\r\nHost: gate.example\r\n\r\n"
	for where, secure := range map[string]bool{"clear": false, "TLS": true} {
		for name, tc := range map[string]struct {
			request string
			want    []string
			saw     string
			closed  bool
		}{
			"one after the other": {post("abc") + get + post(""), []string{"200 abc", "200 ", "200 "}, "POST /hook, GET /page, POST /hook", false},
			"a request as a body": {post(evil) + get, []string{"200 " + evil, "200 "}, "POST /hook, GET /page", false},
			"no body is asked of": {"POST /hook HTTP/1.1\r\nHost: gate.example\r\n\r\n" + get, []string{"200 ", "200 "}, "POST /hook, GET /page", false},
			"chunks": {
				"POST /hook HTTP/1.1\r\nHost: gate.example\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
				[]string{"200 abc"},
				"POST /hook", true,
			},
			"a request behind chunks": {
				"POST /hook HTTP/1.1\r\nHost: gate.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + evil,
				[]string{"200 abc"},
				"POST /hook", true,
			},
		} {
			for _, piece := range []int{1, 7, 1 << 20} {
				t.Run(fmt.Sprintf("%s/%s/by %d", where, name, piece), func(t *testing.T) {
					h, dial := wire(t, secure)
					c := dial()
					go func() {
						for rest := tc.request; rest != ""; {
							n := min(piece, len(rest))
							if _, err := io.WriteString(c, rest[:n]); err != nil {
								return // closed, as it may be
							}
							rest = rest[n:]
						}
						if !tc.closed {
							_ = c.(interface{ CloseWrite() error }).CloseWrite()
						}
					}()
					got, closed := answers(c, len(tc.want))
					if strings.Join(got, "|") != strings.Join(tc.want, "|") || h.all() != tc.saw || !closed || h.tls != secure {
						t.Errorf("answered %q, closed: %v, handlers saw %q, TLS %v", got, closed, h.all(), h.tls)
					}
				})
			}
		}
	}
}

// TestA17LongHeadsAreStill431: what is too long is refused for that.
func TestA17LongHeadsAreStill431(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"clear": false, "TLS": true} {
		h, dial := wire(t, secure)
		c := dial()
		go func() {
			_, _ = io.WriteString(c, "GET /page HTTP/1.1\r\nX-Long: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
		}()
		if got, closed := answers(c, 1); len(got) != 1 || got[0] != "431" || !closed || h.all() != "" {
			t.Errorf("%s: answered %q, closed: %v, handlers saw %q", name, got, closed, h.all())
		}
	}
}
