package signin_test

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

var now = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

const tenant = holds.TenantID("acme")

type link struct {
	tenant  holds.TenantID
	person  holds.PersonID
	expires time.Time
}

// store keeps links and sessions in memory, and counts what is done with it.
type store struct {
	mu       sync.Mutex
	links    map[[32]byte]link
	sessions map[[32]byte]holds.Session
	writes   int
	lookups  int
	fail     error
}

func newStore() *store {
	return &store{links: map[[32]byte]link{}, sessions: map[[32]byte]holds.Session{}}
}

func missing() error { return holds.Refuse(holds.NotFound, "Not found.") }

func (s *store) UseLink(_ context.Context, t holds.TenantID, token [32]byte, at time.Time) (holds.PersonID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	s.lookups++
	if s.fail != nil {
		return "", s.fail
	}
	l, ok := s.links[token]
	if !ok || l.tenant != t || !at.Before(l.expires) {
		return "", missing()
	}
	delete(s.links, token)
	return l.person, nil
}

func (s *store) CreateSession(_ context.Context, x holds.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.fail != nil {
		return s.fail
	}
	s.sessions[x.Token] = x
	return nil
}

func (s *store) Session(_ context.Context, t holds.TenantID, token [32]byte, _ time.Time) (holds.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookups++
	if s.fail != nil {
		return holds.Session{}, s.fail
	}
	// It gives a session that is over as well: the part has to look itself.
	if x, ok := s.sessions[token]; ok && x.Tenant == t {
		return x, nil
	}
	return holds.Session{}, missing()
}

func (s *store) EndSession(_ context.Context, t holds.TenantID, token [32]byte, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.fail != nil {
		return s.fail
	}
	if x, ok := s.sessions[token]; ok && x.Tenant == t {
		delete(s.sessions, token)
	}
	return nil
}

func (s *store) counts() (writes, lookups, sessions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes, s.lookups, len(s.sessions)
}
