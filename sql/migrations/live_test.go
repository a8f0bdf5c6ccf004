package migrations_test

import (
	"context"
	"database/sql"
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

// H12: a migration that was interrupted is done again from where it was, also the
// one that is no transaction.
func TestH12InterruptedMigrationGoesOn(t *testing.T) {
	whole := empty(t)
	if err := migrations.Up(t.Context(), whole.OwnerDSN); err != nil {
		t.Fatal(err)
	}
	owner := open(t, whole.OwnerDSN)
	want := describe(t, owner)
	var n int
	if err := owner.QueryRowContext(t.Context(), `WITH d AS (DELETE FROM goose_db_version WHERE version_id = 13 RETURNING 1) SELECT count(*) FROM d`).Scan(&n); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if _, err := owner.ExecContext(t.Context(), `DROP INDEX deliveries_retried; DROP FUNCTION prune_signin(timestamptz, integer)`); err != nil {
		t.Fatal(err)
	}
	var version int64
	if version, _ = migrations.Current(t.Context(), owner); version < 13 {
		if err := migrations.Up(t.Context(), whole.OwnerDSN); err != nil {
			t.Fatal(err)
		}
	} else {
		t.Skip("there are later migrations; the one that is no transaction is not the last")
	}
	if got := describe(t, owner); got != want {
		t.Errorf("the schema is another than after one run:\n%s", firstDifference(got, want))
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
