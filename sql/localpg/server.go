package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options say where the server lives and how it runs. The zero value is the
// right one for a service.
type Options struct {
	Root     string            // directory that holds data/, socket/ and the log; "" is the default of the account
	BinDir   string            // directory of the binaries; "" means Find decides
	Logger   *slog.Logger      // nil says nothing
	Unsafe   bool              // tests only: a power cut may destroy the data
	Settings map[string]string // further settings of postgresql.conf; those that keep the promises of this package are refused
}

// Server is a running private server.
type Server struct {
	root      root
	account   account
	socketDir string
	binaries  Binaries
	secrets   secrets
	logger    *slog.Logger
	logBegin  int64

	process  *os.Process
	lock     rootLock
	stopping atomic.Bool
	done     chan struct{}
	mu       sync.Mutex
	err      error // why it ended; set before done is closed
}

// Root is the real path of the directory everything lives in.
func (s *Server) Root() string { return string(s.root) }

// SocketDir is the directory of the unix socket, in the form that lib/pq and
// psql take as host.
func (s *Server) SocketDir() string { return s.socketDir }

// Version is the major version of the server.
func (s *Server) Version() int { return s.binaries.Version }

// PID is the process number of the postmaster.
func (s *Server) PID() int { return s.process.Pid }

// Done is closed when the server has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why the server ended: nil while it runs, and after a Stop that went
// well.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// DSN is a connection string for lib/pq, with the role's password in it: keep
// it out of logs. A role other than the three of this package gets no password
// and cannot sign in.
func (s *Server) DSN(role, database string) string {
	return dsn(s.socketDir, s.secrets, role, database)
}

func dsn(socketDir string, known secrets, role, database string) string {
	quote := func(v string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
	}
	return "host=" + quote(socketDir) + " port=" + port + " sslmode=disable connect_timeout=10" +
		" user=" + quote(role) + " password=" + quote(known.of(role)) + " dbname=" + quote(database)
}

// Stop shuts the server down: open transactions are rolled back, and
// connections end. When ctx ends first, the server is cut off, which loses
// nothing that was committed; the error then says so. Without a deadline in ctx
// it is 30 seconds. Stop may be called again, and after the server has died.
func (s *Server) Stop(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
	}
	s.stopping.Store(true)
	// "Fast shutdown" of https://www.postgresql.org/docs/current/server-shutdown.html
	if err := s.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := s.signal(sig); err != nil {
			return err
		}
		select {
		case <-s.done:
			return fmt.Errorf("the private Postgres had to be cut off (%s) because it did not stop in time; nothing committed is lost, its next start recovers: %w", sig, ctx.Err())
		case <-time.After(3 * time.Second):
		}
	}
	return fmt.Errorf("the private Postgres (process %d) does not end: %w", s.PID(), ctx.Err())
}

func (s *Server) signal(sig syscall.Signal) error {
	err := s.process.Signal(sig)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return fmt.Errorf("cannot signal the private Postgres (process %d): %w", s.PID(), err)
}

// supervise waits for the end of the postmaster, lets go of the root and tells
// everybody.
func (s *Server) supervise(ended <-chan error) {
	err := <-ended
	if s.stopping.Load() {
		s.logger.Info("private Postgres stopped", "root", s.Root())
	} else {
		s.mu.Lock()
		s.err = fmt.Errorf("the private Postgres ended by itself (%w); its log is %s", exitReason(err), s.root.log())
		s.mu.Unlock()
		s.logger.Error("private Postgres ended by itself", "root", s.Root(), "reason", exitReason(err))
	}
	if s.socketDir != s.root.socket() {
		os.Remove(s.socketDir) // a crash leaves the socket in it; the next start uses it again
	}
	s.lock.Close()
	close(s.done)
}

func exitReason(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
