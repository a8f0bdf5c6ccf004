package pgstore_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// until waits for something that another goroutine or the server will bring about.
func (w *world) until(what string, so func() bool) {
	w.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !so(); {
		select {
		case <-tick.C:
		case <-late:
			w.Fatalf("after a minute it is not so that %s", what)
		}
	}
}

// stall keeps every writer waiting until the function it returns is called. Two
// deliveries are under way by then, and what arrives later waits for them.
func (w *world) stall() (goOn func()) {
	w.Helper()
	super := w.sql(w.db.SuperDSN)
	t, err := super.BeginTx(context.WithoutCancel(w.Context()), nil)
	w.must(err)
	_, err = t.ExecContext(w.Context(), `LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE`)
	w.must(err)
	return sync.OnceFunc(func() { w.must(t.Rollback()) })
}

// send receives in the background.
func (w *world) send(ctx context.Context, d holds.Delivery) <-chan error {
	out := make(chan error, 1)
	go func() { out <- w.Receive(ctx, d) }()
	return out
}

// busy starts two deliveries and returns when both writers wait for the lock.
func (w *world) busy() []<-chan error {
	w.Helper()
	out := []<-chan error{w.send(context.Background(), delivery("first"))}
	w.until("the first writer waits", w.writing(1))
	out = append(out, w.send(context.Background(), delivery("second")))
	w.until("the second writer waits", w.writing(2))
	return out
}

// writing tells whether so many writers wait for a lock.
func (w *world) writing(n int) func() bool {
	return func() bool {
		return w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%receive_deliveries%'") == n
	}
}

// TestDeliveriesShareACommit: fifty that arrive while two commits are under way
// are one commit, of whatever tenants, and each is where it belongs.
func TestDeliveriesShareACommit(t *testing.T) {
	w := newWorld(t)
	goOn := w.stall()
	defer goOn()
	sent := w.busy()
	for i := range 50 {
		d := delivery(fmt.Sprint(i))
		if i%3 == 0 {
			d.Tenant, d.Connection = globe, other
		}
		sent = append(sent, w.send(t.Context(), d))
	}
	w.until("fifty wait", func() bool { return w.Waiting() == 50 })
	goOn()
	for _, result := range sent {
		w.must(<-result)
	}
	if n := w.count("(SELECT DISTINCT xmin::text FROM deliveries) c"); n != 3 {
		t.Fatalf("%d commits, want 3", n)
	}
	for tenant, want := range map[holds.TenantID]int{acme: 35, globe: 17} {
		if n := w.count("deliveries d JOIN connections c USING (tenant_id, connection_id) WHERE tenant_id = $1", string(tenant)); n != want {
			t.Errorf("%d deliveries of %s, want %d", n, tenant, want)
		}
	}
}

// TestOneBadDeliveryHarmsNoOther: each of a batch has its own result.
func TestOneBadDeliveryHarmsNoOther(t *testing.T) {
	w := newWorld(t)
	goOn := w.stall()
	defer goOn()
	sent := w.busy()
	foreign, strange := delivery("foreign"), delivery("strange")
	foreign.Connection = other    // of the other tenant
	strange.Source = "no source!" // refused by the table's check
	bad := []<-chan error{w.send(t.Context(), foreign)}
	for i := range 10 {
		d := delivery(fmt.Sprint(i))
		if i%2 == 0 {
			d.Tenant, d.Connection = globe, other
		}
		sent = append(sent, w.send(t.Context(), d))
	}
	bad = append(bad, w.send(t.Context(), strange))
	w.until("twelve wait", func() bool { return w.Waiting() == 12 })
	goOn()
	for i, result := range sent {
		if err := <-result; err != nil {
			t.Errorf("good delivery %d: %v", i, err)
		}
	}
	w.kind(holds.NotFound, <-bad[0])
	if err := <-bad[1]; err == nil || holds.KindOf(err) == holds.Unavailable {
		t.Errorf("the strange delivery: %v", err)
	}
	if n := w.count("deliveries"); n != 12 {
		t.Errorf("%d deliveries, want 12", n)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	got := pgstore.Batches(mib, 2*mib, mib, 1, 5*mib, mib)
	if want := [][]int{{mib, 2 * mib, mib}, {1}, {5 * mib}, {mib}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("by bytes: %v, want %v", got, want)
	}
	if got := pgstore.Batches(make([]int, 300)...); len(got) != 2 || len(got[0]) != 256 || len(got[1]) != 44 {
		t.Errorf("by rows: %v", got)
	}
}

// TestH19WhatWasTakenIsCommitted: who waits may go. What no writer has taken yet
// is then not stored at all; what one has is brought to its end.
func TestH19WhatWasTakenIsCommitted(t *testing.T) {
	w := newWorld(t)
	goOn := w.stall()
	defer goOn()
	ctx, leave := context.WithCancel(t.Context())
	taken := w.send(ctx, delivery("taken"))
	w.until("it was taken", w.writing(1))
	second := w.send(t.Context(), delivery("second"))
	w.until("the second was taken", w.writing(2))
	waiting := w.send(ctx, delivery("waiting"))
	w.until("the third waits", func() bool { return w.Waiting() == 1 })
	leave()
	w.kind(holds.Unavailable, <-taken)
	w.kind(holds.Unavailable, <-waiting)
	if w.Waiting() != 0 {
		t.Error("what nobody waits for is still to be written")
	}
	goOn()
	w.must(<-second)
	w.until("the one that was taken is stored", func() bool { return w.count("deliveries") == 2 })
}

// TestH6AnExhaustedPoolDoesNotStopTheIntake: console searches and the inbox may
// hold every other connection; deliveries are taken, and subscriptions known.
func TestH6AnExhaustedPoolDoesNotStopTheIntake(t *testing.T) {
	w := newWorld(t)
	for range w.opts.MaxConns {
		c, err := w.DB().Conn(t.Context())
		w.must(err)
		defer c.Close()
	}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			if err := w.Receive(t.Context(), delivery(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
			if _, err := w.Feeds(t.Context(), acme, okta); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.count("deliveries"); n != 100 {
		t.Errorf("%d deliveries, want 100", n)
	}
	if in := w.DB().Stats().InUse; in != w.opts.MaxConns {
		t.Errorf("%d connections are in use; the test did not exhaust the pool", in)
	}
}

// TestD5AcknowledgingWaitsForNothingElse: while whatever reads or writes holds and
// events stands still, the console and the inbox with it, deliveries are taken.
func TestD5AcknowledgingWaitsForNothingElse(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("before")))
	super := w.sql(w.db.SuperDSN)
	lock, err := super.BeginTx(t.Context(), nil)
	w.must(err)
	_, err = lock.ExecContext(t.Context(), `LOCK TABLE holds, events, event_verdicts, audit_leaves IN ACCESS EXCLUSIVE MODE`)
	w.must(err)
	ctx, stop := context.WithCancel(t.Context())
	var heavy sync.WaitGroup
	for range w.opts.MaxConns + 5 { // more than there are connections
		heavy.Go(func() { _, _ = w.Queue(ctx, acme, holds.Filter{Subject: "00u1"}) })
		heavy.Go(func() { _, _ = w.Decide(ctx, at(2), returns(event("evt", "00u1")), openOrJoin) })
	}
	w.until("all of it stands still", func() bool { return w.DB().Stats().InUse == w.opts.MaxConns })
	for i := range 100 {
		w.must(w.Receive(t.Context(), delivery(fmt.Sprint(i))))
	}
	if n := w.DB().Stats().InUse; n != w.opts.MaxConns {
		t.Errorf("%d connections are in use; nothing stood still", n)
	}
	stop()
	w.must(lock.Rollback())
	heavy.Wait()
	if n := w.count("deliveries"); n != 101 {
		t.Errorf("%d deliveries, want 101", n)
	}
}

// TestAPanicIsAnErrorForWhoeverWaits: and the next delivery finds a writer.
func TestAPanicIsAnErrorForWhoeverWaits(t *testing.T) {
	w := newWorld(t)
	mend := w.BreakIntake()
	for range 3 {
		if err := w.Receive(t.Context(), delivery("x")); err == nil {
			t.Fatal("stored nowhere, and no error")
		}
	}
	mend()
	w.must(w.Receive(t.Context(), delivery("x")))
}
