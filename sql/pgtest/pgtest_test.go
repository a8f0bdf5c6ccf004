package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/countersign/countersign/sql/localpg"
)

// prepared counts how often the template of the tests below was built.
func preparer(built *atomic.Int32) func(context.Context, string) error {
	return func(ctx context.Context, dsn string) error {
		built.Add(1)
		return execute(ctx, dsn, "CREATE TABLE things (n int); GRANT SELECT, INSERT ON things TO countersign_app")
	}
}

func TestEachTestHasItsOwnCopy(t *testing.T) {
	var built atomic.Int32
	prepare := preparer(&built)
	t.Run("group", func(t *testing.T) {
		for i := range 6 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				d := New(t, "own copy", prepare)
				if n := count(t, d.AppDSN, "things"); n != 0 {
					t.Errorf("%d rows from somebody else", n)
				}
				check(t, execute(t.Context(), d.AppDSN, "INSERT INTO things VALUES (1)"))
				if n := count(t, d.OwnerDSN, "things"); n != 1 {
					t.Errorf("%d rows, want 1", n)
				}
			})
		}
	})
	if n := built.Load(); n != 1 {
		t.Errorf("the template was built %d times", n)
	}
}

func TestRoles(t *testing.T) {
	var built atomic.Int32
	d := New(t, "roles", preparer(&built))
	for dsn, want := range map[string]string{d.OwnerDSN: localpg.RoleOwner, d.AppDSN: localpg.RoleApp, d.SuperDSN: localpg.RoleSuper} {
		if got := scan[string](t, dsn, "SELECT current_user || ' ' || current_database()"); got != want+" "+d.Name {
			t.Errorf("signed in as %s, want %s", got, want)
		}
	}
	if owner := scan[string](t, d.OwnerDSN, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"); owner != localpg.RoleOwner {
		t.Errorf("the database belongs to %s", owner)
	}
	if err := execute(t.Context(), d.AppDSN, "DROP TABLE things"); pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("the application dropped a table (%v)", err)
	}
	if n := scan[int](t, d.SuperDSN, "SELECT count(*) FROM pg_database WHERE datname = current_database() AND has_database_privilege('public', oid, 'CONNECT')"); n != 0 {
		t.Error("everybody may connect to the copy")
	}
}

func TestAnotherKeyIsAnotherTemplate(t *testing.T) {
	var built atomic.Int32
	New(t, "migrations 1", preparer(&built))
	New(t, "migrations 2", preparer(&built))
	if n := built.Load(); n != 2 {
		t.Errorf("%d templates for two keys", n)
	}
}

func TestPrepareThatForgetsAConnection(t *testing.T) {
	var forgotten *sql.DB
	d := New(t, "forgetful", func(ctx context.Context, dsn string) (err error) {
		if forgotten, err = sql.Open("postgres", dsn); err != nil {
			return err
		}
		return forgotten.PingContext(ctx)
	})
	t.Cleanup(func() { forgotten.Close() })
	check(t, execute(t.Context(), d.OwnerDSN, "SELECT 1"))
}

func TestPrepareThatFails(t *testing.T) {
	broken := func(context.Context, string) error { return errors.New("migration 7: no such column") }
	for range 2 {
		f := failing(t, func(tb testing.TB) { New(tb, "broken", broken) })
		if !strings.Contains(f.fatal, "migration 7: no such column") {
			t.Errorf("the test was told %q", f.fatal)
		}
	}
}

func TestDroppedAtTheEnd(t *testing.T) {
	var built atomic.Int32
	var d Database
	t.Run("short", func(t *testing.T) {
		d = New(t, "dropped", preparer(&built))
		db, err := sql.Open("postgres", d.AppDSN) // left open, as a server under test may be
		check(t, err)
		check(t, db.PingContext(t.Context()))
	})
	if exists(t, d.Name) {
		t.Error("the database outlived its test")
	}
}

func TestKeptWhenTheTestFailed(t *testing.T) {
	var built atomic.Int32
	for _, keep := range []string{"", "1"} {
		t.Setenv(EnvKeep, keep)
		var d Database
		f := failing(t, func(tb testing.TB) { d = New(tb, "kept", preparer(&built)) })
		if kept := exists(t, d.Name); kept != (keep != "") {
			t.Errorf("%s=%q: the database is kept: %v", EnvKeep, keep, kept)
		}
		if keep != "" && !strings.Contains(f.log, "psql -h") {
			t.Errorf("the test was told %q", f.log)
		}
	}
	// This run is no failure: let the next process clear it away.
	s, err := shared.server()
	check(t, err)
	check(t, os.Remove(filepath.Join(s.Root(), keepMark)))
}

func TestServerOfItsOwn(t *testing.T) {
	var dir string
	t.Run("killed and started again", func(t *testing.T) {
		s := Server(t)
		dir = s.Root()
		check(t, execute(t.Context(), s.DSN(localpg.RoleOwner, localpg.Database), "CREATE TABLE things AS SELECT 7 AS n"))
		check(t, syscall.Kill(s.PID(), syscall.SIGKILL))
		select {
		case <-s.Done():
		case <-time.After(time.Minute):
			t.Fatal("the server's end was not noticed")
		}
		again, err := localpg.Start(t.Context(), localpg.Options{Root: s.Root(), Unsafe: true})
		check(t, err)
		t.Cleanup(func() { check(t, again.Stop(context.Background())) })
		if n := count(t, again.DSN(localpg.RoleOwner, localpg.Database), "things"); n != 1 {
			t.Errorf("%d rows after the crash", n)
		}
	})
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
	var built atomic.Int32
	New(t, "after a server was killed", preparer(&built)) // the shared one was left alone
}

func TestDatabaseName(t *testing.T) {
	for test, want := range map[string]string{
		"TestA1/the owner's page": "t3_testa1_the_owner_s_page",
		strings.Repeat("x", 99):   "t3_" + strings.Repeat("x", 60),
		"Test/größe":              "t3_test_gr__e",
	} {
		if got := databaseName(3, test); got != want {
			t.Errorf("%q: %q, want %q", test, got, want)
		}
	}
}

// failedTest is a test that has failed and remembers what it was told.
type failedTest struct {
	testing.TB
	fatal, log string
	cleanups   []func()
}

func (f *failedTest) Failed() bool            { return true }
func (f *failedTest) Cleanup(fn func())       { f.cleanups = append(f.cleanups, fn) }
func (f *failedTest) Logf(s string, a ...any) { f.log += fmt.Sprintf(s, a...) }
func (f *failedTest) Fatalf(s string, a ...any) {
	f.fatal = fmt.Sprintf(s, a...)
	runtime.Goexit()
}

// failing runs fn as a test that fails, with its cleanups.
func failing(t *testing.T, fn func(testing.TB)) *failedTest {
	t.Helper()
	f := &failedTest{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(f)
	}()
	<-done
	for _, cleanup := range f.cleanups {
		cleanup()
	}
	return f
}

func exists(t *testing.T, name string) bool {
	t.Helper()
	s, err := shared.server()
	check(t, err)
	return scan[bool](t, s.DSN(localpg.RoleSuper, "postgres"), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = "+pq.QuoteLiteral(name)+")")
}

func execute(ctx context.Context, dsn, query string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, query)
	return err
}

func count(t *testing.T, dsn, table string) int {
	t.Helper()
	return scan[int](t, dsn, "SELECT count(*) FROM "+pq.QuoteIdentifier(table))
}

func scan[T any](t *testing.T, dsn, query string) T {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	check(t, err)
	defer db.Close()
	var v T
	check(t, db.QueryRowContext(t.Context(), query).Scan(&v))
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
