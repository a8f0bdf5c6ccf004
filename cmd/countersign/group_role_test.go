package main

import (
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// A group that the organisation watches carries a role. Who is put into it and denied
// is taken out again, and with the membership goes the role: Okta writes both in our
// name, and neither is taken for somebody else's use of it.
func TestLeavingAGroupWithARoleIsOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	w.write("policy.yaml", "watched_groups: ["+oktasim.HelpDeskGroup+"]\n")
	w.start()
	w.registerHooks()
	w.baselined()
	w.told(w.sim().JoinsGroup(oktasim.ITLead, oktasim.Payroll, oktasim.HelpDeskGroup, oktasim.From("elsewhere")))
	v := w.hold(oktasim.Payroll, "the hold of the membership and the role", func(v holds.View) bool { return isContained(v) && len(v.Hold.Events) == 2 })
	if p := w.reviewer(oktasim.ReviewerTwo).decide(v, holds.Deny, "Nobody asked for it."); p.status != 200 {
		t.Fatalf("the deny was not taken: %d %s", p.status, p.words())
	}
	w.hold(oktasim.Payroll, "the revert", inState(holds.Reverted))
	if inGroup(w.sim(), oktasim.Payroll, oktasim.HelpDeskGroup) {
		t.Error("the account is still in the group")
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM events WHERE type = 'user.account.privilege.revoke'"); n == 0 {
		t.Error("no record of a role taken away came in: the test proves nothing")
	}
	if n := w.count("SELECT count(*) FROM holds WHERE class = 'tamper'"); n != 0 {
		t.Errorf("what we did ourselves is held as tamper %d times", n)
	}
}
