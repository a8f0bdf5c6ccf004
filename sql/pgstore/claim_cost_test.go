package pgstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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

const claimIn = `SELECT tenant_id, delivery_id, lane FROM claim_waiting(now(), '', '', $1::text[], $2::bigint[], false)`

// pagesOf is how many pages a claim reads from the marks of its lanes. No other
// load on the machine changes that.
func (w *world) pagesOf(lanes []string, marks []int64) int {
	w.Helper()
	conn, err := w.sql(w.db.SuperDSN).Conn(w.Context())
	w.must(err)
	defer conn.Close()
	var plan []byte
	for range 2 { // the first time plans, too
		w.must(conn.QueryRowContext(w.Context(), `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) `+claimIn, pq.Array(lanes), pq.Array(marks)).Scan(&plan))
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

// decideBeyond decides deliveries of the hook until its mark is behind one. That
// takes a few, or more while somebody else's transaction is open.
func (w *world) decideBeyond(delivery int64) (lanes []string, marks []int64) {
	w.Helper()
	for i := range 1000 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint("beyond ", i))
		if n := len(w.order(1)); n != 1 {
			w.Fatalf("decided %d", n)
		}
		if lanes, marks = w.Marks(); len(marks) == 1 && marks[0] > delivery {
			return lanes, marks
		}
	}
	w.Fatalf("the mark never came behind %d: %v", delivery, marks)
	return nil, nil
}

// H11: while somebody's query keeps dead rows from being cleaned away, a claim
// does not walk over what was decided before: the mark of a lane follows what is
// claimed closely.
func TestH11AClaimDoesNotWalkOverWhatIsDecided(t *testing.T) {
	w := newWorld(t)
	w.longQuery()
	w.churn(20000)
	lanes, marks := w.decideBeyond(w.newest())
	w.receive(acme, okta, holds.FromHook, "waits")
	all, marked := w.pagesOf([]string{}, []int64{}), w.pagesOf(lanes, marks)
	t.Logf("a claim from the beginning reads %d pages, one from the mark %d", all, marked)
	if marked > 100 || marked*5 > all {
		t.Errorf("a claim reads %d pages from the lane's mark, and %d from its beginning", marked, all)
	}
}

// Another replica has claimed the oldest deliveries and dies. However many were
// decided behind them meanwhile, they are what is claimed next.
func TestH7WhatADeadReplicaHadClaimedIsNotPassedOver(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint(i))
	}
	var dying []*sql.Tx
	for range 2 {
		tx, err := w.sql(w.db.AppDSN).BeginTx(w.Context(), nil)
		w.must(err)
		defer func() { _ = tx.Rollback() }()
		var tenant, lane string
		var id int64
		w.must(tx.QueryRowContext(w.Context(), claimIn, pq.Array([]string{}), pq.Array([]int64{})).Scan(&tenant, &id, &lane))
		dying = append(dying, tx)
	}
	if got := w.order(20); len(got) != 20 || !strings.HasSuffix(got[0], "/2") {
		t.Fatalf("decided %v", got)
	}
	for _, tx := range dying {
		w.must(tx.Rollback())
	}
	if got := w.order(2); len(got) != 2 || !strings.HasSuffix(got[0], "/0") || !strings.HasSuffix(got[1], "/1") {
		t.Errorf("then came %v", got)
	}
}

// What people put back is claimed at once, although it is older than the
// lane's mark.
func TestWhatWasPutBackIsClaimedBeforeTheMark(t *testing.T) {
	w := newWorld(t)
	w.receive(acme, okta, holds.FromHook, "failed")
	w.exec(`UPDATE deliveries SET failed_at = now(), attempts = 5`)
	failed := w.newest()
	w.decideBeyond(failed)
	w.receive(acme, okta, holds.FromHook, "waits")
	w.must(w.RetryDelivery(t.Context(), acme, failed, holds.BySystem("test")))
	if got := strings.Join(w.order(2), " "); !strings.Contains(got, "/failed") {
		t.Errorf("then came %s", got)
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
			w.exec(`INSERT INTO connections (tenant_id, connection_id, provider, mode, configured_at)
				SELECT 'acme', 'aa-' || g, 'okta', 'watch', now() FROM generate_series(1, 300) g`)
			median, p99 = w.claims(claims, 0)
			say("the same, beside 300 connections without work", median, p99)
			w.exec(`DELETE FROM connections WHERE connection_id LIKE 'aa-%'`)
			w.longQuery()
			w.churn(churned)
			w.fill(acme, okta, holds.FromHook, 100, false)
			median, p99 = w.claims(claims, w.newest()-150)
			say(fmt.Sprintf("%d deliveries, long query, %d churned", size, churned), median, p99)
			median, p99 = w.claims(min(claims, 100), 0)
			say("the same from the beginning, once in ten seconds", median, p99)
		})
	}
}
