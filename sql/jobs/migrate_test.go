package jobs

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgtest"
)

func empty(context.Context, string) error { return nil }

func TestMigrateTwiceAndByFourAtOnce(t *testing.T) {
	db := pgtest.New(t, "empty", empty)
	var all errgroup.Group
	for range 4 {
		all.Go(func() error { return Migrate(context.Background(), open(t, db.OwnerDSN)) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(context.Background(), open(t, db.OwnerDSN)); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	if err := checkSchema(context.Background(), open(t, db.AppDSN)); err != nil {
		t.Fatalf("after migrating: %v", err)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	r := newRig(t)
	owner := open(t, r.db.OwnerDSN)
	if _, err := owner.Exec(`INSERT INTO river.river_migration (line, version) VALUES ('main', 999)`); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"migrate": Migrate(context.Background(), owner),
		"run":     checkSchema(context.Background(), r.pool),
	} {
		if holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), "999") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestRunRefusesADatabaseThatIsNotMigrated(t *testing.T) {
	db := pgtest.New(t, "empty", empty)
	r := &rig{t: t, db: db, pool: open(t, db.AppDSN), log: newLogbook()}
	runner, err := NewRunner(r.options(only(holds.EffectTell, signal(nil))))
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Run(context.Background()); err == nil {
		t.Fatal("ran without tables")
	}
}

func TestTheApplicationCannotChangeTheTables(t *testing.T) {
	r := newRig(t)
	for _, statement := range []string{
		`ALTER TABLE river.river_job ADD COLUMN x int`,
		`DROP INDEX river.countersign_waiting`,
		`CREATE TABLE river.x ()`,
		`TRUNCATE river.river_job`,
		`DELETE FROM river.river_migration`,
		`SELECT setval('river.river_job_id_seq', 1)`,
	} {
		if _, err := r.pool.Exec(statement); err == nil {
			t.Errorf("the application's role may %s", statement)
		}
	}
}
