//go:build slow

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// stops waits until the process stands still.
func (c *child) stops(where string) {
	c.w.Helper()
	c.w.until("it to stand still at "+where, func() (bool, string) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
		if err != nil {
			c.w.Skipf("whether a process stands still is asked of Linux: %v", err)
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		return strings.HasPrefix(after, "T"), string(stat)
	})
}

// H7: a worker that stands still in the middle of a call for longer than its
// lease, and comes back after another one has done the job and people have
// released the account, changes nothing any more: not at the provider, not here.
func TestH7TheZombieComesBack(t *testing.T) {
	t.Parallel()
	program := crashProgram(t)
	for _, at := range []failpoint.Point{failpoint.CallTried, failpoint.CallAnswered, failpoint.ContainBeforeLabel} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			if at != failpoint.CallTried && !soak {
				t.Skip("the other two run with " + soakVariable)
			}
			w := newWorld(t, options{notYet: true, seams: func(s *seams) { s.job = childJob }})
			front := w.front()
			w.start()
			w.baselined()
			w.hookedAt(front)
			w.settled()
			w.stop()
			zombie := death{at: string(at) + "!stop"}.begin(w, program, front)
			w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
			zombie.stops(string(at))
			w.start()
			front.Target("tcp", w.svc().public.Addr())
			v := w.hold(oktasim.Engineer, "the restraint", isContained)
			w.settled()
			w.released(w.view(v.Hold.ID), w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
			w.settled()
			free(t, w.sim(), oktasim.Engineer)
			w.until("the announcement to be old", func() (bool, string) {
				return w.count("SELECT count(*) FROM intents WHERE tried_at > now() - interval '11 s'") == 0, "it is not"
			})
			rows, calls := w.dump(), len(w.sim().Effects())
			said := len(zombie.log.String())
			w.must(zombie.cmd.Process.Signal(syscall.SIGCONT))
			w.until("it to see what became of its job", func() (bool, string) {
				news := zombie.log.String()[said:]
				return strings.Contains(news, `"effect":"contain"`), news
			})
			w.whole()
			free(t, w.sim(), oktasim.Engineer)
			if n := len(w.sim().Effects()); n != calls {
				t.Errorf("it made %d calls more", n-calls)
			}
			for _, table := range []string{"public.outcomes ", "public.intents ", "public.holds ", "public.audit_leaves "} {
				if strings.Count(w.dump(), "\n"+table) != strings.Count(rows, "\n"+table) {
					t.Errorf("it wrote to %s", table)
				}
			}
			w.once(oktasim.Engineer)
		})
	}
}

// H7: of two replicas one is killed in the middle of a job. The other one notices
// that it has fallen silent, long before the job would have timed out, and
// finishes it.
func TestH7AReplicaIsKilledInMidJob(t *testing.T) {
	t.Parallel()
	program := crashProgram(t)
	w := newWorld(t, options{notYet: true}) // with the timeout that jobs have in service
	front := w.front()
	w.start()
	w.baselined()
	w.hookedAt(front)
	w.settled()
	w.stop()
	c := death{at: string(failpoint.CallTried) + ":2!stop"}.begin(w, program, front)
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	c.stops("its second call")
	w.start()
	front.Target("tcp", w.svc().public.Addr())
	c.kill()
	killed := time.Now()
	w.hold(oktasim.Engineer, "the restraint", isContained)
	measured("a killed replica's job is done by another one", time.Since(killed), 30*time.Second)
	restrained(t, w.sim(), oktasim.Engineer)
	w.whole()
	w.once(oktasim.Engineer)
}
