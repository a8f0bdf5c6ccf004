//go:build slow

package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/countersign/countersign/sql/cutproxy"
)

// wire puts a proxy between the service and its database, through which every
// statement passes as it is written.
func (w *world) wire() *cutproxy.Proxy {
	w.Helper()
	part := func(name string) string {
		return regexp.MustCompile(name + `='?([^' ]+)`).FindStringSubmatch(w.db.AppDSN)[1]
	}
	p, err := cutproxy.Listen("unix", filepath.Join(part("host"), ".s.PGSQL."+part("port")))
	w.must(err)
	w.Cleanup(p.Close)
	at := mustURL(w, "tcp://"+p.Addr())
	through := regexp.MustCompile(`host='[^']*' port='?\d+'?`).ReplaceAllString(w.db.AppDSN, fmt.Sprintf("host=%s port=%s", at.Hostname(), at.Port()))
	if through == w.db.AppDSN {
		w.Fatalf("the proxy cannot be put into a connection string of this form: %s", (&url.URL{Path: part("host")}).Path)
	}
	w.write("database.url", through+"\n")
	w.seams.unprepared = true
	return p
}

// statements is one of each class that changes something. All but River's own
// are in a transaction, where it is the COMMIT that matters.
func statements() map[string]cutproxy.Cut {
	return map[string]cutproxy.Cut{
		"a delivery is stored":    {Pattern: "-- name: ReceiveDeliveries", Then: "COMMIT"},
		"a page with its cursor":  {Pattern: "-- name: UpsertCursor", Then: "COMMIT"},
		"a delivery is decided":   {Pattern: "-- name: DecideDelivery", Then: "COMMIT"},
		"a hold is opened":        {Pattern: "-- name: InsertHold", Then: "COMMIT"},
		"a hold is changed":       {Pattern: "-- name: UpdateHold", Then: "COMMIT"},
		"intents are announced":   {Pattern: "-- name: InsertIntent", Then: "COMMIT"},
		"a call is marked":        {Pattern: "-- name: TryIntent", Then: "COMMIT"},
		"an outcome is written":   {Pattern: "-- name: InsertOutcome", Then: "COMMIT"},
		"a message is planned":    {Pattern: "-- name: InsertNotice", Then: "COMMIT"},
		"a message was sent":      {Pattern: "-- name: InsertAttempt", Then: "COMMIT"},
		"the audit log grows":     {Pattern: "-- name: QueueEntries", Then: "COMMIT"},
		"jobs are queued":         {Pattern: "river.countersign_enqueue", Then: "COMMIT"},
		"jobs are fetched":        {Pattern: "FROM river.countersign_fetch", Turns: 1},
		"jobs are done":           {Pattern: "JobSetStateIfRunningMany", Turns: 1},
		"others are told":         {Pattern: "pg_notify", Turns: 1},
		"a runner says it lives":  {Pattern: "countersign_runner", Then: "COMMIT"},
		"a statement, not COMMIT": {Pattern: "-- name: UpdateHold", Turns: 1},
	}
}

// H3: the connection to the database breaks at every class of statement: before
// it, and, what is worse, between its execution and its answer. Nothing is lost
// and nothing is done twice.
func TestH3CutAtEveryStatement(t *testing.T) {
	t.Parallel()
	moments := []cutproxy.Moment{cutproxy.Answer}
	if soak {
		moments = append(moments, cutproxy.Request)
	}
	cuts := statements()
	w := newWorld(t, crowded(len(cuts)*len(moments)))
	wire := w.wire()
	w.start()
	w.baselined()
	w.registerHooks()
	n := 0
	for name, cut := range cuts {
		for _, moment := range moments {
			cut.Moment = moment
			struck := len(wire.Journal())
			wire.Arm(cut)
			w.storm(n, n+1)
			ctx, cancel := context.WithTimeout(t.Context(), waiting)
			if got := wire.Struck(ctx, struck+1); len(got) == struck {
				t.Errorf("%s: the connection was not cut at the %s", name, moment)
			}
			cancel()
			n++
		}
	}
	w.allContained(n)
	w.whole()
	// Each cut can take the record of one message that was accepted.
	again := 0
	for _, copies := range w.copies() {
		again += copies - 1
	}
	if again > n {
		t.Errorf("E10: %d mails were sent again after %d cuts", again, n)
	}
	w.stop() // before the proxy
	noted(fmt.Sprintf("the connection cut %d times: changes lost, calls doubled", n), "0, 0", "0, 0")
}
