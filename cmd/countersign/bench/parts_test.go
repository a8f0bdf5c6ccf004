package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPgbenchsWordsAreRead(t *testing.T) {
	tps, err := rateIn([]byte("pgbench (15.18)\nlatency average = 0.8 ms\ntps = 1234.567890 (without initial connection time)\n"))
	if err != nil || tps != 1234.56789 {
		t.Errorf("%v %v", tps, err)
	}
	if _, err := rateIn([]byte("pgbench: error: no server")); err == nil {
		t.Error("a rate out of nothing")
	}
	if tps, err := rateIn([]byte("number of transactions actually processed: 0\nnumber of failed transactions: 0 (NaN%)\n")); err != nil || tps != 0 {
		t.Errorf("nothing came through: %v %v", tps, err)
	}
	dir := t.TempDir()
	log := "0 199 2241 0 1175850568 995598\n0 200 skipped 0 1175850569 608399 3011\n1 5 1000 0 1175850570 1 250\n"
	if err := os.WriteFile(filepath.Join(dir, "log.123"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := latenciesIn(dir); err != nil || !slices.Equal(got, series{2.241, 1}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestMeasuresAreChosenByName(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(measures()) {
		t.Errorf("%d of %d: %v", len(all), len(measures()), err)
	}
	two, err := choose("scale,intake")
	if err != nil || len(two) != 2 || two[0].name != "scale" || two[1].name != "intake" {
		t.Errorf("%v: %v", two, err)
	}
	if _, err := choose("speed"); err == nil || !strings.Contains(err.Error(), "there are footprint, intake") {
		t.Errorf("unknown: %v", err)
	}
	err = run(t.Context(), []string{"--programs", t.TempDir()}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "make bench") {
		t.Errorf("without the programs: %v", err)
	}
}

// Only what was accepted counts; what was refused is told, and what was never
// answered is an error.
func TestLoadsCountWhatWasAccepted(t *testing.T) {
	var n atomic.Int64
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "s" || string(body) != "b" {
			t.Errorf("%q %q", r.Header, body)
		}
		if n.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	l, err := open(t.Context(), 200, 100*time.Millisecond, func(c *http.Client, _ int) (int, error) { return deliver(c, srv.URL, "s", []byte("b")) })
	if err != nil || len(l.latency) != 10 || l.refused != 10 {
		t.Errorf("open: %d accepted, %d refused, %v", len(l.latency), l.refused, err)
	}
	before := n.Load()
	l, err = closed(t.Context(), 2, 20*time.Millisecond, func(c *http.Client) (int, error) { return deliver(c, srv.URL, "s", []byte("b")) })
	if err != nil || int64(len(l.latency))+l.refused != n.Load()-before || l.rate <= 0 {
		t.Errorf("closed: %d accepted, %d refused, %v", len(l.latency), l.refused, err)
	}
	flaky := 0
	l, err = open(t.Context(), 1000, 10*time.Millisecond, func(*http.Client, int) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if flaky++; flaky == 4 {
			return 0, io.ErrUnexpectedEOF
		}
		return 204, nil
	})
	if err != nil || len(l.latency) != 9 || l.refused != 1 {
		t.Errorf("one without an answer: %d accepted, %d refused, %v", len(l.latency), l.refused, err)
	}
	broken := errors.New("broken")
	if _, err := open(t.Context(), 1000, 10*time.Millisecond, func(*http.Client, int) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if _, err := open(t.Context(), 1000, 5*time.Millisecond, func(*http.Client, int) (int, error) { return 401, nil }); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("nothing accepted: %v", err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := open(gone, 1, time.Hour, func(*http.Client, int) (int, error) { return 204, nil }); err == nil {
		t.Error("a load that nobody waits for went on")
	}
}

// What Okta delivers has the length that is measured, one event, and the host of its
// organisation.
func TestDeliveriesAreLikeOktas(t *testing.T) {
	w := &world{watch: &watch{urls: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}}}
	for _, body := range [][]byte{w.signIn(), w.reset(7)} {
		var e struct {
			Source string `json:"source"`
			Data   struct {
				Events []plainEvent `json:"events"`
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &e); err != nil || len(e.Data.Events) != 1 || len(body) != bodySize || e.Data.Events[0].UUID == "" {
			t.Errorf("%v: %d bytes, %+v", err, len(body), e)
		}
		if e.Data.Events[0].Type == "user.mfa.factor.reset_all" && (e.Source != "http://127.0.0.1:2/api/v1/eventHooks/who000000000000000000" || e.Data.Events[0].Target[0].ID != accountID(7)) {
			t.Errorf("%+v", e)
		}
	}
	if first, second := string(w.reset(7)), string(w.reset(7)); first == second {
		t.Error("two events have one id")
	}
}

// The watch passes calls on, keeps the next page at the organisation that was asked,
// and notes the first call that changes an account.
func TestTheWatchNotesWhatChangesAnAccount(t *testing.T) {
	var sim *httptest.Server
	sim = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<`+sim.URL+`/api/v1/logs?after=1>; rel="next"`)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
	}))
	defer sim.Close()
	w, err := newWatch(sim.URL, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	do := func(method, path string) *http.Response {
		req, err := http.NewRequest(method, w.urls[1]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != method+" "+path {
			t.Errorf("%q %v", body, err)
		}
		return res
	}
	if link := do(http.MethodGet, "/api/v1/users/"+accountID(3)).Header.Get("Link"); link != `<`+w.urls[1]+`/api/v1/logs?after=1>; rel="next"` {
		t.Error(link)
	}
	accounts := []string{accountID(3), accountID(4)}
	if seen := w.seen(accounts); len(seen) != 0 {
		t.Errorf("reading was taken for acting: %v", seen)
	}
	do(http.MethodPut, "/api/v1/groups/00g/users/"+accountID(3))
	first := w.seen(accounts)[accountID(3)]
	do(http.MethodPost, "/api/v1/users/"+accountID(3)+"/lifecycle/suspend")
	if seen := w.seen(accounts); len(seen) != 1 || first.IsZero() || !seen[accountID(3)].Equal(first) {
		t.Errorf("%v, first %v", seen, first)
	}
}

func TestTheCompanyGrows(t *testing.T) {
	raw, err := grow(json.RawMessage(`{"name":"N","restraintGroup":"00g","people":[{"id":"00uA","duty":"ceo"}]}`), 2)
	if err != nil {
		t.Fatal(err)
	}
	var c simCompany
	if err := json.Unmarshal(raw, &c); err != nil || len(c.People) != 3 || c.People[2].ID != accountID(1) || c.RestraintGroup != "00g" {
		t.Errorf("%s: %v", raw, err)
	}
	if len(accountID(123)) != 20 || !slices.Equal(c.withDuty("CEO"), []string{"00uA"}) {
		t.Error(accountID(123), c.withDuty("CEO"))
	}
}
