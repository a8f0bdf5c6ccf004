package cutproxy

import "context"

// What happened to a connection.
type What string

// The words of the journal.
const (
	WasCut     What = "cut"
	WasStalled What = "stalled"
	WasRefused What = "refused"
	NoTarget   What = "no target"
)

// Entry is one thing the proxy did to a connection.
type Entry struct {
	Conn  int
	What  What
	From  Side  // whose bytes, for a cut that was armed
	Bytes int64 // of that side that had passed
	Cut   Cut   // as it was armed
}

func (p *Proxy) note(e Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.journal = append(p.journal, e)
	close(p.grew)
	p.grew = make(chan struct{})
}

// Journal is everything so far, oldest first. Connections that nothing happened
// to are not in it.
func (p *Proxy) Journal() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Entry{}, p.journal...)
}

// Opened is how many connections there were.
func (p *Proxy) Opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened
}

// Struck waits until the journal has n entries, and returns them; fewer when ctx
// ends before.
func (p *Proxy) Struck(ctx context.Context, n int) []Entry {
	for {
		p.mu.Lock()
		journal, grew := append([]Entry{}, p.journal...), p.grew
		p.mu.Unlock()
		if len(journal) >= n {
			return journal
		}
		select {
		case <-grew:
		case <-ctx.Done():
			return journal
		}
	}
}
