//go:build slow

package intake_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/intake"
)

// requests is how many are sent: ten times as many with COUNTERSIGN_SOAK set, and
// a fifth of them under the race detector, which is there for other things.
func requests() int {
	switch {
	case os.Getenv("COUNTERSIGN_SOAK") != "":
		return 1_000_000
	case raceFactor > 1:
		return 20_000
	}
	return 100_000
}

// TestH20AbortedRequestsLeaveNothingBehind: goroutines and descriptors are as many
// afterwards as before, whatever a third of the senders broke off; and every
// delivery that was answered 204 is stored.
func TestH20AbortedRequestsLeaveNothingBehind(t *testing.T) {
	e := open(t, func(o *intake.Options) {
		o.Logger = nil // the log of all these would only be memory
	})
	e.store.forget = true
	var accepted, aborted atomic.Int64
	burst := func(n int) {
		var all sync.WaitGroup
		for w := range 16 {
			all.Go(func() {
				s := sender{addr: e.Addr(), chance: rand.New(rand.NewPCG(uint64(w), 20))} //nolint:gosec // a test's chance, the same every time
				for range n / 16 {
					ok, err := s.send()
					if err != nil {
						t.Error(err)
						return
					}
					if ok {
						accepted.Add(1)
					} else {
						aborted.Add(1)
					}
				}
				s.close()
			})
		}
		all.Wait()
	}
	burst(3200) // so that what is made once is there
	goroutines, descriptors := settled(t, 0, 0)
	burst(requests())
	more, open := settled(t, goroutines, descriptors)
	t.Logf("%d accepted, %d refused or broken off; goroutines %d, then %d; descriptors %d, then %d",
		accepted.Load(), aborted.Load(), goroutines, more, descriptors, open)
	if stored := e.store.called(); int64(stored) < accepted.Load() {
		t.Errorf("%d were answered 204 and %d are stored", accepted.Load(), stored)
	}
	if aborted.Load() == 0 || accepted.Load() == 0 {
		t.Error("nothing was broken off, or nothing accepted; the test proves nothing")
	}
}

// settled waits until there are hardly more goroutines and descriptors than
// before; with nothing before, until they no longer become fewer.
func settled(t *testing.T, goroutines, descriptors int) (int, int) {
	t.Helper()
	const slack = 8 // a timer that ends, a connection that is being closed
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last, same := 0, 0
	for late := time.After(2 * time.Minute); ; {
		g, d := runtime.NumGoroutine(), openFiles()
		if g+d < last || last == 0 {
			same = 0
		} else {
			same++
		}
		last = g + d
		if goroutines == 0 && same > 20 || goroutines > 0 && g <= goroutines+slack && d <= descriptors+slack {
			return g, d
		}
		select {
		case <-tick.C:
		case <-late:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors, before it were %d and %d\n%s", g, d, goroutines, descriptors, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// openFiles counts this process's descriptors where the system tells them.
func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// sender is a client that breaks off as often as not.
type sender struct {
	addr   string
	chance *rand.Rand
	conn   *net.TCPConn
	r      *bufio.Reader
}

// send makes one request and tells whether it was answered 204.
func (s *sender) send() (bool, error) {
	if s.conn == nil {
		c, err := net.DialTimeout("tcp", s.addr, 30*time.Second)
		if err != nil {
			return false, err
		}
		s.conn, s.r = c.(*net.TCPConn), bufio.NewReader(c)
		_ = s.conn.SetDeadline(time.Now().Add(10 * time.Minute))
	}
	secret := acmeSecret
	if s.chance.IntN(6) == 0 {
		secret = "wrong"
	}
	body := event("e-1")
	whole := fmt.Sprintf("POST /hooks/okta/acme-okta HTTP/1.1\r\nHost: gate.example\r\nContent-Type: application/json\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s",
		secret, len(body), body)
	switch s.chance.IntN(9) {
	case 0: // somewhere in the middle
		_, _ = io.WriteString(s.conn, whole[:s.chance.IntN(len(whole))])
	case 1: // without waiting for the answer
		_, _ = io.WriteString(s.conn, whole)
	case 2: // what is no request
		_, _ = io.WriteString(s.conn, strings.Replace(whole, "\r\n", "\n", 1))
	default:
		return s.complete(whole)
	}
	s.reset()
	return false, nil
}

func (s *sender) complete(whole string) (bool, error) {
	if _, err := io.WriteString(s.conn, whole); err != nil {
		return false, err
	}
	res, err := http.ReadResponse(s.r, nil)
	if err != nil {
		return false, err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.Close {
		s.reset()
	}
	return res.StatusCode == http.StatusNoContent, nil
}

// reset breaks the connection without leaving its port in use.
func (s *sender) reset() {
	_ = s.conn.SetLinger(0)
	s.close()
}

func (s *sender) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn = nil
}
