package entra

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

func TestPollerStoresEachRecordOnce(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		var want []string
		for round := range 4 {
			for i := range 5 {
				id := fmt.Sprintf("Directory_%d_%d", round, i)
				want = append(want, id)
				l.write(time.Now().Add(-time.Duration(5-i)*time.Second), id)
			}
			drain(t, p)
			drain(t, p)
			time.Sleep(time.Minute)
		}
		wantIDs(t, store, want...)
	})
}

// The bytes of a record are evidence: nothing about them may change.
func TestPollerLeavesBytesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := `{ "id":"a\u0041", "x" : 1e2,"x":2 ,"activityDateTime":"` + time.Now().UTC().Format(time.RFC3339) + `"}`
		c, _ := newScripted(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"@odata.context":"x", "value" : [ %s , 7,null ,"s"] }`, odd)
		}, nil)
		store := &pages{}
		p := c.NewPoller(PollerOptions{Pages: store})
		drain(t, p)
		if want := `{"value":[` + odd + `,7,null,"s"]}`; len(store.bodies) != 1 || string(store.bodies[0]) != want {
			t.Errorf("stored %s", store.bodies)
		}
		drain(t, p)
		if len(store.bodies) != 1 {
			t.Errorf("what has no id was stored again: %s", store.bodies[1:])
		}
	})
}

// D6: a record that shows up late, behind newer ones, is found by the overlap.
func TestD6LateRecordsAreFound(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		start := time.Now()
		l.write(start, "on time")
		l.records = append(l.records, fakeRecord{id: "late", at: start.Add(time.Second), hidden: true})
		drain(t, p)
		time.Sleep(40 * time.Minute)
		l.write(time.Now(), "newer")
		drain(t, p)
		l.set(func(l *fakeLog) { l.records[1].hidden = false })
		drain(t, p)
		wantIDs(t, store, "on time", "late", "newer")
	})
}

// D6: next links that lead round in a circle end the round, and what lies behind
// is reached by time.
func TestD6NextLinksInACircle(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		var want []string
		for i := range 7 {
			want = append(want, strconv.Itoa(i))
			l.write(time.Now().Add(time.Duration(i-10)*time.Second), strconv.Itoa(i))
		}
		l.set(func(l *fakeLog) { l.circle = true })
		troubles := 0
		for range 60 {
			if _, err := p.Once(t.Context()); err != nil {
				wantKind(t, err, holds.Unavailable, "leads back")
				troubles++
			}
			time.Sleep(time.Second)
		}
		if troubles == 0 {
			t.Error("the circle was not noticed")
		}
		wantIDs(t, store, want...)
		l.set(func(l *fakeLog) { l.circle = false })
		l.write(time.Now(), "after it")
		drain(t, p)
		drain(t, p)
		wantIDs(t, store, append(want, "after it")...)
	})
}

// D6: a link that Graph no longer knows is left, and reading goes on by time.
func TestD6ExpiredLinks(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for i := range 5 {
			l.write(time.Now().Add(time.Duration(i-10)*time.Second), strconv.Itoa(i))
		}
		if more, err := p.Once(t.Context()); err != nil || !more {
			t.Fatal(more, err)
		}
		l.set(func(l *fakeLog) { l.expired = true })
		for range 12 {
			if _, err := p.Once(t.Context()); err != nil {
				wantKind(t, err, holds.Invalid, "400")
			}
		}
		wantIDs(t, store, "0", "1", "2", "3", "4")
	})
}

// D6: a log that does not keep its order must not move the cursor past what was
// not read: a process that dies in between reads all of it again.
func TestD6TheCursorWaitsWhileTheOrderIsBroken(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2, Lookback: 24 * time.Hour}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		start := time.Now()
		for i := range 6 {
			l.write(start.Add(time.Duration(i-10)*time.Hour), strconv.Itoa(i))
		}
		l.set(func(l *fakeLog) { l.noOrder = true })
		for range 2 {
			if _, err := p.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// The process dies here; another begins with the durable cursor alone.
		again := p.c.NewPoller(PollerOptions{Pages: store, Limit: 10, Lookback: 24 * time.Hour})
		drain(t, again)
		got := store.ids(t)
		for i := range 6 {
			if !slices.Contains(got, strconv.Itoa(i)) {
				t.Errorf("record %d is lost; stored %q", i, got)
			}
		}
	})
}

// A record from the future must not hide what comes before it.
func TestC15ARecordFromTheFuture(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		l.write(time.Now().Add(48*time.Hour), "future")
		l.write(time.Now(), "now")
		drain(t, p)
		for range 3 {
			time.Sleep(2 * time.Hour)
			drain(t, p)
		}
		l.write(time.Now(), "later")
		drain(t, p)
		wantIDs(t, store, "future", "now", "later")
	})
}

// D1: after an outage a new process goes on where the durable cursor stands, and
// what was stored is never lost, also when the answer to the commit was.
func TestD1TheCursorIsDurable(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		drain(t, p)
		if store.cursor == "" {
			t.Fatal("a quiet log leaves no cursor, so an outage now would be skipped")
		}
		time.Sleep(6 * time.Hour)
		l.write(time.Now().Add(-5*time.Hour), "while we were down")
		again := p.c.NewPoller(PollerOptions{Pages: store})
		store.fails(errors.New("disk full"), nil)
		if _, err := again.Once(t.Context()); err == nil {
			t.Error("a page that was not stored counts as read")
		}
		store.fails(nil, errors.New("the answer to COMMIT was lost"))
		if _, err := again.Once(t.Context()); err == nil {
			t.Error("an unknown commit counts as done")
		}
		store.fails(nil, nil)
		drain(t, again)
		if got := store.ids(t); !slices.Contains(got, "while we were down") {
			t.Errorf("stored %q", got)
		}
	})
}

func TestD1AGapLongerThanTheLogIsKept(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		store.cursor = cursor(time.Now().Add(-8 * 24 * time.Hour))
		var said []string
		p.opt.Report = func(at time.Time, trouble string) {
			if !at.IsZero() {
				said = append(said, trouble)
			}
		}
		drain(t, p)
		time.Sleep(25 * time.Hour)
		drain(t, p)
		drain(t, p)
		if len(said) != 3 || !strings.Contains(said[0], "may never be seen") || said[2] != "" {
			t.Errorf("reported %q", said)
		}
	})
}

func TestCursorOfAnotherVersionIsNotGuessed(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for _, bad := range []string{"v2 2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "v1 yesterday", "/api/v1/logs?after=1"} {
			store.cursor = bad
			_, err := p.Once(t.Context())
			wantKind(t, err, holds.Invalid, "newer version")
		}
		if len(l.calls) != 0 {
			t.Error("the log was read all the same")
		}
	})
	at := time.Date(2026, 11, 23, 4, 5, 6, 123_456_700, time.UTC)
	if got, err := parseCursor(cursor(at)); err != nil || !got.Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
}

// What tells services from pretenders may be unreadable; the log is read all the
// same, unless it is an outage before anything was learnt.
func TestTheLogIsReadWithoutKnowingTheServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, store, status := &fakeLog{}, &pages{}, 503
		c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v1.0"+auditPath:
				l.serve(w, r)
			case status == 200:
				answer(w, 200, map[string]any{"value": []any{}})
			default:
				graphError(w, status, "SomeCode", "")
			}
		}, nil)
		p := c.NewPoller(PollerOptions{Pages: store})
		l.write(time.Now(), "first")
		_, err := p.Once(t.Context())
		wantKind(t, err, holds.Unavailable, "503")
		for i, next := range []int{400, 200, 503, 403} {
			status = next
			l.write(time.Now(), strconv.Itoa(i))
			drain(t, p)
			time.Sleep(knowEvery)
		}
		wantIDs(t, store, "first", "0", "1", "2", "3")
	})
}

func TestSeenIsBounded(t *testing.T) {
	s := seen{at: map[string]time.Time{}}
	now := time.Now()
	for i := range mostSeen + 10 {
		s.add([]auditRecord{{key: strconv.Itoa(i), at: now}})
	}
	if len(s.at) > mostSeen {
		t.Errorf("%d are remembered", len(s.at))
	}
	s.forget(now.Add(time.Second))
	if len(s.at) != 0 {
		t.Errorf("%d are not forgotten", len(s.at))
	}
}
