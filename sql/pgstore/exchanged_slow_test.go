//go:build slow

package pgstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// TestH7ADumpIsRestoredUnderALivingProcess: the database is exchanged, behind the
// same name, for a new cluster that was filled from a dump. There the deliveries are
// older than what the process remembers of its lanes, and transactions are numbered
// from the start again, so that what it waits for lies in a future that may not come.
// Everything in the dump is decided all the same, and what arrives.
func TestH7ADumpIsRestoredUnderALivingProcess(t *testing.T) {
	binaries, err := localpg.Find("")
	if err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) {
		t.Helper()
		path := filepath.Join(binaries.Dir, name)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("there is no %s", name)
		}
		if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	old, fresh := pgtest.Server(t), pgtest.Server(t)
	name := filepath.Join(t.TempDir(), "server") // both servers' in turn
	behind := func(s *localpg.Server) pgtest.Database {
		dsn := func(role string) string { return strings.ReplaceAll(s.DSN(role, "h7"), s.SocketDir(), name) }
		return pgtest.Database{Name: "h7", OwnerDSN: dsn(localpg.RoleOwner), AppDSN: dsn(localpg.RoleApp), SuperDSN: dsn(localpg.RoleSuper)}
	}
	w := &world{T: t, db: behind(old), keys: filepath.Join(t.TempDir(), "keyring.json")}
	w.must(os.Symlink(old.SocketDir(), name))
	w.must(old.CreateDatabase(t.Context(), "h7", ""))
	w.must(migrations.Up(t.Context(), w.db.OwnerDSN))
	// ask asks, and leaves no connection behind that the exchange would cut.
	ask := func(query string) (n int) {
		t.Helper()
		db, err := sql.Open("postgres", w.db.SuperDSN)
		w.must(err)
		defer func() { w.must(db.Close()) }()
		w.must(db.QueryRowContext(t.Context(), query).Scan(&n))
		return n
	}
	const waiting = `SELECT count(*) FROM deliveries WHERE decided_at IS NULL`
	decided := func(conn holds.ConnectionID, source holds.Source) {
		t.Helper()
		ask(`WITH d AS (INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at, decided_at)
			SELECT tenant_id, connection_id, '` + string(source) + `', '\x00', decode(repeat('00', 32), 'hex'), now(), now()
			FROM connections, generate_series(1, 5000) WHERE connection_id = '` + string(conn) + `' RETURNING 1) SELECT count(*) FROM d`)
	}
	db, err := sql.Open("postgres", w.db.SuperDSN)
	w.must(err)
	_, err = db.ExecContext(t.Context(), `DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`)
	w.must(errors.Join(err, db.Close()))
	keys, err := pgstore.CreateKeyring(w.keys)
	w.must(err)
	queue, err := jobs.NewInserter(nil)
	w.must(err)
	w.opts = pgstore.Options{DSN: w.db.AppDSN, Keys: keys, Jobs: queue, AllowUnsafe: true}
	w.Store = w.open()
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))

	for i := range 5 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint("before the dump ", i))
		w.receive(globe, other, holds.FromPoller, fmt.Sprint("before the dump ", i))
	}
	w.order(3)
	dump := filepath.Join(t.TempDir(), "dump")
	tool("pg_dump", "-Fc", "-f", dump, "-d", w.db.SuperDSN)
	dumped := ask(waiting)
	w.order(99)
	decided(okta, holds.FromHook)
	decided(other, holds.FromPoller)
	for i := range 20 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint("lost ", i))
		w.receive(globe, other, holds.FromPoller, fmt.Sprint("lost ", i))
	}
	w.order(99)
	if _, marks := w.Marks(); len(marks) != 2 || marks[0] < 5000 || marks[1] < 5000 {
		t.Fatalf("the process remembers %v; nothing is proved", marks)
	}

	w.must(old.Stop(context.WithoutCancel(t.Context())))
	w.must(os.Remove(name))
	w.must(os.Symlink(fresh.SocketDir(), name))
	w.db = behind(fresh)
	w.must(fresh.CreateDatabase(t.Context(), "h7", ""))
	tool("pg_restore", "-d", w.db.SuperDSN, "--clean", "--if-exists", "--single-transaction", dump)
	if n := ask(waiting); n != dumped || n < 7 {
		t.Fatalf("%d deliveries wait in the dump, and %d where it was restored", dumped, n)
	}
	if ask(`SELECT pg_current_xact_id()::text::bigint`) > 20000 {
		t.Fatal("the new server's transactions are not numbered anew")
	}
	w.eventually("something is received", func() bool { return w.Receive(t.Context(), delivery("after")) == nil })
	w.eventually("all of it is decided", func() bool {
		_, err := w.Decide(t.Context(), at(3), returns(), openOrJoin)
		return err == nil && ask(waiting) == 0
	})
	w.held("00uafter")
	if r := w.verify(w.db.AppDSN); r.Finding != nil {
		t.Errorf("the log: %+v", r)
	}
}
