package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/countersign/countersign/sql/jobs"
)

// AppRole is the role the service runs as.
const AppRole = "countersign_app"

// table is where goose keeps the version.
const table = "goose_db_version"

// lockID keeps two migrations of one database apart.
const lockID = 0x636f756e74657200

//go:embed *.sql
var files embed.FS

// ErrNewer is matched by the refusal of a database newer than this program.
var ErrNewer = errors.New("the database is newer than this program")

// Version is the schema version this program was built for.
func Version() int64 {
	var newest int64
	entries, _ := files.ReadDir(".") // of an embedded directory, which cannot fail
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if v, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, v)
		}
	}
	return newest
}

// Current is the version of a database, zero when it has no schema yet. Any
// role that may read the version table can ask.
func Current(ctx context.Context, db *sql.DB) (int64, error) {
	var exists bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&exists); err != nil {
		return 0, fmt.Errorf("look for the schema version: %w", err)
	}
	if !exists {
		return 0, nil
	}
	var version int64
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table+` WHERE is_applied`).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// Up migrates a database to [Version], as its owner. It may be called again, and
// by several processes at once: one does the work, the others wait for it. A
// newer database is refused with [ErrNewer].
func Up(ctx context.Context, ownerDSN string) error {
	db, err := connect(ownerDSN)
	if err != nil {
		return err
	}
	defer db.Close()
	lock, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	defer lock.Close() // which gives the lock back
	if err := alone(ctx, lock); err != nil {
		return fmt.Errorf("wait for another migration of this database: %w", err)
	}
	if err := check(ctx, db); err != nil {
		return err
	}
	if err := patiently(ctx, func() error { return up(ctx, db) }); err != nil {
		return err
	}
	if err := patiently(ctx, func() error { return jobs.Migrate(ctx, db) }); err != nil {
		return fmt.Errorf("migrate the job tables: %w", err)
	}
	_, err = lock.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(lockID))
	return err
}

// check refuses what must not be migrated, before anything is touched.
func check(ctx context.Context, db *sql.DB) error {
	var super, app bool
	err := db.QueryRowContext(ctx, `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
		EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, AppRole).Scan(&super, &app)
	if err != nil {
		return fmt.Errorf("look at the roles: %w", err)
	}
	if super {
		return errors.New("this is a superuser: migrate as the role that owns the database (countersign_owner)")
	}
	if !app {
		return fmt.Errorf("the role %s does not exist: create it first (CREATE ROLE %s LOGIN)", AppRole, AppRole)
	}
	current, err := Current(ctx, db)
	if err != nil {
		return err
	}
	if current > Version() {
		return Newer(current)
	}
	return nil
}

// Newer is the refusal of a database at a version this program does not know.
func Newer(current int64) error {
	return fmt.Errorf("%w: its schema is at version %d and this program knows %d; run the newer program (an older one never migrates down)",
		ErrNewer, current, Version())
}

func up(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(table), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("prepare the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}
