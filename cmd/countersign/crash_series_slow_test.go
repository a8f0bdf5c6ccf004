//go:build slow

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/cutproxy"
)

// deadSeries is the short form of the deaths: several processes die one after the
// other in one world, each at another point and each with work of its own, and the
// one that comes after them finds what all of them have left.
type deadSeries []death

// chains is how many series the deaths around an event make. A delivery at which
// five processes have died is given up, so that those that die while they classify
// must not all die in one.
const chains = 4

// series is every point once.
func series() []deadSeries {
	events := make([]deadSeries, chains)
	others := map[while]deadSeries{}
	n := 0
	for _, d := range deaths() {
		switch {
		case strings.Contains(d.at, ":"): // dies here for the first time only
		case d.while == anEvent || d.while == aPage:
			events[n%chains] = append(events[n%chains], d)
			n++
		default:
			others[d.while] = append(others[d.while], d)
		}
	}
	out := events
	for _, while := range []while{aRelease, aRevert, aDeadline, aStart} {
		out = append(out, others[while])
	}
	return out
}

func (s deadSeries) play(t *testing.T, program string) {
	t.Helper()
	w := newWorld(t, crowded(len(s)).deadly())
	front := w.front()
	w.start()
	w.baselined()
	w.hookedAt(front)
	w.settled()
	switch s[0].while {
	case anEvent, aPage:
		s.atEvents(w, program, front)
	case aRelease:
		s.atDecisions(w, program, front, holds.Approve, holds.Released)
	case aRevert:
		s.atDecisions(w, program, front, holds.Deny, holds.Reverted)
	case aDeadline:
		s.atDeadlines(w, program, front)
	case aStart:
		s.atStarts(w, program, front)
	}
	w.whole()
	w.sentAgain(len(s))
}

// atEvents: somebody's factors are reset, and the process dies, again and again.
func (s deadSeries) atEvents(w *world, program string, front *cutproxy.Proxy) {
	w.stop()
	for n, d := range s {
		c := d.begin(w, program, front)
		w.storm(n, n+1)
		c.dies(d.at)
	}
	s[0].again(w, front)
	w.allContained(len(s))
	for n := range s {
		restrained(w.T, w.sim(), inCrowd(n))
	}
}

// granted makes a hold about each of the crowd, with everything done that is done
// without people.
func (s deadSeries) granted(w *world) []holds.View {
	w.Helper()
	for n := range s {
		w.told(w.sim().GrantsRole(oktasim.ITLead, inCrowd(n), "APP_ADMIN", oktasim.From("elsewhere")))
	}
	out := make([]holds.View, len(s))
	for n := range s {
		out[n] = w.hold(inCrowd(n), "the hold", isContained)
	}
	w.settled()
	for n := range s {
		out[n] = w.view(out[n].Hold.ID)
	}
	return out
}

// atDecisions: people decide one hold after the other, and the process dies at what
// comes of each.
func (s deadSeries) atDecisions(w *world, program string, front *cutproxy.Proxy, kind holds.DecisionKind, end holds.State) {
	held := s.granted(w)
	ruth, omar := w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo)
	for _, v := range held {
		ruth.verified(v)
	}
	w.stop()
	for n, d := range s {
		c := d.begin(w, program, front)
		omar.base = c.console // the session is in the database
		f := omar.decision(held[n], kind, "decided")
		if p, err := omar.try(http.MethodPost, f.action, f.values); err == nil && p.status != http.StatusOK {
			w.Fatalf("%d %s", p.status, p.words())
		}
		c.dies(d.at)
	}
	s[0].again(w, front)
	for n := range s {
		w.hold(inCrowd(n), "the end", inState(end))
	}
	w.settled()
	for n := range s {
		w.once(inCrowd(n))
		if kind == holds.Approve {
			free(w.T, w.sim(), inCrowd(n))
			continue
		}
		if p, _ := w.sim().Person(inCrowd(n)); len(p.Roles) != 0 {
			w.Errorf("the role of %s is still there: %v", inCrowd(n), p.Roles)
		}
	}
}

// atDeadlines: the deadlines of all have passed, and the process dies when it sees
// one, and again.
func (s deadSeries) atDeadlines(w *world, program string, front *cutproxy.Proxy) {
	held := s.granted(w)
	w.stop()
	w.exec("UPDATE holds SET due_at = now() - interval '1 minute'")
	for _, d := range s {
		d.begin(w, program, front).dies(d.at)
	}
	s[0].again(w, front)
	for n := range s {
		w.hold(inCrowd(n), "the escalation", func(v holds.View) bool { return v.Hold.Escalations > 0 })
	}
	w.settled()
	for _, v := range held {
		if v = w.view(v.Hold.ID); v.Hold.Escalations != 1 {
			w.Errorf("escalated %d times", v.Hold.Escalations)
		}
	}
}

// atStarts: the process dies while it signs a checkpoint of the log.
func (s deadSeries) atStarts(w *world, program string, front *cutproxy.Proxy) {
	s.granted(w)
	w.stop()
	for _, d := range s {
		d.begin(w, program, front).dies(d.at)
	}
	s[0].again(w, front)
	w.until("the checkpoint", func() (bool, string) {
		out, errs, code := w.command("audit", "verify")
		return code == 0 && strings.Contains(out, "checkpoint"), out + errs
	})
}
