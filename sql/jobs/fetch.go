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
	db     *sql.DB
	lanes  *lanes
	looked func(queue string, took time.Duration, found int)
}

// fetchFunction locks, of each connection that has jobs due and room here, the
// first by priority and age, and takes from these by priority and then so that the
// connection with the fewest jobs at work comes first. What else it does is what
// River's own query does (JobGetAvailable in riverdriver's river_job.sql). lanes are
// the connections that do not have the usual room, with their jobs at work.
//
// It is a function because planning it takes many times as long as running it, and a
// function's plans are kept by the connection. They must then be good for any
// number of jobs, which is what the settings are for: each step has its index.
const fetchFunction = `
CREATE OR REPLACE FUNCTION river.countersign_fetch(of_queue text, most integer, taker text, takers_kept integer, usual_room integer,
	lanes text[], lanes_busy integer[], lanes_room integer[])
RETURNS TABLE (id bigint, args jsonb, attempt smallint, attempted_at timestamptz, attempted_by text[], created_at timestamptz,
	errors jsonb[], kind text, max_attempts smallint, metadata jsonb, priority smallint, queue text, scheduled_at timestamptz, tags varchar[])
LANGUAGE plpgsql VOLATILE SECURITY INVOKER ` + keptPlans + `
AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (SELECT FROM river.river_job j WHERE j.state = 'available' AND j.queue = of_queue) THEN
		RETURN;
	END IF;
	RETURN QUERY
	WITH RECURSIVE c (name) AS (
		(SELECT coalesce(j.args->>'connection', '') FROM river.river_job j
		 WHERE j.state = 'available' AND j.queue = of_queue ORDER BY 1 LIMIT 1)
		UNION ALL
		SELECT n.name FROM c CROSS JOIN LATERAL (
			SELECT coalesce(j.args->>'connection', '') AS name FROM river.river_job j
			WHERE j.state = 'available' AND j.queue = of_queue AND coalesce(j.args->>'connection', '') > c.name ORDER BY 1 LIMIT 1) n
	), lane AS (
		SELECT c.name, coalesce(b.busy, 0) AS busy, least(coalesce(b.room, usual_room), most) AS room
		FROM c LEFT JOIN unnest(lanes, lanes_busy, lanes_room) b (name, busy, room) USING (name)
	), candidate AS (
		SELECT j.id, j.priority, j.scheduled_at,
			lane.busy + row_number() OVER (PARTITION BY lane.name ORDER BY j.priority, j.scheduled_at, j.id) AS turn
		FROM lane CROSS JOIN LATERAL (
			SELECT a.id, a.priority, a.scheduled_at FROM river.river_job a
			WHERE a.state = 'available' AND a.queue = of_queue AND coalesce(a.args->>'connection', '') = lane.name
				AND a.scheduled_at <= now()
			ORDER BY a.priority, a.scheduled_at, a.id LIMIT lane.room FOR UPDATE SKIP LOCKED) j
		WHERE lane.room > 0
	), chosen AS (
		SELECT id FROM candidate ORDER BY priority, turn, scheduled_at, id LIMIT most
	)
	UPDATE river.river_job r SET
		state = 'running', attempt = r.attempt + 1, attempted_at = now(),
		attempted_by = array_append(CASE WHEN array_length(r.attempted_by, 1) >= takers_kept
			THEN r.attempted_by[array_length(r.attempted_by, 1) + 2 - takers_kept:] ELSE r.attempted_by END, taker)
	FROM chosen WHERE r.id = chosen.id
	RETURNING r.id, r.args, r.attempt, r.attempted_at, r.attempted_by, r.created_at, r.errors, r.kind, r.max_attempts,
		r.metadata, r.priority, r.queue, r.scheduled_at, r.tags;
END
$$`

// keptPlans makes each plan of a function once in a connection, and so that it
// walks along indexes however empty the tables were at that moment.
const keptPlans = `SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off`

const fetch = `SELECT id, args, attempt, attempted_at, attempted_by, created_at, errors, kind, max_attempts, metadata, priority,
	queue, scheduled_at, tags FROM river.countersign_fetch($1, $2, $3, $4, $5, $6, $7, $8)`

// fetchIndex is what fetchFunction walks along; it mentions it by its expressions.
const fetchIndex = `CREATE INDEX IF NOT EXISTS countersign_fetch ON river.river_job
	(queue, (coalesce(args->>'connection', '')), priority, scheduled_at, id) WHERE state = 'available'`

// JobGetAvailable is River's question for jobs of one queue.
func (f *fetcher) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	if p.MaxToLock <= 0 {
		return nil, nil
	}
	began := time.Now()
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
	if f.looked != nil {
		f.looked(p.Queue, time.Since(began), len(jobs))
	}
	taken := make(map[int64]string, len(jobs))
	for _, j := range jobs {
		var a args
		if json.Unmarshal(j.EncodedArgs, &a) == nil { // the others never begin to work
			taken[j.ID] = string(a.Connection)
		}
	}
	f.lanes.took(p.Queue, taken, names, room)
	return jobs, nil
}

// leaveStandby gives the idle connections back when the server takes no writes:
// behind the same name there may be the new primary by now.
func (f *fetcher) leaveStandby(err error) {
	var pe *pq.Error
	if errors.As(err, &pe) && pe.Code == "25006" {
		f.db.SetMaxIdleConns(0)
		keepIdle(f.db)
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
