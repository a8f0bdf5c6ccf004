package pgstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// pushed makes events that the push should tell.
func pushed(p holds.Push, names ...string) (out []holds.Event) {
	for _, n := range names {
		e := event(n)
		e.Push, e.Transaction = p, "of "+n
		out = append(out, e)
	}
	return out
}

// TestD7TheWaysAreKept: whichever way is first, however often each repeats itself,
// an event counts once.
func TestD7TheWaysAreKept(t *testing.T) {
	const hook, log = holds.FromHook, holds.FromPoller
	one := pushed(holds.PushedWhole, "evt")
	other := pushed(holds.PushedWhole, "evt")
	other[0].Verb = holds.Enrol
	for name, tc := range map[string]struct {
		hook, log []holds.Event
		ways      []holds.Source
		want      holds.TellingCount
	}{
		"the hook alone":            {one, one, []holds.Source{hook, hook}, holds.TellingCount{OnlyPush: 1}},
		"the log alone":             {one, one, []holds.Source{log, log}, holds.TellingCount{OnlyLog: 1}},
		"the hook first":            {one, one, []holds.Source{hook, log, log, hook}, holds.TellingCount{Pushed: 1}},
		"the log first":             {one, one, []holds.Source{log, hook, hook, log}, holds.TellingCount{Late: 1}},
		"told differently":          {other, one, []holds.Source{hook, log, log}, holds.TellingCount{OnlyPush: 1, OnlyLog: 1}},
		"a type the hook has not":   {nil, []holds.Event{event("evt")}, []holds.Source{log}, holds.TellingCount{}},
		"one that it has by itself": {[]holds.Event{event("evt")}, nil, []holds.Source{hook}, holds.TellingCount{}},
		"several":                   {pushed(holds.PushedWhole, "a", "b", "c"), pushed(holds.PushedWhole, "b", "c", "d"), []holds.Source{hook, log}, holds.TellingCount{Pushed: 2, OnlyPush: 1, OnlyLog: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &copies{world: newWorld(t), hook: tc.hook, log: tc.log}
			for _, way := range tc.ways {
				c.from(way)
			}
			if diff := cmp.Diff(tc.want, c.counted(at(10))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// counted is the last hour as it is counted and as the health then has it.
func (w *world) counted(now time.Time) holds.TellingCount {
	w.Helper()
	got, err := w.CountTold(w.Context(), acme, okta, now)
	w.must(err)
	all, err := w.Second.Health(w.Context(), acme)
	w.must(err)
	if diff := cmp.Diff(got, all[0].Telling); diff != "" {
		w.Errorf("what the health has of it (-counted +kept):\n%s", diff)
	}
	return got.Hour
}

// TestD7TheWaysRace: the hook's and the log's deliveries of the same events are
// decided at the same time by two replicas; each event is still told on both ways,
// and told first on one.
func TestD7TheWaysRace(t *testing.T) {
	w := newWorld(t)
	const deliveries, each = 12, 4
	by := map[string][]holds.Event{}
	for i := range deliveries {
		var names []string
		for j := range each {
			names = append(names, fmt.Sprint("evt-", i, "-", j))
		}
		body := fmt.Sprint("both ", i)
		by[body] = pushed(holds.PushedWhole, names...)
		// The page of the log is stored twice, as after a crash between two steps.
		for _, source := range []holds.Source{holds.FromPoller, holds.FromHook, holds.FromPoller} {
			d := delivery(body)
			d.Source = source
			w.must(w.Receive(t.Context(), d))
		}
	}
	var replicas sync.WaitGroup
	for _, s := range []*pgstore.Store{w.Store, w.Second, w.Store, w.Second} {
		replicas.Go(func() {
			for worked := true; worked; {
				var err error
				worked, err = s.Decide(t.Context(), at(2), func(d holds.Delivery) ([]holds.Event, error) { return by[string(d.Body)], nil },
					func(holds.Question) (holds.Answer, error) {
						return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record}}, nil
					})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	replicas.Wait()
	got := w.counted(at(10))
	if both, of := got.Share(); both != deliveries*each || of != both || got.OnlyPush != 0 {
		t.Errorf("%+v", got)
	}
	if n := w.count("deliveries WHERE decided_at IS NULL"); n != 0 {
		t.Errorf("%d deliveries are not decided", n)
	}
}

// TestD7HintsAreKept: where the push only hints, the notifications stored around a
// record are what it told.
func TestD7HintsAreKept(t *testing.T) {
	w := newWorld(t)
	c := &copies{world: w, log: pushed(holds.PushedHint, "audit-1")}
	c.from(holds.FromPoller) // read at(1)
	if got := w.counted(at(30)); got != (holds.TellingCount{OnlyLog: 1}) {
		t.Errorf("without a notification: %+v", got)
	}
	hint := delivery("a notification")
	hint.Received = at(0).Add(20 * time.Second)
	w.must(w.Receive(t.Context(), hint))
	if got := w.counted(at(30)); got != (holds.TellingCount{Pushed: 1}) {
		t.Errorf("with one: %+v", got)
	}
}

// TestD3OnlyTheNewestAreCounted, so that whoever burns the hook's allowance with
// noise does not make the counting dear.
func TestD3OnlyTheNewestAreCounted(t *testing.T) {
	w := newWorld(t)
	c := &copies{world: w, log: pushed(holds.PushedWhole, "first")}
	c.from(holds.FromPoller)
	w.exec(`INSERT INTO events (tenant_id, connection_id, event_id, delivery_id, type, class, verb, outcome, occurred_at, document, told_by, transaction)
		SELECT tenant_id, connection_id, 'noise-' || n, delivery_id, type, class, verb, outcome, occurred_at - n * interval '50 milliseconds', document, told_by, 'of ' || n
		FROM events, generate_series(1, 6000) n`)
	got, err := w.CountTold(t.Context(), acme, okta, at(10))
	w.must(err)
	if n := got.Hour.OnlyLog + got.Day.OnlyLog; n != 5000 || got.Silent != 5000 || !strings.Contains(got.Trouble(), "5000 events") {
		t.Errorf("counted %d; %q", n, got.Trouble())
	}
}
