package pgstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

const day = 24 * time.Hour

// short is the least that may be asked for.
func short() pgstore.Retention {
	return pgstore.Retention{Bodies: 7 * day, Events: 91 * day, Snapshots: 7 * day, KeepSnapshots: 2, SignIn: day, Checkpoints: 7 * day}
}

// live plays one day of an installation: a delivery that is held by somebody once
// in ten days, others that are not, one that repeats what was known, snapshots of
// two accounts, a sign-in and a checkpoint.
func (w *world) live(n int, now time.Time) {
	w.Helper()
	say := func(body string, e holds.Event, fold func(holds.Question) (holds.Answer, error)) {
		d := delivery(body)
		d.Received, e.Occurred = now, now
		w.must(w.Receive(w.Context(), d))
		w.drain(now, []holds.Event{e}, fold)
	}
	ignore := func(holds.Question) (holds.Answer, error) {
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record, Reason: "nothing to see"}}, nil
	}
	for i := range 3 {
		say(fmt.Sprintf("day %d.%d", n, i), event(fmt.Sprintf("evt-%d-%d", n, i), fmt.Sprintf("00uacc%d", i)), ignore)
	}
	say(fmt.Sprintf("day %d again", n), event(fmt.Sprintf("evt-%d-0", n), "00uacc0"), ignore)
	if n%10 == 5 {
		say(fmt.Sprintf("day %d held", n), event(fmt.Sprintf("held-%d", n), fmt.Sprintf("00uheld%d", n)), openOrJoin)
	}
	for _, account := range []string{"00uacc0", "00uheld5"} {
		w.must(w.SaveSnapshot(w.Context(), acme, okta, holds.Snapshot{
			Account: holds.Account{ID: account}, Status: holds.StatusActive, At: now.Add(-time.Minute),
		}))
	}
	token := [32]byte{byte(n), byte(n >> 8), 1}
	w.must(w.CreateLink(w.Context(), acme, "p1", token, now.Add(10*time.Minute), holds.BySystem("test")))
	w.must(w.CreateSession(w.Context(), holds.Session{Tenant: acme, Person: "p1", Token: token, Created: now, Expires: now.Add(12 * time.Hour)}))
	w.must(w.SaveCheckpoint(w.Context(), int64(n+1), "checkpoint", now))
}

func (w *world) sizes() string {
	w.Helper()
	var out []string
	for _, table := range []string{"deliveries", "deliveries WHERE body <> ''", "events", "event_verdicts", "snapshots", "signin_links", "sessions", "checkpoints"} {
		out = append(out, fmt.Sprintf("%s %d", table, w.count(table)))
	}
	return strings.Join(out, ", ")
}

// J15: thirty days are lived, and pruned every day as the service does. What is
// bound to a table's age does not grow any more; what a hold rests on is all
// there; and after a quarter of a year of silence only that is left.
func TestJ15ThirtyDaysLeaveNoTableWithoutBound(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO people (tenant_id, person_id, source, name) VALUES ('acme', 'p1', 'test', 'P')`)
	before := w.count("audit_leaves")
	var half string
	for n := range 30 {
		now := start.Add(time.Duration(n) * day)
		w.live(n, now)
		if _, err := w.Prune(t.Context(), now, short()); err != nil {
			t.Fatal(err)
		}
		if n == 14 {
			half = w.sizes()
		}
	}
	t.Log("after 15 days:", half)
	t.Log("after 30 days:", w.sizes())
	for what, most := range map[string]int{
		"deliveries WHERE body <> ''": 8*4 + 3, "signin_links": 3, "sessions": 3, "checkpoints": 9,
		"snapshots WHERE account_id = '00uacc0'": 9,
		// Repetitions told nothing new: their rows go with their bodies.
		"deliveries": 30*3 + 8 + 3 + 1,
	} {
		if n := w.count(what); n > most {
			t.Errorf("%d rows of %s, want at most %d", n, what, most)
		}
	}
	if n := w.count("events"); n != 30*3+3 {
		t.Errorf("%d events: their keys are to be known for 91 days", n)
	}
	if n := w.count("snapshots WHERE account_id = '00uheld5'"); n != 30 {
		t.Errorf("%d snapshots of an account that is still held", n)
	}

	later := start.Add(200 * day)
	if _, err := w.Prune(t.Context(), later, short()); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]int{
		"events": 3, "event_verdicts": 3, "deliveries": 3, "deliveries WHERE body <> ''": 3, "holds": 3,
		"signin_links": 0, "sessions": 0, "checkpoints": 1, "snapshots WHERE account_id = '00uacc0'": 2,
	} {
		if n := w.count(what); n != want {
			t.Errorf("%d rows of %s, want %d", n, what, want)
		}
	}
	if w.count("audit_leaves") <= before {
		t.Error("the audit log is to grow only")
	}
	for _, n := range []int{5, 15, 25} {
		list, err := w.Queue(t.Context(), acme, holds.Filter{Subject: fmt.Sprintf("00uheld%d", n)})
		if err != nil || len(list) != 1 {
			t.Fatal(len(list), err)
		}
		if v, err := w.View(t.Context(), list[0].Key); err != nil || len(v.Hold.Events) != 1 {
			t.Errorf("a hold is not whole: %v", err)
		}
	}
}

// J15: within the quarter in which a provider may tell it again, a repetition of
// what was pruned of its body is still recognised.
func TestJ15ARepetitionIsRecognisedAfterItsBodyIsGone(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO people (tenant_id, person_id, source, name) VALUES ('acme', 'p1', 'test', 'P')`)
	w.live(0, start)
	now := start.Add(89 * day)
	if p, err := w.Prune(t.Context(), now, short()); err != nil || p.Bodies != 3 || p.Events != 0 || p.Deliveries != 1 {
		t.Fatal(p, err)
	}
	w.must(w.Receive(t.Context(), delivery("again")))
	w.drain(now, []holds.Event{event("evt-0-0", "00uacc0")}, func(holds.Question) (holds.Answer, error) {
		t.Error("it was taken for new")
		return holds.Answer{}, nil
	})
}

// J15: what waits or failed is nobody's to delete, however old, nor is the
// before-image of a hold that is over.
func TestJ15WhatIsNotDecidedStays(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.must(w.Receive(t.Context(), delivery("x")))
	}
	w.exec(`UPDATE deliveries SET failed_at = now() WHERE delivery_id = (SELECT min(delivery_id) FROM deliveries)`)
	w.exec(`INSERT INTO snapshots (tenant_id, connection_id, account_id, taken_at, document)
		SELECT 'acme', $1, '00uover', $2::timestamptz + n * interval '1 hour', '{}' FROM generate_series(-5, 5) n`, string(okta), start)
	h := w.held("00uover")
	w.exec(`UPDATE holds SET state = 'released', containment = 'none', closed_at = now() WHERE hold_id = $1`, string(h.ID))
	if _, err := w.Prune(t.Context(), start.Add(400*day), short()); err != nil {
		t.Fatal(err)
	}
	if n := w.count("deliveries WHERE decided_at IS NULL AND body <> ''"); n != 1 {
		t.Errorf("%d of the failed are left", n) // the other two were decided with the hold's
	}
	if n := w.count("snapshots"); n != 3 {
		t.Errorf("%d snapshots, want the two newest and the one before the change", n)
	}
}

// J15, J2: the application cannot delete by itself, cannot ask for less than the
// least, and the audit log has no way at all.
func TestJ15TheApplicationCannotDeleteWhatIsYoung(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(2), []holds.Event{event("evt-young", "00uy")}, openOrJoin)
	w.exec(`UPDATE deliveries SET received_at = now() - interval '6 days'`)
	w.exec(`INSERT INTO checkpoints VALUES (1, now() - interval '6 days', 'x'), (2, now(), 'y')`)
	app := w.sql(w.db.AppDSN)
	for _, call := range []string{
		`SELECT prune_deliveries(0, now() + interval '1 year', now() + interval '1 year', 1000)`,
		`SELECT prune_snapshots('', '', '', now() + interval '1 year', 0, 1000)`,
		`SELECT prune_checkpoints(now() + interval '1 year', 1000)`,
		`SELECT prune_signin(now() + interval '1 year', 1000)`,
	} {
		if _, err := app.ExecContext(t.Context(), call); err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	if w.count("events") != 1 || w.count("deliveries WHERE body <> ''") != 1 || w.count("checkpoints") != 2 {
		t.Error("something young was deleted:", w.sizes())
	}
	for _, table := range []string{"deliveries", "events", "event_verdicts", "snapshots", "holds", "intents", "outcomes", "decisions", "evidence", "notices", "notice_attempts", "notes", "sessions", "signin_links", "checkpoints", "audit_leaves", "audit_hashes"} {
		for _, verb := range []string{"DELETE FROM ", "TRUNCATE "} {
			if _, err := app.ExecContext(t.Context(), verb+table); err == nil || !strings.Contains(err.Error(), "42501") && !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s%s: %v", verb, table, err)
			}
		}
	}
	for _, update := range []string{`UPDATE audit_leaves SET body = ''`, `UPDATE audit_hashes SET hash = ''`, `UPDATE deliveries SET received_at = now()`, `UPDATE installation SET epoch = 9`} {
		if _, err := app.ExecContext(t.Context(), update); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", update, err)
		}
	}
}

func TestJ15RetentionIsNotTooShort(t *testing.T) {
	if err := pgstore.DefaultRetention().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*pgstore.Retention){
		"bodies": func(r *pgstore.Retention) { r.Bodies = 6 * day }, "events": func(r *pgstore.Retention) { r.Events = 90 * day },
		"events before bodies": func(r *pgstore.Retention) { r.Bodies = 101 * day }, "snapshots": func(r *pgstore.Retention) { r.KeepSnapshots = 0 },
		"sessions": func(r *pgstore.Retention) { r.SignIn = time.Hour }, "nothing": func(r *pgstore.Retention) { *r = pgstore.Retention{} },
	} {
		r := pgstore.DefaultRetention()
		if spoil(&r); holds.KindOf(r.Check()) != holds.Invalid {
			t.Errorf("%s: %v", name, r.Check())
		}
	}
}
