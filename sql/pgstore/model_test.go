package pgstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
	"github.com/countersign/countersign/holds/keeper/modeltest"
)

// TestModelOverPostgres plays the keeper's model over a real database with two
// stores, as two replicas would have them: one sequence, or a thousand in a soak.
func TestModelOverPostgres(t *testing.T) {
	checks, seed := 1, uint64(20261102)
	if os.Getenv("COUNTERSIGN_SOAK") != "" {
		checks, seed = modeltest.Sequences(1000), 0
	}
	play(t, checks, seed)
}

// play plays sequences one after the other in one database, emptied in between.
func play(t *testing.T, checks int, seed uint64) {
	t.Helper()
	modeltest.Tune(t, checks, seed, 30*time.Second)
	b := newBench(t, modeltest.Setup())
	modeltest.Check(t, func() keepertest.Bench {
		b.empty()
		return b
	}, nil)
}

// empty forgets everything but the configuration and the people. Numbers go on: that
// they begin anew under a running store happens to nobody.
func (b *bench) empty() {
	b.Helper()
	kept := []string{"goose_db_version", "installation", "tenants", "connections", "people", "person_accounts", "contact_points"}
	var names []string
	err := b.rows(b.Context(), `SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = 'public' OR tablename = 'river_job' ORDER BY 1`,
		func(r *sql.Rows) error {
			var name string
			err := r.Scan(&name)
			if !slices.Contains(kept, strings.TrimPrefix(name, "public.")) {
				names = append(names, name)
			}
			return err
		})
	if err == nil {
		_, err = b.super.ExecContext(b.Context(), fmt.Sprintf("TRUNCATE %s", strings.Join(names, ", ")))
	}
	if err != nil {
		b.Fatal(err)
	}
	b.known = map[holds.Key]holds.Hold{}
}
