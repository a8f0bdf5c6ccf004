//go:build slow

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/cutproxy"
)

// death is one place to die at, and what goes on meanwhile.
type death struct {
	at    string // as FAILPOINT takes it
	while while
}

// while is what the process that dies was doing.
type while string

const (
	anEvent   while = "an event"   // received, judged, contained, told
	aRelease  while = "a release"  // decided, lifted
	aRevert   while = "a revert"   // decided, undone
	aDeadline while = "a deadline" // passed, escalated
	aStart    while = "a start"    // nothing but what every start does
	aPage     while = "a page"     // as an event, without a hook
)

// deaths is every point, with the calls of each kind one by one.
func deaths() []death {
	p := func(at failpoint.Point) string { return string(at) }
	return []death{
		{p(failpoint.IntakeBodyRead), anEvent},
		{p(failpoint.InboxInserted), anEvent},
		{p(failpoint.IntakeStored), anEvent},
		{p(failpoint.PollRead), aPage},
		{p(failpoint.PageInserted), aPage},
		{p(failpoint.PollStored), aPage},
		{p(failpoint.ClassifyClaimed), anEvent},
		{p(failpoint.ClassifyDecoded), anEvent},
		{p(failpoint.ClassifyFolded), anEvent},
		{p(failpoint.ClassifyDone), anEvent},
		{p(failpoint.ClassifyCommitted), anEvent},
		{p(failpoint.StoreBeforeCommit), anEvent},
		{p(failpoint.StoreBeforeCommit) + ":2", anEvent},
		{p(failpoint.StoreBeforeCommit) + ":4", anEvent},
		{p(failpoint.StoreCommitted), anEvent},
		{p(failpoint.StoreCommitted) + ":3", anEvent},
		{p(failpoint.ContainIntended), anEvent},
		{p(failpoint.ContainBeforeLabel), anEvent},
		{p(failpoint.CallTried), anEvent},
		{p(failpoint.CallTried) + ":2", anEvent},
		{p(failpoint.CallTried) + ":3", anEvent},
		{p(failpoint.CallAnswered), anEvent},
		{p(failpoint.CallAnswered) + ":2", anEvent},
		{p(failpoint.CallAnswered) + ":3", anEvent},
		{p(failpoint.CallRecorded), anEvent},
		{p(failpoint.CallRecorded) + ":3", anEvent},
		{p(failpoint.TellPlanned), anEvent},
		{p(failpoint.SendReady), anEvent},
		{p(failpoint.SendAccepted), anEvent},
		{p(failpoint.SendRecorded), anEvent},
		{p(failpoint.LiftIntended), aRelease},
		{p(failpoint.CallTried), aRelease},
		{p(failpoint.CallAnswered), aRelease},
		{p(failpoint.CallRecorded), aRelease},
		{p(failpoint.CallAnswered) + ":2", aRelease},
		{p(failpoint.LiftBeforeEnd), aRelease},
		{p(failpoint.RevertIntended), aRevert},
		{p(failpoint.CallTried), aRevert},
		{p(failpoint.CallAnswered), aRevert},
		{p(failpoint.CallRecorded), aRevert},
		{p(failpoint.RevertBeforeEnd), aRevert},
		{p(failpoint.SweepDue), aDeadline},
		{p(failpoint.SweepEscalated), aDeadline},
		{p(failpoint.AnchorSigned), aStart},
		{p(failpoint.AnchorWritten), aStart},
		{p(failpoint.AnchorPublished), aStart},
	}
}

// H1, G8: killed at each point between two steps, and started again, the service
// has lost nothing and does nothing twice. What was answered 2xx is a row, what
// was done at the provider has an outcome, and exactly the missing steps run. In a
// soak each death has a world of its own, and each call of each kind a death.
func TestH1KilledAtEveryPoint(t *testing.T) {
	t.Parallel()
	walked := map[failpoint.Point]bool{}
	for _, d := range deaths() {
		point, _, _ := strings.Cut(d.at, ":")
		walked[failpoint.Point(point)] = true
		if !soak {
			continue
		}
		t.Run(d.at+" in "+string(d.while), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{notYet: true, seams: func(s *seams) { s.job = childJob }})
			d.play(w, crashProgram(t))
			w.whole()
			w.sentAgain(1)
		})
	}
	for _, g := range failpoint.Gaps() {
		if !walked[g.Point] {
			t.Errorf("nobody dies at %s", g.Point)
		}
	}
	if soak {
		return
	}
	for n, s := range series() {
		t.Run(string(s[0].while)+" "+itoa(n), func(t *testing.T) {
			t.Parallel()
			s.play(t, crashProgram(t))
		})
	}
}

// sentAgain proves that no mail came more often than so many deaths explain. Whoever
// dies between the channel's answer and the ledger sends once more, under the same
// Message-ID, by which mail systems know it again.
func (w *world) sentAgain(most int) {
	w.Helper()
	for which, n := range w.copies() {
		if n > 1+most {
			w.Errorf("E10: %d copies of the mail %s", n, which)
		}
	}
}

func (d death) play(w *world, program string) {
	front := w.front()
	w.start()
	w.baselined()
	switch d.while {
	case anEvent, aPage:
		if d.while == anEvent {
			w.hookedAt(front)
		}
		w.settled()
		w.stop()
		c := d.begin(w, program, front)
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		c.dies(d.at)
		d.again(w, front)
		w.hold(oktasim.Engineer, "the restraint", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
		restrained(w.T, w.sim(), oktasim.Engineer)
		w.once(oktasim.Engineer)
	case aRelease:
		d.decided(w, program, front, holds.Approve, holds.Released)
		free(w.T, w.sim(), oktasim.Contractor)
	case aRevert:
		d.decided(w, program, front, holds.Deny, holds.Reverted)
		if p, _ := w.sim().Person(oktasim.Contractor); len(p.Roles) != 0 {
			w.Errorf("the role is still there: %v", p.Roles)
		}
	case aDeadline:
		v := d.held(w, front)
		w.stop()
		w.exec("UPDATE holds SET due_at = now() - interval '1 minute'")
		d.begin(w, program, front).dies(d.at)
		d.again(w, front)
		v = w.hold(oktasim.Contractor, "the escalation", func(v holds.View) bool { return v.Hold.Escalations > 0 })
		w.settled()
		if v = w.view(v.Hold.ID); v.Hold.Escalations != 1 {
			w.Errorf("escalated %d times", v.Hold.Escalations)
		}
	case aStart:
		d.held(w, front)
		w.stop()
		d.begin(w, program, front).dies(d.at)
		d.again(w, front)
		w.until("the checkpoint", func() (bool, string) {
			out, errs, code := w.command("audit", "verify")
			return code == 0 && strings.Contains(out, "checkpoint"), out + errs
		})
	}
}

// begin starts the process that is going to die.
func (d death) begin(w *world, program string, front *cutproxy.Proxy) *child {
	c := w.childOf(program, failpoint.Variable+"="+d.at)
	front.Target("tcp", c.public)
	return c
}

// again starts the one that comes after it.
func (d death) again(w *world, front *cutproxy.Proxy) {
	w.start()
	front.Target("tcp", w.svc().public.Addr())
}

// held makes a hold with everything done that is done without people.
func (d death) held(w *world, front *cutproxy.Proxy) holds.View {
	w.hookedAt(front)
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "APP_ADMIN", oktasim.From("elsewhere")))
	v := w.hold(oktasim.Contractor, "the hold", isContained)
	w.settled()
	return w.view(v.Hold.ID)
}

// decided lets two people decide a hold; the process dies at what comes of it.
func (d death) decided(w *world, program string, front *cutproxy.Proxy, kind holds.DecisionKind, end holds.State) {
	v := d.held(w, front)
	ruth, omar := w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo)
	ruth.verified(v)
	w.stop()
	c := d.begin(w, program, front)
	omar.base = c.console // the session is in the database
	f := omar.decision(v, kind, "decided")
	if p, err := omar.try(http.MethodPost, f.action, f.values); err == nil && p.status != http.StatusOK {
		w.Fatalf("%d %s", p.status, p.words())
	}
	c.dies(d.at)
	d.again(w, front)
	w.hold(oktasim.Contractor, "the end", inState(end))
	w.once(oktasim.Contractor)
}

// hookedAt has the organisation's administrator point its hook at an address in
// front of the service.
func (w *world) hookedAt(front *cutproxy.Proxy) {
	w.Helper()
	front.Target("tcp", w.svc().public.Addr())
	o := w.orgs[0]
	_, err := o.RegisterHook(oktasim.HookTarget{URL: "http://" + front.Addr() + "/hooks/okta/" + string(o.id), Secret: o.secret})
	w.must(err)
}
