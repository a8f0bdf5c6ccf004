package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
)

// until looks again and again until a condition holds. ready also says how
// things stand, for the message of a test that waited in vain.
func (w *world) until(what string, ready func() (ok bool, stands string)) {
	w.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(waiting)
	defer late.Stop()
	for {
		ok, stands := ready()
		if ok {
			return
		}
		select {
		case <-late.C:
			w.Fatalf("waited in vain for %s; %s", what, stands)
		case <-tick.C:
		}
	}
}

// holdsOf is every hold of an account, oldest first.
func (w *world) holdsOf(account string) []holds.View {
	w.Helper()
	var out []holds.View
	for _, id := range w.column("SELECT hold_id::text FROM holds WHERE subject_id = $1 ORDER BY opened_at, hold_id", account) {
		v, err := w.svc().store.View(w.Context(), holds.Key{Tenant: tenant, Hold: holds.HoldID(id)})
		w.must(err)
		out = append(out, v)
	}
	return out
}

// hold waits for the newest hold of an account to satisfy a condition.
func (w *world) hold(account, what string, ready func(holds.View) bool) (v holds.View) {
	w.Helper()
	w.until(what, func() (bool, string) {
		all := w.holdsOf(account)
		if len(all) == 0 {
			return false, "there is no hold of " + account
		}
		v = all[len(all)-1]
		return ready(v), stands(v)
	})
	return v
}

// view reads a hold again.
func (w *world) view(id holds.HoldID) holds.View {
	w.Helper()
	v, err := w.svc().store.View(w.Context(), holds.Key{Tenant: tenant, Hold: id})
	w.must(err)
	return v
}

// stands is where a hold stands, in a line.
func stands(v holds.View) string {
	h := v.Hold
	var events []string
	for _, e := range h.Events {
		events = append(events, e.Type)
	}
	var intents []string
	for _, i := range v.Intents {
		intents = append(intents, fmt.Sprintf("%s %s #%d: %q", i.Purpose, i.Action.Kind, i.Round, i.Result.Status))
	}
	return fmt.Sprintf("the hold stands at %s, %s, containment %s (round %d), version %d, events %v, doubts %q, told %v, untold %q, intents %q",
		h.State, h.Standing, h.Containment, h.ContainRound, h.Version, events, h.Doubts, !h.ToldAt.IsZero(), h.Untold, intents)
}

func isContained(v holds.View) bool { return v.Hold.Standing == holds.Contained }

func inState(s holds.State) func(holds.View) bool {
	return func(v holds.View) bool { return v.Hold.State == s }
}

// settled waits until every delivery is decided and every job that can run has
// run: what did not happen until then does not happen.
func (w *world) settled() {
	w.Helper()
	w.delivered()
	w.until("everything to come to rest", func() (bool, string) {
		left := w.count("SELECT count(*) FROM deliveries WHERE decided_at IS NULL AND failed_at IS NULL")
		work := w.column("SELECT kind || ' ' || state FROM river.river_job WHERE state IN ('available', 'running', 'pending', 'retryable')" +
			" OR state = 'scheduled' AND scheduled_at < now()")
		return left == 0 && len(work) == 0, fmt.Sprintf("%d deliveries wait, jobs: %v", left, work)
	})
}

// delivered waits until the organisations have delivered what there is, and the
// poller has read the log to its end.
func (w *world) delivered() {
	w.Helper()
	for _, o := range w.orgs {
		w.must(o.Delivered(w.Context()))
		if w.layout.PollEvery == "24h" || len(w.nodes) == 0 {
			continue
		}
		// Two more readings: one may have begun before the last event.
		seen := w.reads(o)
		w.until("the log to be read", func() (bool, string) {
			n := w.reads(o)
			return n >= seen+2, fmt.Sprintf("%d readings so far", n-seen)
		})
	}
}

func (w *world) reads(o *org) int {
	n := 0
	for _, e := range o.Journal() {
		if strings.HasPrefix(e.Path, "/api/v1/logs") {
			n++
		}
	}
	return n
}

// super is the connection for whom there are no walls.
func (w *world) super() *sql.DB {
	w.Helper()
	if w.root[w.db.Name] == nil {
		c, err := pq.NewConnector(w.db.SuperDSN)
		w.must(err)
		db := sql.OpenDB(c)
		db.SetMaxOpenConns(2)
		w.Cleanup(func() { _ = db.Close() }) // the test is over
		w.root[w.db.Name] = db
	}
	return w.root[w.db.Name]
}

func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	w.logged(query)
	w.must(w.super().QueryRowContext(w.Context(), query, args...).Scan(&n))
	return n
}

func (w *world) column(query string, args ...any) (out []string) {
	w.Helper()
	w.logged(query)
	rows, err := w.super().QueryContext(w.Context(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var s string
		w.must(rows.Scan(&s))
		out = append(out, s)
	}
	w.must(rows.Err())
	return out
}

// logged lets the audit log grow by what is queued for it, before a question about
// the log.
func (w *world) logged(query string) {
	w.Helper()
	if strings.Contains(query, "audit_") {
		_, err := w.super().ExecContext(w.Context(), "SELECT sequence_audit(100000)")
		w.must(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	w.logged(query)
	_, err := w.super().ExecContext(w.Context(), query, args...)
	w.must(err)
}

// record is the service's log, kept for the message of a test that fails and for
// what must not be in it.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

func (r *record) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(r.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func (r *record) logger() *slog.Logger { return newLogger(r) }

func itoa(n int) string { return strconv.Itoa(n) }
