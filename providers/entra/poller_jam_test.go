package entra

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// D6: a page of the largest records is more than is read of one answer. Whoever
// writes such records must not stop the reading: it asks for fewer, and for more
// again once they are behind it.
func TestD6APageThatIsTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, store := &fakeLog{}, &pages{}
		large, tops := true, []int(nil)
		c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			top, _ := strconv.Atoi(r.URL.Query().Get("$top"))
			if strings.Contains(r.URL.Path, "directoryAudits") {
				tops = append(tops, top)
			}
			if large && top > 100 {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(make([]byte, 33<<20))
				return
			}
			l.serve(w, r)
		}, nil)
		p := c.NewPoller(PollerOptions{Pages: store})
		var want []string
		read := func(from, to int) {
			t.Helper()
			for i := from; i < to; i++ {
				l.write(time.Now().Add(time.Duration(i-to)*time.Second), strconv.Itoa(i))
				want = append(want, strconv.Itoa(i))
			}
			for range 50 {
				if more, err := p.Once(t.Context()); err == nil && !more {
					break
				}
			}
			wantIDs(t, store, want...)
		}
		read(0, 300)
		large = false
		time.Sleep(2 * time.Hour)
		for i := range 4 {
			read(300+i, 301+i)
		}
		if last := tops[len(tops)-1]; last != 500 {
			t.Errorf("pages of %v: large ones are not asked for again", tops)
		}
	})
}

// D6: where the order is not kept, what was reached says nothing about what was
// read: after a lost link reading begins anew.
func TestD6ALostLinkWithoutOrder(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2, Lookback: 24 * time.Hour}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for i := range 6 {
			l.write(time.Now().Add(time.Duration(i-10)*time.Hour), strconv.Itoa(i))
		}
		l.set(func(l *fakeLog) { l.noOrder = true })
		if _, err := p.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.set(func(l *fakeLog) { l.expired = true })
		if _, err := p.Once(t.Context()); err == nil {
			t.Fatal("an expired link was answered")
		}
		l.set(func(l *fakeLog) { l.expired = false })
		drain(t, p)
		wantIDs(t, store, "0", "1", "2", "3", "4", "5")
	})
}

// Two records with the same placeholder for an id are two.
func TestRecordsWithoutAnIDAreTold(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		l.write(time.Now().Add(-2*time.Minute), "unknown")
		drain(t, p)
		l.write(time.Now().Add(-time.Minute), "unknown")
		drain(t, p)
		wantIDs(t, store, "unknown", "unknown")
	})
}

// A log in which nothing happens for longer than it is kept was read all the same;
// one that could not be read for as long has a gap, also without a restart.
func TestD1SilenceIsNoGap(t *testing.T) {
	inBubble(t, PollerOptions{}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		last := ""
		report := func(at time.Time, trouble string) {
			if !at.IsZero() {
				last = trouble
			}
		}
		p.opt.Report = report
		l.write(time.Now(), "the last for long")
		for range 10 * 24 {
			time.Sleep(time.Hour)
			drain(t, p)
		}
		again := p.c.NewPoller(PollerOptions{Pages: store, Report: report})
		drain(t, again)
		if last != "" {
			t.Errorf("after a restart in a silent log people read %q", last)
		}
		l.write(time.Now().Add(-time.Hour), "late")
		drain(t, again)
		wantIDs(t, store, "the last for long", "late")
		store.fails(errors.New("disk full"), nil)
		l.write(time.Now(), "unstored")
		for range 10 {
			time.Sleep(24 * time.Hour)
			if _, err := again.Once(t.Context()); err == nil {
				t.Fatal("stored")
			}
		}
		store.fails(nil, nil)
		drain(t, again)
		if !strings.Contains(last, "may never be seen") {
			t.Errorf("after ten days without reading people read %q", last)
		}
	})
}
