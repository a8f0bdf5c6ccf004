package localpg

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Root: tempRoot(t)})
	owner := connect(t, s, RoleOwner, Database)
	app := connect(t, s, RoleApp, Database)

	t.Run("the owner owns the database and may make tables", func(t *testing.T) {
		run(t, owner, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
		if got := scan[string](t, owner, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"); got != RoleOwner {
			t.Errorf("owner of the database = %s", got)
		}
	})
	t.Run("the application may connect but not create", func(t *testing.T) {
		for _, query := range []string{"CREATE TABLE own (n int)", "CREATE SCHEMA own", "SELECT * FROM kept", "CREATE ROLE other"} {
			if _, err := app.ExecContext(deadline(t), query); pq.As(err, pqerror.InsufficientPrivilege) == nil {
				t.Errorf("%s: %v, want a refusal", query, err)
			}
		}
	})
	t.Run("nobody else may connect", func(t *testing.T) {
		if scan[bool](t, owner, "SELECT has_database_privilege('public', current_database(), 'CONNECT')") {
			t.Error("PUBLIC may connect")
		}
	})
	t.Run("neither role has a right beyond its own", func(t *testing.T) {
		super := connect(t, s, RoleSuper, "postgres")
		if n := scan[int](t, super, `SELECT count(*) FROM pg_roles WHERE rolname IN ('countersign_owner','countersign_app')
			AND rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)`); n != 2 {
			t.Errorf("%d plain roles, want 2", n)
		}
	})
	t.Run("other databases are closed", func(t *testing.T) {
		for _, name := range []string{"postgres", "template1"} {
			if err := connect(t, s, RoleApp, name).PingContext(deadline(t)); pq.As(err, pqerror.InsufficientPrivilege) == nil {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
	})
	t.Run("checksums and SCRAM are on, TCP is off", func(t *testing.T) {
		super := connect(t, s, RoleSuper, "postgres")
		for setting, want := range map[string]string{
			"data_checksums": "on", "listen_addresses": "", "password_encryption": "scram-sha-256",
			"unix_socket_permissions": "0700", "synchronous_commit": "on", "server_encoding": "UTF8",
		} {
			if got := scan[string](t, super, "SELECT current_setting('"+setting+"')"); got != want {
				t.Errorf("%s = %q, want %q", setting, got, want)
			}
		}
		if n := scan[int](t, super, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"); n != 0 {
			t.Errorf("%d rules let somebody in without a password", n)
		}
	})
	t.Run("a wrong password is refused", func(t *testing.T) {
		wrong := &Server{socketDir: s.socketDir, secrets: secrets{App: "wrong"}}
		if err := connect(t, wrong, RoleApp, Database).PingContext(deadline(t)); pq.As(err, pqerror.InvalidPassword) == nil {
			t.Errorf("err = %v, want a refusal", err)
		}
	})
	t.Run("what holds secrets or data is closed to others", func(t *testing.T) {
		for name, want := range map[string]fs.FileMode{"secrets": 0o600, "postgres.log": 0o600, "lock": 0o600, "data": 0o700, "socket": 0o700} {
			info, err := os.Stat(filepath.Join(s.Root(), name))
			check(t, err)
			if info.Mode().Perm() != want {
				t.Errorf("%s has mode %04o, want %04o", name, info.Mode().Perm(), want)
			}
		}
		if _, err := os.Lstat(s.root.pwfile()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the password file of initdb is still there (%v)", err)
		}
	})
	t.Run("no password reaches the log", func(t *testing.T) {
		text, err := os.ReadFile(s.root.log())
		check(t, err)
		for _, password := range []string{s.secrets.Super, s.secrets.Owner, s.secrets.App} {
			if strings.Contains(string(text), password) {
				t.Error("a password is in the log")
			}
		}
	})
}

func TestDurableUnlessUnsafe(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a durable initdb takes seconds")
	}
	dir := tempRoot(t)
	s, err := Start(deadline(t), Options{Root: dir})
	check(t, err)
	defer s.Stop(context.Background())
	super := connect(t, s, RoleSuper, "postgres")
	run(t, super, "ALTER SYSTEM SET fsync = off")
	run(t, super, "SELECT pg_reload_conf()")
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := scan[string](t, super, "SELECT current_setting('"+setting+"')"); got != "on" {
			t.Errorf("%s = %s", setting, got)
		}
	}
}

func TestRestartKeepsDataAndPasswords(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	dsn := s.DSN(RoleOwner, Database)
	run(t, connect(t, s, RoleOwner, Database), "CREATE TABLE kept AS SELECT 7 AS n")
	check(t, s.Stop(deadline(t)))
	select {
	case <-s.Done():
	default:
		t.Error("Stop returned before the server had ended")
	}
	if s.Err() != nil {
		t.Errorf("Err after a good stop = %v", s.Err())
	}
	check(t, s.Stop(deadline(t))) // a second time

	s = start(t, Options{Root: dir})
	if s.DSN(RoleOwner, Database) != dsn {
		t.Error("the connection string changed with a restart")
	}
	if n := scan[int](t, connect(t, s, RoleOwner, Database), "SELECT n FROM kept"); n != 7 {
		t.Errorf("n = %d", n)
	}
}

func TestStopCutsOffAServerThatHangs(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Root: seeded(t)})
	check(t, syscall.Kill(s.PID(), syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v, want one that says it was cut off", err)
	}
	waitDone(t, s)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Root: seeded(t), Settings: map[string]string{"work_mem": "5MB"}})
	if got := scan[string](t, connect(t, s, RoleApp, Database), "SHOW work_mem"); got != "5MB" {
		t.Errorf("work_mem = %s", got)
	}
	for _, name := range []string{"fsync", "FSYNC", "full_page_writes", "listen_addresses", "hba_file", "a=b", ""} {
		if _, err := serverArgs("/r", "/s", false, map[string]string{name: "off"}); err == nil {
			t.Errorf("setting %q was accepted", name)
		}
	}
}

func TestLongRootGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempRoot(t), strings.Repeat("long", 25))
	check(t, os.MkdirAll(filepath.Dir(dir), 0o711))
	s := start(t, Options{Root: dir})
	check(t, connect(t, s, RoleApp, Database).PingContext(deadline(t)))
	info, err := os.Stat(s.SocketDir())
	check(t, err)
	if !socketFits(s.SocketDir()) || info.Mode().Perm() != 0o700 {
		t.Errorf("socket in %s, mode %04o", s.SocketDir(), info.Mode().Perm())
	}
	check(t, s.Stop(deadline(t)))
	if _, err := os.Stat(s.SocketDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", s.SocketDir(), err)
	}
}
