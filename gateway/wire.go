package gateway

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"
)

// strict is a connection of HTTP/1 on which every request can be read in one way
// only. net/http is lenient where RFC 9112 lets it be: it takes a Content-Length
// beside a Transfer-Encoding, the same length twice, lines that end in a bare LF
// and folded ones. A proxy in front of us may read those in another way, and what
// is a body to one of the two is a request to the other. Here they end the
// connection; net/http answers 400.
//
// It follows the requests of a connection as they come: a head, then as many
// bytes as its Content-Length says, then the next head. What comes behind the
// head of a chunked request is not followed, so the server closes such a
// connection after the answer (see onWire); providers send lengths.
//
// https://www.rfc-editor.org/rfc/rfc9112#section-11.2
type strict struct {
	net.Conn
	most int // bytes of a head beyond which net/http answers 431 by itself

	line    []byte // what has come of the head's line
	head    int    // bytes of the head so far
	began   bool   // the request line has passed
	lengths []string
	codings []string
	body    int64 // bytes of the body still to come
	loose   bool  // nothing behind this is followed
	refused bool
}

var errAmbiguous = errors.New("gateway: the request can be read in more than one way")

// headSlack is how much more than its limit net/http reads of a head before it
// answers 431.
const headSlack = 8 << 10

func newStrict(c net.Conn, maxHeader int) *strict {
	return &strict{Conn: c, most: maxHeader + headSlack}
}

// Read reads what may be read in one way only. Behind that it fails, for good.
func (c *strict) Read(p []byte) (int, error) {
	if c.refused {
		return 0, errAmbiguous
	}
	n, err := c.Conn.Read(p)
	if ok := c.follow(p[:n]); ok < n {
		c.refused = true
		if ok == 0 {
			return 0, errAmbiguous
		}
		return ok, nil
	}
	return n, err
}

// CloseWrite ends our side only, see counted.
func (c *strict) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}

// follow is how many of the bytes have one meaning: all of them, or those before
// the end of the line that has not, without which no head is ever whole.
func (c *strict) follow(p []byte) int {
	for at := 0; at < len(p); {
		switch {
		case c.loose:
			return len(p)
		case c.body > 0:
			n := min(c.body, int64(len(p)-at))
			c.body -= n
			at += int(n)
		default:
			n := bytes.IndexByte(p[at:], '\n') + 1
			whole := n > 0
			if !whole {
				n = len(p) - at
			}
			c.line = append(c.line, p[at:at+n]...)
			if c.head += n; c.head > c.most {
				c.loose, c.line = true, nil
				continue
			}
			if whole && !c.endOfLine() {
				return at + n - 1 // net/http answers to what it has seen something of
			}
			at += n
		}
	}
	return len(p)
}

// endOfLine takes a whole line of a head and tells whether it has one meaning.
func (c *strict) endOfLine() bool {
	line, crlf := bytes.CutSuffix(c.line, []byte("\r\n"))
	c.line = c.line[:0]
	switch {
	case !crlf || bytes.ContainsAny(line, "\r\x00"):
		return false
	case !c.began:
		c.began = true
		return len(line) > 0
	case len(line) == 0:
		return c.endOfHead()
	}
	name, value, found := strings.Cut(string(line), ":")
	if !found || name == "" || strings.ContainsAny(name, " \t") { // folded lines begin with one of those
		return false
	}
	switch {
	case strings.EqualFold(name, "Content-Length"):
		c.lengths = append(c.lengths, strings.Trim(value, " \t"))
	case strings.EqualFold(name, "Transfer-Encoding"):
		c.codings = append(c.codings, strings.Trim(value, " \t"))
	}
	return true
}

// endOfHead reads how long the body is and tells whether that has one meaning.
func (c *strict) endOfHead() bool {
	lengths, codings := c.lengths, c.codings
	c.head, c.began, c.lengths, c.codings = 0, false, nil, nil
	switch {
	case len(lengths)+len(codings) > 1:
		return false
	case len(codings) == 1:
		c.loose = true
		return strings.EqualFold(codings[0], "chunked")
	case len(lengths) == 1:
		n, err := strconv.ParseInt(lengths[0], 10, 63)
		c.body = n
		return err == nil && strings.Trim(lengths[0], "0123456789") == ""
	}
	return true
}
