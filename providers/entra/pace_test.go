package entra

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

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
