package entra

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// pages is a store that can fail before and after it has stored.
type pages struct {
	mu            sync.Mutex
	cursor        string
	bodies        [][]byte
	before, after error
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
	p.cursor = cursor
	if len(d.Body) > 0 {
		if d.Digest != sha256.Sum256(d.Body) || d.Source != holds.FromPoller {
			return errors.New("a page without its digest")
		}
		p.bodies = append(p.bodies, d.Body)
	}
	return p.after
}

func (p *pages) fails(before, after error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

// ids are the records stored so far, each as often as it was stored.
func (p *pages) ids(t *testing.T) []string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, b := range p.bodies {
		var page struct{ Value []struct{ ID string } }
		if err := json.Unmarshal(b, &page); err != nil {
			t.Fatalf("a stored page is not one: %v", err)
		}
		for _, r := range page.Value {
			out = append(out, r.ID)
		}
	}
	return out
}

// fakeLog is an audit log as a test tells it to be.
type fakeLog struct {
	mu      sync.Mutex
	records []fakeRecord
	circle  bool // every next link leads back to the first page
	noOrder bool // the order that was asked for is not kept
	expired bool // next links are refused
	calls   []time.Time
	since   []time.Time
}

type fakeRecord struct {
	id     string
	at     time.Time
	hidden bool
}

func (l *fakeLog) write(at time.Time, ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.records = append(l.records, fakeRecord{id: id, at: at})
	}
}

func (l *fakeLog) set(change func(*fakeLog)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

// readings is when the log was read so far.
func (l *fakeLog) readings() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

func (l *fakeLog) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.URL.Path, "directoryAudits") { // which principals there are
		answer(w, 200, map[string]any{"value": []any{}})
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	q := r.URL.Query()
	at := q.Get("$skiptoken")
	from, until, ok := strings.Cut(at, "|")
	filter, _, _ := strings.Cut(strings.TrimPrefix(q.Get("$filter"), "activityDateTime ge "), " and ")
	skip, _ := strconv.Atoi(until)
	if ok {
		filter = from
	}
	since, err := time.Parse(time.RFC3339, filter)
	l.calls, l.since = append(l.calls, time.Now()), append(l.since, since)
	if err != nil || ok && l.expired {
		graphError(w, 400, "Request_BadRequest", "Skip token is not valid")
		return
	}
	if q.Get("$orderby") != "activityDateTime asc" && !ok {
		graphError(w, 400, "Request_BadRequest", "unordered")
		return
	}
	var fit []fakeRecord
	for _, rec := range l.records {
		if !rec.hidden && !rec.at.Before(since) {
			fit = append(fit, rec)
		}
	}
	slices.SortStableFunc(fit, func(a, b fakeRecord) int { return a.at.Compare(b.at) })
	if l.noOrder {
		slices.Reverse(fit)
	}
	size, err := strconv.Atoi(q.Get("$top"))
	if err != nil {
		size = 2
	}
	page := fit[min(skip, len(fit)):min(skip+size, len(fit))]
	value := []map[string]any{}
	for _, rec := range page {
		value = append(value, map[string]any{"id": rec.id, "activityDateTime": rec.at.Format("2006-01-02T15:04:05.0000000Z")})
	}
	out := map[string]any{"value": value}
	if next := skip + size; next < len(fit) || l.circle {
		if l.circle {
			next = 0
		}
		out["@odata.nextLink"] = worldGraph + r.URL.Path + "?" + url.Values{"$skiptoken": {filter + "|" + strconv.Itoa(next)}, "$top": {strconv.Itoa(size)}}.Encode()
	}
	answer(w, 200, out)
}

// inBubble runs a test with a log, a store and a poller within a bubble's time.
func inBubble(t *testing.T, o PollerOptions, run func(t *testing.T, l *fakeLog, p *pages, poller *Poller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, store := &fakeLog{}, &pages{}
		o.Pages = store
		c, _ := newScripted(t, l.serve, nil)
		run(t, l, store, c.NewPoller(o))
	})
}

// drain reads until the round ends.
func drain(t *testing.T, p *Poller) {
	t.Helper()
	for range 1000 {
		more, err := p.Once(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
	t.Fatal("the round does not end")
}

func wantIDs(t *testing.T, store *pages, want ...string) {
	t.Helper()
	got := store.ids(t)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

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

// Kicks coalesce: rounds start three seconds apart at least, and follow a hint
// for a while, since records become visible minutes after it.
func TestKicksCoalesce(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, _ *pages, p *Poller) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = p.Run(ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(l.readings()) != 1 {
			t.Fatalf("%d readings before anything happened", len(l.readings()))
		}
		start := time.Now()
		for range 600 { // a storm of notifications
			p.Kick()
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		during := len(l.readings()) - 1
		if during < 15 || during > 21 {
			t.Errorf("%d readings in a minute of kicks; three seconds apart are 20", during)
		}
		calls := l.readings()
		for i := 2; i < len(calls); i++ {
			if gap := calls[i].Sub(calls[i-1]); gap < spacing {
				t.Errorf("two rounds started %v apart", gap)
			}
		}
		if first := calls[1].Sub(start); first > time.Second {
			t.Errorf("a kick waited %v", first)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if follow := len(l.readings()) - 1 - during; follow < 8 || follow > 11 {
			t.Errorf("%d readings in the two minutes after a hint", follow)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		before := len(l.readings())
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if quiet := len(l.readings()) - before; quiet != 12 {
			t.Errorf("%d readings in nine quiet minutes, want one each 45 s", quiet)
		}
		cancel()
		<-done
	})
}

// Five requests in ten seconds is what Graph allows, whoever asks.
func TestPagingStaysWithinTheLimit(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for i := range 60 {
			l.write(time.Now().Add(time.Duration(i-100)*time.Second), strconv.Itoa(i))
		}
		drain(t, p)
		if len(store.ids(t)) != 60 || len(l.calls) != 30 {
			t.Errorf("%d records in %d calls", len(store.ids(t)), len(l.calls))
		}
		for i := paceCalls; i < len(l.calls); i++ {
			if within := l.calls[i].Sub(l.calls[i-paceCalls]); within < 10*time.Second {
				t.Fatalf("six calls within %v", within)
			}
		}
	})
}

// In a large tenant the newest records are reached without reading the whole
// overlap each time; the whole of it is read every few minutes, and on demand.
func TestALongOverlapIsNotReadEachTime(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for i := range 120 {
			l.write(time.Now().Add(time.Duration(i-120)*30*time.Second), strconv.Itoa(i))
		}
		drain(t, p)
		high := p.high
		depth := func() time.Duration {
			at := len(l.since)
			drain(t, p)
			return high.Sub(l.since[at])
		}
		if d := depth(); d > shallow+time.Second {
			t.Errorf("the next round began %v back", d)
		}
		p.Backfill()
		if d := depth(); d < time.Hour {
			t.Errorf("a back-fill began %v back", d)
		}
		time.Sleep(deepEvery)
		if d := depth(); d < time.Hour {
			t.Errorf("after five minutes it began %v back", d)
		}
	})
}

// D6: 429 for ten minutes: the poller waits as it is told and loses nothing.
func TestD6ALongLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, store := &fakeLog{}, &pages{}
		open := time.Now().Add(10 * time.Minute)
		calls := 0
		c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			if time.Now().Before(open) {
				graphError(w, 429, "TooManyRequests", "")
				return
			}
			l.serve(w, r)
		}, nil)
		var troubles int
		p := c.NewPoller(PollerOptions{Pages: store, Report: func(at time.Time, s string) {
			if at.IsZero() && s != "" {
				troubles++
			}
		}})
		l.write(time.Now(), "while limited")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = p.Run(ctx) }()
		time.Sleep(13 * time.Minute)
		synctest.Wait()
		wantIDs(t, store, "while limited")
		if calls > 30 || troubles == 0 {
			t.Errorf("%d calls while limited, %d times told", calls, troubles)
		}
		cancel()
		<-done
	})
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

func TestAFailureWaitsAsLongAsItIsAskedTo(t *testing.T) {
	p := (&Client{}).NewPoller(PollerOptions{})
	if d := p.backoff(1, &holds.Error{Kind: holds.Unavailable, After: 5 * time.Minute}); d != 5*time.Minute {
		t.Errorf("it waits %v", d)
	}
	for failures, least := range map[int]time.Duration{1: spacing, 4: 8 * time.Second, 50: maxBackoff} {
		if d := p.backoff(failures, errors.New("down")); d < least || d > maxBackoff*5/4 {
			t.Errorf("after %d failures it waits %v", failures, d)
		}
	}
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

func TestActivityAsksForBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now().Add(-time.Hour).Truncate(time.Second)
		endless := false
		c, s := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			filter := r.URL.Query().Get("$filter")
			value := []map[string]any{{"id": "both"}, {"id": "did"}}
			if strings.Contains(filter, "targetResources") {
				value[1]["id"] = "was done to"
			}
			out := map[string]any{"value": value}
			if endless {
				out["@odata.nextLink"] = worldGraph + r.URL.Path + "?$skiptoken=x"
			}
			answer(w, 200, out)
		}, nil)
		got, complete, err := c.Activity(t.Context(), testAccount, since)
		if err != nil || !complete || len(got) != 2 || string(got[0]) != `{"value":[{"id":"both"},{"id":"did"}]}` || string(got[1]) != `{"value":[{"id":"was done to"}]}` {
			t.Errorf("%s, %v, %v", got, complete, err)
		}
		for i, want := range []string{"initiatedBy/user/id eq '" + testAccount + "'", "targetResources/any(t:t/id eq '" + testAccount + "')"} {
			u, _ := url.Parse(strings.TrimPrefix(s.called()[i], "GET "))
			if f := u.Query().Get("$filter"); f != "activityDateTime ge "+since.UTC().Format(time.RFC3339)+" and "+want {
				t.Errorf("asked %q", f)
			}
		}
		endless = true
		if _, complete, err := c.Activity(t.Context(), testAccount, since); complete || err != nil || len(s.called()) != 2+2*activityPages {
			t.Errorf("an endless log: complete %v, %v, %d calls", complete, err, len(s.called()))
		}
	})
}

func TestPaceLetsAWaiterGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		for range paceCalls {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantKind(t, p.wait(ctx), holds.Unavailable, "in time")
	})
}
