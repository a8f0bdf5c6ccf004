package pgstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// CheckOffset is checkOffset, for a test: no server here has a wrong clock.
func CheckOffset(offset time.Duration) error { return checkOffset(offset) }

// DB is the pool, for a test of what is left behind in it.
func (s *Store) DB() *sql.DB { return s.db }

// Waiting is how many deliveries no writer has taken yet.
func (s *Store) Waiting() int {
	s.arrivals.mu.Lock()
	defer s.arrivals.mu.Unlock()
	return len(s.arrivals.waiting)
}

// Changing is how many changes of a hold are under way or wait for their turn.
func (s *Store) Changing(key holds.Key) int {
	s.turns.mu.Lock()
	defer s.turns.mu.Unlock()
	if t := s.turns.lots[key]; t != nil {
		return t.in
	}
	return 0
}

// ReceiveAlone gives every delivery a transaction and a commit of its own: what
// Receive is compared with.
func (s *Store) ReceiveAlone(ctx context.Context, d holds.Delivery) error {
	row, err := s.deliveryParams(d)
	if err != nil {
		return err
	}
	return s.inTenant(ctx, d.Tenant, "store a delivery", func(t *tx) error { return t.InsertDelivery(ctx, row) })
}

// Marks are the lanes and where each would be read from now.
func (s *Store) Marks() (lanes []string, marks []int64) {
	p := s.lanes.next(time.Time{}, s.lanes.looked)
	return p.Lanes, p.Marks
}

// BreakIntake makes whatever writes deliveries panic, until it is mended.
func (s *Store) BreakIntake() (mend func()) {
	db := s.intake
	s.intake = nil
	return func() { s.intake = db }
}

// Batches is how bodies of these sizes are shared out to writers, by size.
func Batches(sizes ...int) (out [][]int) {
	q := &arrivals{writers: maxWriters}
	for _, size := range sizes {
		q.add(&arrival{row: pgdb.InsertDeliveryParams{Body: make([]byte, size)}})
	}
	for batch := q.take(); batch != nil; batch = q.take() {
		var of []int
		for _, a := range batch {
			of = append(of, len(a.row.Body))
		}
		out = append(out, of)
	}
	return out
}

// Count is one turn of Measure.
func (s *Store) Count(ctx context.Context) error { return s.count(ctx) }
