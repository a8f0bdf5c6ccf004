//go:build slow

package main

import (
	"net/mail"
	"strings"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/sql/cutproxy"
	"github.com/countersign/countersign/sql/pgstore"
)

// front is a fixed address for a service that comes back under another one after
// each of its deaths, as a load balancer's is.
func (w *world) front() *cutproxy.Proxy {
	w.Helper()
	p, err := cutproxy.Listen("tcp", "127.0.0.1:1")
	w.must(err)
	w.Cleanup(p.Close)
	return p
}

// whole proves, once everything has come to rest, that nothing was lost and
// nothing is half done: I1, I3, I5.
func (w *world) whole() {
	w.Helper()
	w.settled()
	for _, id := range w.column(`SELECT intent_id::text FROM intents i WHERE NOT EXISTS
		(SELECT FROM outcomes o WHERE (o.tenant_id, o.intent_id) = (i.tenant_id, i.intent_id))`) {
		w.Errorf("I3: the intent %s has no outcome", id)
	}
	if n := w.count("SELECT count(*) FROM deliveries WHERE decided_at IS NULL"); n > 0 {
		w.Errorf("I1: %d deliveries are not decided", n)
	}
	for _, e := range w.seen {
		if n := w.count("SELECT count(*) FROM events WHERE event_id = $1", e.UUID); n != 1 {
			w.Errorf("I1: the event %s of type %s is stored %d times", e.UUID, e.EventType, n)
		}
	}
	for _, twice := range w.column(`SELECT event_id || ' of ' || subject_id FROM event_verdicts WHERE verdict = 'hold'
		GROUP BY event_id, subject_id HAVING count(DISTINCT hold_id) <> 1`) {
		w.Errorf("I1: the event %s is not exactly one hold", twice)
	}
	for _, job := range w.column("SELECT kind || ' ' || args::text || ' ' || state FROM river.river_job WHERE state IN ('discarded', 'cancelled')") {
		w.Errorf("a job was given up: %s", job)
	}
	report, err := pgstore.VerifyAudit(w.Context(), w.db.OwnerDSN, audit.Options{})
	w.must(err)
	if !report.OK() {
		w.Errorf("I5: the audit log does not verify: %s", report)
	}
}

// copies counts, by Message-ID and recipient, the mails that arrived.
func (w *world) copies() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, m := range w.mail.Mails() {
		parsed, err := mail.ReadMessage(strings.NewReader(m.Raw))
		w.must(err)
		out[parsed.Header.Get("Message-Id")+" to "+strings.Join(m.To, ",")]++
	}
	return out
}
