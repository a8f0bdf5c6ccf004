package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// pulse says in the database, every few seconds, that a runner lives. The jobs of
// one that has fallen silent are given to others long before they would have
// timed out.
type pulse struct {
	db     *sql.DB
	runner string
	every  time.Duration
	// silence is after how long without a beat a runner counts as dead.
	silence time.Duration
	log     *slog.Logger

	mu sync.Mutex
	// first and last are the ends of the newest series of beats without a gap.
	first, last time.Time
}

// The transaction does not wait for the disk: a beat that a power cut takes is
// followed by another one.
const (
	beatQuietly = `SET LOCAL synchronous_commit = off`
	beat        = `INSERT INTO river.countersign_runner (runner, beat_at) VALUES ($1, now())
		ON CONFLICT (runner) DO UPDATE SET beat_at = excluded.beat_at`
	forgetRunners = `DELETE FROM river.countersign_runner WHERE beat_at < now() - interval '7 days'`
)

// run beats until ctx ends.
func (p *pulse) run(ctx context.Context) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := p.beat(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("this runner cannot say that it lives; if that lasts, others take its jobs", "error", err)
		}
	}
}

// beat beats once.
func (p *pulse) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.silence/2)
	defer cancel()
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("saying that this runner lives: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	statements := []string{beatQuietly, beat}
	if p.never() {
		statements = append(statements, forgetRunners)
	}
	for _, s := range statements {
		var args []any
		if s == beat {
			args = append(args, p.runner)
		}
		if _, err := tx.ExecContext(ctx, s, args...); err != nil {
			return fmt.Errorf("saying that this runner lives: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("saying that this runner lives: %w", err)
	}
	p.note(time.Now())
	return nil
}

func (p *pulse) never() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.IsZero()
}

// note notes a beat; after a gap a new series begins.
func (p *pulse) note(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.IsZero() || at.Sub(p.last) > p.silence/2 {
		p.first = at
	}
	p.last = at
}

// steady tells whether this runner has reached the database for so long that a
// runner without a beat in that time is dead and not just cut off, as all are
// while the database is away.
func (p *pulse) steady(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.first.IsZero() && now.Sub(p.last) <= p.silence/2 && now.Sub(p.first) >= p.silence
}
