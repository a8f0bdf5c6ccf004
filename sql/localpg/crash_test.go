package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestKilledPostmaster(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	run(t, connect(t, s, RoleOwner, Database), "CREATE TABLE kept AS SELECT 7 AS n")
	check(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	waitDone(t, s)
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err = %v, want the reason", err)
	}
	check(t, s.Stop(deadline(t))) // of a dead server

	// postmaster.pid, the socket and its lock file are all still there.
	if _, err := os.Stat(s.root.pidfile()); err != nil {
		t.Fatal("the crash left no postmaster.pid: this test proves nothing:", err)
	}
	s = start(t, Options{Root: dir})
	if n := scan[int](t, connect(t, s, RoleOwner, Database), "SELECT n FROM kept"); n != 7 {
		t.Errorf("n = %d", n)
	}
}

func TestKilledService(t *testing.T) {
	t.Parallel()
	if goos != "linux" {
		t.Skip("only Linux can stop the server of a process that was killed")
	}
	dir := seeded(t)
	p := runHelper(t, os.Args[0], nil, envHelper+"="+dir)
	check(t, p.cmd.Process.Kill())
	waitGone(t, filepath.Join(p.root, "data"), p.postmaster)
	s := start(t, Options{Root: dir})
	check(t, connect(t, s, RoleApp, Database).PingContext(deadline(t)))
}

// On systems without a death signal, and when it is lost, the server outlives
// the service.
func TestServerThatOutlivedTheService(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	run(t, connect(t, s, RoleOwner, Database), "CREATE TABLE kept AS SELECT 7 AS n")
	check(t, s.Stop(deadline(t)))

	args, err := serverArgs(s.root, s.socketDir, true, nil)
	check(t, err)
	orphan := exec.Command(filepath.Join(s.binaries.Dir, "postgres"), args...)
	prepare(orphan, s.account, syscall.SIGKILL)
	ended, err := launch(orphan)
	check(t, err)
	alive := &Server{root: s.root, socketDir: s.socketDir, secrets: s.secrets, done: make(chan struct{})}
	check(t, alive.ready(deadline(t)))

	s = start(t, Options{Root: dir})
	if err := <-ended; err != nil {
		t.Errorf("the orphan ended with %v, want a shutdown in good order", err)
	}
	if n := scan[int](t, connect(t, s, RoleOwner, Database), "SELECT n FROM kept"); n != 7 {
		t.Errorf("n = %d", n)
	}
}

// A container that is started anew gives out the same small process numbers
// again, so the one in the stale files may be somebody else's by now.
func TestStaleFilesWithAnotherProcessesNumber(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	check(t, s.Stop(deadline(t)))

	bystander := exec.Command("sleep", "600")
	prepare(bystander, s.account, syscall.SIGKILL)
	_, err := launch(bystander)
	check(t, err)
	t.Cleanup(func() { _ = bystander.Process.Kill() })

	pid := bystander.Process.Pid
	stale := fmt.Sprintf("%d\n%s\n1700000000\n%s\n%s\n\n", pid, s.root.data(), port, s.socketDir)
	for _, name := range []string{s.root.pidfile(), filepath.Join(s.socketDir, socketFile+".lock"), filepath.Join(s.socketDir, socketFile)} {
		check(t, os.WriteFile(name, []byte(stale), 0o600))
		check(t, os.Chown(name, s.account.uid, s.account.gid))
	}
	s = start(t, Options{Root: dir})
	check(t, connect(t, s, RoleApp, Database).PingContext(deadline(t)))
	check(t, bystander.Process.Signal(syscall.Signal(0))) // and it was left alone
}

func TestKilledDuringFirstStart(t *testing.T) {
	t.Parallel()
	t.Run("before initdb had finished", func(t *testing.T) {
		t.Parallel()
		dir := tempRoot(t)
		check(t, os.MkdirAll(filepath.Join(dir, "data.init", "base"), 0o700))
		check(t, os.Chmod(dir, 0o711))
		check(t, os.WriteFile(filepath.Join(dir, "data.init", "PG_VERSION"), []byte("15\n"), 0o600))
		check(t, os.WriteFile(filepath.Join(dir, "pwfile"), []byte("old\n"), 0o600))
		s := start(t, Options{Root: dir})
		check(t, connect(t, s, RoleApp, Database).PingContext(deadline(t)))
		if _, err := os.Stat(s.root.dataInit()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("data.init is still there (%v)", err)
		}
	})
	t.Run("after initdb, before any role", func(t *testing.T) {
		t.Parallel()
		dir := tempRoot(t)
		check(t, os.Mkdir(dir, 0o711))
		r, err := openRoot(dir)
		check(t, err)
		s := &Server{root: r, logger: slog.New(slog.DiscardHandler)}
		check(t, s.cluster(deadline(t), Options{Unsafe: true}))
		finished := start(t, Options{Root: dir})
		check(t, connect(t, finished, RoleApp, Database).PingContext(deadline(t)))
	})
	t.Run("between the roles and the database", func(t *testing.T) {
		t.Parallel()
		dir := seeded(t)
		s := start(t, Options{Root: dir})
		super := connect(t, s, RoleSuper, "postgres")
		run(t, super, "DROP DATABASE countersign")
		run(t, super, "DROP ROLE countersign_app")
		run(t, super, "ALTER ROLE countersign_owner SUPERUSER PASSWORD 'another'")
		check(t, s.Stop(deadline(t)))
		s = start(t, Options{Root: dir})
		for _, role := range []string{RoleOwner, RoleApp} {
			if scan[bool](t, connect(t, s, role, Database), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") {
				t.Errorf("%s is a superuser", role)
			}
		}
	})
}
