package pgstore_test

import (
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// H5: a COMMIT that waits for the log is bounded as every statement is, and the
// server's statement_timeout, which is over when COMMIT begins, does not do that: a
// session that holds the lock, or the table, would keep every change waiting with its
// connection and its locks. Nothing is done then, and it may be tried again.
func TestH5ACommitDoesNotWaitForTheLogForEver(t *testing.T) {
	for name, lock := range map[string]string{
		"the lock of the log": `SELECT pg_advisory_xact_lock(hashtextextended('countersign audit log', 0))`,
		"its table":           `LOCK TABLE audit_leaves IN ACCESS EXCLUSIVE MODE`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.held("00u1")
			bound := w.count(`pg_proc WHERE proname = 'append_audit' AND 'lock_timeout=30s' = ANY (proconfig)`)
			if bound != 1 {
				t.Error("the wait has no bound")
			}
			w.exec(`ALTER FUNCTION append_audit() SET lock_timeout = 50`) // the test has less time
			before := w.count("audit_leaves")
			holder, err := w.sql(w.db.SuperDSN).BeginTx(t.Context(), nil)
			w.must(err)
			defer func() { _ = holder.Rollback() }()
			_, err = holder.ExecContext(t.Context(), lock)
			w.must(err)
			waits := make(chan error, 1)
			go func() { waits <- w.noted(h) }()
			select {
			case err = <-waits:
			case <-time.After(time.Minute):
				t.Fatal("it still waits after a minute")
			}
			w.kind(holds.Unavailable, err)
			w.must(holder.Rollback())
			if n := w.count("audit_leaves"); n != before {
				t.Errorf("%d entries, before %d", n, before)
			}
			w.must(w.noted(h))
			if n := w.count("pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"); n != 0 {
				t.Errorf("%d sessions are left in a transaction", n)
			}
		})
	}
}
