package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// handshakeTimeout is within what a request's headers may take.
const handshakeTimeout = readHeaderTimeout

// secure makes TLS of the connections of a listener before net/http has them:
// only so can what is inside of HTTP/1 be read strictly, while HTTP/2, whose
// frames say how long they are, goes to net/http as it is.
type secure struct {
	net.Listener
	conf      *tls.Config
	maxHeader int
	patience  time.Duration
	ctx       context.Context //nolint:containedctx // the life of the listener
	stop      context.CancelFunc
	ready     chan accepted
	once      sync.Once
}

type accepted struct {
	conn net.Conn
	err  error
}

func newSecure(inner net.Listener, conf *tls.Config, maxHeader int) *secure {
	ctx, stop := context.WithCancel(context.Background())
	return &secure{Listener: inner, conf: conf, maxHeader: maxHeader, patience: handshakeTimeout, ctx: ctx, stop: stop, ready: make(chan accepted)}
}

// Accept gives the next connection whose handshake has succeeded.
func (l *secure) Accept() (net.Conn, error) {
	l.once.Do(func() { go l.acceptAll() })
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close ends handshakes that are under way, too.
func (l *secure) Close() error {
	l.stop()
	return l.Listener.Close()
}

// acceptAll passes on what goes wrong with the listener: net/http knows what is
// worth waiting for.
func (l *secure) acceptAll() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if !l.give(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		go l.shake(c)
	}
}

func (l *secure) give(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// shake makes one connection ready, or closes it.
func (l *secure) shake(c net.Conn) {
	ctx, cancel := context.WithTimeout(l.ctx, l.patience)
	defer cancel()
	t := tls.Server(c, l.conf)
	if err := t.HandshakeContext(ctx); err != nil {
		refuseClear(err)
		_ = c.Close() // there is nobody to tell
		return
	}
	var conn net.Conn = t
	if t.ConnectionState().NegotiatedProtocol != "h2" {
		conn = newStrict(t, l.maxHeader)
	}
	if !l.give(accepted{conn: conn}) {
		_ = conn.Close()
	}
}

// refuseClear tells a client that speaks HTTP without TLS why it is not heard. A
// redirect would hide that its secret has just travelled in clear.
func refuseClear(err error) {
	var clear tls.RecordHeaderError
	if !errors.As(err, &clear) || clear.Conn == nil {
		return
	}
	switch string(clear.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH", "TRACE", "CONNE":
		_ = clear.Conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(clear.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis address speaks HTTPS only.\n")
	}
}

// wires makes a clear listener's connections strict.
type wires struct {
	net.Listener
	maxHeader int
}

// Accept gives the next connection.
func (l *wires) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newStrict(c, l.maxHeader), nil
}

// insideKey is where a request's context holds the TLS that a strict connection
// is inside of.
type insideKey struct{}

func noteTLS(ctx context.Context, c net.Conn) context.Context {
	if s, ok := c.(*strict); ok {
		if t, ok := s.Conn.(*tls.Conn); ok {
			state := t.ConnectionState()
			return context.WithValue(ctx, insideKey{}, &state)
		}
	}
	return ctx
}

// onWire gives requests the TLS that net/http did not see, and ends a connection
// behind a chunked body.
func onWire(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if state, ok := r.Context().Value(insideKey{}).(*tls.ConnectionState); ok && r.TLS == nil {
			r.TLS = state
		}
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
