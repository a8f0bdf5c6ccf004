package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// pages is a store that can fail before and after it has stored.
type pages struct {
	mu            sync.Mutex
	cursor        string
	bodies        [][]byte
	appends       int
	before, after error
	appended      chan struct{}
}

func (p *pages) Cursor(context.Context, holds.TenantID, holds.ConnectionID) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cursor, nil
}

func (p *pages) AppendPage(_ context.Context, d holds.Delivery, cursor string, _ time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.before != nil {
		return p.before
	}
	p.appends++
	p.cursor = cursor
	if len(d.Body) > 0 {
		p.bodies = append(p.bodies, d.Body)
	}
	if p.appended != nil {
		p.appended <- struct{}{}
	}
	return p.after
}

// uuids are the events stored so far, each as often as it was stored.
func (p *pages) uuids(t *testing.T) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, b := range p.bodies {
		var events []struct{ UUID string }
		if err := json.Unmarshal(b, &events); err != nil {
			t.Fatalf("a stored page is not what came: %v", err)
		}
		for _, e := range events {
			out = append(out, e.UUID)
		}
	}
	return out
}

// drain reads until the log is at its end.
func drain(t *testing.T, p *Poller) {
	t.Helper()
	for {
		more, err := p.Once(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func wanted(o *org) []string {
	var out []string
	for _, e := range o.Log() {
		if hasPrefix(e.EventType, prefixes()) {
			out = append(out, e.UUID)
		}
	}
	return out
}

func TestPollerReadsEveryEventOnce(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	store := &pages{}
	p := o.NewPoller(PollerOptions{Pages: store, Limit: 2})
	drain(t, p)
	for range 3 {
		told, err := o.HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.FinanceLead)
		story(t, told, err)
		told, err = o.ChangesRecoveryEmail(oktasim.FinanceLead, oktasim.FinanceLead, fmt.Sprintf("new%d@evil.example", len(o.Log())))
		story(t, told, err)
		told, err = o.EnrolsFactor(oktasim.FinanceLead, "webauthn", "a key")
		story(t, told, err)
		drain(t, p)
	}
	want := wanted(o)
	if got := store.uuids(t); !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("stored %d events, the log has %d of interest", len(got), len(want))
	}
	// A restart goes on where the durable cursor stands.
	told, err := o.HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer)
	story(t, told, err)
	drain(t, o.NewPoller(PollerOptions{Pages: store, Limit: 2}))
	if got := store.uuids(t); !slices.Equal(got, wanted(o)) {
		t.Errorf("after a restart %d events are stored, the log has %d", len(got), len(wanted(o)))
	}
}

// The recovery e-mail change and the end of our own hook never reach a hook.
func TestPollerSeesWhatHooksNeverDeliver(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	store := &pages{}
	p := o.NewPoller(PollerOptions{Pages: store})
	drain(t, p)
	told, err := o.ChangesRecoveryEmail(oktasim.FinanceLead, oktasim.FinanceLead, "new@evil.example")
	story(t, told, err)
	told, err = o.LeavesGroup(oktasim.ITLead, oktasim.Engineer, oktasim.HelpDeskGroup)
	story(t, told, err)
	told, err = o.JoinsGroup(oktasim.ITLead, oktasim.Engineer, oktasim.RestraintGroup)
	story(t, told, err)
	drain(t, p)
	var types []string
	for _, b := range store.bodies {
		for _, e := range o.Decode(delivery(holds.FromPoller, b)) {
			types = append(types, e.Type+" "+string(e.Class))
		}
	}
	for _, want := range []string{"user.account.update_secondary_email recovery_change", "user.account.update_profile recovery_change", "group.user_membership.add tamper"} {
		if !slices.Contains(types, want) {
			t.Errorf("%s is missing from %q", want, types)
		}
	}
}

// A late event becomes visible after younger ones: reading by time would skip it.
func TestPollerFindsLateEvents(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	store := &pages{}
	p := o.NewPoller(PollerOptions{Pages: store})
	drain(t, p)
	o.Switch(func(s *oktasim.Switches) { s.LogDelay = oktasim.Duration(200 * time.Millisecond) })
	told, err := o.HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.FinanceLead)
	story(t, told, err)
	o.Switch(func(s *oktasim.Switches) { s.LogDelay = 0 })
	told, err = o.HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer)
	story(t, told, err)
	until := time.Now().Add(10 * time.Second)
	for len(store.uuids(t)) < len(told.Events)*2 && time.Now().Before(until) {
		drain(t, p)
	}
	if got, want := store.uuids(t), wanted(o); !slices.Equal(got, want) {
		t.Errorf("stored %d of %d", len(got), len(want))
	}
}

func TestPollerStoresBeforeItMovesOn(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	store := &pages{}
	p := o.NewPoller(PollerOptions{Pages: store})
	drain(t, p)
	told, err := o.HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.FinanceLead)
	story(t, told, err)
	store.before = errors.New("disk full")
	if _, err := p.Once(t.Context()); err == nil {
		t.Error("a page that was not stored counts as read")
	}
	store.before, store.after = nil, errors.New("the answer to COMMIT was lost")
	if _, err := p.Once(t.Context()); err == nil {
		t.Error("an unknown commit counts as done")
	}
	store.after = nil
	drain(t, p)
	got := store.uuids(t)
	for _, id := range wanted(o) {
		if !slices.Contains(got, id) {
			t.Errorf("%s is lost", id)
		}
	}
}

// logServer answers the log's requests in turn.
func logServer(t *testing.T, answers ...http.HandlerFunc) (*Client, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/json")
		answers[min(len(asked), len(answers))-1](w, r)
	}))
	t.Cleanup(srv.Close)
	o := options()
	o.OrgURL, o.Loopback = srv.URL, true
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

func page(body string, links ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, l := range links {
			w.Header().Add("Link", l)
		}
		_, _ = w.Write([]byte(body))
	}
}

func TestG14NextLinkKeepsToTheOrigin(t *testing.T) {
	const next = `/api/v1/logs?after=1627500044869_1&filter=a%20b+c&limit=2`
	for name, c := range map[string]struct {
		links []string
		ok    bool
	}{
		"absolute":       {[]string{`<https://acme.okta.com/api/v1/logs?x=y>; rel="self"`, `<https://acme.okta.com` + next + `>; rel="next"`}, true},
		"another host":   {[]string{`<https://evil.example` + next + `>; rel="next"`}, true},
		"joined":         {[]string{`<https://a/api/v1/logs?x=y,z>; rel="self", <https://a` + next + `>; rel="next"`}, true},
		"metadata":       {[]string{`<http://169.254.169.254/latest/meta-data>; rel="next"`}, false},
		"another path":   {[]string{`<https://acme.okta.com/api/v1/users?after=1>; rel="next"`}, false},
		"climbing":       {[]string{`<https://acme.okta.com/api/v1/logs/../users?after=1>; rel="next"`}, false},
		"escaped climb":  {[]string{`<https://acme.okta.com/api/v1/logs%2f..%2fusers?after=1>; rel="next"`}, false},
		"a file":         {[]string{`<file:///etc/passwd>; rel="next"`}, false},
		"not an address": {[]string{"<\x7f>; rel=\"next\""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cl, asked := logServer(t, page(`[{"uuid":"a"}]`, c.links...), page(`[]`, c.links...))
			store := &pages{}
			p := cl.NewPoller(PollerOptions{Pages: store})
			_, err := p.Once(t.Context())
			if (err == nil) != c.ok {
				t.Fatalf("%v", err)
			}
			if !c.ok {
				if len(store.bodies) != 0 || store.cursor != "" {
					t.Error("a page with a wrong link was stored")
				}
				return
			}
			if store.cursor != next {
				t.Errorf("the cursor is %q, want the link verbatim", store.cursor)
			}
			if _, err := p.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := asked()[1]; got != next {
				t.Errorf("the second request was %q", got)
			}
		})
	}
}

func TestPollerFirstRequest(t *testing.T) {
	c, asked := logServer(t, page(`[]`, `<https://x/api/v1/logs?after=1>; rel="next"`))
	if _, err := c.NewPoller(PollerOptions{Pages: &pages{}, Lookback: 2 * time.Hour, Limit: 50}).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(asked()[0])
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("since") != "2026-11-20T10:00:02Z" || q.Get("sortOrder") != "ASCENDING" || q.Get("limit") != "50" || q.Has("until") {
		t.Errorf("the first request was %v", q)
	}
	if len(asked()[0]) > 6000 {
		t.Errorf("the request is %d characters long, more than servers take safely", len(asked()[0]))
	}
}

func TestPollerStopsAtALoop(t *testing.T) {
	for name, links := range map[string][]string{
		"next leads back": {`<https://x/api/v1/logs?after=1>; rel="next"`},
		"no next at all":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			c, asked := logServer(t, page(`[{"uuid":"a"}]`, links...))
			store := &pages{}
			p := c.NewPoller(PollerOptions{Pages: store})
			if len(links) > 0 {
				store.cursor = "/api/v1/logs?after=1"
			}
			for range 3 {
				if more, err := p.Once(t.Context()); more || err == nil {
					t.Errorf("a loop goes on: more %v, %v", more, err)
				}
			}
			// What it shows is stored all the same, once.
			if len(store.bodies) != 1 || len(asked()) != 3 {
				t.Errorf("%d pages stored of %d requests", len(store.bodies), len(asked()))
			}
		})
	}
}

func TestG5PollerRefusesOddPages(t *testing.T) {
	next := `<https://x/api/v1/logs?after=1>; rel="next"`
	for name, h := range map[string]http.HandlerFunc{
		"an object": page(`{}`, next), "not JSON": page(`[{"uuid":`, next), "nothing": page(``, next), "a number": page(`1`, next),
		"a web page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>"))
		},
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := logServer(t, h)
			store := &pages{}
			_, err := c.NewPoller(PollerOptions{Pages: store}).Once(t.Context())
			if holds.KindOf(err) != holds.Unavailable || store.appends != 0 {
				t.Errorf("%v, %d stored", err, store.appends)
			}
		})
	}
}

// The loop: a full page is followed at once, an empty one by the interval, a
// kick ends the wait, an error is reported and waited out as Okta asks.
func TestPollerRun(t *testing.T) {
	var mu sync.Mutex
	var times []time.Time
	var reports []string
	o := options()
	o.Now = time.Now
	o.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Now())
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		rec.Header().Set("Link", fmt.Sprintf(`<https://x/api/v1/logs?after=%d>; rel="next"`, len(times)))
		switch len(times) {
		case 1:
			_, _ = rec.WriteString(`[{"uuid":"a"}]`)
		case 4:
			rec.Header().Set("Retry-After", "60")
			rec.WriteHeader(http.StatusTooManyRequests)
		default:
			_, _ = rec.WriteString(`[]`)
		}
		res := rec.Result()
		res.Request = r
		return res, nil
	})
	c, err := New(o) // outside the bubble: the SDK starts a goroutine that only ends with the process
	if err != nil {
		t.Fatal(err)
	}
	p := c.NewPoller(PollerOptions{Pages: &pages{}, Interval: 7 * time.Second, Report: func(at time.Time, trouble string) {
		if (trouble == "") == at.IsZero() {
			t.Errorf("a report of %v and %q", at, trouble)
		}
		reports = append(reports, trouble)
	}})
	synctest.Test(t, func(t *testing.T) {
		p.kick = make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		<-time.After(8 * time.Second) // at 0 s a page and an empty one, at 7 s an empty one
		synctest.Wait()
		p.Kick() // at 8 s: refused for a minute
		synctest.Wait()
		p.Kick() // waits that minute too, and then has one more look taken
		<-time.After(65 * time.Second)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		var got []string
		for _, at := range times {
			got = append(got, at.Sub(start).Round(time.Second).String())
		}
		if s := strings.Join(got, " "); s != "0s 0s 7s 8s 1m8s 1m8s" {
			t.Errorf("requests at %s", s)
		}
	})
	if len(reports) != 6 || !strings.Contains(reports[3], "wait") || reports[4] != "" {
		t.Errorf("reports %q", reports)
	}
}

func TestPollerBackoff(t *testing.T) {
	p := newDecoder(t).NewPoller(PollerOptions{Pages: &pages{}})
	for failures, least := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 50: maxBackoff} {
		d := p.backoff(failures, errors.New("x"))
		if d < least || d > least+least/4 {
			t.Errorf("after %d failures it waits %v", failures, d)
		}
	}
	if d := p.backoff(1, &holds.Error{Kind: holds.Unavailable, After: time.Minute}); d != time.Minute {
		t.Errorf("Okta asked for a minute, it waits %v", d)
	}
}
