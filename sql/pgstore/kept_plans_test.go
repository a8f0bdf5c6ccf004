package pgstore_test

import (
	"testing"

	"github.com/countersign/countersign/holds"
)

// The wall between tenants stands in statements that are planned once: the same
// statement of the same session, without a tenant in it, shows each tenant its own,
// and nobody's outside, however often it has run.
func TestTheWallStandsInKeptPlans(t *testing.T) {
	w := newWorld(t)
	w.opts.MaxConns = 1
	one := w.open()
	for range 3 {
		w.receive(acme, okta, holds.FromHook, "x")
	}
	w.receive(globe, other, holds.FromHook, "x")
	const count = `SELECT count(*) FROM deliveries WHERE delivery_id > $1`
	for round := range 12 { // from the sixth on the server may keep one plan for all
		for tenant, want := range map[holds.TenantID]int{acme: 3, globe: 1, "": 0} {
			tx, err := one.DB().BeginTx(t.Context(), nil)
			w.must(err)
			_, err = tx.ExecContext(t.Context(), `SELECT set_config('countersign.tenant', $1, true)`, string(tenant))
			w.must(err)
			if round == 6 {
				_, err = tx.ExecContext(t.Context(), `SET plan_cache_mode = force_generic_plan`)
				w.must(err)
			}
			var n int
			w.must(tx.QueryRowContext(t.Context(), count, 0).Scan(&n))
			if n != want {
				t.Fatalf("round %d: tenant %q sees %d deliveries, want %d", round, tenant, n, want)
			}
			if round%2 == 0 {
				w.must(tx.Commit())
			} else {
				w.must(tx.Rollback())
			}
		}
	}
	var kept int
	w.must(one.DB().QueryRowContext(t.Context(), `SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1`, count).Scan(&kept))
	if kept < 15 {
		t.Fatalf("%d of the last 18 ran with a kept plan; nothing is proved", kept)
	}
}
