package migrations_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"

	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// until migrates a database as the program of an earlier version did.
func until(t *testing.T, dsn, last string) {
	t.Helper()
	files, err := filepath.Glob("0*.sql")
	if err != nil {
		t.Fatal(err)
	}
	earlier := fstest.MapFS{}
	for _, name := range files {
		if name > last {
			break
		}
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		earlier[name] = &fstest.MapFile{Data: body}
	}
	db := open(t, dsn)
	p, err := goose.NewProvider(goose.DialectPostgres, db, fs.FS(earlier), goose.WithTableName("goose_db_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// impatient is a connection whose statements fail when they wait for a lock for
// three seconds, as long as a provider gives a webhook.
func impatient(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Runtime = map[string]string{"lock_timeout": "3000", "countersign.tenant": "t"}
	c, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// H12: a service of the version before goes on taking and claiming deliveries
// while the database is migrated, although somebody's transaction holds the
// tables; no statement of it waits for a lock for as long as a webhook would.
func TestH12MigrationUnderLiveTraffic(t *testing.T) {
	db := empty(t)
	until(t, db.OwnerDSN, "00009")
	owner, app := open(t, db.OwnerDSN), impatient(t, db.AppDSN)
	for _, q := range []string{
		`INSERT INTO tenants VALUES ('t')`,
		`INSERT INTO connections (tenant_id, connection_id, provider, mode, configured_at) VALUES ('t', 'c', 'okta', 'watch', now())`,
	} {
		if _, err := owner.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := open(t, db.SuperDSN).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := busy.ExecContext(t.Context(), `LOCK TABLE deliveries, holds, installation, connections IN ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var claimed atomic.Int64
	traffic, steps := make(chan error, 1), make(chan struct{}, 1)
	goesOn := func(n int, under string) {
		t.Helper()
		for range n {
			select {
			case <-steps:
			case err := <-traffic:
				t.Fatalf("the service of the version before failed %s: %v", under, err)
			}
		}
	}
	go func() {
		for ctx.Err() == nil {
			_, err := app.ExecContext(t.Context(), `INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
				VALUES ('t', 'c', 'hook', '', decode(repeat('00', 32), 'hex'), now())`)
			if err == nil {
				select {
				case steps <- struct{}{}:
				default:
				}
				var tenant string
				var id int64
				if err = app.QueryRowContext(t.Context(), `SELECT tenant_id, delivery_id FROM claim_delivery(now())`).Scan(&tenant, &id); err == nil {
					claimed.Add(1)
				}
			}
			if err != nil {
				traffic <- err
				return
			}
		}
		traffic <- nil
	}()
	migrated := make(chan error, 1)
	go func() { migrated <- migrations.Up(t.Context(), db.OwnerDSN) }()
	// The transaction ends once the migration has given a lock up for it, or waits
	// beside the writers; either way traffic went on.
	goesOn(200, "beside the migration")
	if err := busy.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Fatal(err)
	}
	goesOn(20, "under the newer schema")
	stop()
	if err := <-traffic; err != nil {
		t.Fatalf("the service of the version before failed: %v", err)
	}
	if claimed.Load() == 0 {
		t.Error("nothing was claimed")
	}
	var invalid int
	if err := owner.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_index WHERE NOT indisvalid`).Scan(&invalid); err != nil || invalid != 0 {
		t.Errorf("%d indexes are not valid, %v", invalid, err)
	}
}

// deadly makes a migrating connection die right after the statement of a number
// among those that change the schema. What was counted outlives the transaction.
func deadly(t *testing.T, super *sql.DB) (dieAfter func(step int)) {
	t.Helper()
	run := func(query string) {
		t.Helper()
		if _, err := super.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE SCHEMA deaths`)
	run(`CREATE SEQUENCE deaths.step`)
	run(`CREATE TABLE deaths.after AS SELECT 0 AS step`)
	run(`CREATE FUNCTION deaths.die() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
		IF nextval('deaths.step') = (SELECT step FROM deaths.after) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
	END $$`)
	run(`CREATE EVENT TRIGGER die ON ddl_command_end EXECUTE FUNCTION deaths.die()`)
	t.Cleanup(func() {
		_, err := super.ExecContext(context.WithoutCancel(t.Context()), `DROP EVENT TRIGGER die; DROP SCHEMA deaths CASCADE`)
		if err != nil {
			t.Error(err)
		}
	})
	return func(step int) {
		t.Helper()
		run(`SELECT setval('deaths.step', 1, false)`)
		run(fmt.Sprintf(`UPDATE deaths.after SET step = %d`, step))
	}
}

// H12: every migration dies several times, in the middle of its transaction or, for
// those that are none, between two statements, and is done again from where it was:
// the schema is that of a migration that was never interrupted.
func TestH12InterruptedMigrationGoesOn(t *testing.T) {
	whole, db := pgtest.New(t, "schema", migrations.Up), empty(t)
	owner := open(t, db.OwnerDSN)
	dieAfter := deadly(t, open(t, db.SuperDSN))
	died := map[int64]int{}
	for step, last := 1, int64(-1); ; step += 11 {
		version, err := migrations.Current(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		if version != last {
			step, last = 1, version // the next one, from its first statement
		}
		dieAfter(step)
		if err = migrations.Up(t.Context(), db.OwnerDSN); err == nil {
			break
		}
		if died[version]++; died[version] > 50 {
			t.Fatalf("at version %d after %d deaths: %v", version, died[version], err)
		}
	}
	t.Logf("deaths by the version before: %v", died)
	if len(died) < int(migrations.Version())/2 {
		t.Errorf("only %d of %d migrations died: this proves little", len(died), migrations.Version())
	}
	if got, want := describe(t, owner), describe(t, open(t, whole.OwnerDSN)); got != want {
		t.Errorf("the schema is another than after one run:\n%s", firstDifference(got, want))
	}
	var invalid int
	if err := owner.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_index WHERE NOT indisvalid`).Scan(&invalid); err != nil || invalid != 0 {
		t.Errorf("%d indexes are not valid, %v", invalid, err)
	}
	if err := migrations.Up(t.Context(), db.OwnerDSN); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\nand not\n" + y[i]
		}
	}
	return "one is longer"
}
