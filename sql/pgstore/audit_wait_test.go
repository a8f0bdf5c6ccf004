package pgstore_test

import (
	"testing"
)

// H5: nobody who decides waits for the log: not while somebody holds its lock, and not
// while its table is locked. What was decided gets into it afterwards.
func TestH5NoDecisionWaitsForTheLog(t *testing.T) {
	for name, lock := range map[string]string{
		"the lock of the log": `SELECT pg_advisory_xact_lock(hashtextextended('countersign audit log', 0))`,
		"its table":           `LOCK TABLE audit_leaves IN ACCESS EXCLUSIVE MODE`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			h := w.held("00u1")
			before := w.count("audit_leaves")
			holder, err := w.sql(w.db.SuperDSN).BeginTx(t.Context(), nil)
			w.must(err)
			defer func() { _ = holder.Rollback() }()
			_, err = holder.ExecContext(t.Context(), lock)
			w.must(err)
			w.must(w.noted(h))
			w.must(holder.Rollback())
			if n := w.count("audit_leaves"); n != before+1 {
				t.Errorf("%d entries, before %d", n, before)
			}
		})
	}
}
