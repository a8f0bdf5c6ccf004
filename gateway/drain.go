package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// drain stops taking requests and waits for those in flight.
func (s *Server) drain(base context.Context) error {
	s.draining.Store(true)
	_ = s.listener.Close() // from here on nobody new connects
	if s.capped.open() > 0 {
		<-time.After(goodbye)
	}
	ctx, cancel := context.WithTimeout(base, drainTimeout)
	defer cancel()
	// net/http waits 5 s for a connection that has sent nothing; a stranger could
	// make every shutdown a cut-off by holding one open.
	hush := time.AfterFunc(silentTimeout, s.silent.close)
	defer hush.Stop()
	// That the listener is closed already is our own doing.
	if err := s.http.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
		return errors.Join(
			fmt.Errorf("gateway: %s: requests were cut off after %v: %w", s.Addr(), drainTimeout, err),
			s.http.Close())
	}
	return nil
}

// unlessDraining refuses requests that arrive on open connections after the
// shutdown began. The body is not read and the connection is closed, so the
// sender knows that nothing was taken and tries again elsewhere or later.
func (s *Server) unlessDraining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.draining.Load() {
			next.ServeHTTP(w, r)
			return
		}
		// net/http swallows a short body after an answer; a slow one must not hold up
		// the shutdown.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(goodbye))
		w.Header().Set("Connection", "close")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		d := Describe(&holds.Error{Kind: holds.Unavailable, Detail: "The service is restarting. Try again.", After: time.Second})
		if err := answer(w, d); err != nil {
			s.log.Debug("answer could not be written", "err", err)
		}
	})
}

// silent knows the connections that have not sent a request yet.
type silent struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newSilent() *silent { return &silent{conns: map[net.Conn]struct{}{}} }

// note is the server's ConnState hook.
func (n *silent) note(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateNew {
		n.conns[c] = struct{}{}
		return
	}
	delete(n.conns, c)
}

func (n *silent) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		_ = c.Close() // nobody is waiting for an answer on it
	}
}
