package pgstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/sql/pgdb"
)

// batchTimeout bounds one batch. It has nothing to do with those who wait, who
// may be gone: what was taken is brought to its end.
const batchTimeout = 5 * time.Second

// receive commits a batch and gives every arrival its result, whatever happens.
func (s *Store) receive(batch []*arrival) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	results := make([]error, len(batch))
	defer func() {
		if p := recover(); p != nil {
			results = same(panicked("storing deliveries", p), len(batch))
		}
		for i, a := range batch {
			if results[i] == nil {
				s.depths.add(feedOf{holds.TenantID(a.row.TenantID), holds.ConnectionID(a.row.ConnectionID), holds.Source(a.row.Source)})
			}
			a.done <- results[i]
		}
	}()
	// Tenants one after the other, in the order of their names, so that two writers
	// never wait for each other; each connection's deliveries in the order of their
	// arrival.
	slices.SortStableFunc(batch, func(a, b *arrival) int {
		return cmp.Or(cmp.Compare(a.row.TenantID, b.row.TenantID), cmp.Compare(a.row.ConnectionID, b.row.ConnectionID))
	})
	results = s.commitBatch(ctx, batch)
	if slices.Contains(results, nil) {
		s.announce()
	}
}

// commitBatch commits all together, and one by one within a transaction when the
// server refuses a row of them.
func (s *Store) commitBatch(ctx context.Context, batch []*arrival) []error {
	const op = "store a delivery"
	results := make([]error, len(batch))
	for try := 1; ; try++ {
		err := s.inPool(ctx, s.intake, func(t *tx) error { return t.ReceiveDeliveries(ctx, columns(batch)) })
		if err != nil && len(batch) > 1 && aboutRow(err) {
			err = s.inPool(ctx, s.intake, func(t *tx) error { return t.insertEach(ctx, batch, results) })
		}
		s.leaveStandby(err)
		if err != nil && transient(err) && try < tries && pause(ctx, try) == nil {
			continue
		}
		if err != nil {
			return same(translate(op, err), len(batch))
		}
		for i, err := range results {
			results[i] = translate(op, err)
		}
		return results
	}
}

// inPool runs fn in a transaction on connections that are kept for one purpose.
func (s *Store) inPool(ctx context.Context, db *sql.DB, fn func(*tx) error) error {
	sqlTx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() //nolint:errcheck // does nothing after a commit
	if err := fn(&tx{Queries: pgdb.New(sqlTx), store: s, sql: sqlTx}); err != nil {
		return err
	}
	if db == s.intake {
		failpoint.Hit(failpoint.InboxInserted)
	}
	return commit(sqlTx)
}

// atDoor reads what a request must know before it is let in.
func (s *Store) atDoor(ctx context.Context, tenant holds.TenantID, op string, fn func(*tx) error) error {
	return translate(op, s.inPool(ctx, s.doors, func(t *tx) error {
		if err := t.enter(ctx, tenant); err != nil {
			return err
		}
		return fn(t)
	}))
}

// columns are the rows of a batch, column by column.
func columns(batch []*arrival) (c pgdb.ReceiveDeliveriesParams) {
	for _, a := range batch {
		c.Tenants = append(c.Tenants, a.row.TenantID)
		c.Connections = append(c.Connections, a.row.ConnectionID)
		c.Sources = append(c.Sources, a.row.Source)
		c.Envelopes = append(c.Envelopes, a.row.Envelope)
		c.Bodies = append(c.Bodies, a.row.Body)
		c.Digests = append(c.Digests, a.row.Digest)
		c.Received = append(c.Received, a.row.ReceivedAt)
		c.Peers = append(c.Peers, fromInet(a.row.Peer))
		c.Secrets = append(c.Secrets, a.row.Secret)
	}
	return c
}

// insertEach inserts row by row, and takes back those that the server refuses.
// The error is about all of them.
func (t *tx) insertEach(ctx context.Context, batch []*arrival, results []error) error {
	for i, a := range batch {
		results[i] = nil
		if t.tenant != holds.TenantID(a.row.TenantID) {
			if err := t.enter(ctx, holds.TenantID(a.row.TenantID)); err != nil {
				return err
			}
		}
		if _, err := t.sql.ExecContext(ctx, `SAVEPOINT delivery`); err != nil {
			return err
		}
		if results[i] = t.InsertDelivery(ctx, a.row); results[i] == nil {
			continue
		}
		if !aboutRow(results[i]) {
			return results[i]
		}
		if _, err := t.sql.ExecContext(ctx, `ROLLBACK TO SAVEPOINT delivery`); err != nil {
			return err
		}
	}
	return nil
}

// aboutRow tells whether the server refused what it was given, rather than to
// work at the moment.
func aboutRow(err error) bool {
	var known *holds.Error
	var pe *pq.Error
	return !errors.As(err, &known) && errors.As(err, &pe) && !unavailable(err)
}

// same is one result for all.
func same(err error, n int) []error { return slices.Repeat([]error{err}, n) }
