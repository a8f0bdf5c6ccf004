package pgstore_test

import (
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// H13: in restore mode no job gets what it starts from, in any replica;
// what arrives is judged all the same. The application can enter it and not leave
// it. Whoever ends it takes the waiting jobs into the next epoch, at once.
func TestH13RestoreModeUntilTheOwnerEndsIt(t *testing.T) {
	w := newWorld(t)
	key := keyOf(w.held("00ubefore"))
	if start, err := w.Start(t.Context(), key); start.Epoch != 1 || err != nil {
		t.Fatal(start, err)
	}
	if _, _, err := pgstore.FinishRestore(t.Context(), w.db.OwnerDSN); holds.KindOf(err) != holds.Conflict {
		t.Fatalf("ended what had not begun: %v", err)
	}
	for i, want := range []bool{true, false} {
		if noted, err := w.NoteRestore(t.Context(), "the log is behind"); noted != want || err != nil {
			t.Fatal(i, noted, err)
		}
	}
	since, why, err := w.Second.Restoring(t.Context())
	if err != nil || since.IsZero() || why != "the log is behind" {
		t.Fatal(since, why, err)
	}
	_, err = w.Second.Start(t.Context(), key)
	w.kind(holds.Unavailable, err)
	w.held("00uduring")
	for _, statement := range []string{`UPDATE installation SET restoring_since = NULL`, `UPDATE installation SET epoch = 2`} {
		if _, err := w.sql(w.db.AppDSN).ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
	}
	waiting := w.count(`river.river_job WHERE state = 'available' AND args->>'epoch' = '1'`)
	w.exec(`UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() WHERE id = (SELECT min(id) FROM river.river_job)`)
	w.exec(`UPDATE river.river_job SET state = 'retryable', scheduled_at = now() + interval '4 minutes' WHERE id = (SELECT max(id) FROM river.river_job)`)
	epoch, taken, err := pgstore.FinishRestore(t.Context(), w.db.OwnerDSN)
	if epoch != 2 || int(taken) != waiting || waiting < 4 || err != nil {
		t.Fatalf("epoch %d, %d of %d jobs, %v", epoch, taken, waiting, err)
	}
	if n := w.count(`river.river_job WHERE state = 'available' AND args->>'epoch' = '2' AND scheduled_at <= now()`); n != waiting {
		t.Errorf("%d of %d jobs may run", n, waiting)
	}
	if start, err := w.Second.Start(t.Context(), key); start.Epoch != 2 || err != nil {
		t.Fatal(start, err)
	}
	if n := w.count(`audit_leaves WHERE body LIKE '%installation.restoring%'`); n != 1 {
		t.Errorf("%d entries tell of it", n)
	}
	keys, err := w.Unended(t.Context(), acme)
	if err != nil || len(keys) != 2 {
		t.Error(keys, err)
	}
	if keys, err := w.Unended(t.Context(), globe); err != nil || len(keys) != 0 {
		t.Error("another tenant's:", keys, err)
	}
}
