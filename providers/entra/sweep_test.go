package entra

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// D6: a record that becomes visible five hours late, long after the overlap has
// passed it, is found by the sweep, once; what was stored before is not again.
func TestD6ARecordThatIsHoursLate(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 3}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		drain(t, p)
		var want []string
		for i := range 24 {
			time.Sleep(time.Hour)
			id := fmt.Sprintf("hour %d", i)
			l.write(time.Now().Add(-time.Minute), id)
			want = append(want, id)
			if i == 10 {
				l.write(time.Now().Add(-5*time.Hour), "late")
				want = append(want, "late")
			}
			for range 20 { // a sweep takes a page after each round
				drain(t, p)
				time.Sleep(time.Second)
			}
		}
		wantIDs(t, store, want...)
	})
}

// D6: the sweep looks back no further than the first reading did: what happened
// before Countersign was there is not judged.
func TestTheSweepKeepsToTheFirstReading(t *testing.T) {
	inBubble(t, PollerOptions{Lookback: time.Hour}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		l.write(time.Now().Add(-3*time.Hour), "before")
		l.write(time.Now().Add(-30*time.Minute), "within")
		for range 10 {
			drain(t, p)
			time.Sleep(time.Hour)
		}
		wantIDs(t, store, "within")
	})
}

// D6: a page too large to be read does not end the sweep; it asks for fewer.
func TestTheSweepReadsLargePages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, store := &fakeLog{}, &pages{}
		large := false
		c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			top, _ := strconv.Atoi(r.URL.Query().Get("$top"))
			if large && top > 100 && strings.Contains(r.URL.Path, "directoryAudits") {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(make([]byte, 33<<20))
				return
			}
			l.serve(w, r)
		}, nil)
		p := c.NewPoller(PollerOptions{Pages: store, Lookback: 24 * time.Hour})
		l.write(time.Now(), "first")
		drain(t, p)
		time.Sleep(59 * time.Minute)
		l.write(time.Now(), "newest")
		drain(t, p)
		l.write(time.Now().Add(-5*time.Hour), "late")
		time.Sleep(2 * time.Minute)
		large, p.limit = true, 100 // the rounds have learnt it, the sweep has not
		for range 6 {
			if _, err := p.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.limit = 100
			time.Sleep(time.Minute)
		}
		wantIDs(t, store, "first", "newest", "late")
	})
}

// D6: a sweep that meets trouble is left, and the rounds go on.
func TestASweepInTroubleStopsNoRound(t *testing.T) {
	inBubble(t, PollerOptions{Limit: 2}, func(t *testing.T, l *fakeLog, store *pages, p *Poller) {
		for i := range 8 {
			l.write(time.Now().Add(time.Duration(i-50)*time.Minute), fmt.Sprint(i))
		}
		drain(t, p)
		time.Sleep(2 * time.Hour)
		l.write(time.Now(), "new")
		drain(t, p) // the sweep has its first page, and a link
		l.set(func(l *fakeLog) { l.expired = true })
		time.Sleep(time.Minute)
		if _, err := p.Once(t.Context()); err != nil && !strings.Contains(err.Error(), "token") {
			t.Fatal(err)
		}
		l.set(func(l *fakeLog) { l.expired = false })
		l.write(time.Now(), "newer")
		drain(t, p)
		wantIDs(t, store, "0", "1", "2", "3", "4", "5", "6", "7", "new", "newer")
	})
}
