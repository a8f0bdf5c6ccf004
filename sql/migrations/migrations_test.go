package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// empty is a database that nothing has touched.
func empty(t *testing.T) pgtest.Database {
	t.Helper()
	return pgtest.New(t, "empty", func(context.Context, string) error { return nil })
}

// TestUpByManyAtOnce: replicas that start together wait for the one that does
// the work, and the schema is the same as after one.
func TestUpByManyAtOnce(t *testing.T) {
	db := empty(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := migrations.Up(t.Context(), db.OwnerDSN); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	once := pgtest.New(t, "schema", migrations.Up)
	if describe(t, open(t, db.OwnerDSN)) != describe(t, open(t, once.OwnerDSN)) {
		t.Fatal("the schema is another than after one migration")
	}
}

func TestCurrentAndVersion(t *testing.T) {
	db := empty(t)
	owner, app := open(t, db.OwnerDSN), open(t, db.AppDSN)
	if v, err := migrations.Current(t.Context(), owner); v != 0 || err != nil {
		t.Fatalf("%d %v", v, err)
	}
	for range 2 { // the second time there is nothing to do
		if err := migrations.Up(t.Context(), db.OwnerDSN); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("0*.sql")
	if err != nil || len(files) == 0 || !strings.HasPrefix(files[len(files)-1], fmt.Sprintf("%05d_", migrations.Version())) {
		t.Fatalf("%v and version %d", files, migrations.Version())
	}
	for i := 1; i < len(files); i++ { // a number may be left out, never used twice
		if files[i][:5] == files[i-1][:5] {
			t.Errorf("%s and %s have one number", files[i-1], files[i])
		}
	}
	if v, err := migrations.Current(t.Context(), app); v != migrations.Version() || err != nil {
		t.Fatalf("as the application: %d %v", v, err)
	}
}

// TestH17NewerDatabaseIsRefused, and left as it is.
func TestH17NewerDatabaseIsRefused(t *testing.T) {
	db := pgtest.New(t, "schema", migrations.Up)
	owner := open(t, db.OwnerDSN)
	if _, err := owner.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)"); err != nil {
		t.Fatal(err)
	}
	before := describe(t, owner)
	err := migrations.Up(t.Context(), db.OwnerDSN)
	if !errors.Is(err, migrations.ErrNewer) || !strings.Contains(err.Error(), "version 99") {
		t.Fatalf("got %v", err)
	}
	if describe(t, owner) != before {
		t.Fatal("a refused database was changed")
	}
}

func TestUpRefusesOtherRoles(t *testing.T) {
	db := empty(t)
	if err := migrations.Up(t.Context(), db.SuperDSN); err == nil || !strings.Contains(err.Error(), "superuser") {
		t.Fatalf("as superuser: %v", err)
	}
	if err := migrations.Up(t.Context(), db.AppDSN); err == nil {
		t.Fatal("the application migrated")
	}
	if err := migrations.Up(t.Context(), "password=secret x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("got %v", err)
	}
	if v, err := migrations.Current(t.Context(), open(t, db.OwnerDSN)); v != 0 || err != nil {
		t.Fatalf("a refused migration left version %d, %v", v, err)
	}
}

// TestForwardOnly: no migration says how to undo what people decided.
func TestForwardOnly(t *testing.T) {
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "+goose Down") {
			t.Errorf("%s has a way down", name)
		}
	}
}
