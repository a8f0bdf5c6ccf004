package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
)

// errFlood is returned for a server that talks without end.
var errFlood = errors.New("the server sent more than a conversation needs")

// errElsewhere is returned when a name that must be this machine is not.
var errElsewhere = errors.New("the server in clear is not on this machine")

// line is a connection that gives only so many bytes: the reader above it takes
// lines of any length, and as many as come.
type line struct {
	net.Conn
	left int64
}

func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errFlood
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.Conn.Read(p)
	l.left -= int64(n)
	return n, err
}

// dial connects, encrypted from the start when that is configured. Closing the
// result or ending ctx ends everything that waits on it.
func (s *Sender) dial(ctx context.Context) (net.Conn, func(), error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.c.Host, strconv.Itoa(s.c.Port)))
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	end := func() {
		stop()
		_ = raw.Close()
	}
	until, _ := ctx.Deadline()
	if err := raw.SetDeadline(until); err != nil {
		end()
		return nil, nil, err
	}
	if peer, ok := raw.RemoteAddr().(*net.TCPAddr); s.c.TLS == NoTLS && (!ok || !peer.IP.IsLoopback()) {
		end()
		return nil, nil, errElsewhere
	}
	l := &line{Conn: raw, left: most}
	if s.c.TLS != ImplicitTLS {
		return l, end, nil
	}
	encrypted := tls.Client(l, s.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return encrypted, end, nil
}
