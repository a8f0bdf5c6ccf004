package intake_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// full says of one connection that too much of it waits.
func full(conn holds.ConnectionID) func(*intake.Options) {
	return func(o *intake.Options) {
		o.Saturated = func(tenant holds.TenantID, c holds.ConnectionID) bool { return tenant == "acme" && c == conn }
	}
}

// TestB10AnAuthenticatedFloodIsAskedToWait: by a 503 with a Retry-After, before
// the body is sent; everybody else is served as ever.
func TestB10AnAuthenticatedFloodIsAskedToWait(t *testing.T) {
	t.Parallel()
	e := open(t, full("acme-okta"))
	r := e.say(t, "POST /hooks/okta/acme-okta HTTP/1.1\nHost: gate.example\nContent-Type: application/json\nAuthorization: "+acmeSecret+
		"\nContent-Length: 1000\nExpect: 100-continue\n\n")
	problem(t, r, http.StatusServiceUnavailable)
	if r.header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
	}
	for range 50 {
		problem(t, e.deliver(t, event("e-1")), http.StatusServiceUnavailable)
	}
	if n := e.count(intake.Saturated); n != 51 || len(e.store.all()) != 0 {
		t.Errorf("%d were counted as saturated, and %d are stored", n, len(e.store.all()))
	}
	if n := strings.Count(e.log.String(), "intake saturated"); n != 10 {
		t.Errorf("%d lines in the log, want the 10 of a minute", n)
	}
	problem(t, e.deliver(t, event("e-1"), "Authorization: wrong"), http.StatusUnauthorized)
	if r := e.post(t, "bolt-okta", `{"source":"https://bolt.okta.example/"}`, "X-Hook-Secret: "+bolt); r.status != http.StatusNoContent {
		t.Errorf("another connection is answered %d", r.status)
	}
	r = e.say(t, "GET /hooks/okta/acme-okta HTTP/1.1\nHost: gate.example\nConnection: close\nAuthorization: "+acmeSecret+
		"\nX-Okta-Verification-Challenge: abc\n\n")
	if r.status != http.StatusOK {
		t.Errorf("the hook's verification is answered %d", r.status)
	}
}

// TestB10NotificationsStillWakeThePoller: what Graph tells is only a hint, and
// the log that it hints at is read though the inbox is full. A stranger learns
// nothing.
func TestB10NotificationsStillWakeThePoller(t *testing.T) {
	t.Parallel()
	g := openGraph(t, full("acme-entra"))
	r := g.notify(t, "acme-entra/"+usersNonce, notifications(told(nil)))
	problem(t, r, http.StatusServiceUnavailable)
	if r.header.Get("Retry-After") != "30" || g.waker.all() != "wake acme-entra" || len(g.store.all()) != 0 {
		t.Errorf("Retry-After %q, woken %q, %d stored", r.header.Get("Retry-After"), g.waker.all(), len(g.store.all()))
	}
	if r := g.notify(t, "acme-entra/"+usersNonce, notifications(told(item{"clientState": "wrong"}))); r.status != http.StatusAccepted {
		t.Errorf("a stranger is answered %d", r.status)
	}
	if g.count(intake.Saturated) != 1 {
		t.Error("not counted once as saturated")
	}
}

// TestB9StrangersDoNotAskTheGauge: the depth is a matter of those with a
// credential.
func TestB9StrangersDoNotAskTheGauge(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	e := open(t, func(o *intake.Options) {
		o.Saturated = func(holds.TenantID, holds.ConnectionID) bool { asked.Add(1); return false }
	})
	e.deliver(t, event("e-1"), "Authorization: wrong")
	e.post(t, "nobody", event("e-1"), "Authorization: "+acmeSecret)
	if asked.Load() != 0 {
		t.Error("a stranger made it look")
	}
	if r := e.deliver(t, event("e-1")); r.status != http.StatusNoContent || asked.Load() != 1 {
		t.Errorf("got %d; asked %d times", r.status, asked.Load())
	}
}
