package pgstore

import (
	"context"
	"slices"
	"sync"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Deliveries that arrive together share a commit. A commit waits for the disk,
// and what arrives meanwhile is what the next one takes:
//
//	Receive ─► waiting ─► writer 1 ── INSERT of many rows ── COMMIT ─► each its result
//	Receive ─►    │  └──► writer 2 ── …
//	Receive ─►    ┘
//
// A delivery that comes alone is written at once: nobody waits for company. With
// two writers the second gathers and sends while the first waits for the disk;
// a third would only make the batches smaller.
const (
	maxWriters = 2
	// A batch is bounded, so that one commit is never the price of all memory. The
	// first delivery is taken whatever its size.
	batchRows  = 256
	batchBytes = 4 << 20
)

// arrival is one delivery on its way into the database, sealed.
type arrival struct {
	row  pgdb.InsertDeliveryParams
	done chan error // has room for the one result
}

// arrivals are the deliveries that no writer has taken yet, oldest first.
type arrivals struct {
	mu      sync.Mutex
	waiting []*arrival
	writers int
}

// add leaves an arrival to be written and tells whether the caller must start a
// writer for it.
func (q *arrivals) add(a *arrival) (start bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, a)
	if q.writers == maxWriters {
		return false
	}
	q.writers++
	return true
}

// take gives a writer its next batch; a writer that gets none has ended.
func (q *arrivals) take() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.writers--
		return nil
	}
	n, bytes := 0, 0
	for n < len(q.waiting) && n < batchRows {
		bytes += len(q.waiting[n].row.Body)
		if n > 0 && bytes > batchBytes {
			break
		}
		n++
	}
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return batch
}

// withdraw takes an arrival back, if no writer has it yet.
func (q *arrivals) withdraw(a *arrival) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, a)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// Receive makes a delivery durable. It returns nil only after the commit; an
// error means that the provider must not be told that we have it. Deliveries that
// arrive at the same time share a commit, and each has its own result: one that
// is refused harms no other, and a commit that was not confirmed is an error for
// all it was for. When ctx ends, a delivery that no writer has taken yet is not
// stored; one that was taken may be. Pass a context that does not end with the
// request. Nothing here looks for duplicates: the same bytes twice are two
// deliveries, and their events are told apart by their own ids.
func (s *Store) Receive(ctx context.Context, d holds.Delivery) error {
	if d.Tenant == "" {
		return holds.Refuse(holds.NotFound, "Not found.")
	}
	row, err := s.deliveryParams(d) // sealed here, by whoever asks, and not by the writer
	if err != nil {
		return err
	}
	a := &arrival{row: row, done: make(chan error, 1)}
	if s.arrivals.add(a) {
		go s.write()
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
	}
	if s.arrivals.withdraw(a) {
		return holds.Because(holds.Unavailable, ctx.Err(), "The database is too busy; the delivery was not stored. Try again.")
	}
	select {
	case err := <-a.done: // just in time
		return err
	default:
		return holds.Because(holds.Unavailable, ctx.Err(), "The database did not confirm the delivery in time; it may or may not be stored. Send it again.")
	}
}

// write is one writer: it commits what has arrived until nothing is left.
func (s *Store) write() {
	for {
		batch := s.arrivals.take()
		if batch == nil {
			return
		}
		s.receive(batch)
	}
}
