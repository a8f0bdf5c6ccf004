package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// acted counts the calls by which our account changed something.
func (w *world) acted() (n int) {
	for _, e := range w.sim().Journal() {
		if e.Applied && e.Caller == oktasim.ServiceToken {
			n++
		}
	}
	return n
}

func waits(b holds.Brake) func(holds.View) bool {
	return func(v holds.View) bool { return v.Hold.Waits.Brake == b }
}

// TestG16KillSwitch: one person at the command line stops all containment on every
// replica, also across a restart; people are paged with the name; the command line
// cannot let it go on by itself; with a second person's word in the console what
// waited is done, once.
func TestG16KillSwitch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.settled()
	out := w.good("stop", "containment", "--by", "ruth", "--reason", "we restrain the wrong people")
	if !strings.Contains(out, "nordwind: all containment is stopped until ") {
		t.Errorf("it says %q", out)
	}
	w.start() // another replica, and the newest
	w.sim().ForgetJournal()
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold to wait", waits(holds.BrakeContainment))
	if v.Hold.State != holds.Pending || v.Hold.Standing != holds.Observed {
		t.Error(stands(v))
	}
	w.until("people to be paged with the name", func() (bool, string) {
		for _, m := range w.mail.Mails() {
			if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, "ruth stopped all containment until") {
				return true, ""
			}
		}
		return false, itoa(len(w.mail.Mails())) + " mails"
	})
	w.stop()
	w.start()
	if says := w.reviewer(oktasim.Reviewer).get("/").Find(".banner.stopped").Text(); !strings.Contains(says, "All containment is stopped by") || !strings.Contains(says, "we restrain the wrong people") {
		t.Errorf("the queue says only %q", says)
	}
	for _, c := range []struct{ by, says string }{{"nobody", `"nobody" is not a reviewer`}, {"omar", ""}, {"sanne", "counts as one person"}} {
		out, errs, code := w.command("resume", "containment", "--by", c.by, "--reason", "mended")
		if (code == 0) != (c.says == "") || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d: %s%s", c.by, code, out, errs)
		}
	}
	w.settled()
	if n := w.acted(); n != 0 {
		t.Fatalf("G16 we changed something %d times", n)
	}
	stops, err := w.svc().store.Stops(t.Context(), tenant, w.svc().store.Now())
	w.must(err)
	if len(stops) != 1 {
		t.Fatalf("%v", stops)
	}
	w.reviewer(oktasim.Reviewer).post("/brakes/resume", map[string]string{"stop": stops[0].ID, "reason": "the rule is mended"})
	w.hold(oktasim.Engineer, "the restraint after all", isContained)
	restrained(t, w.sim(), oktasim.Engineer)
	w.once(oktasim.Engineer)
	if out := w.good("resume", "containment", "--by", "ruth", "--reason", "x"); out != "nordwind: containment is not stopped.\n" {
		t.Errorf("it says %q", out)
	}
}

// TestG16StoppedRelease: what people approved stays approved and restrained until
// two let it go on.
func TestG16StoppedRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold", isContained)
	w.settled()
	w.good("stop", "release", "--by", "sanne", "--reason", "approvals look forged", "--tenant", string(tenant))
	w.reviewer(oktasim.Reviewer).verified(v)
	w.reviewer(oktasim.ReviewerTwo).decision(v, holds.Approve, "Verified.").post()
	v = w.hold(oktasim.Engineer, "the release to wait", waits(holds.BrakeRelease))
	if v.Hold.State != holds.Approved || !v.Hold.ReleaseBegun.IsZero() {
		t.Error(stands(v))
	}
	restrained(t, w.sim(), oktasim.Engineer)
	for _, who := range []string{oktasim.Reviewer, oktasim.ReviewerTwo} {
		stops, err := w.svc().store.Stops(t.Context(), tenant, w.svc().store.Now())
		w.must(err)
		w.reviewer(who).post("/brakes/resume", map[string]string{"stop": stops[0].ID, "reason": "they were not"})
	}
	w.hold(oktasim.Engineer, "the release", inState(holds.Released))
}

// TestG3CapInTheProgram: a storm by one help-desk account fills its cap; what is
// beyond waits in view of people, who are paged once.
func TestG3CapInTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true, edit: func(l *layout) {
		l.swap("    connections:\n", "    caps: {per_hour: 6, per_actor: 4, reserve: 50}\n    connections:\n")
	}})
	for _, account := range []string{oktasim.Engineer, oktasim.EngineerTwo, oktasim.Payroll} {
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, account))
	}
	w.until("one to wait", func() (bool, string) {
		done := w.count("SELECT count(*) FROM holds WHERE standing = 'contained'")
		open := w.count("SELECT count(*) FROM holds WHERE waits_cap = 'actor'")
		return done == 2 && open == 1, itoa(done) + " contained, " + itoa(open) + " wait"
	})
	w.settled()
	pages := 0
	for _, m := range w.mail.Mails() {
		if strings.Contains(m.Text, "containment goes on more slowly") {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("people were paged %d times", pages)
	}
}
