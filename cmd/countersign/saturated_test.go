package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// B10: when more deliveries wait to be decided than may, the provider is asked to
// wait, people see it beside the connection, and when they are decided deliveries
// are taken again.
func TestB10TheServiceAsksToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, edit: func(l *layout) {
		l.swap("console:\n", "intake:\n  max_waiting_per_connection: 100\nconsole:\n")
	}})
	knock := func() int {
		o := w.orgs[0]
		status, _ := w.knock(w.hookURL(o), envelope(o), header("Authorization", o.secret))
		return status
	}
	if status := knock(); status != http.StatusNoContent {
		t.Fatalf("answered %d although nothing waits", status)
	}
	w.exec(`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at, retry_at)
		SELECT $1, $2, 'hook', '\x00', decode(repeat('00', 32), 'hex'), now(), now() + interval '1 day' FROM generate_series(1, 100)`,
		string(tenant), string(connection))
	w.until("deliveries to be refused", func() (bool, string) {
		return knock() == http.StatusServiceUnavailable, "all are taken"
	})
	if p := w.reviewer(oktasim.Reviewer).get("/"); !strings.Contains(p.words(), "intake saturated") {
		t.Errorf("the console does not tell of it:\n%s", p.words())
	}
	w.exec(`UPDATE deliveries SET decided_at = now() WHERE retry_at IS NOT NULL`)
	w.until("deliveries to be taken again", func() (bool, string) {
		return knock() == http.StatusNoContent, "all are refused"
	})
}
