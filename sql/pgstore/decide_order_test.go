package pgstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// fill stores deliveries without going through a store, as a backlog that piled
// up. before says what stands in the id's place, such as "decided_at = now()".
func (w *world) fill(tenant holds.TenantID, conn holds.ConnectionID, source holds.Source, n int, decided bool) {
	w.Helper()
	column, value := "retry_at", "NULL::timestamptz"
	if decided {
		column, value = "decided_at", "now()"
	}
	w.exec(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at, `+column+`)
		SELECT $1, $2, $3, '\x00', decode(repeat('00', 32), 'hex'), now(), `+value+` FROM generate_series(1, $4::integer)`,
		string(tenant), string(conn), string(source), n)
}

// order decides until nothing waits and says from which connection and source
// each delivery was, in the order in which they came.
func (w *world) order(limit int) []string {
	w.Helper()
	var got []string
	for range limit {
		worked, err := w.Decide(w.Context(), at(3), func(d holds.Delivery) ([]holds.Event, error) {
			got = append(got, string(d.Connection)+"/"+string(d.Source)+"/"+string(d.Body))
			return nil, nil
		}, openOrJoin)
		w.must(err)
		if !worked {
			break
		}
	}
	return got
}

func (w *world) receive(tenant holds.TenantID, conn holds.ConnectionID, source holds.Source, body string) {
	w.Helper()
	d := delivery(body)
	d.Tenant, d.Connection, d.Source = tenant, conn, source
	w.must(w.Receive(w.Context(), d))
}

// H10: a connection that was flooded delays another by no more than a turn, and
// its own log is read although its hook never falls silent. Inside a lane the
// oldest is first.
func TestH10LanesTakeTurns(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint(i))
	}
	w.receive(acme, okta, holds.FromPoller, "page 0")
	w.receive(globe, other, holds.FromHook, "0")
	w.receive(globe, other, holds.FromHook, "1")
	want := []string{
		"acme-okta/hook/0", "acme-okta/poller/page 0", "globe-okta/hook/0",
		"acme-okta/hook/1", "globe-okta/hook/1",
		"acme-okta/hook/2", "acme-okta/hook/3", "acme-okta/hook/4", "acme-okta/hook/5",
	}
	if got := w.order(99); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// H10: what failed and is due again has every other turn, neither first for ever
// nor never.
func TestH10WhatFailedTakesTurnsToo(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.receive(acme, okta, holds.FromHook, "bad "+fmt.Sprint(i))
	}
	bad := func(holds.Delivery) ([]holds.Event, error) {
		return nil, holds.Refuse(holds.Unavailable, "nobody here knows the connection")
	}
	for range 4 {
		if worked, err := w.Decide(w.Context(), at(0), bad, openOrJoin); !worked || err == nil {
			t.Fatal(worked, err)
		}
	}
	for i := range 4 {
		w.receive(acme, okta, holds.FromHook, "good "+fmt.Sprint(i))
	}
	firstGood, firstBad := -1, -1
	for i, d := range w.order(99) {
		if strings.Contains(d, "good") && firstGood < 0 {
			firstGood = i
		}
		if strings.Contains(d, "bad") && firstBad < 0 {
			firstBad = i
		}
	}
	if firstGood < 0 || firstBad < 0 || firstGood > 1 || firstBad > 1 {
		t.Errorf("the first good one came %d., the first bad one %d.", firstGood+1, firstBad+1)
	}
	if n := w.count(`deliveries WHERE decided_at IS NULL`); n != 0 {
		t.Errorf("%d are left", n)
	}
}

// H10: a delivery whose commit came long after those of later ones is found all
// the same, within the second in which every lane is read from its beginning.
func TestH10ALateCommitIsNotPassedOver(t *testing.T) {
	w := newWorld(t)
	late, err := w.sql(w.db.SuperDSN).BeginTx(w.Context(), nil)
	w.must(err)
	defer func() { _ = late.Rollback() }()
	_, err = late.ExecContext(w.Context(), `INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
		SELECT tenant_id, connection_id, 'hook', '\x00', decode(repeat('00', 32), 'hex'), now() FROM connections WHERE connection_id = $1`, string(okta))
	w.must(err)
	w.fill(acme, okta, holds.FromHook, 3000, true) // ids go on far beyond the slack
	w.receive(acme, okta, holds.FromHook, "later")
	if got := w.order(9); len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	w.must(late.Commit())
	deadline := time.Now().Add(20 * time.Second)
	for {
		worked, err := w.Decide(w.Context(), at(3), returns(), openOrJoin)
		if worked || err != nil {
			break // its body is no sealed one, which shows that it was claimed
		}
		if time.Now().After(deadline) {
			t.Fatal("it was never claimed")
		}
	}
}

// The version before asks another function, which serves it from the same lanes.
func TestH12TheOlderProgramStillClaims(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.receive(acme, okta, holds.FromHook, fmt.Sprint(i))
		w.receive(globe, other, holds.FromPoller, fmt.Sprint(i))
	}
	app := w.sql(w.db.AppDSN)
	seen := map[int64]bool{}
	for range 2 {
		tx, err := app.BeginTx(w.Context(), nil)
		w.must(err)
		defer func() { _ = tx.Rollback() }()
		var tenant string
		var id int64
		w.must(tx.QueryRowContext(w.Context(), `SELECT tenant_id, delivery_id FROM claim_delivery(now())`).Scan(&tenant, &id))
		seen[id] = true
	}
	if len(seen) != 2 {
		t.Errorf("two claims locked %v", seen)
	}
}

// The claim reads one index from where the lane begins, and never the table.
func TestH10TheClaimUsesItsIndex(t *testing.T) {
	w := newWorld(t)
	w.fill(acme, okta, holds.FromHook, 20000, true)
	w.fill(acme, okta, holds.FromHook, 50, false)
	w.exec(`ANALYZE deliveries`)
	rows, err := w.sql(w.db.SuperDSN).QueryContext(context.WithoutCancel(w.Context()), `EXPLAIN SELECT d.tenant_id, d.delivery_id FROM deliveries d
		WHERE d.connection_id = $1 AND d.source = $2 AND d.delivery_id >= $3
		  AND d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NULL
		ORDER BY d.delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED`, string(okta), "hook", 0)
	w.must(err)
	var plan []string
	for rows.Next() {
		var line string
		w.must(rows.Scan(&line))
		plan = append(plan, line)
	}
	w.must(rows.Close())
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "deliveries_waiting") || strings.Contains(text, "Sort") || strings.Contains(text, "Seq Scan") {
		t.Errorf("the plan is\n%s", text)
	}
}
