package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/sql/localpg"
)

// EnvKeep names the environment variable that keeps the databases of failed
// tests; the test's log then says how to open them.
const EnvKeep = "COUNTERSIGN_KEEP_DB"

// Database is a fresh database of one test. The connection strings are lib/pq's,
// for the role that owns it, the role the service runs as, and the superuser.
type Database struct {
	OwnerDSN, AppDSN, SuperDSN, Name string
}

// New returns a fresh database, a copy of the template that prepare built for
// this key; it is dropped when the test ends, together with whatever is still
// connected to it.
//
// prepare runs once in a process for each key. It gets the owner's connection
// string of an empty database and has to close what it opens. Because the key is
// all that tells one template from another, it must contain a digest of whatever
// prepare applies, where that can differ within a process.
func New(t testing.TB, key string, prepare func(ctx context.Context, ownerDSN string) error) Database {
	t.Helper()
	s, err := shared.server()
	if err != nil {
		t.Fatalf("no database for this test: %v", err)
	}
	template, err := shared.template(s, key, prepare)
	if err != nil {
		t.Fatalf("no database for this test: %v", err)
	}
	ctx, cancel := stepContext()
	defer cancel()
	name, err := shared.create(ctx, s, template, t.Name())
	if err != nil {
		t.Fatalf("no database for this test: %v", err)
	}
	t.Cleanup(func() { dropOrKeep(t, s, name) })
	return Database{
		Name:     name,
		OwnerDSN: s.DSN(localpg.RoleOwner, name),
		AppDSN:   s.DSN(localpg.RoleApp, name),
		SuperDSN: s.DSN(localpg.RoleSuper, name),
	}
}

// Server returns a server of the test's own, which it may kill and start again
// (localpg.Start with Root: s.Root() and Unsafe). Whatever runs in its directory
// is stopped when the test ends, and the directory removed.
func Server(t testing.TB) *localpg.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	h, err := openHome()
	if err != nil {
		t.Fatalf("no server for this test: %v", err)
	}
	s, hold, err := h.newServer(ctx)
	if err != nil {
		t.Fatalf("no server for this test: %v", err)
	}
	t.Cleanup(func() {
		defer hold.Close()
		ctx, cancel := stepContext()
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("the test's server: %v", err)
		}
		if err := localpg.Halt(ctx, s.Root()); err != nil {
			t.Errorf("the test's server: %v", err)
			return // the next process removes the directory
		}
		if err := os.RemoveAll(s.Root()); err != nil {
			t.Errorf("the test's server: %v", err)
		}
	})
	return s
}

// dropOrKeep ends the life of a database.
func dropOrKeep(t testing.TB, s *localpg.Server, name string) {
	t.Helper()
	if t.Failed() && os.Getenv(EnvKeep) != "" {
		if err := os.WriteFile(filepath.Join(s.Root(), keepMark), nil, 0o600); err != nil {
			t.Logf("cannot keep the database: %v", err)
			return
		}
		t.Logf("kept the database %s. Start its server and connect, as an account that may read %s:\n%s\n"+
			"The password is in %s. Remove the directory when you are done.",
			name, s.Root(), openCommands(s, name), filepath.Join(s.Root(), "secrets"))
		return
	}
	ctx, cancel := stepContext()
	defer cancel()
	select {
	case <-s.Done():
		return // nothing left to drop; New has its own words for this
	default:
	}
	if err := asSuper(ctx, s, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)"); err != nil {
		t.Errorf("cannot drop the test's database: %v", err)
	}
}

func openCommands(s *localpg.Server, name string) string {
	return fmt.Sprintf("  postgres -D %s/data -k %s -c listen_addresses=\n  psql -h %s -U %s %s",
		s.Root(), s.SocketDir(), s.SocketDir(), localpg.RoleSuper, name)
}

// databaseName names a database after its test, within Postgres' 63 bytes.
func databaseName(n int, test string) string {
	name := fmt.Sprintf("t%d_%s", n, strings.Map(plain, strings.ToLower(test)))
	return name[:min(len(name), 63)]
}

func stepContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}
