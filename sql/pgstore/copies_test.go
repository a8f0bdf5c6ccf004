package pgstore_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// copies decodes a delivery into what the hook or the log says, and an
// observation of our own into itself.
type copies struct {
	*world
	hook, log []holds.Event
	asked     []holds.Question
	told      []holds.Event
}

func (c *copies) decode(d holds.Delivery) ([]holds.Event, error) {
	switch d.Source {
	case holds.FromHook:
		return c.hook, nil
	case holds.FromPoller:
		return c.log, nil
	case holds.FromKeeper:
	}
	var e holds.Event
	err := json.Unmarshal(d.Body, &e)
	c.told = append(c.told, e)
	return []holds.Event{e}, err
}

func (c *copies) fold(q holds.Question) (holds.Answer, error) {
	if q.Delivery.Source == holds.FromKeeper {
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record}}, nil
	}
	c.asked = append(c.asked, q)
	if q.Event.Class == holds.None {
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Ignore}}, nil
	}
	return openOrJoin(q)
}

// from receives a delivery and decides until nothing waits.
func (c *copies) from(source holds.Source) {
	c.Helper()
	d := delivery(string(source))
	d.Source = source
	c.must(c.Receive(c.Context(), d))
	for worked := true; worked; {
		var err error
		worked, err = c.Decide(c.Context(), at(2), c.decode, c.fold)
		c.must(err)
	}
}

// names are the ids of the events that were asked about, and forgets them.
func (c *copies) names() (out []string) {
	for _, q := range c.asked {
		out = append(out, q.Event.ID)
	}
	c.asked = nil
	return out
}

// TestHookDoesNotPreemptTheLog: what a forged delivery said first does not keep
// the provider's own word from being judged, and people hear of the forgery.
func TestHookDoesNotPreemptTheLog(t *testing.T) {
	w := newWorld(t)
	forged := event("evt", "00ubystander")
	forged.Class = holds.None
	c := &copies{world: w, hook: []holds.Event{forged}, log: []holds.Event{event("evt", "00u1")}}
	c.from(holds.FromHook)
	if got := c.names(); !slices.Equal(got, []string{"evt"}) || w.count("holds") != 0 {
		t.Fatalf("asked about %v", got)
	}
	c.from(holds.FromPoller)
	if len(c.asked) != 1 || c.asked[0].Event.ID != "evt#log" || c.asked[0].Subject.ID != "00u1" || c.asked[0].Event.Class != holds.MFAChange {
		t.Fatalf("asked about %+v", c.asked)
	}
	if d := c.asked[0].Event.Doubts; len(d) != 1 || !strings.Contains(d[0], "may have been forged") {
		t.Fatalf("doubts: %v", d)
	}
	if n := w.count("holds WHERE subject_id = '00u1'"); n != 1 {
		t.Fatalf("%d holds of the account that was changed", n)
	}
	if len(c.told) != 1 || c.told[0].ID != "delivery-forged:evt" || c.told[0].Class != holds.Tamper ||
		!slices.Equal(c.told[0].Subjects, []holds.Account{holds.FootingOf(okta)}) {
		t.Fatalf("told of %+v", c.told)
	}
	c.names()
	c.from(holds.FromPoller)
	c.from(holds.FromHook)
	if got := c.names(); got != nil || len(c.told) != 1 || w.count("events") != 3 {
		t.Fatalf("repeated copies: asked about %v, told %d times, %d events", got, len(c.told), w.count("events"))
	}
}

// TestLogsCopyIsJudgedWhenItDiffers in anything that a decision rests on, and
// only then (C1).
func TestLogsCopyIsJudgedWhenItDiffers(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		edit func(*holds.Event)
		want bool
	}{
		"class":        {func(e *holds.Event) { e.Class = holds.RecoveryChange }, true},
		"verb":         {func(e *holds.Event) { e.Verb = holds.Enrol }, true},
		"outcome":      {func(e *holds.Event) { e.Outcome = holds.Failed }, true},
		"subjects":     {func(e *holds.Event) { e.Subjects = append(e.Subjects, holds.Account{ID: "00u2"}) }, true},
		"no subject":   {func(e *holds.Event) { e.Subjects = nil }, true},
		"actor":        {func(e *holds.Event) { e.Actor.ID = "00uother" }, true},
		"own":          {func(e *holds.Event) { e.Actor.Own = true }, true},
		"echo":         {func(e *holds.Event) { e.Echo = holds.RemoveFactor }, true},
		"nothing":      {func(*holds.Event) {}, false},
		"order":        {func(e *holds.Event) { slices.Reverse(e.Subjects) }, false},
		"for people":   {func(e *holds.Event) { e.Summary, e.Actor.Name, e.Subjects[0].Login = "s", "n", "l" }, false},
		"unclassified": {func(e *holds.Event) { e.Class = holds.Unclassified }, true},
	} {
		t.Run(name, func(t *testing.T) {
			hook, log := event("evt "+name, "00u1", "00u3"), event("evt "+name, "00u1", "00u3")
			c.edit(&hook)
			both := &copies{world: w, hook: []holds.Event{hook}, log: []holds.Event{log}}
			both.from(holds.FromHook)
			both.names()
			both.from(holds.FromPoller)
			if got := both.names(); (got != nil) != c.want || (len(both.told) == 1) != c.want {
				t.Fatalf("asked about %v, told %d times", got, len(both.told))
			}
		})
	}
	t.Run("a doubtful envelope of a harmless event", func(t *testing.T) {
		hook, log := event("evt harmless", "00u1"), event("evt harmless", "00u1")
		hook.Class, log.Class = holds.Unclassified, holds.None
		both := &copies{world: w, hook: []holds.Event{hook}, log: []holds.Event{log}}
		both.from(holds.FromHook)
		both.names()
		both.from(holds.FromPoller)
		if got := both.names(); got != nil || both.told != nil {
			t.Fatalf("asked about %v", got)
		}
	})
}

// TestLogIsNotRetoldByAHook: a hook adds nothing to what the log has said.
func TestLogIsNotRetoldByAHook(t *testing.T) {
	w := newWorld(t)
	forged := event("evt", "00ubystander")
	c := &copies{world: w, hook: []holds.Event{forged}, log: []holds.Event{event("evt", "00u1")}}
	c.from(holds.FromPoller)
	c.names()
	c.from(holds.FromHook)
	if got := c.names(); got != nil || c.told != nil {
		t.Fatalf("asked about %v", got)
	}
}

// TestTwoEventsOfHooksUnderOneID: an id that was used twice keeps neither event
// from being judged, in one delivery or in two; a repetition stays one.
func TestTwoEventsOfHooksUnderOneID(t *testing.T) {
	w := newWorld(t)
	one, two, three := event("evt", "00u1"), event("evt", "00u2"), event("evt", "00u3")
	c := &copies{world: w, hook: []holds.Event{one, two}}
	c.from(holds.FromHook)
	first := c.names()
	if len(first) != 2 || first[0] == first[1] || !slices.Contains(first, "evt") {
		t.Fatalf("asked about %v", first)
	}
	c.from(holds.FromHook)
	if again := c.names(); again != nil {
		t.Fatalf("a repetition: asked about %v", again)
	}
	c.hook = []holds.Event{three, one}
	c.from(holds.FromHook)
	if got := c.names(); len(got) != 1 || slices.Contains(first, got[0]) {
		t.Fatalf("a third: asked about %v", got)
	}
	if n := w.count("holds"); n != 3 || c.told != nil {
		t.Fatalf("%d holds of three accounts, told %v", n, c.told)
	}
}

// TestNameOfTheLogsCopyCannotBeTaken: a forgery that foresees it changes nothing.
func TestNameOfTheLogsCopyCannotBeTaken(t *testing.T) {
	w := newWorld(t)
	one, two := event("evt", "00ubystander"), event("evt#log", "00u1")
	c := &copies{world: w, hook: []holds.Event{one, two}, log: []holds.Event{event("evt", "00u1")}}
	c.from(holds.FromHook)
	if got := c.names(); len(got) != 2 || slices.Contains(got, "evt#log") {
		t.Fatalf("asked about %v", got)
	}
	c.from(holds.FromPoller)
	if got := c.names(); !slices.Equal(got, []string{"evt#log"}) {
		t.Fatalf("asked about %v", got)
	}
}

// TestForgeryAtTheSameMoment: the log's copy waits for the forged one to be
// committed by another replica, and is judged all the same.
func TestForgeryAtTheSameMoment(t *testing.T) {
	w := newWorld(t)
	hook := &copies{world: w, hook: []holds.Event{event("evt", "00ubystander")}}
	log := &copies{world: w, log: []holds.Event{event("evt", "00u1")}}
	w.must(w.Receive(t.Context(), delivery("forged")))
	page := delivery("page")
	page.Source = holds.FromPoller
	w.must(w.AppendPage(t.Context(), page, "c", at(1)))
	done := make(chan error, 1)
	_, err := w.Decide(t.Context(), at(2), hook.decode, func(q holds.Question) (holds.Answer, error) {
		// The forged event is stored and not committed; now the log's copy comes.
		go func() { done <- decideOne(t, w.Second, log) }()
		w.waiting()
		return hook.fold(q)
	})
	w.must(err)
	w.must(<-done)
	if got := log.names(); !slices.Equal(got, []string{"evt#log"}) {
		t.Fatalf("asked about %v", got)
	}
}

func decideOne(t *testing.T, s *pgstore.Store, c *copies) error {
	t.Helper()
	_, err := s.Decide(t.Context(), at(2), c.decode, c.fold)
	return err
}

// waiting returns once a transaction waits for another.
func (w *world) waiting() {
	w.Helper()
	look, deadline := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer look.Stop()
	for w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
		select {
		case <-deadline:
			w.Fatal("nobody waits")
		case <-look.C:
		}
	}
}
