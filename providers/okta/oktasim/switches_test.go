package oktasim

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// capture is a hook endpoint without a network, for tests in fake time.
type capture struct {
	at []time.Time
}

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.at = append(c.at, time.Now())
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

func TestHookDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &capture{}
		s, err := New(Options{HookClient: &http.Client{Transport: c}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.hooks = []*hook{{id: "who1", active: true, verified: true, types: s.HookTypes(), uri: "http://127.0.0.1/"}}
		s.Switch(func(x *Switches) { x.HookDelay = Duration(time.Hour) })
		start := time.Now()
		if _, err := s.Suspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		if err := s.Delivered(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := c.at[0].Sub(start); got != time.Hour+20*time.Millisecond {
			t.Errorf("delivered after %v", got)
		}
	})
}

func TestHookDuplicates(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		r, e, _ := hooked(t, Options{})
		r.Switch(func(s *Switches) { s.HookDuplicates, s.HookDuplicatesFresh = 2, fresh })
		if _, err := r.Suspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		r.settled()
		ids := map[any]bool{}
		for _, p := range e.heard() {
			ids[p.body["eventId"]] = true
		}
		if want := map[bool]int{false: 1, true: 3}[fresh]; len(e.heard()) != 3 || len(ids) != want {
			t.Errorf("fresh %v: %d posts with %d envelope ids", fresh, len(e.heard()), len(ids))
		}
	}
}

func TestHookReorder(t *testing.T) {
	r, e, _ := hooked(t, Options{})
	r.Switch(func(s *Switches) { s.HookReorder = true })
	if _, err := r.HelpDeskResetsFactors(HelpDesk, Payroll); err != nil {
		t.Fatal(err)
	}
	r.waitFor("the first batch on the shelf", func() bool { return len(r.hooks) == 1 && r.hooks[0].shelf != nil })
	if _, err := r.Suspends(ITLead, Engineer); err != nil {
		t.Fatal(err)
	}
	r.settled()
	posts := e.heard()
	if len(posts) != 2 || posts[0].types[0] != "user.lifecycle.suspend" || posts[1].types[len(posts[1].types)-1] != "user.mfa.factor.reset_all" {
		t.Errorf("order %v", posts)
	}
	if _, err := r.Unsuspends(ITLead, Engineer); err != nil {
		t.Fatal(err)
	}
	r.waitFor("the third batch on the shelf", func() bool { return r.hooks[0].shelf != nil })
	r.Switch(func(s *Switches) { s.HookReorder = false })
	r.settled()
	if len(e.heard()) != 3 {
		t.Error("turning the switch off did not release what it held")
	}
}

// waitFor polls a condition under the lock, for what has no signal of its own.
func (r *rig) waitFor(what string, ok func() bool) {
	r.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for {
		r.mu.Lock()
		done := ok()
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestHookDrop(t *testing.T) {
	r, e, _ := hooked(t, Options{})
	step := func(want int) {
		t.Helper()
		if _, err := r.Suspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		r.settled()
		if _, err := r.Unsuspends(ITLead, Engineer); err != nil {
			t.Fatal(err)
		}
		r.settled()
		if len(e.heard()) != want {
			t.Fatalf("heard %d, want %d", len(e.heard()), want)
		}
	}
	r.Switch(func(s *Switches) { s.HookDrop = 1 })
	step(1) // the first lost, the second not
	r.Switch(func(s *Switches) { s.HookDrop = -1 })
	step(1)
	step(1)
	r.Switch(func(s *Switches) { s.HookDrop = 0 })
	step(3)
	if d := r.Deliveries(); !d[0].Dropped || d[1].Dropped {
		t.Errorf("deliveries %+v", d)
	}
	if len(r.Log()) < 8 {
		t.Error("a lost delivery must still be in the log")
	}
}

// TestFaults: every shape at both moments; the effect is there after an
// answer that was lost, and not there when the call failed before.
func TestFaults(t *testing.T) {
	const path = "/api/v1/users/" + Engineer + "/lifecycle/suspend"
	for _, when := range []When{FailBefore, FailAfter} {
		for _, how := range []How{FailStatus, FailHang, FailCut, FailHTML, FailJSON} {
			t.Run(string(when)+" "+string(how), func(t *testing.T) {
				r := newRig(t, Options{})
				if err := r.Fail(Fault{Method: "POST", Path: "/api/v1/users/*/lifecycle/suspend", When: when, How: how, Status: 503}); err != nil {
					t.Fatal(err)
				}
				r.call(200, "GET", "/api/v1/users/"+Engineer, nil) // does not match
				if how == FailHang {
					r.hangsUp(path)
				} else {
					got, err := r.try("POST", path, nil)
					switch how {
					case FailStatus:
						if got.status != 503 || got.code() != "E0000009" {
							t.Errorf("answer %d %s", got.status, got.raw)
						}
					case FailCut:
						if err == nil {
							t.Error("the connection was not cut")
						}
					case FailHTML:
						if got.status != 200 || !strings.Contains(string(got.raw), "Sign In") {
							t.Errorf("answer %d %s", got.status, got.raw)
						}
					case FailJSON:
						if got.status != 200 || !strings.Contains(string(got.raw), "unexpected") {
							t.Errorf("answer %d %s", got.status, got.raw)
						}
					}
				}
				want, applied := "ACTIVE", 0
				if when == FailAfter {
					want, applied = "SUSPENDED", 1
				}
				if got := r.status(Engineer); got != want {
					t.Errorf("status %s, want %s", got, want)
				}
				if len(r.Effects()) != applied {
					t.Errorf("effects %+v", r.Effects())
				}
				if when == FailBefore {
					r.call(200, "POST", path, nil) // once only
				}
			})
		}
	}
}

// hangsUp calls, waits until the simulator has the call, and gives up.
func (r *rig) hangsUp(path string) {
	r.t.Helper()
	before := len(r.Journal())
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", r.token)
	_, err = (&http.Client{Timeout: 200 * time.Millisecond}).Do(req)
	if err == nil {
		r.t.Error("an answer came")
	}
	r.waitFor("the call in the journal", func() bool { return len(r.journal) == before+1 })
}

func TestFaultMatching(t *testing.T) {
	r := newRig(t, Options{})
	for _, bad := range []Fault{
		{Path: "/x", How: FailCut}, {Path: "/x", When: FailBefore}, {Path: "x", When: FailBefore, How: FailCut}, {Path: "/[", When: FailBefore, How: FailCut},
	} {
		if err := r.Fail(bad); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	if err := r.Fail(Fault{Path: "/api/v1/**", Times: 2, When: FailBefore, How: FailStatus}); err != nil {
		t.Fatal(err)
	}
	r.call(500, "GET", "/api/v1/users/"+Engineer, nil)
	r.call(500, "GET", "/api/v1/logs", nil)
	r.call(200, "GET", "/api/v1/logs", nil)
	if err := r.Fail(Fault{Path: "/api/v1/**", Times: 9, When: FailBefore, How: FailStatus}); err != nil {
		t.Fatal(err)
	}
	r.Mend()
	r.call(200, "GET", "/api/v1/logs", nil)
}

func TestForcedRateLimit(t *testing.T) {
	c := newClock()
	for _, x := range []struct {
		name              string
		t                 TooMany
		reset, retryAfter string
	}{
		{"with reset", TooMany{Calls: 1, Reset: 3 * time.Second}, "1770112803", ""},
		{"without reset", TooMany{Calls: 1, NoReset: true}, "", ""},
		{"with Retry-After", TooMany{Calls: 1, Reset: 1500 * time.Millisecond, RetryAfter: true}, "1770112801", "2"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newRig(t, Options{Now: c.now})
			r.RateLimit(x.t)
			got := r.call(429, "POST", "/api/v1/users/"+Engineer+"/lifecycle/suspend", nil)
			if got.header.Get("X-Rate-Limit-Reset") != x.reset || got.header.Get("Retry-After") != x.retryAfter {
				t.Errorf("headers %v", got.header)
			}
			if r.status(Engineer) != "ACTIVE" {
				t.Error("a refused call took effect")
			}
		})
	}
}

// TestJournalAndEffects: people named by login count as themselves.
func TestJournalAndEffects(t *testing.T) {
	r := newRig(t, Options{})
	r.call(204, "DELETE", "/api/v1/users/aiko.tanaka@nordwind.example/sessions", nil)
	r.call(204, "DELETE", "/api/v1/users/"+Engineer+"/sessions", nil)
	r.call(400, "POST", "/api/v1/users/"+Engineer+"/lifecycle/unsuspend", nil)
	r.call(404, "GET", "/nowhere?client_assertion=secret", nil)
	r.call(405, "DELETE", "/api/v1/logs", nil)
	effects := r.Effects()
	if len(effects) != 1 || effects[0].Applied != 2 || effects[0].Path != "/api/v1/users/"+Engineer+"/sessions" {
		t.Errorf("effects %+v", effects)
	}
	journal := r.Journal()
	if len(journal) != 5 || journal[0].Caller != ServiceToken || strings.Contains(journal[3].Query, "secret") {
		t.Errorf("journal %+v", journal)
	}
	r.ForgetJournal()
	if len(r.Effects()) != 0 {
		t.Error("the journal was not emptied")
	}
}

func TestErrorBodyShape(t *testing.T) {
	r := newRig(t, Options{})
	var body map[string]any
	r.call(400, "POST", "/api/v1/users/"+Engineer+"/lifecycle/unsuspend", nil).decode(t, &body)
	keys := []string{}
	for k := range body {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if !slices.Equal(keys, []string{"errorCauses", "errorCode", "errorId", "errorLink", "errorSummary"}) {
		t.Errorf("keys %v", keys)
	}
	for path, code := range map[string]string{"/api/v1/nothing": "E0000008", "/api/v1/users/nobody": "E0000007"} {
		if got := r.call(404, "GET", path, nil).code(); got != code {
			t.Errorf("%s: %s, want %s", path, got, code)
		}
	}
	if got := r.call(405, "PATCH", "/api/v1/users/"+Engineer, nil).code(); got != "E0000022" {
		t.Errorf("code %s", got)
	}
}
