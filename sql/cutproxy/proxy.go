package cutproxy

import (
	"errors"
	"net"
	"sync"
)

// Proxy is a proxy on a loopback address. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	network string
	address string
	refuses bool
	closed  bool
	cuts    []*Cut
	mended  chan struct{} // closed by Mend: ends stalls
	conns   map[*conn]bool
	opened  int
	journal []Entry
	grew    chan struct{} // closed when the journal grew
}

// Listen starts a proxy in front of a target, "tcp" or "unix" as net.Dial takes
// them. Close ends it.
func Listen(network, address string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		listener: l, network: network, address: address,
		mended: make(chan struct{}), grew: make(chan struct{}), conns: map[*conn]bool{},
	}
	p.running.Go(p.accept)
	return p, nil
}

// Addr is where callers reach it, host and port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Target sends new connections elsewhere; those that stand are left alone.
func (p *Proxy) Target(network, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.address = network, address
}

// Refuse ends every new connection at once, until Mend.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = true
}

// Arm adds a cut. Of several that fit the oldest strikes.
func (p *Proxy) Arm(c Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Times = max(c.Times, 1)
	p.cuts = append(p.cuts, &c)
}

// Mend disarms every cut, ends stalls and takes new connections again.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts, p.refuses = nil, false
	close(p.mended)
	p.mended = make(chan struct{})
}

// CutAll breaks every connection that stands.
func (p *Proxy) CutAll() {
	for _, c := range p.standing() {
		p.note(Entry{Conn: c.n, What: WasCut})
		c.end()
	}
}

// Close ends the proxy with all its connections.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close() // nobody can do anything about it
	for _, c := range p.standing() {
		c.end()
	}
	p.running.Wait()
}

func (p *Proxy) standing() []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*conn, 0, len(p.conns))
	for c := range p.conns {
		out = append(out, c)
	}
	return out
}

func (p *Proxy) accept() {
	for {
		caller, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.running.Go(func() { p.serve(caller) })
		}
	}
}

// serve carries one connection to its end.
func (p *Proxy) serve(caller net.Conn) {
	p.mu.Lock()
	p.opened++
	c := &conn{n: p.opened, proxy: p, caller: caller, over: make(chan struct{}), primed: map[*Cut]bool{}}
	refused, network, address := p.refuses || p.closed, p.network, p.address
	p.mu.Unlock()
	if refused {
		p.note(Entry{Conn: c.n, What: WasRefused})
		reset(caller)
		return
	}
	target, err := net.Dial(network, address)
	if err != nil {
		p.note(Entry{Conn: c.n, What: NoTarget})
		reset(caller)
		return
	}
	c.target = target
	p.mu.Lock()
	p.conns[c] = true
	closed := p.closed
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}()
	if closed {
		c.end()
	}
	c.carry()
}

// reset breaks a connection as a network does, without the good-bye.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}
