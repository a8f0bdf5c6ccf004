package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// fetcher takes jobs from a queue in our order instead of River's. River goes by
// priority and age alone, so that the jobs of a connection whose provider is slow
// or asks to wait would fill every worker, and everybody else would wait behind
// them. It is part of what depends on River's unstable interface, see listener.go.
type fetcher struct {
	riverdriver.Executor
	db    *sql.DB
	lanes *lanes
}

// fetch locks, of each connection that has jobs due and room here, the first by
// priority and age, and takes from these by priority and then so that the
// connection with the fewest jobs at work comes first. What else it does is what
// River's own query does (JobGetAvailable in riverdriver's river_job.sql).
//
// $1 queue, $2 how many, $3 who fetches, $4 how many names are kept of those who
// did, $5 the room of a connection that is not in $6, and of those that are the
// jobs at work $7 and the room $8.
const fetch = `
WITH RECURSIVE c (name) AS (
	(SELECT coalesce(j.args->>'connection', '') FROM river.river_job j
	 WHERE j.state = 'available' AND j.queue = $1 ORDER BY 1 LIMIT 1)
	UNION ALL
	SELECT n.name FROM c CROSS JOIN LATERAL (
		SELECT coalesce(j.args->>'connection', '') AS name FROM river.river_job j
		WHERE j.state = 'available' AND j.queue = $1 AND coalesce(j.args->>'connection', '') > c.name ORDER BY 1 LIMIT 1) n
), lane AS (
	SELECT c.name, coalesce(b.busy, 0) AS busy, coalesce(b.room, $5::int) AS room
	FROM c LEFT JOIN unnest($6::text[], $7::int[], $8::int[]) b (name, busy, room) USING (name)
), candidate AS (
	SELECT j.id, j.priority, j.scheduled_at, lane.busy, lane.room,
		row_number() OVER (PARTITION BY lane.name ORDER BY j.priority, j.scheduled_at, j.id) AS nth
	FROM lane CROSS JOIN LATERAL (
		SELECT a.id, a.priority, a.scheduled_at FROM river.river_job a
		WHERE a.state = 'available' AND a.queue = $1 AND coalesce(a.args->>'connection', '') = lane.name
			AND a.scheduled_at <= now()
		ORDER BY a.priority, a.scheduled_at, a.id LIMIT $2 FOR UPDATE SKIP LOCKED) j
	WHERE lane.room > 0
), chosen AS (
	SELECT id FROM candidate WHERE nth <= room ORDER BY priority, busy + nth, scheduled_at, id LIMIT $2
)
UPDATE river.river_job r SET
	state = 'running', attempt = r.attempt + 1, attempted_at = now(),
	attempted_by = array_append(CASE WHEN array_length(r.attempted_by, 1) >= $4::int
		THEN r.attempted_by[array_length(r.attempted_by, 1) + 2 - $4:] ELSE r.attempted_by END, $3::text)
FROM chosen WHERE r.id = chosen.id
RETURNING r.id, r.args, r.attempt, r.attempted_at, r.attempted_by, r.created_at, r.errors, r.kind, r.max_attempts,
	r.metadata, r.priority, r.queue, r.scheduled_at, r.tags`

// fetchIndex is what fetch walks along; fetch mentions it by its expressions.
const fetchIndex = `CREATE INDEX IF NOT EXISTS countersign_fetch ON river.river_job
	(queue, (coalesce(args->>'connection', '')), priority, scheduled_at, id) WHERE state = 'available'`

// JobGetAvailable is River's question for jobs of one queue.
func (f *fetcher) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	if p.MaxToLock <= 0 {
		return nil, nil
	}
	names, busy, room := f.lanes.busy(p.Queue)
	rows, err := f.db.QueryContext(ctx, fetch, p.Queue, p.MaxToLock, p.ClientID, p.MaxAttemptedBy,
		f.lanes.most, pq.Array(names), pq.Array(busy), pq.Array(room))
	if err != nil {
		f.leaveStandby(err)
		return nil, fmt.Errorf("fetching jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var jobs []*rivertype.JobRow
	for rows.Next() {
		job, err := scanJob(rows)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("fetching jobs: %w", err)
	}
	for _, j := range jobs {
		var a args
		if json.Unmarshal(j.EncodedArgs, &a) == nil { // the others never begin to work
			f.lanes.took(j.ID, lane{j.Queue, string(a.Connection)})
		}
	}
	return jobs, nil
}

// leaveStandby gives the idle connections back when the server takes no writes:
// behind the same name there may be the new primary by now.
func (f *fetcher) leaveStandby(err error) {
	var pe *pq.Error
	if errors.As(err, &pe) && pe.Code == "25006" {
		f.db.SetMaxIdleConns(0)
		f.db.SetMaxIdleConns(max(f.db.Stats().MaxOpenConnections, 2))
	}
}

func scanJob(rows *sql.Rows) (*rivertype.JobRow, error) {
	j := &rivertype.JobRow{State: rivertype.JobStateRunning}
	var attempted time.Time
	var failures textArray
	err := rows.Scan(&j.ID, &j.EncodedArgs, &j.Attempt, &attempted, pq.Array(&j.AttemptedBy), &j.CreatedAt, &failures,
		&j.Kind, &j.MaxAttempts, &j.Metadata, &j.Priority, &j.Queue, &j.ScheduledAt, pq.Array(&j.Tags))
	if err != nil {
		return nil, fmt.Errorf("reading fetched jobs: %w", err)
	}
	attempted = attempted.UTC()
	j.AttemptedAt, j.CreatedAt, j.ScheduledAt = &attempted, j.CreatedAt.UTC(), j.ScheduledAt.UTC()
	j.Errors = make([]rivertype.AttemptError, len(failures))
	for i, f := range failures {
		if err := json.Unmarshal(f, &j.Errors[i]); err != nil {
			return nil, fmt.Errorf("reading what became of earlier attempts of job %d: %w", j.ID, err)
		}
	}
	return j, nil
}

// textArray reads an array of documents.
type textArray [][]byte

// Scan implements sql.Scanner.
func (t *textArray) Scan(src any) error {
	var texts pq.StringArray
	if err := texts.Scan(src); err != nil {
		return err
	}
	*t = make([][]byte, 0, len(texts))
	for _, s := range texts {
		*t = append(*t, []byte(s))
	}
	return nil
}
