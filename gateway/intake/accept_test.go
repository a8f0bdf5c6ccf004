package intake_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

func TestDeliveryIsStoredAsItCame(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	body := event("e-1")
	r := e.deliver(t, body, "X-Forwarded-For: 203.0.113.9")
	if r.status != http.StatusNoContent || r.body != "" {
		t.Fatalf("got %d %q, want an empty 204", r.status, r.body)
	}
	want := holds.Delivery{
		Tenant: "acme", Connection: "acme-okta", Source: holds.FromHook, Envelope: "e-1",
		Body: []byte(body), Digest: sha256.Sum256([]byte(body)), Received: noon(), Peer: "127.0.0.1", Secret: "current",
	}
	if diff := cmp.Diff(want, e.store.only(t)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if e.count(intake.Accepted) != 1 {
		t.Error("the delivery was not counted")
	}
}

func TestA15SpoofedAddressDoesNotReachTheDelivery(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	e.deliver(t, event("e-1"), "X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9", "Forwarded: for=203.0.113.9")
	if got := e.store.only(t).Peer; got != "127.0.0.1" {
		t.Errorf("the peer is %q", got)
	}
	e.deliver(t, event("e-2"), "Authorization: wrong", "X-Forwarded-For: 203.0.113.9")
	if log := e.log.String(); strings.Contains(log, "203.0.113.9") || !strings.Contains(log, "peer=127.0.0.1") {
		t.Errorf("the security log believes the caller:\n%s", log)
	}
}

func TestI9No204WithoutACommit(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*fakeStore){
		"down":                        func(s *fakeStore) { s.failBefore = errDown },
		"stored, but the reply lost":  func(s *fakeStore) { s.failAfter = errDown },
		"invalid, says the store":     func(s *fakeStore) { s.failBefore = holds.Refuse(holds.Invalid, "a NUL") },
		"not found, says the store":   func(s *fakeStore) { s.failBefore = holds.Refuse(holds.NotFound, "no tenant") },
		"forbidden, says the store":   func(s *fakeStore) { s.failBefore = holds.Refuse(holds.Forbidden, "no") },
		"slower than Okta would wait": func(s *fakeStore) { s.release = make(chan struct{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t, func(o *intake.Options) { o.StoreTimeout = 50 * time.Millisecond })
			breakIt(e.store)
			r := e.deliver(t, event("e-1"))
			problem(t, r, http.StatusServiceUnavailable)
			if r.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if e.count(intake.NotStored) != 1 {
				t.Error("the loss was not counted")
			}
		})
	}
}

func TestCallerWhoHangsUpDoesNotUndoTheCommit(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	e.store.entered, e.store.release = make(chan struct{}), make(chan struct{})
	ctx, hangUp := contextWithCancel()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.Addr()+"/hooks/okta/acme-okta", strings.NewReader(event("e-1")))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", acmeSecret)
		req.Header.Set("Content-Type", "application/json")
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	<-e.store.entered
	hangUp()
	<-gone
	close(e.store.release)
	e.stop()
	<-e.done // the shutdown waits for the handler
	e.store.only(t)
}

func TestEveryConnectionHasItsOwnPlaces(t *testing.T) {
	t.Parallel()
	e := open(t, func(o *intake.Options) { o.MaxInFlight, o.StoreTimeout = 1, 10*time.Second })
	e.store.entered, e.store.release = make(chan struct{}, 4), make(chan struct{})
	first := make(chan int, 1)
	go func() {
		r, err := e.try(script("acme-okta", "Authorization: "+acmeSecret, event("e-1")), nil)
		if err != nil {
			t.Error(err)
		}
		first <- r.status
	}()
	<-e.store.entered
	r := e.deliver(t, event("e-2"))
	problem(t, r, http.StatusServiceUnavailable)
	if e.count(intake.Busy) != 1 {
		t.Error("not counted as busy")
	}
	other := make(chan int, 1)
	go func() {
		r, err := e.try(script("bolt-okta", "X-Hook-Secret: "+bolt, `{"source":"https://bolt.okta.example/"}`), nil)
		if err != nil {
			t.Error(err)
		}
		other <- r.status
	}()
	<-e.store.entered // the other tenant is not kept out
	close(e.store.release)
	if a, b := <-first, <-other; a != 204 || b != 204 {
		t.Errorf("got %d and %d", a, b)
	}
}

// script is a whole delivery as text.
func script(connection, credential, body string) string {
	return fmt.Sprintf("POST /hooks/okta/%s HTTP/1.1\nHost: gate.example\nConnection: close\nContent-Type: application/json\n%s\nContent-Length: %d\n\n%s",
		connection, credential, len(body), body)
}
