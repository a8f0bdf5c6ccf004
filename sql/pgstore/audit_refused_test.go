package pgstore_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
)

// noted records one entry.
func (w *world) noted(h holds.Hold) error {
	_, err := w.Update(w.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
		return &holds.Change{Hold: h, Entries: []holds.Entry{{Kind: "note.recorded", By: "person:p1"}}}, nil
	})
	return err
}

// A log that cannot be appended to, since somebody cut off its end, takes nothing
// more, and then nothing is decided. That is no Conflict: jobs take one for the news
// that somebody else has done their work, and would count as done.
func TestALogThatRefusesIsNoConflict(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.logged()
	w.exec(`CREATE TABLE cut AS SELECT * FROM audit_leaves ORDER BY seq DESC LIMIT 1`)
	w.exec(`DELETE FROM audit_leaves WHERE seq = (SELECT max(seq) FROM audit_leaves)`)
	w.must(w.noted(h)) // it waits for its number
	w.kind(holds.Internal, w.Sequence(t.Context()))
	w.kind(holds.Unavailable, w.noted(h))
	w.exec(`INSERT INTO audit_leaves SELECT * FROM cut`)
	w.logged()
	w.must(w.noted(h))
	if r := w.verify(w.db.AppDSN); r.Finding != nil {
		t.Fatalf("%+v", r)
	}
}

// The log relies on each statement seeing what was committed before it. A server
// whose transactions see less by default is asked for that nevertheless.
func TestTheServersDefaultIsolationIsOverruled(t *testing.T) {
	w := newWorld(t)
	a, b := w.held("00u1"), w.held("00u2")
	w.exec(`ALTER DATABASE "` + w.db.Name + `" SET default_transaction_isolation = 'repeatable read'`)
	w.Store = w.open()
	var all sync.WaitGroup
	errs := make([]error, 4)
	for n := range errs {
		all.Go(func() {
			h := a
			if n%2 == 1 {
				h = b
			}
			for range 10 {
				errs[n] = errors.Join(errs[n], w.noted(h))
			}
		})
	}
	all.Wait()
	w.must(errors.Join(errs...))
	w.held("00u3")
	if r := w.verify(w.db.AppDSN); r.Finding != nil {
		t.Fatalf("%+v", r)
	}
}
