package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
)

// database is where the data lives: somebody's server, or a private one that
// this process runs.
type database struct {
	app     string // connection string of the application's role
	owner   string // of the owner's role; empty when this process has none
	private *localpg.Server
}

var errNoDatabase = errors.New("no database: set DATABASE_URL to the application role's connection string, or database.private to a directory for a private Postgres")

// openDatabase finds the database and starts the private one.
func (c *Config) openDatabase(ctx context.Context, log *slog.Logger) (*database, error) {
	if c.Database.Private != "" {
		return startPrivate(ctx, c.path(c.Database.Private), log)
	}
	app, err := c.connectionString("database.url_file", c.Database.URLFile, "DATABASE_URL")
	if err != nil {
		return nil, err
	}
	if app == "" {
		return nil, errNoDatabase
	}
	owner, err := c.connectionString("database.owner_url_file", c.Database.OwnerURLFile, "DATABASE_OWNER_URL")
	if err != nil {
		return nil, err
	}
	return &database{app: app, owner: owner}, nil
}

func (c *Config) connectionString(key, file, env string) (string, error) {
	if file != "" {
		return c.readSecret(key, file)
	}
	return os.Getenv(env), nil
}

// startPrivate starts a private Postgres and brings its tables up to date: it
// has no other user than this program.
func startPrivate(ctx context.Context, dir string, log *slog.Logger) (*database, error) {
	server, err := localpg.Start(ctx, localpg.Options{Root: dir, Logger: log})
	if err != nil {
		return nil, err
	}
	d := &database{
		app:   server.DSN(localpg.RoleApp, localpg.Database),
		owner: server.DSN(localpg.RoleOwner, localpg.Database), private: server,
	}
	if err := migrations.Up(ctx, d.owner); err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	return d, nil
}

// stopped ends when the private server does; never when there is none.
func (d *database) stopped() <-chan struct{} {
	if d.private == nil {
		return nil
	}
	return d.private.Done()
}

// close stops the private server.
func (d *database) close(ctx context.Context) error {
	if d.private == nil {
		return nil
	}
	return d.private.Stop(ctx)
}

type migrateCommand struct {
	configFlag
}

// Run migrates as the owner's role.
func (m migrateCommand) Run(ctx context.Context, std streams) error {
	c, err := m.load()
	if err != nil {
		return err
	}
	d, err := c.openDatabase(ctx, newLogger(std.err))
	if err != nil {
		return err
	}
	defer d.close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is left to do about it
	if d.owner == "" {
		return errors.New("migrating needs the owner's role: set DATABASE_OWNER_URL or database.owner_url_file")
	}
	if d.private == nil { // a private one was migrated as it started
		if err := migrations.Up(ctx, d.owner); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(std.out, "The database is at version %d.\n", migrations.Version())
	return err
}

// attach reaches the data beside a running service; where none runs on the
// private directory, it is started for as long as the command takes.
func (c *Config) attach(ctx context.Context) (*database, error) {
	if c.Database.Private == "" {
		return c.openDatabase(ctx, slog.New(slog.DiscardHandler))
	}
	running, err := localpg.Attach(c.path(c.Database.Private))
	if errors.Is(err, localpg.ErrNotRunning) {
		return c.openDatabase(ctx, slog.New(slog.DiscardHandler))
	}
	if err != nil {
		return nil, err
	}
	return &database{
		app:   running.DSN(localpg.RoleApp, localpg.Database),
		owner: running.DSN(localpg.RoleOwner, localpg.Database),
	}, nil
}
