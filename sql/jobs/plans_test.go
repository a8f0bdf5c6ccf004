package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/lib/pq"
)

// pages is how many pages of the database a statement reads. No other load on the
// machine changes that.
func (r *rig) pages(conn *sql.Conn, statement string, args ...any) int {
	r.t.Helper()
	var plan []byte
	if err := conn.QueryRowContext(context.Background(), `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+statement, args...).Scan(&plan); err != nil {
		r.t.Fatal(err)
	}
	var parsed []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal(plan, &parsed); err != nil {
		r.t.Fatal(err)
	}
	return parsed[0].Plan.Hit + parsed[0].Plan.Read
}

// A connection keeps the plans it made while no job was there. With a long queue
// and many jobs done neither a look nor queueing reads them all.
func TestPlansMadeForAnEmptyQueueSuitALongOne(t *testing.T) {
	r := newRig(t)
	conn, err := r.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	look := func() int {
		return r.pages(conn, `SELECT * FROM river.countersign_fetch('tell', 8, 'me', 100, 4, '{}', '{}', '{}')`)
	}
	queue := func(hold string) int {
		text := `{"effect": "tell", "tenant": "acme", "connection": "c1", "hold": "` + hold + `", "round": 1, "epoch": 1}`
		return r.pages(conn, `SELECT river.countersign_enqueue($1, $2, $3, $4, $5, 500, false)`, pq.Array([]string{"acme/" + hold}),
			pq.Array([]string{text}), pq.Array([]int64{2}), pq.Array([]sql.NullTime{{}}), jobKind)
	}
	queue("first")
	look()
	if _, err := r.pool.Exec(`INSERT INTO river.river_job (args, kind, max_attempts, queue, state, finalized_at)
		SELECT jsonb_build_object('hold', n::text, 'connection', 'c' || n % 5), $1, 1, 'tell', s.state::river.river_job_state, s.at
		FROM generate_series(1, 10000) n, (VALUES ('available', NULL), ('completed', $2::timestamptz)) s (state, at)`,
		jobKind, time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := look(); n > 1000 {
		t.Errorf("a look reads %d pages", n)
	}
	for _, hold := range []string{"77", "new"} {
		if n := queue(hold); n > 200 {
			t.Errorf("queueing reads %d pages", n)
		}
	}
}
