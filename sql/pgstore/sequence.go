package pgstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
)

// A change commits with its audit entries queued. They get their numbers soon
// after, many in one commit, so that changes do not wait for each other's disk.
const (
	// sequenceMost is how many entries get their numbers in one transaction.
	sequenceMost = 500
	// sequenceEvery is how often it is looked for entries of a process that died, and
	// sequencePause the least time between two commits of the log.
	sequenceEvery = time.Second
	sequencePause = 20 * time.Millisecond
	// sequenceShare bounds the part of the time that goes into numbering: a snapshot
	// that stays open makes every look at the queue read what was moved before.
	sequenceShare = 4
	// sequenceTimeout bounds one round.
	sequenceTimeout = 30 * time.Second
)

// Sequence gives numbers in the audit log to all entries that are queued, those of
// every process. When it returns nil, whatever was committed before it was called
// is in the log. While the database refuses to let the log grow, changes that have
// entries are refused, too: people must see that something is wrong with it.
func (s *Store) Sequence(ctx context.Context) error {
	for {
		var moved int32
		err := s.run(ctx, "number the entries of the audit log", &sql.TxOptions{Isolation: sql.LevelReadCommitted}, func(t *tx) (err error) {
			moved, err = t.SequenceAudit(ctx, sequenceMost)
			return err
		})
		// That the database cannot be reached says nothing about the log.
		if holds.KindOf(err) != holds.Unavailable || err == nil {
			s.stuck.Store(err != nil)
		}
		if err != nil || moved < sequenceMost {
			return err
		}
	}
}

// KeepSequenced numbers what this process queues soon after it committed, and what
// others left behind, until ctx ends. Trouble is told and does not end it: nothing
// queued is lost.
func (s *Store) KeepSequenced(ctx context.Context) error {
	tick := time.NewTicker(sequenceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.queued:
		case <-tick.C:
		}
		began := time.Now()
		short, cancel := context.WithTimeout(ctx, sequenceTimeout)
		err := s.Sequence(short)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.log.Error("the audit log does not grow; its entries stay queued and are numbered later", "error", err)
		}
		if wait(ctx, max(sequencePause, sequenceShare*time.Since(began))) != nil {
			return nil
		}
	}
}

// sequenceFirst numbers what is queued before the log is verified. A log that is
// damaged takes no entries; then the verification says what is wrong with it.
func (s *Store) sequenceFirst(ctx context.Context) (trouble error) {
	var fixed string
	if err := s.db.QueryRowContext(ctx, `SHOW transaction_read_only`).Scan(&fixed); err != nil {
		return translate("read the audit log", err)
	}
	if fixed == "on" {
		return nil
	}
	if err := s.Sequence(ctx); err != nil {
		return fmt.Errorf("what is queued for the audit log could not get its numbers: %w", err)
	}
	return nil
}
