package pgstore_test

import (
	"testing"

	"github.com/countersign/countersign/holds"
)

// While the lock of the log is held nothing is searched through: entries find their
// places by indexes, however small the tables were when their plans were made, and
// however many rows somebody's long query keeps from being cleaned away.
func TestAppendingWalksAlongIndexes(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	note := func(n int) {
		t.Helper()
		for range n {
			_, err := w.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
				return &holds.Change{Hold: h, Entries: []holds.Entry{{Kind: "note.recorded", By: "person:p1"}}}, nil
			})
			w.must(err)
			w.logged()
		}
	}
	note(20)
	w.exec(`VACUUM ANALYZE audit_queue`) // as the server does by itself within a minute
	w.exec(`VACUUM ANALYZE audit_leaves`)
	w.exec(`VACUUM ANALYZE audit_hashes`)
	scans := func() (n int) {
		w.must(w.sql(w.db.SuperDSN).QueryRowContext(t.Context(), `SELECT sum(seq_scan) FROM pg_stat_user_tables
			WHERE relname IN ('audit_queue', 'audit_leaves', 'audit_hashes')`).Scan(&n))
		return n
	}
	before := scans()
	note(30)
	w.must(w.Close()) // the statistics are told at the latest when the sessions end
	w.until("the sessions have ended", func() bool {
		return w.count(`pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign'`) <= 4
	})
	if n := scans() - before; n > 0 {
		t.Errorf("30 entries were appended with %d walks over whole tables", n)
	}
}
