package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// asked is an answer of one of the newest node's listeners.
func (w *world) asked(addr, path string) (status int, body string) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+addr+path, nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(r)
	w.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	w.must(err)
	return resp.StatusCode, string(raw)
}

// metricOf is the value of one line of the metrics, -1 when it is not there.
func metricOf(metrics, line string) float64 {
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line) + ` (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return -1
	}
	return v
}

// TestJ7TheFiguresOfARunningService: what happened shows in them, on the listener
// that is theirs and on no other, and never whom it happened to.
func TestJ7TheFiguresOfARunningService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{sim: behind()})
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "a hold", isContained)
	w.looked()
	health := w.svc().monitor.server.Addr()
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/debug/pprof/": 404} {
		if status, body := w.asked(health, path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, addr := range []string{w.svc().public.Addr(), w.svc().console.Addr()} {
		for _, path := range []string{"/metrics", "/livez", "/readyz", "/debug/pprof/", "/debug/vars"} { // J14
			if status, body := w.asked(addr, path); status == http.StatusOK || strings.Contains(body, "countersign_") {
				t.Errorf("%s is served to everybody: %d %.80s", path, status, body)
			}
		}
	}
	var metrics string
	w.until("the figures", func() (bool, string) {
		_, metrics = w.asked(health, "/metrics")
		return metricOf(metrics, `countersign_holds_open{connection="nordwind-okta",standing="contained"}`) == 1 &&
			metricOf(metrics, `countersign_pushed_ratio{connection="nordwind-okta",provider="okta"}`) == 1, metrics
	})
	for line, least := range map[string]float64{
		`countersign_deliveries_total{answer="accepted",connection="nordwind-okta",source="hook"}`: 1,
		`countersign_deliveries_total{answer="stored",connection="nordwind-okta",source="poller"}`: 1,
		`countersign_restrained_seconds_count{connection="nordwind-okta",since="occurred"}`:        1,
		`countersign_restrained_seconds_sum{connection="nordwind-okta",since="occurred"}`:          ripe.Seconds() - 1,
		`countersign_restrained_seconds_count{connection="nordwind-okta",since="received"}`:        1,
		`countersign_look_ok`: 1,
		`countersign_log_read_timestamp_seconds{connection="nordwind-okta",provider="okta"}`: 1,
		`countersign_inbox_undecided`: 0,
	} {
		if got := metricOf(metrics, line); got < least {
			t.Errorf("%s is %v", line, got)
		}
	}
	for _, name := range []string{oktasim.Engineer, oktasim.HelpDesk, string(v.Hold.ID), "nordwind.example", told.Events[0].UUID} {
		if strings.Contains(metrics, name) {
			t.Errorf("%s is in the figures", name)
		}
	}
}

// holdsThat is one hold that can be changed, or not.
type holdsThat struct {
	keeper.Holds
	hold holds.Hold
	err  error
}

func (h holdsThat) Update(_ context.Context, _ holds.Key, _ time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	c, err := change(h.hold)
	if err == nil {
		err = h.err
	}
	if err != nil || c == nil {
		return h.hold, err
	}
	return c.Hold, nil
}

// TestH1OnlyTheFirstContainmentIsMeasured, once it is committed.
func TestH1OnlyTheFirstContainmentIsMeasured(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	restrain := func(h holds.Hold) (*holds.Change, error) {
		h.Restrained = now
		return &holds.Change{Hold: h}, nil
	}
	for name, tc := range map[string]struct {
		hold   holds.Hold
		err    error
		change func(holds.Hold) (*holds.Change, error)
		want   int
	}{
		"the first":               {holds.Hold{ContainRound: 1}, nil, restrain, 1},
		"found undone, and again": {holds.Hold{ContainRound: 2}, nil, restrain, 0},
		"read back again":         {holds.Hold{ContainRound: 1, Restrained: now}, nil, restrain, 0},
		"a follower's":            {holds.Hold{ContainRound: 1, Leader: "leader"}, nil, restrain, 0},
		"not committed":           {holds.Hold{ContainRound: 1}, errors.New("lost"), restrain, 0},
		"another change":          {holds.Hold{ContainRound: 1}, nil, func(h holds.Hold) (*holds.Change, error) { return &holds.Change{Hold: h}, nil }, 0},
		"no change":               {holds.Hold{ContainRound: 1}, nil, func(holds.Hold) (*holds.Change, error) { return nil, nil }, 0},
	} {
		seen := 0
		m := measuredHolds{holdsThat{hold: tc.hold, err: tc.err}, func(holds.ConnectionID, time.Time, time.Time, time.Time) { seen++ }}
		if _, err := m.Update(t.Context(), holds.Key{}, now, tc.change); (err != nil) != (tc.err != nil) || seen != tc.want {
			t.Errorf("%s: measured %d times, %v", name, seen, err)
		}
	}
}

// TestJ7TheListenerOfMachines: what a configuration of it may say.
func TestJ7TheListenerOfMachines(t *testing.T) {
	for name, tc := range map[string]struct {
		health Health
		want   string
	}{
		"by default":                {Health{}, ""},
		"none":                      {Health{Listen: "none"}, ""},
		"a token for none":          {Health{Listen: "none", TokenFile: "x"}, "health.token_file"},
		"from outside with a token": {Health{Listen: "0.0.0.0:9464", TokenFile: "x"}, ""},
		"from outside without":      {Health{Listen: "0.0.0.0:9464"}, "how an attack goes"},
		"no address":                {Health{Listen: "9464"}, "not host:port"},
		"the public one's":          {Health{Listen: "127.0.0.1:8443"}, "public.listen"},
		"the console's":             {Health{Listen: "127.0.0.1:8080"}, "console.listen"},
	} {
		c := Config{Health: tc.health, Public: Public{Listen: "127.0.0.1:8443"}}
		c.defaults()
		var p problems
		c.checkHealth(&p)
		got := errors.Join(p...)
		if (got == nil) != (tc.want == "") || got != nil && !strings.Contains(got.Error(), tc.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	w := &world{T: t, dir: t.TempDir()}
	c := Config{dir: w.dir, Health: Health{TokenFile: "health.token"}}
	w.write("health.token", "fifteen letters")
	if _, err := c.healthToken(); err == nil || !strings.Contains(err.Error(), "fewer than 16") || strings.Contains(err.Error(), "fifteen letters") {
		t.Errorf("a short token: %v", err)
	}
	w.write("health.token", "sixteen letters!\n")
	if got, err := c.healthToken(); err != nil || got != "sixteen letters!" {
		t.Errorf("%q %v", got, err)
	}
}
