package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
)

// server is the private Postgres that everything is measured on.
type server struct {
	*localpg.Server
	bin string
}

// open makes the directory of this run and starts the server in it.
func (b *bench) open(ctx context.Context) (err error) {
	if b.programs == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		b.programs = filepath.Dir(self)
	}
	for _, name := range []string{"countersign", "idpsim"} {
		if _, err := os.Stat(filepath.Join(b.programs, name)); err != nil {
			return fmt.Errorf("the program %s is not in %s; `make bench` builds it there", name, b.programs)
		}
	}
	binaries, err := localpg.Find("")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(binaries.Dir, "pgbench")); err != nil {
		return fmt.Errorf("pgbench is not beside Postgres' other programs in %s; install postgresql-contrib", binaries.Dir)
	}
	if b.dir, err = os.MkdirTemp("", "countersign-bench-"); err != nil {
		return err
	}
	// As root the private Postgres runs as another account, which has to pass.
	if err := os.Chmod(b.dir, 0o711); err != nil { //nolint:gosec // nothing in it can be read: its parts are 0700 and 0600
		return err
	}
	s, err := localpg.Start(ctx, localpg.Options{Root: filepath.Join(b.dir, "database"), Settings: map[string]string{"max_connections": "300"}})
	if err != nil {
		return err
	}
	b.server = &server{s, binaries.Dir}
	return nil
}

func (b *bench) close() error {
	var err error
	if b.server != nil {
		err = b.server.Stop(context.Background())
	}
	if b.dir != "" {
		err = errors.Join(err, os.RemoveAll(b.dir))
	}
	return err
}

// durability is what the server says of keeping what it confirms.
func (s *server) durability(ctx context.Context) (string, error) {
	db, err := sql.Open("postgres", s.DSN(localpg.RoleSuper, "postgres"))
	if err != nil {
		return "", err
	}
	defer db.Close()
	var out []string
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "commit_delay"} {
		var value string
		if err := db.QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return "", err
		}
		out = append(out, name+" "+value)
	}
	return strings.Join(out, ", "), nil
}

// database is a fresh one with our tables in it, reached as the superuser.
type database struct {
	*sql.DB
	server *server
	name   string
}

func (b *bench) database(ctx context.Context) (*database, error) {
	b.worlds++
	d := &database{server: b.server, name: fmt.Sprintf("bench_%d", b.worlds)}
	if err := b.server.CreateDatabase(ctx, d.name, ""); err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, d.dsn(localpg.RoleOwner)); err != nil {
		return nil, err
	}
	var err error
	d.DB, err = sql.Open("postgres", d.dsn(localpg.RoleSuper))
	return d, err
}

func (d *database) dsn(role string) string { return d.server.DSN(role, d.name) }

// environment is a connection string as libpq's variables.
func (d *database) environment(role string) []string {
	names := map[string]string{"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
	var out []string
	for _, m := range regexp.MustCompile(`(\w+)='?([^' ]*)'?`).FindAllStringSubmatch(d.dsn(role), -1) {
		if name := names[m[1]]; name != "" {
			out = append(out, name+"="+m[2])
		}
	}
	return out
}

func (d *database) number(ctx context.Context, query string, args ...any) (n int, err error) {
	err = d.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

func (d *database) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := d.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s…: %w", strings.TrimSpace(s), err)
		}
	}
	return nil
}

// setAside makes what waits count as decided, so that the other side of a round has
// the server to itself.
func (d *database) setAside(ctx context.Context) error {
	return d.exec(ctx, `UPDATE deliveries SET decided_at = now() WHERE decided_at IS NULL AND failed_at IS NULL`)
}
