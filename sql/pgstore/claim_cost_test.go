package pgstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
)

// longQuery keeps a view of the database open, as a report or a backup does, so
// that nothing that was deleted or updated since can be cleaned away.
func (w *world) longQuery() {
	w.Helper()
	tx, err := w.sql(w.db.SuperDSN).BeginTx(context.WithoutCancel(w.Context()), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	w.must(err)
	w.Cleanup(func() { _ = tx.Rollback() })
	var n int
	w.must(tx.QueryRowContext(w.Context(), `SELECT count(*) FROM deliveries`).Scan(&n))
}

// churn decides many deliveries.
func (w *world) churn(n int) {
	w.Helper()
	w.fill(acme, okta, holds.FromHook, n, false)
	w.exec(`UPDATE deliveries SET decided_at = now() WHERE decided_at IS NULL`)
}

// newest is the id of the last delivery.
func (w *world) newest() (id int64) {
	w.Helper()
	w.must(w.sql(w.db.SuperDSN).QueryRowContext(w.Context(), `SELECT coalesce(max(delivery_id), 0) FROM deliveries`).Scan(&id))
	return id
}

const claimIn = `SELECT * FROM claim_next(now(), '', '', $1::text[], $2::bigint[], false)`

// H11: while somebody's query keeps dead rows from being cleaned away, a claim
// does not walk over those that were decided before the lane's mark. What is
// counted are pages read, which no other load on the machine changes.
func TestH11AClaimDoesNotWalkOverWhatIsDecided(t *testing.T) {
	w := newWorld(t)
	w.longQuery()
	w.churn(20000)
	w.fill(acme, okta, holds.FromHook, 1, false)
	lane := []string{string(okta) + "/hook"}
	pages := func(mark int64) (n int) {
		conn, err := w.sql(w.db.SuperDSN).Conn(t.Context())
		w.must(err)
		defer conn.Close()
		var plan []byte
		for range 2 { // the first time plans, too
			w.must(conn.QueryRowContext(t.Context(), `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+claimIn, pq.Array(lane), pq.Array([]int64{mark})).Scan(&plan))
		}
		var parsed []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		w.must(json.Unmarshal(plan, &parsed))
		return parsed[0].Plan.Hit + parsed[0].Plan.Read
	}
	all, marked := pages(0), pages(w.newest()-1024)
	t.Logf("a claim from the beginning reads %d pages, one from the mark %d", all, marked)
	if marked*5 > all {
		t.Errorf("a claim reads %d pages from the lane's mark, and %d from its beginning", marked, all)
	}
}

// claims measures a number of claims, each rolled back.
func (w *world) claims(n int, mark int64) (median, p99 time.Duration) {
	w.Helper()
	db := w.sql(w.db.AppDSN)
	took := make([]time.Duration, 0, n)
	for range n {
		tx, err := db.BeginTx(w.Context(), nil)
		w.must(err)
		var tenant, lane string
		var id int64
		began := time.Now()
		err = tx.QueryRowContext(w.Context(), claimIn, pq.Array([]string{string(okta) + "/hook"}), pq.Array([]int64{mark})).Scan(&tenant, &id, &lane)
		took = append(took, time.Since(began))
		w.must(err)
		w.must(tx.Rollback())
	}
	slices.Sort(took)
	return took[n/2], took[n*99/100]
}

// costOfClaims logs what a claim costs at two sizes of the table, idle and while a
// long query is open and many were decided.
func costOfClaims(t *testing.T, large, churned, claims int) {
	say := func(what string, median, p99 time.Duration) {
		t.Logf("%-52s median %s, p99 %s", what, median.Round(time.Microsecond), p99.Round(time.Microsecond))
	}
	for _, size := range []int{1000, large} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			w := newWorld(t)
			w.fill(acme, okta, holds.FromPoller, size, true)
			w.fill(acme, okta, holds.FromHook, 100, false)
			w.exec(`ANALYZE deliveries`)
			median, p99 := w.claims(claims, 0)
			say(fmt.Sprintf("%d deliveries, idle", size), median, p99)
			w.longQuery()
			w.churn(churned)
			w.fill(acme, okta, holds.FromHook, 100, false)
			median, p99 = w.claims(claims, w.newest()-1024)
			say(fmt.Sprintf("%d deliveries, long query, %d churned", size, churned), median, p99)
			median, p99 = w.claims(min(claims, 100), 0)
			say("the same from the beginning, once a second", median, p99)
		})
	}
}
