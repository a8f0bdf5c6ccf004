package pgstore_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// TestReceiveIsWhatDecideGets: every field of a delivery comes back as it was.
func TestReceiveIsWhatDecideGets(t *testing.T) {
	w := newWorld(t)
	sent := delivery(`{"a":1}`)
	w.must(w.Receive(t.Context(), sent))
	var got holds.Delivery
	_, err := w.Decide(t.Context(), at(2), func(d holds.Delivery) ([]holds.Event, error) { got = d; return nil, nil }, openOrJoin)
	w.must(err)
	sent.Peer = "203.0.113.7"
	if diff := cmp.Diff(sent, got, cmpopts.IgnoreFields(holds.Delivery{}, "ID", "Digest")); diff != "" {
		t.Fatal(diff)
	}
	if worked, err := w.Decide(t.Context(), at(2), returns(), openOrJoin); worked || err != nil {
		t.Fatalf("a decided delivery was claimed again: %v %v", worked, err)
	}
}

// TestReceiveTakesAnything: a 5xx because of what a body or a header contains
// would lose the event for good.
func TestReceiveTakesAnything(t *testing.T) {
	w := newWorld(t)
	for name, d := range map[string]holds.Delivery{
		"B5 NUL":            {Body: []byte("{\"x\":\"\\u0000\x00\"}"), Envelope: "a\x00b"},
		"B5 lone surrogate": {Body: []byte("\xed\xa0\x80"), Envelope: "\xed\xa0\x80"},
		"B5 invalid UTF-8":  {Body: []byte{0xff, 0xfe}, Envelope: string([]byte{0xc0, 0xaf})},
		"B5 64 kB":          {Body: []byte(strings.Repeat("x", 1<<20)), Envelope: strings.Repeat("y", 1<<16)},
		"B15 far times":     {Body: []byte("{}"), Received: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)},
		"empty body":        {},
		"no address":        {Body: []byte("{}"), Peer: "pipe"},
		"zone":              {Body: []byte("{}"), Peer: "[fe80::1%eth0]:1"},
	} {
		t.Run(name, func(t *testing.T) {
			d.Tenant, d.Connection, d.Source = acme, okta, holds.FromHook
			if err := w.Receive(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		})
	}
	w.drain(at(3), nil, openOrJoin)
}

func TestReceiveForNobody(t *testing.T) {
	w := newWorld(t)
	d := delivery("{}")
	d.Connection = other // of the other tenant
	w.kind(holds.NotFound, w.Receive(t.Context(), d))
	d.Tenant = "nobody"
	w.kind(holds.NotFound, w.Receive(t.Context(), d))
	d.Tenant = ""
	w.kind(holds.NotFound, w.Receive(t.Context(), d))
}

// TestAppendPageMovesTheCursorWithThePage: both or neither.
func TestAppendPageMovesTheCursorWithThePage(t *testing.T) {
	w := newWorld(t)
	cursor, err := w.Cursor(t.Context(), acme, okta)
	if w.must(err); cursor != "" {
		t.Fatalf("a cursor %q before anything was read", cursor)
	}
	d := delivery("[]")
	d.Source = holds.FromPoller
	w.must(w.AppendPage(t.Context(), d, "next-1", at(1)))
	d.Body = nil
	w.must(w.AppendPage(t.Context(), d, "next-2", at(2)))
	if n := w.count("deliveries WHERE source = 'poller'"); n != 1 {
		t.Fatalf("%d pages stored, want 1: an empty page only moves the cursor", n)
	}
	d.Body, d.Source = []byte("[]"), "nonsense" // refused by the table's check
	if w.AppendPage(t.Context(), d, "next-3", at(3)) == nil {
		t.Fatal("a page of no source was stored")
	}
	if cursor, err = w.Cursor(t.Context(), acme, okta); err != nil || cursor != "next-2" {
		t.Fatalf("cursor %q, %v: want next-2", cursor, err)
	}
	health, err := w.Health(t.Context(), acme)
	if w.must(err); !health[0].Polled.Equal(at(2)) {
		t.Fatalf("polled %v", health[0].Polled)
	}
}

// TestC1SameEventTwiceAtOnce: two replicas, one event by hook and by poller.
func TestC1SameEventTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	const rounds = 20
	for i := range rounds {
		e := event(fmt.Sprintf("evt-%d", i), fmt.Sprintf("00u%d", i))
		hook, poll := delivery("hook"), delivery("poll")
		poll.Source = holds.FromPoller
		w.must(w.Receive(t.Context(), hook))
		w.must(w.Second.AppendPage(t.Context(), poll, "c", at(1)))
		var asked sync.Map
		var both sync.WaitGroup
		for n, store := range []*pgstore.Store{w.Store, w.Second} {
			both.Go(func() {
				if _, err := store.Decide(t.Context(), at(2), returns(e), func(q holds.Question) (holds.Answer, error) {
					asked.Store(n, true)
					return openOrJoin(q)
				}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		count := 0
		asked.Range(func(any, any) bool { count++; return true })
		if count != 1 {
			t.Fatalf("round %d: the fold was asked by %d replicas, want 1", i, count)
		}
	}
	if n := w.count("events"); n != rounds {
		t.Fatalf("%d events, want %d", n, rounds)
	}
	if n := w.count("holds WHERE jsonb_array_length(document->'Events') = 1"); n != rounds {
		t.Fatalf("%d holds with one event, want %d", n, rounds)
	}
}

// TestC2RepeatedEnvelopeWithOneMore: deliveries are not told apart by envelope.
func TestC2RepeatedEnvelopeWithOneMore(t *testing.T) {
	w := newWorld(t)
	a, b := event("a", "00u1"), event("b", "00u1")
	w.must(w.Receive(t.Context(), delivery("first")))
	w.drain(at(2), []holds.Event{a}, openOrJoin)
	w.must(w.Receive(t.Context(), delivery("again"))) // the same envelope
	var asked []string
	w.drain(at(3), []holds.Event{a, b, b}, func(q holds.Question) (holds.Answer, error) {
		asked = append(asked, q.Event.ID)
		return openOrJoin(q)
	})
	if !slices.Equal(asked, []string{"b"}) {
		t.Fatalf("asked about %v, want only the new one", asked)
	}
	v := w.held("00u1") // adds a third
	if len(v.Events) != 3 {
		t.Fatalf("%d events in the hold", len(v.Events))
	}
}

// TestC3OrderOfEvents: by time, then id, whatever the order in the body.
func TestC3OrderOfEvents(t *testing.T) {
	w := newWorld(t)
	late, tieB, tieA := event("0", "00u1"), event("b", "00u1"), event("a", "00u1")
	late.Occurred = at(1)
	w.must(w.Receive(t.Context(), delivery("x")))
	var asked []string
	w.drain(at(2), []holds.Event{late, tieB, tieA}, func(q holds.Question) (holds.Answer, error) {
		asked = append(asked, q.Event.ID)
		if len(asked) > 1 && (q.Open == nil || len(q.Open.Events) != len(asked)-1) {
			t.Errorf("event %s does not see the hold as the one before left it", q.Event.ID)
		}
		return openOrJoin(q)
	})
	if !slices.Equal(asked, []string{"a", "b", "0"}) {
		t.Fatalf("asked in the order %v", asked)
	}
}

// TestC4PoisonInABatch: what Postgres would reject is stored sanitised, at any
// position, and all hundred events end as holds.
func TestC4PoisonInABatch(t *testing.T) {
	poison := map[string]func(*holds.Event){
		"NUL":            func(e *holds.Event) { e.Actor.Name = "a\x00b"; e.Summary = "\x00" },
		"lone surrogate": func(e *holds.Event) { e.Subjects[0].Name = "\xed\xa0\x80" },
		"invalid UTF-8":  func(e *holds.Event) { e.Fields = []holds.FieldChange{{Field: "\xff", New: "\xfe"}} },
		"long id":        func(e *holds.Event) { e.ID, e.Subjects[0].ID = noise(1<<15), noise(1<<15) },
		"long name":      func(e *holds.Event) { e.Subjects[0].Login = "ä" + noise(1<<15) },
		"year 10000":     func(e *holds.Event) { e.Occurred = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no id":          func(e *holds.Event) { e.ID = "" },
	}
	w := newWorld(t)
	batches := 0
	for name, spoil := range poison {
		positions := []int{50}
		if strings.Contains(name, "U") || name == "lone surrogate" { // what Postgres itself refuses
			positions = []int{1, 50, 100}
		}
		for _, position := range positions {
			t.Run(fmt.Sprintf("C4 B5 %s at %d", name, position), func(t *testing.T) {
				batches++
				events := make([]holds.Event, 100)
				for i := range events {
					events[i] = event(fmt.Sprintf("evt-%d-%03d", batches, i), fmt.Sprintf("00u-%d-%d", batches, i))
				}
				spoil(&events[position-1])
				events[position-1].Transaction = fmt.Sprint("poison", batches)
				w.must(w.Receive(t.Context(), delivery(fmt.Sprint(batches))))
				w.drain(at(2), events, openOrJoin)
				if n := w.count("events WHERE event_id LIKE $1 OR transaction = $2", fmt.Sprintf("evt-%d-%%", batches), fmt.Sprint("poison", batches)); n != 100 {
					t.Fatalf("%d events, want 100", n)
				}
				if n := w.count("holds, jsonb_array_elements(document->'Events') e WHERE e->>'id' LIKE $1 OR e->>'transaction' = $2", fmt.Sprintf("evt-%d-%%", batches), fmt.Sprint("poison", batches)); n != 100 {
					t.Fatalf("%d events held, want 100", n)
				}
			})
		}
	}
}

// noise is text that an index cannot compress into its limit.
func noise(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) //nolint:errcheck // never fails
	return hex.EncodeToString(raw)
}

// TestTwoBadNamesStayTwo: sanitising never makes one event of two.
func TestTwoBadNamesStayTwo(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(2), []holds.Event{event("a\x00", "00u1"), event("a\xff", "00u1"), event("", "00u1"), event("", "00u1")}, openOrJoin)
	if n := w.count("events"); n != 4 {
		t.Fatalf("%d events, want 4", n)
	}
}

// TestFoldThatFailsOnOne: after four attempts the fifth leaves the bad event
// out, decides the others and keeps the delivery in view of people.
func TestFoldThatFailsOnOne(t *testing.T) {
	w := newWorld(t)
	events := []holds.Event{event("a", "00u1"), event("b", "00u2"), event("c", "00u3")}
	fold := func(q holds.Question) (holds.Answer, error) {
		if q.Event.ID == "b" {
			return holds.Answer{}, errors.New("cannot judge this")
		}
		return openOrJoin(q)
	}
	w.must(w.Receive(t.Context(), delivery("x")))
	now := at(2)
	for attempt := 1; attempt <= 4; attempt++ {
		worked, err := w.Decide(t.Context(), now, returns(events...), fold)
		if !worked || err == nil {
			t.Fatalf("attempt %d: %v %v", attempt, worked, err)
		}
		if n := w.count("events"); n != 0 {
			t.Fatalf("attempt %d left %d events behind", attempt, n)
		}
		if worked, _ := w.Decide(t.Context(), now, returns(events...), fold); worked {
			t.Fatalf("attempt %d was followed by another without a wait", attempt)
		}
		now = now.Add(time.Minute)
	}
	worked, err := w.Decide(t.Context(), now, returns(events...), fold)
	if w.must(err); !worked || w.count("holds") != 2 {
		t.Fatalf("%v, %d holds: want the other two events held", worked, w.count("holds"))
	}
	failed, err := w.FailedDeliveries(t.Context(), acme, 10)
	if w.must(err); len(failed) != 1 || failed[0].Attempts != 5 || !strings.Contains(failed[0].Trouble, "1 event of 3") {
		t.Fatalf("%+v", failed)
	}
	stats, err := w.Stats(t.Context(), acme)
	if w.must(err); stats != (pgstore.Stats{Undecided: 1, Failed: 1}) { // and one that tells people
		t.Fatalf("%+v", stats)
	}
	if n := w.count(`audit_leaves WHERE body LIKE '%"kind":"delivery.failed"%' AND body LIKE '%' || $1 || '%'`, failed[0].Digest); n != 1 {
		t.Fatalf("%d audit entries", n)
	}
	t.Run("mended and put back", func(t *testing.T) {
		w.must(w.RetryDelivery(t.Context(), acme, failed[0].ID, holds.ByPerson("p1")))
		w.drain(now, events, openOrJoin)
		if n := w.count("holds"); n != 3 {
			t.Fatalf("%d holds, want 3", n)
		}
		w.kind(holds.Conflict, w.RetryDelivery(t.Context(), acme, failed[0].ID, holds.ByPerson("p1")))
	})
}

// TestFailureReachesPeople: a delivery that failed for good is an observation of
// our own about the connection, judged like every event; one that fails itself
// is not followed by another.
func TestFailureReachesPeople(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("bad")))
	now := at(2)
	var told []holds.Event
	bad := func(d holds.Delivery) ([]holds.Event, error) {
		if d.Source == holds.FromKeeper {
			var e holds.Event
			w.must(json.Unmarshal(d.Body, &e))
			if d.Tenant != acme || d.Connection != okta {
				t.Errorf("told of %s/%s", d.Tenant, d.Connection)
			}
			told = append(told, e)
		}
		return nil, errors.New("cannot be read")
	}
	for range 12 {
		_, _ = w.Decide(t.Context(), now, bad, openOrJoin)
		now = now.Add(2 * time.Minute)
	}
	failed, err := w.FailedDeliveries(t.Context(), acme, 10)
	if w.must(err); len(failed) != 2 || failed[0].Source != holds.FromKeeper || len(told) != 5 {
		t.Fatalf("%d attempts to tell, failed: %+v", len(told), failed)
	}
	e := told[0]
	if e.ID != fmt.Sprint("delivery-failed:", failed[1].ID) || e.Type != "countersign.delivery_failed" || e.Class != holds.Tamper ||
		!slices.Equal(e.Subjects, []holds.Account{holds.FootingOf(okta)}) || !strings.Contains(e.Summary, "cannot be read") {
		t.Fatalf("%+v", e)
	}
	if n := w.count("deliveries"); n != 2 {
		t.Fatalf("%d deliveries, want the failed one and the one that tells of it", n)
	}
}

// TestLeftOutMeansWhole: what an event had begun before it failed is undone
// with it, its jobs and audit entries too.
func TestLeftOutMeansWhole(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	fold := func(q holds.Question) (holds.Answer, error) {
		if q.Subject.ID == "bad" {
			return holds.Answer{}, errors.New("cannot judge this account")
		}
		return openOrJoin(q)
	}
	now := at(2)
	for range 5 {
		_, _ = w.Decide(t.Context(), now, returns(event("a", "also", "bad"), event("b", "good")), fold)
		now = now.Add(time.Minute)
	}
	if n := w.count("holds"); n != 1 {
		t.Fatalf("%d holds, want the one of the good event", n)
	}
	if n := w.count(`audit_leaves WHERE body LIKE '%"kind":"hold.opened"%'`); n != 1 {
		t.Fatalf("%d entries of openings", n)
	}
	if n := w.count(`(SELECT DISTINCT args->>'hold' FROM river.river_job) j`); n != 1 {
		t.Fatalf("jobs of %d holds", n)
	}
}

// TestStoppingIsNoFailure: a program that stops in the middle counts nothing.
func TestStoppingIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	for stopped := 0; stopped < 6; {
		ctx, cancel := context.WithCancel(t.Context())
		worked, err := w.Decide(ctx, at(2), returns(event("a", "00u1")), func(q holds.Question) (holds.Answer, error) {
			cancel()
			return openOrJoin(q)
		})
		switch {
		case err != nil:
			stopped++
		case worked:
			t.Fatal("decided although the program stopped")
		}
		// Otherwise the lock of the one before is only just being given back.
		cancel()
	}
	if n := w.count("deliveries WHERE attempts = 0 AND retry_at IS NULL"); n != 1 {
		t.Fatal("attempts were counted")
	}
}

// TestPanicsAreFailuresOfOneDelivery: neither a decoder nor a fold takes the
// program down, nor the deliveries behind.
func TestPanicsAreFailuresOfOneDelivery(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("bad")))
	w.must(w.Receive(t.Context(), delivery("good")))
	decode := func(d holds.Delivery) ([]holds.Event, error) {
		if string(d.Body) == "bad" {
			panic("decoder")
		}
		return []holds.Event{event("a", "00u1")}, nil
	}
	if _, err := w.Decide(t.Context(), at(2), decode, openOrJoin); err == nil {
		t.Fatal("no error")
	}
	worked, err := w.Decide(t.Context(), at(2), decode, openOrJoin)
	if w.must(err); !worked || w.count("holds") != 1 {
		t.Fatal("the delivery behind a bad one was not decided")
	}
}

// TestOutagesNeverFailADelivery: what is unavailable is waited for.
func TestOutagesNeverFailADelivery(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	down := func(holds.Question) (holds.Answer, error) {
		return holds.Answer{}, holds.Refuse(holds.Unavailable, "the directory is down")
	}
	now := at(2)
	for range 12 {
		worked, err := w.Decide(t.Context(), now, returns(event("a", "00u1")), down)
		if w.kind(holds.Unavailable, err); !worked {
			t.Fatal("not claimed")
		}
		now = now.Add(2 * time.Minute)
	}
	stuck, err := w.FailedDeliveries(t.Context(), acme, 10)
	if w.must(err); len(stuck) != 1 || !stuck[0].Failed.IsZero() || stuck[0].Trouble != "the directory is down" {
		t.Fatalf("it should be shown as stuck: %+v", stuck)
	}
	w.drain(now, []holds.Event{event("a", "00u1")}, openOrJoin)
	if n := w.count("holds"); n != 1 {
		t.Fatalf("%d holds", n)
	}
}

// TestUnknownConnectionWaits: a replica with an older configuration must not
// throw away what it cannot read.
func TestUnknownConnectionWaits(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	unknown := func(holds.Delivery) ([]holds.Event, error) {
		return nil, holds.Refuse(holds.Unavailable, "the connection is not configured")
	}
	if _, err := w.Decide(t.Context(), at(2), unknown, openOrJoin); holds.KindOf(err) != holds.Unavailable {
		t.Fatalf("decided: %v", err)
	}
	w.drain(at(5), []holds.Event{event("a", "00u1")}, openOrJoin)
	if n := w.count("holds"); n != 1 {
		t.Fatalf("%d holds once somebody could read it", n)
	}
}

// TestDeliveriesOfARetiredConnectionWait: nobody is left who could read them.
func TestDeliveriesOfARetiredConnectionWait(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()[1:]))
	if worked, err := w.Decide(t.Context(), at(2), returns(), openOrJoin); worked || err != nil {
		t.Fatalf("%v %v", worked, err)
	}
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))
	w.drain(at(2), []holds.Event{event("a", "00u1")}, openOrJoin)
	if n := w.count("holds"); n != 1 {
		t.Fatalf("%d holds", n)
	}
}

// TestEveryPersonChangedIsAskedAbout: one question per account, in order; for a
// change to the whole organisation the account that made it; and one for an event
// that names nobody at all (C5, C6).
func TestEveryPersonChangedIsAskedAbout(t *testing.T) {
	w := newWorld(t)
	w.must(w.Receive(t.Context(), delivery("x")))
	var asked []string
	fold := func(q holds.Question) (holds.Answer, error) {
		asked = append(asked, q.Event.ID+"/"+q.Subject.ID)
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record, Reason: "seen"}}, nil
	}
	wide, long, none := event("wide"), event("wide of a long name"), event("zero")
	wide.Class, long.Class = holds.OtherTakeover, holds.OtherTakeover
	long.Actor.ID = strings.Repeat("x", 500)
	w.drain(at(2), []holds.Event{event("many", "c", "a", "b", "a"), wide, long, none}, fold)
	want := []string{"many/a", "many/b", "many/c", "wide/00uadmin", "wide of a long name/" + asked[4][len("wide of a long name/"):], "zero/"}
	if !slices.Equal(asked, want) || len(asked[4]) > 400 {
		t.Fatalf("asked about %v, want %v", asked, want)
	}
	recorded, err := w.Events(t.Context(), acme, 10)
	if w.must(err); len(recorded) != 6 || recorded[0].Verdict != holds.Record || recorded[0].Reason != "seen" {
		t.Fatalf("%+v", recorded)
	}
}

func TestEventComesBackWhole(t *testing.T) {
	w := newWorld(t)
	e := event("a", "00u1")
	e.Factor = holds.Object{Type: "factor", ID: "f1", Name: "key"}
	e.Fields = []holds.FieldChange{{Field: "secondEmail", Old: "old@x.example", New: "new@x.example"}}
	e.Doubts, e.IP, e.Echo = []string{"a doubt"}, "198.51.100.1", holds.ClearSessions
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(2), []holds.Event{e}, openOrJoin)
	h := w.held("00u1")
	recorded, err := w.HoldEvents(t.Context(), keyOf(h))
	w.must(err)
	i := slices.IndexFunc(recorded, func(r holds.Recorded) bool { return r.Event.ID == "a" })
	if diff := cmp.Diff(e, recorded[i].Event); diff != "" || recorded[i].Hold != h.ID || recorded[i].Rule != "mfa-reset" {
		t.Fatal(diff, recorded[i])
	}
}

// TestWakeReachesBothReplicas: this process at once, another by NOTIFY.
func TestWakeReachesBothReplicas(t *testing.T) {
	w := newWorld(t)
	listening := make(chan struct{})
	go func() { defer close(listening); _ = w.Store.Listen(t.Context()) }()
	heard := make(chan struct{})
	go func() { defer close(heard); _ = w.Second.Listen(t.Context()) }()
	deadline := time.After(20 * time.Second)
	resend := time.NewTicker(50 * time.Millisecond) // until the listener is connected
	defer resend.Stop()
	for {
		w.must(w.Receive(t.Context(), delivery("x")))
		select {
		case <-w.Wake():
		case <-deadline:
			t.Fatal("this process was not woken")
		}
		select {
		case <-w.Second.Wake():
			return
		case <-resend.C:
		case <-deadline:
			t.Fatal("the other replica was not woken")
		}
	}
}

// TestReceiveInParallel: no delivery is lost and none is decided twice, with
// many writers and two replicas at work.
func TestReceiveInParallel(t *testing.T) {
	w := newWorld(t)
	const writers, each = 8, 25
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := range each {
				if err := w.Receive(t.Context(), delivery(fmt.Sprintf("%d-%d", n, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	decode := func(d holds.Delivery) ([]holds.Event, error) {
		return []holds.Event{event(string(d.Body), "00u"+string(d.Body[:1]))}, nil
	}
	all.Wait()
	for _, store := range []*pgstore.Store{w.Store, w.Second, w.Store, w.Second} {
		all.Go(func() {
			for {
				worked, err := store.Decide(t.Context(), at(2), decode, openOrJoin)
				if err != nil {
					t.Error(err)
					return
				}
				if !worked {
					return
				}
			}
		})
	}
	all.Wait()
	w.drain(at(2), nil, openOrJoin)
	if n := w.count("events"); n != writers*each {
		t.Fatalf("%d events, want %d", n, writers*each)
	}
	if n := w.count("holds"); n != writers {
		t.Fatalf("%d holds, want one for each account", n)
	}
}
