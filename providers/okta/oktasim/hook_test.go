package oktasim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ear is a hook endpoint that notes what it hears and answers as told.
type ear struct {
	*httptest.Server
	mu      sync.Mutex
	posts   []post
	answers []int // statuses of the next answers; then 204
	silent  chan struct{}
	deaf    bool // answers verification wrongly
}

type post struct {
	header http.Header
	body   map[string]any
	types  []string
}

func newEar(t *testing.T) *ear {
	e := &ear{}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *ear) serve(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v := r.Header.Get("X-Okta-Verification-Challenge"); r.Method == http.MethodGet {
		if e.deaf {
			v = "something else"
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"verification": v})
		return
	}
	raw, _ := io.ReadAll(r.Body)
	p := post{header: r.Header.Clone()}
	_ = json.Unmarshal(raw, &p.body)
	for _, x := range p.body["data"].(map[string]any)["events"].([]any) {
		p.types = append(p.types, x.(map[string]any)["eventType"].(string))
	}
	e.posts = append(e.posts, p)
	status := http.StatusNoContent
	if len(e.answers) > 0 {
		status, e.answers = e.answers[0], e.answers[1:]
	}
	if status == 0 { // no answer in time
		e.mu.Unlock()
		<-e.silent
		e.mu.Lock()
		return
	}
	w.WriteHeader(status)
}

func (e *ear) heard() []post {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.posts)
}

func (e *ear) answer(statuses ...int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answers = statuses
}

// hooked is a rig with a verified hook.
func hooked(t *testing.T, opt Options) (*rig, *ear, string) {
	t.Helper()
	e := newEar(t)
	r := newRig(t, opt)
	id, err := r.RegisterHook(HookTarget{URL: e.URL, Secret: "the secret"})
	if err != nil {
		t.Fatal(err)
	}
	return r, e, id
}

// settled waits until all deliveries are done.
func (r *rig) settled() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Delivered(ctx); err != nil {
		r.t.Fatalf("deliveries did not settle: %v", err)
	}
}

func TestDeliveryEnvelope(t *testing.T) {
	r, e, id := hooked(t, Options{})
	told, err := r.HelpDeskResetsFactors(HelpDesk, Payroll)
	if err != nil {
		t.Fatal(err)
	}
	r.settled()
	posts := e.heard()
	if len(posts) != 1 || len(posts[0].types) != len(told.Events) {
		t.Fatalf("%d posts %v; the events of one moment belong into one", len(posts), posts)
	}
	p := posts[0]
	for key, want := range map[string]string{"Authorization": "the secret", "User-Agent": "Okta-Integrations", "Content-Type": "application/json"} {
		if p.header.Get(key) != want {
			t.Errorf("%s: %q, want %q", key, p.header.Get(key), want)
		}
	}
	for key, want := range map[string]any{
		"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1", "contentType": "application/json",
		"source": r.url + "/api/v1/eventHooks/" + id,
	} {
		if p.body[key] != want {
			t.Errorf("%s: %v, want %v", key, p.body[key], want)
		}
	}
	event := p.body["data"].(map[string]any)["events"].([]any)[0].(map[string]any)
	if event["insertionTimestamp"] == nil || event["client"].(map[string]any)["ipChain"] == nil || event["client"].(map[string]any)["zone"] != "null" {
		t.Errorf("event extras: %v", event)
	}
	if event["uuid"] != told.Events[0].UUID || len(p.body["eventId"].(string)) != 36 {
		t.Errorf("uuid %v, eventId %v", event["uuid"], p.body["eventId"])
	}
}

// TestLogOnlyEventsAreNeverDelivered: the reason a poller is a must.
func TestLogOnlyEventsAreNeverDelivered(t *testing.T) {
	r, e, _ := hooked(t, Options{})
	if _, err := r.AdminExpiresPassword(HelpDesk, Payroll); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ChangesRecoveryEmail(Payroll, Payroll, "x@elsewhere.example"); err != nil {
		t.Fatal(err)
	}
	r.settled()
	for _, p := range e.heard() {
		if !slices.Equal(p.types, []string{"user.account.update_profile"}) {
			t.Errorf("delivered %v", p.types)
		}
	}
	if got := r.last(3); !slices.Equal(got, []string{"user.account.expire_password", "user.account.update_profile", "user.account.update_secondary_email"}) {
		t.Errorf("log %v", got)
	}
}

// TestDeliveryRetries: one retry on 5xx and timeout, none on 4xx, and a failure
// is told in the log only.
func TestDeliveryRetries(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int
		tries   int
		failed  bool
	}{
		{"204", nil, 1, false},
		{"200", []int{200}, 1, false},
		{"503 then 204", []int{503}, 2, false},
		{"503 twice", []int{503, 503}, 2, true},
		{"400", []int{400}, 1, true},
		{"401", []int{401}, 1, true},
		{"307 is not followed", []int{307}, 1, true},
		{"silence then 204", []int{0}, 2, false},
		{"silence twice", []int{0, 0}, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			timeout := 30 * time.Second // out of the way of a slow machine
			if slices.Contains(c.answers, 0) {
				timeout = 150 * time.Millisecond
			}
			r, e, _ := hooked(t, Options{HookTimeout: timeout})
			e.silent = make(chan struct{})
			t.Cleanup(func() { close(e.silent) })
			e.answer(c.answers...)
			if _, err := r.Suspends(ITLead, Engineer); err != nil {
				t.Fatal(err)
			}
			r.settled()
			d := r.Deliveries()
			if len(d) != 1 || d[0].Tries != c.tries || len(e.heard()) != c.tries || (d[0].Failure != "") != c.failed {
				t.Errorf("deliveries %+v, heard %d, want %d tries, failed %v", d, len(e.heard()), c.tries, c.failed)
			}
			if got := r.last(1)[0] == "event_hook.delivery"; got != c.failed {
				t.Errorf("the log tells a failure: %v, want %v", got, c.failed)
			}
		})
	}
}

func TestHookLifecycle(t *testing.T) {
	e := newEar(t)
	r := newRig(t, Options{})
	const hooks = "/api/v1/eventHooks"
	suspend := func() int {
		if _, err := r.Suspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Unsuspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		r.settled()
		return len(e.heard())
	}
	type wire struct {
		ID, Status, VerificationStatus string
		Channel                        struct {
			Config struct{ AuthScheme map[string]string }
		}
	}
	var h wire
	r.call(200, "POST", hooks, hookJSON(e.URL, "user.lifecycle.suspend")).decode(t, &h)
	if h.VerificationStatus != "UNVERIFIED" || h.Channel.Config.AuthScheme["value"] != "" {
		t.Fatalf("created %+v: must be unverified and not show its secret", h)
	}
	if n := suspend(); n != 0 {
		t.Fatalf("an unverified hook delivered %d times", n)
	}
	e.deaf = true
	if got := r.call(400, "POST", hooks+"/"+h.ID+"/lifecycle/verify", nil).code(); got != "E0000001" {
		t.Errorf("code %s", got)
	}
	e.deaf = false
	r.call(200, "POST", hooks+"/"+h.ID+"/lifecycle/verify", nil).decode(t, &h)
	if n := suspend(); h.VerificationStatus != "VERIFIED" || n != 1 {
		t.Fatalf("verified hook %+v delivered %d times", h, n)
	}
	if got := e.heard()[0].header.Get("X-Tenant"); got != "nordwind" {
		t.Errorf("extra header %q", got)
	}
	t.Run("a renamed hook stays verified, a rotated secret does not", func(t *testing.T) {
		body := hookJSON(e.URL, "user.lifecycle.suspend")
		body["name"] = "Another name"
		config := body["channel"].(map[string]any)["config"].(map[string]any)
		delete(config["authScheme"].(map[string]any), "value")
		r.call(200, "PUT", hooks+"/"+h.ID, body).decode(t, &h)
		if h.VerificationStatus != "VERIFIED" {
			t.Error("renaming lost the verification")
		}
		config["authScheme"].(map[string]any)["value"] = "another secret"
		r.call(200, "PUT", hooks+"/"+h.ID, body).decode(t, &h)
		if n := suspend(); h.VerificationStatus != "UNVERIFIED" || n != 1 {
			t.Errorf("after rotation: %s, %d deliveries", h.VerificationStatus, n)
		}
	})
	t.Run("switched off it is told by the log alone", func(t *testing.T) {
		if _, err := r.DeactivatesHook(ITLead, h.ID); err != nil {
			t.Fatal(err)
		}
		if got := r.last(1)[0]; got != "event_hook.deactivated" {
			t.Errorf("event %s", got)
		}
	})
	t.Run("deleted only when inactive", func(t *testing.T) {
		r.call(200, "POST", hooks+"/"+h.ID+"/lifecycle/activate", nil)
		r.call(400, "DELETE", hooks+"/"+h.ID, nil)
		r.call(200, "POST", hooks+"/"+h.ID+"/lifecycle/deactivate", nil)
		r.call(204, "DELETE", hooks+"/"+h.ID, nil)
		r.call(404, "GET", hooks+"/"+h.ID, nil)
		r.call(404, "POST", hooks+"/"+h.ID+"/lifecycle/verify", nil)
	})
	t.Run("refusals at creation", func(t *testing.T) {
		r.call(400, "POST", hooks, hookJSON("http://hooks.example/okta", "user.lifecycle.suspend"))
		r.call(400, "POST", hooks, hookJSON(e.URL, "user.account.update_secondary_email"))
		r.call(400, "POST", hooks, hookJSON(e.URL))
	})
}

// TestRegisterHookAgain repoints the hook of that name instead of adding one.
func TestRegisterHookAgain(t *testing.T) {
	r, _, id := hooked(t, Options{})
	e := newEar(t)
	again, err := r.RegisterHook(HookTarget{URL: e.URL, Secret: "the secret"})
	if err != nil || again != id {
		t.Fatalf("id %s, want %s: %v", again, id, err)
	}
	if _, err := r.Suspends(ITLead, Engineer); err != nil {
		t.Fatal(err)
	}
	r.settled()
	if len(e.heard()) != 1 {
		t.Error("the new address heard nothing")
	}
	if _, err := r.RegisterHook(HookTarget{Actor: Engineer, URL: e.URL}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("an engineer registered a hook: %v", err)
	}
}
