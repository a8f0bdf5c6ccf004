package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/countersign/countersign/holds"
)

const (
	// appRole is the role the service runs as; the schema's migrations make it.
	appRole = "countersign_app"
	// migrateLock keeps two migrations apart; the number has no other meaning.
	migrateLock = 0x636f756e74657201
)

// Migrate brings the job tables up to what this program needs. It is called as
// the owner role, needs two connections of the pool at once, may be called
// again and by several replicas at a time, and refuses a schema that is newer
// than this program. When the role countersign_app exists it is given what
// running jobs takes and no more: it cannot change the tables.
func Migrate(ctx context.Context, db *sql.DB) error {
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to migrate the job tables: %w", err)
	}
	// Closing the session gives the lock back, whatever happened before.
	defer func() { _ = lock.Close() }()
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrateLock)); err != nil {
		return fmt.Errorf("waiting for another migration of the job tables: %w", err)
	}
	defer func() {
		_, _ = lock.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrateLock))
	}()
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+schema); err != nil {
		return fmt.Errorf("creating the schema of the job tables: %w", err)
	}
	migrator, err := newMigrator(db)
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, db, migrator); err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrating the job tables: %w", err)
	}
	return finish(ctx, db)
}

// finish adds our indexes, functions and table and the application's privileges, in one
// transaction.
func finish(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("finishing the job tables: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{waitingIndex, fetchIndex, vacuuming, unsearched, fetchFunction, enqueueFunction} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("making what finds and queues jobs: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, runnerTable); err != nil {
		return fmt.Errorf("making the table of runners: %w", err)
	}
	var exists bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, appRole).Scan(&exists)
	if err != nil {
		return fmt.Errorf("looking for the role %s: %w", appRole, err)
	}
	if exists {
		if _, err := tx.ExecContext(ctx, grants); err != nil {
			return fmt.Errorf("granting the role %s the use of the job tables: %w", appRole, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("finishing the job tables: %w", err)
	}
	return nil
}

// waitingIndex finds the waiting jobs of a hold; see Enqueue.
const waitingIndex = `CREATE INDEX IF NOT EXISTS countersign_waiting ON river.river_job ((args->>'hold'))
	WHERE state IN ('available', 'retryable', 'scheduled')`

// unsearched drops what River keeps to search jobs by a part of their arguments,
// which nobody does here: each job would be entered three times in each.
const unsearched = `DROP INDEX IF EXISTS river.river_job_args_index, river.river_job_metadata_index`

// vacuuming cleans the jobs, each of which is changed at least twice, by the number
// of dead rows and not by the size of the table.
const vacuuming = `ALTER TABLE river.river_job SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.0,
	autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.0, autovacuum_analyze_threshold = 1000,
	autovacuum_vacuum_cost_delay = 0)`

// runnerTable says when each runner was last alive; see pulse.
const runnerTable = `CREATE TABLE IF NOT EXISTS river.countersign_runner (
	runner  text PRIMARY KEY,
	beat_at timestamptz NOT NULL
)`

// grants is what River's client and ours need. Reindexing needs the owner and
// is switched off in the runner.
const grants = `
REVOKE ALL ON SCHEMA river FROM PUBLIC;
GRANT USAGE ON SCHEMA river TO countersign_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON river.river_job, river.river_leader, river.river_queue, river.countersign_runner TO countersign_app;
GRANT SELECT ON river.river_migration TO countersign_app;
GRANT USAGE ON SEQUENCE river.river_job_id_seq TO countersign_app;`

func newMigrator(db *sql.DB) (*rivermigrate.Migrator[*sql.Tx], error) {
	m, err := rivermigrate.New(riverdatabasesql.New(db), &rivermigrate.Config{
		Schema: schema,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the migrations of the job tables: %w", err)
	}
	return m, nil
}

// refuseNewer fails when the database knows a migration that we do not.
func refuseNewer(ctx context.Context, db *sql.DB, m *rivermigrate.Migrator[*sql.Tx]) error {
	var there bool
	err := db.QueryRowContext(ctx, `SELECT to_regclass('river.river_migration') IS NOT NULL`).Scan(&there)
	if err != nil || !there {
		return wrapped("looking for the job tables", err)
	}
	var version int
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM river.river_migration`).Scan(&version)
	if err != nil {
		return wrapped("reading the version of the job tables", err)
	}
	known := m.AllVersions()
	if newest := known[len(known)-1].Version; version > newest {
		return holds.Refuse(holds.Invalid, "the job tables are at version %d and this program knows only %d: run the program that migrated them, or a newer one", version, newest)
	}
	return nil
}

// checkSchema fails when the job tables are not what this program needs.
func checkSchema(ctx context.Context, db *sql.DB) error {
	m, err := newMigrator(db)
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, db, m); err != nil {
		return err
	}
	result, err := m.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("checking the job tables: %w", err)
	}
	var ours bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('river.countersign_runner') IS NOT NULL
		AND to_regproc('river.countersign_fetch') IS NOT NULL AND to_regproc('river.countersign_enqueue') IS NOT NULL`).Scan(&ours); err != nil {
		return fmt.Errorf("checking the job tables: %w", err)
	}
	if !result.OK || !ours {
		return holds.Because(holds.Invalid, errors.New(strings.Join(result.Messages, "; ")), "the job tables are missing or too old: run the migrations first")
	}
	return nil
}

// wrapped says what we were doing when err happened; nil stays nil.
func wrapped(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
