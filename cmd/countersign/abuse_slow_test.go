//go:build slow

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// B7, B9, H20: what strangers do to the listener beside an honest platform. Two
// thousand connections say nothing, drip or idle, and others post without a
// credential as fast as they can; every honest delivery is answered 204 and stored.
// When they are gone, so are their descriptors, and the database has no more
// connections than before. How much slower the honest ones were is noted, not asked
// for: here they share two processors with those who abuse.
func TestB9HonestTrafficBesideStrangers(t *testing.T) {
	w := newWorld(t, options{notYet: true, slowPoll: true, unaware: true})
	c := w.child()
	const honest = 400
	alone := w.honestly(c.public, honest)
	w.until("the inbox to be empty", func() (bool, string) {
		n := w.count("SELECT count(*) FROM deliveries WHERE decided_at IS NULL")
		return n == 0, itoa(n) + " wait"
	})
	files, database := c.files(), w.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'countersign_app'")

	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var open, refused atomic.Int64
	for i := range 2000 { // a hundred from each of twenty addresses
		all.Go(func() { loiter(ctx, fmt.Sprintf("127.0.1.%d", i%20+1), c.public, i%3, &open) })
	}
	w.until("two thousand connections", func() (bool, string) { n := open.Load(); return n >= 1900, itoa(int(n)) + " are open" })
	began := time.Now()
	for i := range 8 {
		all.Go(func() {
			flood(ctx, fmt.Sprintf("127.0.2.%d", i+1), "http://"+c.public+"/hooks/okta/"+string(connection), &refused)
		})
	}
	w.until("the flood", func() (bool, string) { n := refused.Load(); return n > 500, itoa(int(n)) + " refused" })
	beside := w.honestly(c.public, honest)
	rate := float64(refused.Load()) / time.Since(began).Seconds()
	stop()
	all.Wait()

	if n := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook'"); n != 2*honest {
		t.Errorf("%d of %d deliveries are stored", n, 2*honest)
	}
	noted(fmt.Sprintf("acknowledgement p99 beside %d idle or dripping connections and %.0f refusals/s", open.Load(), rate),
		fmt.Sprintf("%.0f ms (alone %.0f ms)", ms(beside), ms(alone)), "300 ms")
	w.until("their descriptors to be given back", func() (bool, string) {
		n := c.files()
		return n <= files+16, fmt.Sprintf("%d are open, before it were %d", n, files)
	})
	if n := w.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'countersign_app'"); n > database+8 {
		t.Errorf("H20: %d connections to the database, before it were %d", n, database)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// honestly delivers as a platform does, from four senders, and tells the
// ninety-ninth percentile of the answers' delays. Anything but 204 fails.
func (w *world) honestly(address string, many int) time.Duration {
	w.Helper()
	took := make([]time.Duration, many)
	var all sync.WaitGroup
	o := w.orgs[0]
	for first := range 4 {
		all.Go(func() {
			c := client()
			defer c.CloseIdleConnections()
			for i := first; i < many; i += 4 {
				began := time.Now()
				req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "http://"+address+"/hooks/okta/"+string(o.id), strings.NewReader(string(envelope(o))))
				if err != nil {
					w.Error(err)
					return
				}
				req.Header = header("Authorization", o.secret)
				res, err := c.Do(req)
				if err != nil {
					w.Errorf("an honest delivery: %v", err)
					return
				}
				_ = res.Body.Close()
				took[i] = time.Since(began)
				if res.StatusCode != http.StatusNoContent {
					w.Errorf("an honest delivery is answered %d", res.StatusCode)
				}
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took[many*99/100]
}

// from dials from one of this machine's own addresses.
func from(ctx context.Context, local, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	return d.DialContext(ctx, "tcp", address)
}

// loiter keeps one connection of an ill kind open, and opens it again when it is cut.
func loiter(ctx context.Context, local, address string, kind int, open *atomic.Int64) {
	for ctx.Err() == nil {
		c, err := from(ctx, local, address)
		if err != nil {
			continue
		}
		open.Add(1)
		cut := context.AfterFunc(ctx, func() { _ = c.Close() })
		switch kind {
		case 0: // says nothing
		case 1: // begins a head and does not end it
			_, _ = io.WriteString(c, "POST /hooks/okta/x HTTP/1.1\r\nHost: a\r\nX-Slow: ")
		case 2: // asks once, and idles
			_, _ = io.WriteString(c, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
		}
		_, _ = io.Copy(io.Discard, c)
		if cut() {
			open.Add(-1)
		}
		_ = c.Close()
	}
}

// flood posts without a credential until it is told to stop.
func flood(ctx context.Context, local, url string, refused *atomic.Int64) {
	c := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		return from(ctx, local, address)
	}}}
	defer c.CloseIdleConnections()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"events":[]}`))
		if err != nil {
			return
		}
		req.Header = header("Authorization", "guess")
		if res, err := c.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusUnauthorized {
				refused.Add(1)
			}
		}
	}
}

// files is how many descriptors the process has open.
func (c *child) files() int {
	c.w.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.cmd.Process.Pid))
	c.w.must(err)
	return len(list)
}
