package entra

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
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
