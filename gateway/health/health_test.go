package health

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

var update = flag.Bool("update", false, "write the golden file anew") //nolint:gochecknoglobals // a flag of the tests

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// world is the listener over a database that can go away.
type world struct {
	*testing.T
	*Health
	server http.Handler
	mu     sync.Mutex
	look   Look
	away   error
	looks  atomic.Int64
	asks   atomic.Int64
}

func (w *world) Look(ctx context.Context) (Look, error) {
	w.looks.Add(1)
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > lookTimeout {
		w.Error("the database is asked without a deadline")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look, w.away
}

func (w *world) isReady(ctx context.Context) error {
	w.asks.Add(1)
	if _, ok := ctx.Deadline(); !ok {
		w.Error("the database is asked without a deadline")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}

func (w *world) goes(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = err
}

func newWorld(t *testing.T, token string) *world {
	t.Helper()
	w := &world{T: t, look: aLook()}
	var err error
	w.Health, err = New(Options{
		Ready: w.isReady, Looker: w, Version: "test", Token: token, Now: func() time.Time { return noon },
		Connections: []Connection{{"acme-okta", "okta"}, {"acme-entra", "entra"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	w.Routes(e)
	w.server = e
	return w
}

// aLook has something of everything, and things that must not become labels.
func aLook() Look {
	return Look{
		Undecided: 7, Failed: 1, Oldest: noon.Add(-90 * time.Second),
		Open: map[holds.ConnectionID]map[holds.Standing]int{
			"acme-okta": {holds.Contained: 3, holds.Observed: 1}, "gone": {holds.Contained: 9}, "acme-entra": {"made up": 2},
		},
		Jobs: []Jobs{{Kind: holds.EffectContain, Waiting: 4, Oldest: noon.Add(-2 * time.Second)}, {Kind: holds.EffectSend, GivenUp: 1}, {Kind: "00uvictim", Waiting: 1}},
		Feeds: []Feed{
			{
				Connection: "acme-okta", Found: []holds.FindingKind{holds.PushSilent, "00uvictim"}, Deaf: true, Polled: noon.Add(-5 * time.Second),
				Telling: holds.Telling{Hour: holds.TellingCount{Pushed: 1, OnlyLog: 3}, Day: holds.TellingCount{Pushed: 40, Late: 2, OnlyPush: 1}},
			},
			{Connection: "acme-entra"},
			{Connection: "gone", Found: []holds.FindingKind{holds.LogUnread}, Polled: noon},
		},
	}
}

func (w *world) get(path string, headers ...string) (int, string) {
	w.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, h := range headers {
		r.Header.Add("Authorization", h)
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

// scraped are the lines of our own metrics.
func (w *world) scraped() string {
	w.Helper()
	status, body := w.get("/metrics")
	if status != http.StatusOK {
		w.Fatalf("%d %s", status, body)
	}
	var ours []string
	for line := range strings.Lines(body) {
		if strings.Contains(line, "countersign_") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, "")
}

// TestJ7Figures: every metric by name, with its help and labels.
func TestJ7Figures(t *testing.T) {
	w := newWorld(t, "")
	w.Delivered("acme-okta", holds.FromHook, "accepted")
	w.Delivered("acme-okta", holds.FromHook, "accepted")
	w.Delivered("acme-entra", holds.FromPoller, "stored")
	w.Restrained("acme-okta", noon.Add(-8*time.Second), noon.Add(-2*time.Second), noon)
	w.Restrained("acme-okta", noon.Add(time.Hour), time.Time{}, noon) // a provider's clock is ahead
	got := w.scraped()
	file := filepath.Join("testdata", "metrics.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (write it anew with -update):\n%s", file, diff)
	}
}

// TestJ7LabelsAreBounded: whatever strangers send and the database holds, a label is
// a word of the configuration or of a closed list.
func TestJ7LabelsAreBounded(t *testing.T) {
	w := newWorld(t, "")
	for i := range 500 {
		w.Delivered(holds.ConnectionID(fmt.Sprint("00uvictim", i)), holds.FromHook, "unauthenticated")
		w.Restrained(holds.ConnectionID(fmt.Sprint("made-up-", i)), noon, noon, noon)
	}
	got := w.scraped()
	if strings.Contains(got, "00uvictim") || strings.Contains(got, "made") || strings.Contains(got, `"gone"`) {
		t.Error("something that is not of the configuration is a label")
	}
	if n := strings.Count(got, "\n"); n > 400 {
		t.Errorf("%d lines", n)
	}
	allowed := regexp.MustCompile(`^(connection|source|answer|since|le|version|standing|kind|provider|way|window)$`)
	for _, m := range regexp.MustCompile(`[{,]([a-z_]+)=`).FindAllStringSubmatch(got, -1) {
		if !allowed.MatchString(m[1]) {
			t.Errorf("there is a label %s", m[1])
		}
	}
}

// TestJ7NothingElse is served: no profiler, no settings, and nothing is changed.
func TestJ7NothingElse(t *testing.T) {
	w := newWorld(t, "")
	for _, path := range []string{"/", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics/", "/config", "/hooks/okta/acme-okta", "/livez/x"} {
		if status, body := w.get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d %.80s", path, status, body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace} {
		for _, path := range []string{"/livez", "/readyz", "/metrics"} {
			rec := httptest.NewRecorder()
			w.server.ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader("x")))
			if rec.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, rec.Code)
			}
		}
	}
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, "/livez", nil))
	if rec.Code != http.StatusOK {
		t.Errorf("HEAD /livez: %d", rec.Code)
	}
}

// TestJ7TheToken guards the figures and nothing else.
func TestJ7TheToken(t *testing.T) {
	const token = "a-token-of-some-length"
	w := newWorld(t, token)
	for name, tc := range map[string]struct {
		headers []string
		want    int
	}{
		"none":            {nil, http.StatusUnauthorized},
		"right":           {[]string{"Bearer " + token}, http.StatusOK},
		"in lower case":   {[]string{"bearer " + token}, http.StatusOK},
		"wrong":           {[]string{"Bearer " + token + "x"}, http.StatusUnauthorized},
		"empty":           {[]string{"Bearer "}, http.StatusUnauthorized},
		"another scheme":  {[]string{"Basic " + token}, http.StatusUnauthorized},
		"twice":           {[]string{"Bearer " + token, "Bearer " + token}, http.StatusUnauthorized},
		"without scheme":  {[]string{token}, http.StatusUnauthorized},
		"with one letter": {[]string{"Bearer a"}, http.StatusUnauthorized},
	} {
		if status, body := w.get("/metrics", tc.headers...); status != tc.want || strings.Contains(body, token) {
			t.Errorf("%s: %d %.120s", name, status, body)
		}
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if status, _ := w.get(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestH1TheDatabaseIsAway: the process lives and is not ready, the figures say that
// they could not be read, and all comes back with the database.
func TestH1TheDatabaseIsAway(t *testing.T) {
	w := newWorld(t, "")
	w.goes(errors.New("the password is hunter2"))
	if status, _ := w.get("/livez"); status != http.StatusOK {
		t.Errorf("/livez: %d", status)
	}
	if status, body := w.get("/readyz"); status != http.StatusServiceUnavailable || strings.Contains(body, "hunter2") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	got := w.scraped()
	if !strings.Contains(got, "countersign_look_ok 0") || strings.Contains(got, "countersign_inbox_undecided") || strings.Contains(got, "hunter2") {
		t.Errorf("the figures: %s", got)
	}
	w.goes(nil)
	w.ready.at, w.Health.figures.at = time.Time{}, time.Time{} // the moment is over
	if status, _ := w.get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz afterwards: %d", status)
	}
	if got := w.scraped(); !strings.Contains(got, "countersign_look_ok 1") || !strings.Contains(got, "countersign_inbox_undecided 7") {
		t.Errorf("the figures afterwards: %s", got)
	}
}

// TestH10AFloodOfScrapes asks the database once.
func TestH10AFloodOfScrapes(t *testing.T) {
	w := newWorld(t, "")
	w.get("/metrics")
	w.get("/readyz")
	w.Health.figures.at, w.ready.at = time.Now().Add(time.Hour), time.Now().Add(time.Hour) // the moment does not end during the test
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			w.get("/metrics")
			w.get("/readyz")
		})
	}
	all.Wait()
	if w.looks.Load() != 1 || w.asks.Load() != 1 {
		t.Errorf("the database was asked %d times for figures and %d times whether it is there", w.looks.Load(), w.asks.Load())
	}
}

// TestNewNeedsItsParts.
func TestNewNeedsItsParts(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a health without a database was made")
	}
}
