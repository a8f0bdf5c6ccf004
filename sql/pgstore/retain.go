package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// Retention says for how long is kept what no hold rests on. What belongs to a
// hold (its events, the deliveries that told of them with their bodies, its
// before-image, and everything people said and did about it) and the audit log
// are kept for ever.
type Retention struct {
	// Bodies is how long the raw body of a delivery is kept, at least a week. Its
	// digest stays until the row goes with the last of its events.
	Bodies time.Duration
	// Events is how long an event is kept that was not held, and with it the key by
	// which a repetition is recognised: at least 91 days, because Okta's log reaches
	// back 90, and the networks an actor is known by are looked up as far.
	Events time.Duration
	// Snapshots is how long an account's before-images are kept, at least a week,
	// and KeepSnapshots how many of the newest stay whatever their age.
	Snapshots     time.Duration
	KeepSnapshots int
	// SignIn is how long sign-in links and sessions are kept after they ended, and
	// Checkpoints the console's copies of published checkpoints.
	SignIn, Checkpoints time.Duration
}

// The shortest times the database lets the application ask for.
const (
	leastBodies = 7 * 24 * time.Hour
	leastEvents = 91 * 24 * time.Hour
	leastSignIn = 24 * time.Hour
)

// DefaultRetention is what is kept when nothing else is said.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{Bodies: 35 * day, Events: 100 * day, Snapshots: 35 * day, KeepSnapshots: 3, SignIn: 30 * day, Checkpoints: 35 * day}
}

// Check refuses times that are too short for what they are kept for.
func (r Retention) Check() error {
	switch {
	case r.Bodies < leastBodies || r.Snapshots < leastBodies || r.Checkpoints < leastBodies:
		return holds.Refuse(holds.Invalid, "Bodies, snapshots and checkpoints are kept for at least a week.")
	case r.Events < leastEvents:
		return holds.Refuse(holds.Invalid, "Events are kept for at least 91 days: what comes again within a provider's log must be recognised.")
	case r.Events < r.Bodies:
		return holds.Refuse(holds.Invalid, "Events cannot be kept for a shorter time than the bodies that told of them.")
	case r.SignIn < leastSignIn:
		return holds.Refuse(holds.Invalid, "Sign-in links and sessions are kept for at least a day after they ended.")
	case r.KeepSnapshots < 1:
		return holds.Refuse(holds.Invalid, "At least the newest snapshot of an account is kept; a change could not be undone without it.")
	}
	return nil
}

// Pruned counts what was deleted.
type Pruned struct {
	Bodies, Events, Deliveries, Snapshots, SignIn, Checkpoints int64
}

// Total is how many rows were deleted or emptied.
func (p Pruned) Total() int64 {
	return p.Bodies + p.Events + p.Deliveries + p.Snapshots + p.SignIn + p.Checkpoints
}

// One batch is small, so that nobody waits for it long, and commits by itself.
const (
	pruneBatch   = 500
	pruneTimeout = 20 * time.Second
	pruneEvery   = time.Hour
	pruneBudget  = 10 * time.Minute
	pruneBreath  = 5 * time.Millisecond
)

// Prune deletes by age what no hold rests on, in batches that commit one by one;
// what an error or the end of the context leaves is deleted the next time. The
// database looks at age and holds itself: the application's role has no right to
// delete any of it but through functions that do.
func (s *Store) Prune(ctx context.Context, now time.Time, r Retention) (p Pruned, err error) {
	if err := r.Check(); err != nil {
		return p, err
	}
	for _, part := range []func(context.Context, time.Time, Retention, *Pruned) error{
		s.pruneDeliveries, s.pruneSnapshots, s.pruneSignIn, s.pruneCheckpoints,
	} {
		if perr := part(ctx, now, r, &p); perr != nil {
			err = errors.Join(err, perr) // one table that cannot be pruned keeps no other from it
		}
	}
	return p, err
}

// KeepPruned prunes at once and then every hour, until the context ends.
func (s *Store) KeepPruned(ctx context.Context, r Retention) error {
	if err := r.Check(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, pruneBudget)
		p, err := s.Prune(short, s.Now(), r)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Error("what is too old could not all be deleted; trying again", "in", pruneEvery, "error", err)
		case p.Total() > 0:
			s.log.Info("deleted what was too old and belonged to no hold", "bodies", p.Bodies, "events", p.Events,
				"deliveries", p.Deliveries, "snapshots", p.Snapshots, "sign_in", p.SignIn, "checkpoints", p.Checkpoints)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pruneEvery):
		}
	}
	return nil
}

// batch runs one batch and lets others breathe.
func (s *Store) batch(ctx context.Context, fn func(context.Context, *tx) error) error {
	short, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	err := s.run(short, "delete what is too old", nil, func(t *tx) error { return fn(short, t) })
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return translate("delete what is too old", ctx.Err())
	case <-time.After(pruneBreath):
		return nil
	}
}

// pruneDeliveries walks along the deliveries until it comes to those that are
// young.
func (s *Store) pruneDeliveries(ctx context.Context, now time.Time, r Retention, p *Pruned) error {
	for behind := int64(0); ; {
		var row pgdb.PruneDeliveriesRow
		err := s.batch(ctx, func(ctx context.Context, t *tx) (err error) {
			row, err = t.PruneDeliveries(ctx, pgdb.PruneDeliveriesParams{
				Behind: behind, BodiesBefore: now.Add(-r.Bodies), EventsBefore: now.Add(-r.Events), Most: pruneBatch,
			})
			return err
		})
		if err != nil {
			return err
		}
		p.Bodies += int64(row.Emptied)
		p.Events += int64(row.Events)
		p.Deliveries += int64(row.Removed)
		if row.Last == 0 {
			return nil
		}
		behind = row.Last
	}
}

// pruneSnapshots walks along the accounts.
func (s *Store) pruneSnapshots(ctx context.Context, now time.Time, r Retention, p *Pruned) error {
	var row pgdb.PruneSnapshotsRow
	for {
		var next pgdb.PruneSnapshotsRow
		err := s.batch(ctx, func(ctx context.Context, t *tx) (err error) {
			next, err = t.PruneSnapshots(ctx, pgdb.PruneSnapshotsParams{
				BehindTenant: row.LastTenant, BehindConnection: row.LastConnection, BehindAccount: row.LastAccount,
				Before: now.Add(-r.Snapshots), Keep: int32(min(r.KeepSnapshots, 1000)), Most: pruneBatch, //nolint:gosec // a small number
			})
			return err
		})
		if holds.KindOf(err) == holds.NotFound || errors.Is(err, sql.ErrNoRows) {
			return nil // there is no account behind the last one
		}
		if err != nil {
			return err
		}
		p.Snapshots += int64(next.Removed)
		row = next
	}
}

func (s *Store) pruneSignIn(ctx context.Context, now time.Time, r Retention, p *Pruned) error {
	return s.untilDone(ctx, &p.SignIn, func(ctx context.Context, t *tx) (int32, error) {
		return t.PruneSignin(ctx, pgdb.PruneSigninParams{Before: now.Add(-r.SignIn), Most: pruneBatch})
	})
}

func (s *Store) pruneCheckpoints(ctx context.Context, now time.Time, r Retention, p *Pruned) error {
	return s.untilDone(ctx, &p.Checkpoints, func(ctx context.Context, t *tx) (int32, error) {
		return t.PruneCheckpoints(ctx, pgdb.PruneCheckpointsParams{Before: now.Add(-r.Checkpoints), Most: pruneBatch})
	})
}

// untilDone repeats a batch until it finds nothing more.
func (s *Store) untilDone(ctx context.Context, count *int64, one func(context.Context, *tx) (int32, error)) error {
	for {
		var n int32
		err := s.batch(ctx, func(ctx context.Context, t *tx) (err error) {
			n, err = one(ctx, t)
			return err
		})
		*count += int64(n)
		if err != nil || n == 0 {
			return err
		}
	}
}
