package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
)

// Backlog is how the jobs of one effect are.
type Backlog struct {
	Kind holds.EffectKind `json:"kind"`
	// Waiting jobs are not done: they run, could run, or will once their time has come.
	// Failing are those among them that failed at least once.
	Waiting int `json:"waiting"`
	Failing int `json:"failing"`
	// Oldest is since when the oldest of them has waited for a worker; zero when none
	// could run now.
	Oldest time.Time `json:"oldest,omitzero"`
	// GivenUp were given up, and their holds need a person.
	GivenUp int `json:"given_up"`
}

// Backlogs counts the jobs that are not done, by effect, in the order of their names.
// Effects without any are left out.
func Backlogs(ctx context.Context, db *sql.DB) ([]Backlog, error) {
	rows, err := db.QueryContext(ctx, `SELECT queue,
			count(*) FILTER (WHERE state NOT IN ('discarded', 'cancelled')),
			count(*) FILTER (WHERE state NOT IN ('discarded', 'cancelled') AND coalesce(cardinality(errors), 0) > 0),
			min(scheduled_at) FILTER (WHERE state IN ('available', 'retryable', 'scheduled') AND scheduled_at <= now()),
			count(*) FILTER (WHERE state IN ('discarded', 'cancelled'))
		FROM `+schema+`.river_job WHERE state <> 'completed' GROUP BY queue ORDER BY queue`)
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	defer rows.Close()
	var out []Backlog
	for rows.Next() {
		var b Backlog
		var oldest sql.NullTime
		if err := rows.Scan(&b.Kind, &b.Waiting, &b.Failing, &oldest, &b.GivenUp); err != nil {
			return nil, fmt.Errorf("count the jobs: %w", err)
		}
		if oldest.Valid {
			b.Oldest = oldest.Time.UTC()
		}
		out = append(out, b)
	}
	return out, rows.Err()
}
