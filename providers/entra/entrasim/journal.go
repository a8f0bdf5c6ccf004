package entrasim

import (
	"slices"
	"strings"
	"time"
)

// Entry is one API request as the simulator saw it.
type Entry struct {
	N       int       `json:"n"`
	At      time.Time `json:"at"`
	Method  string    `json:"method"`
	Pattern string    `json:"pattern,omitempty"`
	Path    string    `json:"path"` // with the person's id, even when the call named a login
	Query   string    `json:"query,omitempty"`
	Caller  string    `json:"caller,omitempty"`  // appId
	Subject string    `json:"subject,omitempty"` // id of the object the call is about
	Status  int       `json:"status"`            // as sent; 0 when no answer was sent
	Applied bool      `json:"applied"`           // a state-changing call that took effect, whatever answer was sent
	Changed bool      `json:"changed"`           // and really changed something
	Fault   string    `json:"fault,omitempty"`
}

// Effect counts the applied state-changing calls of one key.
type Effect struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Subject string `json:"subject"`
	Applied int    `json:"applied"`
	Changed int    `json:"changed"`
}

func (s *Sim) record(e Entry) {
	e.N, e.At = len(s.journal)+1, s.now()
	s.journal = append(s.journal, e)
}

func (s *Sim) recordLocked(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(e)
}

// Journal lists all requests so far, oldest first.
func (s *Sim) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry{}, s.journal...)
}

// Effects counts state-changing calls by method, path and subject, in order of
// first appearance. Token requests do not count. A call that took effect but
// whose answer was lost counts, so "at most one per key" is what exactly-once
// callers must show.
func (s *Sim) Effects() []Effect {
	out := []Effect{}
	for _, e := range s.Journal() {
		if !e.Applied || strings.HasSuffix(e.Path, tokenPath) {
			continue
		}
		i := slices.IndexFunc(out, func(x Effect) bool { return x.Method == e.Method && x.Path == e.Path && x.Subject == e.Subject })
		if i < 0 {
			i = len(out)
			out = append(out, Effect{Method: e.Method, Path: e.Path, Subject: e.Subject})
		}
		out[i].Applied++
		if e.Changed {
			out[i].Changed++
		}
	}
	return out
}

// ForgetJournal empties the journal, so that a test can count from here.
func (s *Sim) ForgetJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = nil
}
