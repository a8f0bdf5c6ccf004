package cutproxy

// judge looks for the cut that a piece meets. It returns how much of the piece
// passes, and the cut to strike behind it.
func (p *Proxy) judge(c *conn, from Side, w *watch, piece []byte) (int, *Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cut := range p.cuts {
		if cut.from() != from {
			continue
		}
		if cut.Pattern == "" {
			if room := cut.Bytes - w.passed; room <= int64(len(piece)) {
				return int(max(room, 0)), p.use(cut)
			}
			continue
		}
		at := cut.meet(c, w, piece)
		if at < 0 {
			continue
		}
		used := p.use(cut)
		if cut.Moment == Answer {
			c.await(used)
			return len(piece), nil
		}
		return max(0, at-len(cut.last())), used
	}
	return len(piece), nil
}

// meet is where the pattern ends that the cut strikes at, or -1.
func (c *Cut) meet(on *conn, w *watch, piece []byte) int {
	at := 0
	if !on.primed[c] {
		if at = c.passes(w, piece); at < 0 || c.Then == "" {
			return at
		}
		on.primed[c] = true
	}
	return w.find(piece, c.Then, at)
}

// passes is where the pattern ends for the first time that counts, or -1.
func (c *Cut) passes(w *watch, piece []byte) int {
	at := 0
	for {
		if at = w.find(piece, c.Pattern, at); at < 0 || c.Skip == 0 {
			return at
		}
		c.Skip--
	}
}

// last is what it strikes at.
func (c *Cut) last() string {
	if c.Then != "" {
		return c.Then
	}
	return c.Pattern
}

// use counts a strike; the caller holds the lock.
func (p *Proxy) use(cut *Cut) *Cut {
	used := *cut
	cut.Times--
	if cut.Times > 0 {
		return &used
	}
	for i := range p.cuts {
		if p.cuts[i] == cut {
			p.cuts = append(p.cuts[:i:i], p.cuts[i+1:]...)
			break
		}
	}
	return &used
}

func (p *Proxy) stall() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mended
}
