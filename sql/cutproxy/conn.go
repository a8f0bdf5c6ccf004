package cutproxy

import (
	"net"
	"sync"
)

// conn is one connection through the proxy.
type conn struct {
	n              int
	proxy          *Proxy
	caller, target net.Conn
	once           sync.Once
	over           chan struct{}

	// primed are the cuts whose pattern has passed here; under the proxy's lock.
	primed map[*Cut]bool

	mu sync.Mutex
	// lost is the cut that waits for an answer, turns how many pass before it, and
	// asked says that something was sent since the last answer.
	lost  *Cut
	turns int
	asked bool
}

// carry copies both ways until either end is over.
func (c *conn) carry() {
	var both sync.WaitGroup
	both.Go(func() { c.pump(Caller, c.caller, c.target) })
	both.Go(func() { c.pump(Target, c.target, c.caller) })
	both.Wait()
	c.end()
}

// end breaks both halves.
func (c *conn) end() {
	c.once.Do(func() {
		close(c.over)
		reset(c.caller)
		reset(c.target)
	})
}

// pump forwards one direction.
func (c *conn) pump(from Side, src, dst net.Conn) {
	var w watch
	buffer := make([]byte, 32<<10)
	for {
		n, err := src.Read(buffer)
		if n > 0 && !c.pass(from, &w, buffer[:n], dst) {
			return
		}
		if err != nil {
			halfClose(dst)
			return
		}
	}
}

// halfClose tells the other end that nothing more comes.
func halfClose(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
}

// pass forwards a piece, or as much of it as the cuts let through. It reports
// false when nothing more may follow.
func (c *conn) pass(from Side, w *watch, piece []byte, dst net.Conn) bool {
	if cut := c.answerLost(from); cut != nil {
		return c.strike(cut, from, w)
	}
	n, cut := c.proxy.judge(c, from, w, piece)
	w.keep(piece[:n])
	if _, err := dst.Write(piece[:n]); err != nil {
		return false
	}
	if cut == nil {
		return true
	}
	return c.strike(cut, from, w)
}

// strike breaks the connection, or stalls this direction of it. It reports
// whether the direction goes on.
func (c *conn) strike(cut *Cut, from Side, w *watch) bool {
	if !cut.Stall {
		c.proxy.note(Entry{Conn: c.n, What: WasCut, From: from, Bytes: w.passed, Cut: *cut})
		c.end()
		return false
	}
	mended := c.proxy.stall()
	c.proxy.note(Entry{Conn: c.n, What: WasStalled, From: from, Bytes: w.passed, Cut: *cut})
	select {
	case <-mended:
	case <-c.over:
	}
	// What was held back is lost, and a stream with a hole in it is no stream.
	c.end()
	return false
}

// answerLost follows the turns of a connection, and returns the cut whose answer
// begins here.
func (c *conn) answerLost(from Side) *Cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		return nil
	}
	if from == c.lost.from() {
		c.asked = true
		return nil
	}
	if !c.asked {
		return nil // more of an answer that may pass
	}
	if c.turns > 0 {
		c.turns, c.asked = c.turns-1, false
		return nil
	}
	return c.lost
}

// await makes the answer to what just passed the one that is lost.
func (c *conn) await(cut *Cut) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost, c.turns, c.asked = cut, cut.Turns, true
}
