package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Start brings the server up, making the cluster, the roles and the database
// where they do not exist yet, and returns when it takes connections. ctx bounds
// the start alone (five minutes without a deadline of its own); the server then
// runs until Stop, or until this process dies.
func Start(ctx context.Context, o Options) (*Server, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
		defer cancel()
	}
	r, err := openRoot(o.Root)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(r)
	if err != nil {
		return nil, err
	}
	s := &Server{root: r, lock: lock, done: make(chan struct{}), logger: o.Logger}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if err := s.start(ctx, o); err != nil {
		lock.Close()
		return nil, err
	}
	return s, nil
}

// start does the work of Start under the lock.
func (s *Server) start(ctx context.Context, o Options) error {
	if err := s.cluster(ctx, o); err != nil {
		return err
	}
	if err := s.launch(o); err != nil {
		return err
	}
	err := s.ready(ctx)
	if err == nil {
		err = s.createRoles(ctx)
	}
	if err != nil {
		return errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	s.logger.Info("private Postgres started", "root", s.Root(), "version", s.binaries.Full, "account", s.account.name, "pid", s.PID())
	return nil
}

// cluster finds or makes the data directory and chooses what opens it.
func (s *Server) cluster(ctx context.Context, o Options) error {
	version, err := dataVersion(s.root)
	if err != nil {
		return err
	}
	if s.binaries, err = systemFinder().find(o.BinDir, version); err != nil {
		return err
	}
	if err := matchVersion(s.root, s.binaries, version); err != nil {
		return err
	}
	if s.account, err = serverAccount(s.root.data()); err != nil {
		return err
	}
	if err := s.account.reach(s.Root()); err != nil {
		return err
	}
	if err := haltLeftover(ctx, s.root); err != nil {
		return err
	}
	if s.secrets, err = openSecrets(s.root, version != 0); err != nil {
		return err
	}
	if s.socketDir, err = openSocketDir(s.root, s.account); err != nil {
		return err
	}
	if version != 0 {
		return nil
	}
	s.logger.Info("making a private Postgres", "root", s.Root(), "version", s.binaries.Full, "account", s.account.name)
	return createCluster(ctx, s.root, s.binaries, s.account, s.secrets.Super, o.Unsafe)
}

// launch starts the postmaster and its supervisor.
func (s *Server) launch(o Options) error {
	args, err := serverArgs(s.root, s.socketDir, o.Unsafe, o.Settings)
	if err != nil {
		return err
	}
	log, begin, err := openLog(s.root.log())
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	s.logBegin = begin
	cmd := exec.Command(filepath.Join(s.binaries.Dir, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	prepare(cmd, s.account, syscall.SIGINT)
	ended, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", cmd.Path, err)
	}
	s.process = cmd.Process
	go s.supervise(ended)
	return nil
}

// ready waits until the server takes connections, which after a crash is when it
// has replayed its log.
func (s *Server) ready(ctx context.Context) error {
	db, err := s.open(RoleSuper, "postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if pq.As(err, pqerror.InvalidPassword) != nil {
			return fmt.Errorf("the passwords in %s are not those of the database in %s: put back the file that belongs to it", s.root.secrets(), s.root.data())
		}
		select {
		case <-s.done:
			return fmt.Errorf("the private Postgres did not start: %w:\n%s", s.Err(), logSince(s.root.log(), s.logBegin))
		case <-ctx.Done():
			return fmt.Errorf("the private Postgres did not take connections in time (%w):\n%s", ctx.Err(), logSince(s.root.log(), s.logBegin))
		case <-tick.C:
		}
	}
}
