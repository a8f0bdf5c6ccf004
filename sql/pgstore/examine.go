package pgstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgdb"
)

// maxOffset is how far the database's clock may be from ours.
const maxOffset = 2 * time.Second

// examine asserts everything the store relies on.
func (s *Store) examine(ctx context.Context, allowUnsafe bool) error {
	if err := s.db.PingContext(ctx); err != nil {
		return translate("connect to the database", err)
	}
	if err := s.checkRole(ctx); err != nil {
		return err
	}
	if !allowUnsafe {
		if err := s.checkDurability(ctx); err != nil {
			return err
		}
	}
	if err := s.checkSchema(ctx); err != nil {
		return err
	}
	if err := s.checkOwnership(ctx); err != nil {
		return err
	}
	if err := s.checkKeyring(ctx); err != nil {
		return err
	}
	return s.measureOffset(ctx)
}

func (s *Store) checkRole(ctx context.Context) error {
	var super, bypass bool
	err := s.db.QueryRowContext(ctx, `SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&super, &bypass)
	switch {
	case err != nil:
		return translate("look at the database role", err)
	case super:
		return errors.New("the database role is a superuser, for whom there are no walls between tenants: connect as " + migrations.AppRole)
	case bypass:
		return errors.New("the database role bypasses row-level security: connect as " + migrations.AppRole)
	}
	return nil
}

// checkOwnership refuses a role that could drop the walls.
func (s *Store) checkOwnership(ctx context.Context) error {
	var owner bool
	err := s.db.QueryRowContext(ctx, `SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'public.holds'::regclass`).Scan(&owner)
	if err != nil {
		return translate("look at who owns the tables", err)
	}
	if owner {
		return errors.New("the database role owns the tables and could change the audit log: connect as " + migrations.AppRole)
	}
	return nil
}

// durableSettings are the server's settings that must not be off.
func durableSettings() []string { return []string{"fsync", "full_page_writes", "synchronous_commit"} }

func (s *Store) checkDurability(ctx context.Context) error {
	for _, setting := range durableSettings() {
		var value string
		if err := s.db.QueryRowContext(ctx, `SELECT current_setting($1)`, setting).Scan(&value); err != nil {
			return translate("look at the database's settings", err)
		}
		if value == "off" {
			return fmt.Errorf("the database runs with %s = off and can lose what it has confirmed: set it to on", setting)
		}
	}
	return nil
}

func (s *Store) checkSchema(ctx context.Context) error {
	current, err := migrations.Current(ctx, s.db)
	switch {
	case err != nil:
		return translate("read the schema version", err)
	case current == 0:
		return errors.New("the database has no schema yet: run `countersign migrate`")
	case current < migrations.Version():
		return fmt.Errorf("the database's schema is at version %d and this program needs %d: run `countersign migrate`", current, migrations.Version())
	case current > migrations.Version():
		return migrations.Newer(current)
	}
	return nil
}

// checkKeyring refuses a keyring other than the one the database was filled
// under: what it would seal, the right one could not open.
func (s *Store) checkKeyring(ctx context.Context) error {
	row, err := pgdb.New(s.db).GetInstallation(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // nothing is sealed yet
	}
	if err != nil {
		return translate("read the installation", err)
	}
	if !bytes.Equal(row.KeyCheck, s.keys.check()) {
		return fmt.Errorf("this is not the keyring of the installation %q: what its database holds sealed cannot be opened with it", row.Name)
	}
	return nil
}

// measureOffset compares the clocks, taking the middle of the round trip.
func (s *Store) measureOffset(ctx context.Context) error {
	var best, offset time.Duration
	for i := range 3 {
		var there time.Time
		before := time.Now()
		if err := s.db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&there); err != nil {
			return translate("read the database's clock", err)
		}
		trip := time.Since(before)
		if i == 0 || trip < best {
			best, offset = trip, there.Sub(before.Add(trip/2))
		}
	}
	s.offset = offset
	return checkOffset(offset)
}

func checkOffset(offset time.Duration) error {
	if offset.Abs() > maxOffset {
		return fmt.Errorf("the database's clock is %s away from this machine's, and at most %s can be corrected: set both by NTP",
			offset.Round(time.Millisecond), maxOffset)
	}
	return nil
}
