package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// struck waits until a fault has struck a call: the process is in the middle
// of it.
func (w *world) struck(path string) {
	w.Helper()
	w.until("the call of "+path, func() (bool, string) {
		for _, e := range w.sim().Journal() {
			if e.Fault != "" && e.Path == path {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d calls so far", len(w.sim().Journal()))
	})
}

// G8: the process is killed between the record of an intent and its call, or
// between the call and the record of its outcome. Whoever runs next makes
// exactly the step that is missing.
func TestG8KilledWhileContaining(t *testing.T) {
	for name, f := range map[string]oktasim.Fault{
		"before the first call":            {Method: "PUT", Path: joining, When: oktasim.FailBefore},
		"after the first call":             {Method: "PUT", Path: joining, When: oktasim.FailAfter},
		"before the last call":             {Method: "POST", Path: suspending, When: oktasim.FailBefore},
		"after the last call":              {Method: "POST", Path: suspending, When: oktasim.FailAfter},
		"before anything was written down": {Method: "GET", Path: "/api/v1/users/" + oktasim.Engineer + "/factors", When: oktasim.FailBefore},
	} {
		if !slow && name != "before the first call" && name != "after the last call" {
			continue // a killed process's job waits for ten seconds and more
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{notYet: true, slowPoll: true, seams: func(s *seams) { s.job = childJob }})
			w.sim().Switch(func(s *oktasim.Switches) { s.HookDelay = oktasim.Duration(50 * time.Millisecond) })
			c := w.child()
			w.baselined()
			c.hooked()
			f.How, f.Times = oktasim.FailHang, 1000
			w.must(w.sim().Fail(f))
			w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
			w.struck(f.Path)
			c.kill()
			w.sim().Mend()
			w.start()
			v := w.hold(oktasim.Engineer, "the restraint", isContained)
			restrained(t, w.sim(), oktasim.Engineer)
			w.once(oktasim.Engineer)
			w.settled()
			for _, i := range w.view(v.Hold.ID).Intents {
				if !i.Done() {
					t.Errorf("no outcome of %s is written down", i.Action.Kind)
				}
			}
			if n := w.count("SELECT count(*) FROM holds"); n != 1 {
				t.Errorf("there are %d holds", n)
			}
		})
	}
}

// G8: the same while a release or a revert is under way.
func TestG8KilledWhileUndoing(t *testing.T) {
	for name, c := range map[string]struct {
		decision holds.DecisionKind
		fault    func(*world) oktasim.Fault
		end      holds.State
	}{
		"a release, after the call": {holds.Approve, func(*world) oktasim.Fault {
			return oktasim.Fault{Method: "POST", Path: "/api/v1/users/" + oktasim.Contractor + "/lifecycle/unsuspend", When: oktasim.FailAfter}
		}, holds.Released},
		"a release, before the call": {holds.Approve, func(*world) oktasim.Fault {
			return oktasim.Fault{Method: "DELETE", Path: "/api/v1/groups/" + oktasim.RestraintGroup + "/users/" + oktasim.Contractor, When: oktasim.FailBefore}
		}, holds.Released},
		"a revert, after the call": {holds.Deny, func(w *world) oktasim.Fault {
			p, _ := w.sim().Person(oktasim.Contractor)
			return oktasim.Fault{Method: "DELETE", Path: "/api/v1/users/" + oktasim.Contractor + "/roles/" + p.Roles[0].ID, When: oktasim.FailAfter}
		}, holds.Reverted},
	} {
		if !slow && name != "a revert, after the call" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{slowPoll: true, seams: func(s *seams) { s.job = childJob }})
			w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "APP_ADMIN", oktasim.From("elsewhere")))
			v := w.hold(oktasim.Contractor, "the hold", isContained)
			w.settled()
			ruth, omar := w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo)
			ruth.verified(v)
			w.stop()
			f := c.fault(w)
			f.How, f.Times = oktasim.FailHang, 1000
			w.must(w.sim().Fail(f))
			killed := w.child()
			omar.base = killed.console // the session is in the database
			if p := omar.decide(v, c.decision, "decided"); p.status != http.StatusOK {
				t.Fatalf("%d %s", p.status, p.words())
			}
			w.struck(f.Path)
			killed.kill()
			w.sim().Mend()
			w.start()
			w.hold(oktasim.Contractor, "the end", inState(c.end))
			w.once(oktasim.Contractor)
			if p, _ := w.sim().Person(oktasim.Contractor); c.end == holds.Reverted && len(p.Roles) != 0 {
				t.Errorf("the role is still there: %v", p.Roles)
			}
			if c.end == holds.Released {
				free(t, w.sim(), oktasim.Contractor)
			}
		})
	}
}

// H16, I9: stopped or killed under load, every delivery that was answered 204 is
// a row; a stop takes at most five seconds and is clean.
func TestH16StoppedUnderLoad(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{notYet: true, slowPoll: true, mode: "watch"})
			c := w.child()
			o := w.orgs[0]
			var mu sync.Mutex
			taken := map[string]bool{}
			enough, over := make(chan struct{}), make(chan struct{})
			var load sync.WaitGroup
			for range 6 {
				load.Go(func() {
					client := client()
					defer client.CloseIdleConnections()
					for {
						select {
						case <-over:
							return
						default:
						}
						body := envelope(o)
						var e struct {
							EventID string `json:"eventId"`
						}
						if err := json.Unmarshal(body, &e); err != nil {
							t.Error(err)
							return
						}
						req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+c.public+"/hooks/okta/"+string(o.id), bytes.NewReader(body))
						if err != nil {
							t.Error(err)
							return
						}
						req.Header = header("Authorization", o.secret)
						res, err := client.Do(req)
						if err != nil {
							continue // it is stopping, or gone
						}
						_ = res.Body.Close()
						mu.Lock()
						switch res.StatusCode {
						case http.StatusNoContent:
							taken[e.EventID] = true
							if len(taken) == 200 {
								close(enough)
							}
						case http.StatusServiceUnavailable:
						default:
							t.Errorf("answered %d", res.StatusCode)
						}
						mu.Unlock()
					}
				})
			}
			<-enough
			start := time.Now()
			w.must(c.cmd.Process.Signal(signal))
			err := c.wait(waiting)
			took := time.Since(start)
			close(over)
			load.Wait()
			if signal == syscall.SIGTERM && (err != nil || took > 5*time.Second) {
				t.Errorf("it ended after %s with %v:\n%s", took, err, w.log.tail(10))
			}
			stored := map[string]bool{}
			for _, id := range w.column("SELECT envelope FROM deliveries WHERE source = 'hook'") {
				stored[id] = true
			}
			lost := 0
			for id := range taken {
				if !stored[id] {
					lost++
				}
			}
			if lost > 0 {
				t.Errorf("%d of %d deliveries that were answered 204 are lost", lost, len(taken))
			}
			for _, line := range strings.Split(w.log.String(), "\n") {
				if strings.Contains(line, `"level":"ERROR"`) {
					t.Errorf("it complained: %s", line)
				}
			}
		})
	}
}
