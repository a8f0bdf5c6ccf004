package localpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

// Database is the name of the database that the first start makes.
const Database = "countersign"

// template0 is Postgres' untouched template.
const template0 = "template0"

// createRoles makes the roles and the database, or finishes making them, and
// brings the passwords in line with the secrets file. Every step may be
// repeated, so a crash between any two of them is mended by the next start.
func (s *Server) createRoles(ctx context.Context) error {
	db, err := s.open(RoleSuper, "postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	var standby bool
	if err := db.QueryRowContext(ctx, "SELECT pg_is_in_recovery()").Scan(&standby); err != nil || standby {
		return err // a standby has what its primary made
	}
	for _, role := range []string{RoleOwner, RoleApp} {
		if err := ensureRole(ctx, db, role, s.secrets.of(role)); err != nil {
			return fmt.Errorf("cannot create the role %s: %w", role, err)
		}
	}
	for _, shared := range []string{"postgres", "template1"} {
		if _, err := db.ExecContext(ctx, "REVOKE ALL ON DATABASE "+shared+" FROM PUBLIC"); err != nil {
			return err
		}
	}
	return s.CreateDatabase(ctx, Database, "")
}

func ensureRole(ctx context.Context, db *sql.DB, role, password string) error {
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil {
		return err
	}
	hash, err := verifier(password)
	if err != nil {
		return err
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	_, err = db.ExecContext(ctx, verb+" ROLE "+pq.QuoteIdentifier(role)+
		" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD "+pq.QuoteLiteral(hash))
	return err
}

// CreateDatabase makes a database that belongs to RoleOwner, to which RoleApp
// may connect and nobody else. The template "" is Postgres' empty one. For a
// database that exists only the rights are set again.
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		template = template0
	}
	db, err := s.open(RoleSuper, "postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := ensureDatabase(ctx, db, name, template); err != nil {
		return fmt.Errorf("cannot create the database %s: %w", name, err)
	}
	if template != template0 {
		return nil // a copy has its template's schemas, with their rights
	}
	return s.closeSchema(ctx, name)
}

func ensureDatabase(ctx context.Context, db *sql.DB, name, template string) error {
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return err
	}
	quoted := pq.QuoteIdentifier(name)
	if !exists {
		_, err := db.ExecContext(ctx, "CREATE DATABASE "+quoted+" OWNER "+RoleOwner+" TEMPLATE "+pq.QuoteIdentifier(template))
		if err != nil {
			return err
		}
	}
	_, revoke := db.ExecContext(ctx, "REVOKE ALL ON DATABASE "+quoted+" FROM PUBLIC")
	_, grant := db.ExecContext(ctx, "GRANT CONNECT ON DATABASE "+quoted+" TO "+RoleApp)
	return errors.Join(revoke, grant)
}

// closeSchema leaves creating things in the schema public to the owner, as
// every version from 15 on does by itself.
func (s *Server) closeSchema(ctx context.Context, name string) error {
	db, err := s.open(RoleSuper, name)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO "+RoleOwner)
	return err
}

func (s *Server) open(role, database string) (*sql.DB, error) {
	connector, err := pq.NewConnector(s.DSN(role, database))
	if err != nil {
		return nil, errors.New("cannot make a connection string for the private Postgres") // the cause could quote the password
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}
