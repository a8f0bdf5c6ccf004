package gateway

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ConnLimit caps the connections of one listener, so that a single stranger who
// opens and never speaks cannot keep everybody else out.
type ConnLimit struct {
	// Total is the cap on all; zero is 4096.
	Total int
	// PerAddress is the cap per IPv4 address or IPv6 /64 network, which is what
	// one host is usually given; zero is 256.
	PerAddress int
}

// limited closes connections above the caps at once. It never waits for a free
// place: the queue of waiting connections would then be the attacker's too.
type limited struct {
	net.Listener
	limit  ConnLimit
	exempt proxies
	log    *slog.Logger
	quiet  *Quiet

	mu    sync.Mutex
	total int
	per   map[netip.Prefix]int
}

func limitConns(inner net.Listener, limit ConnLimit, exempt proxies, log *slog.Logger) *limited {
	if limit.Total == 0 {
		limit.Total = 4096
	}
	if limit.PerAddress == 0 {
		limit.PerAddress = 256
	}
	return &limited{
		Listener: inner, limit: limit, exempt: exempt, log: log,
		quiet: NewQuiet(1, time.Minute, time.Now), per: map[netip.Prefix]int{},
	}
}

// Accept gives the next connection within the caps.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := l.network(c)
		if l.take(who) {
			return &counted{Conn: c, release: func() { l.give(who) }}, nil
		}
		_ = c.Close() // refused; there is nothing to tell it
		if skipped, ok := l.quiet.Allow(); ok {
			l.log.Warn("connection refused: too many are open", "addr", l.Addr().String(), "peer", who.String(), "unlogged", skipped)
		}
	}
}

// network is what a connection counts for; the zero prefix counts only towards
// the total.
func (l *limited) network(c net.Conn) netip.Prefix {
	a, ok := parseAddr(c.RemoteAddr().String())
	if !ok || l.exempt.has(a) {
		return netip.Prefix{}
	}
	bits := 64
	if a.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(a, bits).Masked()
}

func (l *limited) take(who netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= l.limit.Total {
		return false
	}
	if who.IsValid() {
		if l.per[who] >= l.limit.PerAddress {
			return false
		}
		l.per[who]++
	}
	l.total++
	return true
}

func (l *limited) give(who netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if !who.IsValid() {
		return
	}
	if l.per[who]--; l.per[who] == 0 {
		delete(l.per, who)
	}
}

// open is how many connections there are.
func (l *limited) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// counted gives its place back when it is closed, once.
type counted struct {
	net.Conn
	once    sync.Once
	release func()
}

// Close closes the connection.
func (c *counted) Close() error {
	c.once.Do(c.release)
	return c.Conn.Close()
}

// CloseWrite ends our side only. net/http looks for it to let an early answer
// (a 413, say) reach a client that is still sending; without it the client
// would see a reset instead.
func (c *counted) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	return half.CloseWrite()
}
