package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// R2: one reset is one hold, however many events it makes; the one enrolment
// that a release expects joins it; what comes after that is a hold of its own.
func TestR2ResetVerifiedReleasedEnrolled(t *testing.T) {
	for _, engine := range []oktasim.Engine{oktasim.IdentityEngine, oktasim.Classic} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{engine: engine})
			told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
			if len(told.Events) < 3 {
				t.Fatalf("the reset made %d events; the case is about several", len(told.Events))
			}
			v := w.hold(oktasim.Engineer, "the hold of the reset", isContained)
			w.settled()
			if got := w.holdsOf(oktasim.Engineer); len(got) != 1 || len(got[0].Hold.Events) != len(told.Events) {
				t.Fatalf("%d events made %d holds; %s", len(told.Events), len(got), stands(got[0]))
			}
			restrained(t, w.sim(), oktasim.Engineer)

			v = w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
			free(t, w.sim(), oktasim.Engineer)

			w.told(w.sim().EnrolsFactor(oktasim.Engineer, "okta_verify", "a new phone"))
			w.hold(oktasim.Engineer, "the enrolment to join", func(v holds.View) bool { return !v.Hold.Expectation.Met.IsZero() })
			w.settled()
			if all := w.holdsOf(oktasim.Engineer); len(all) != 1 || all[0].Hold.State != holds.Released {
				t.Fatalf("the expected enrolment made %d holds; %s", len(all), stands(all[len(all)-1]))
			}
			free(t, w.sim(), oktasim.Engineer)

			w.told(w.sim().EnrolsFactor(oktasim.Engineer, "webauthn", "somebody's key"))
			second := w.hold(oktasim.Engineer, "a second hold", func(n holds.View) bool {
				return n.Hold.ID != v.Hold.ID && isContained(n)
			})
			if second.Hold.Previous != v.Hold.ID {
				t.Errorf("the second hold does not continue the first: previous is %q", second.Hold.Previous)
			}
		})
	}
}

// restrained asks the simulator, not us.
func restrained(t *testing.T, s *oktasim.Sim, account string) {
	t.Helper()
	p, _ := s.Person(account)
	if a := s.SignOn(account); a.Access != "DENY" || !inGroup(s, account, oktasim.RestraintGroup) {
		t.Errorf("%s is %s, sign-on is %q and the restraint group has them: %v", account, p.Status, a.Access, inGroup(s, account, oktasim.RestraintGroup))
	}
	if p.Status != oktasim.Suspended || len(p.Sessions) > 0 || len(p.OAuthTokens) > 0 {
		t.Errorf("%s is %s with %d sessions and %d tokens", account, p.Status, len(p.Sessions), len(p.OAuthTokens))
	}
}

func free(t *testing.T, s *oktasim.Sim, account string) {
	t.Helper()
	p, _ := s.Person(account)
	if p.Status != oktasim.Active || inGroup(s, account, oktasim.RestraintGroup) {
		t.Errorf("%s is %s; in the restraint group: %v", account, p.Status, inGroup(s, account, oktasim.RestraintGroup))
	}
}

func inGroup(s *oktasim.Sim, account, group string) bool {
	for _, g := range s.Company().Groups {
		if g.ID == group {
			return slices.Contains(g.Members, account)
		}
	}
	return false
}

// An attacker who talked the help desk into a reset cannot enrol: the account
// is restrained first. One who was quicker has the factor taken away again.
func TestEnrolmentByTheAttacker(t *testing.T) {
	t.Run("too late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.hold(oktasim.Engineer, "the restraint", isContained)
		if _, err := w.sim().EnrolsFactor(oktasim.Engineer, "okta_verify", "the attacker's phone", oktasim.From("elsewhere")); err == nil {
			t.Error("a restrained account could enrol a factor")
		}
	})
	t.Run("quicker than us", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		w.told(w.sim().EnrolsFactor(oktasim.Engineer, "okta_verify", "the attacker's phone", oktasim.From("elsewhere")))
		v := w.hold(oktasim.Engineer, "both in one hold", func(v holds.View) bool {
			enrolled := slices.ContainsFunc(v.Hold.Events, func(e holds.EventRef) bool { return e.Verb == holds.Enrol })
			reset := slices.ContainsFunc(v.Hold.Events, func(e holds.EventRef) bool { return e.Verb == holds.Reset })
			return enrolled && reset && isContained(v)
		})
		if p := w.reviewer(oktasim.Reviewer).decide(v, holds.Deny, "Aiko is at her desk and called nobody."); p.status != http.StatusOK {
			t.Fatalf("the deny was not taken: %d %s", p.status, p.words())
		}
		v = w.hold(oktasim.Engineer, "the revert", inState(holds.Reverted))
		p, _ := w.sim().Person(oktasim.Engineer)
		if len(p.Factors) != 0 {
			t.Errorf("the attacker's factors are left: %v", p.Factors)
		}
		restrained(t, w.sim(), oktasim.Engineer)
		if !strings.Contains(strings.Join(v.Hold.Irreversible, " "), "cannot be put back") {
			t.Errorf("nobody is told that the old factors are gone: %q", v.Hold.Irreversible)
		}
	})
}

// A change of the recovery e-mail never reaches a hook; the poller sees it, and
// the owner is told at an address that is not the new one.
func TestRecoveryEmailChangeIsHeldThroughThePoller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const theirs = "attacker@mail.example"
	w.told(w.sim().ChangesRecoveryEmail(oktasim.OrgAdmin, oktasim.Payroll, theirs))
	v := w.hold(oktasim.Payroll, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	if v.Hold.Class != holds.RecoveryChange || v.Hold.Terms.Tier != holds.TierHigh {
		t.Errorf("held as %s in tier %s", v.Hold.Class, v.Hold.Terms.Tier)
	}
	restrained(t, w.sim(), oktasim.Payroll)
	w.settled()
	for _, m := range w.mail.Mails() {
		if slices.Contains(m.To, theirs) {
			t.Errorf("a message went to the address in doubt: %s", m.Subject)
		}
	}
	if got := w.column("SELECT DISTINCT source FROM deliveries d JOIN events e USING (tenant_id, delivery_id) WHERE e.type = 'user.account.update_secondary_email'"); !slices.Equal(got, []string{"poller"}) {
		t.Errorf("the change came by %v", got)
	}
}

// A role grant that is denied is taken away again at the provider, and the
// account goes back to its owner only on fresh proof by two people.
func TestRoleGrantDeniedRevertedRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "SUPER_ADMIN", oktasim.From("elsewhere")))
	v := w.hold(oktasim.Contractor, "the hold", isContained)
	ruth, omar := w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo)
	ruth.verified(v) // checks from before the deny count for nothing after it
	if p := omar.decide(v, holds.Deny, "Jonas is on holiday and knows nothing of it."); p.status != http.StatusOK {
		t.Fatalf("the deny was not taken: %d %s", p.status, p.words())
	}
	v = w.hold(oktasim.Contractor, "the revert", inState(holds.Reverted))
	if p, _ := w.sim().Person(oktasim.Contractor); len(p.Roles) != 0 {
		t.Errorf("the role is still there: %v", p.Roles)
	}
	restrained(t, w.sim(), oktasim.Contractor)

	f := omar.hold(v.Hold.ID).form("/holds/" + string(v.Hold.ID) + "/decision")
	if f.s.Find(`input[value="restore"]`).Not("[disabled]").Length() != 0 {
		t.Error("the page offers a restoration on the checks from before the deny")
	}
	key := holds.Key{Tenant: tenant, Hold: v.Hold.ID}
	if _, err := w.svc().keeper.Decide(t.Context(), key, person(oktasim.ReviewerTwo), holds.Restore, v.Hold.Version, "It is Dev."); holds.KindOf(err) != holds.Forbidden {
		t.Errorf("a restoration without fresh proof: %v", err)
	}
	ruth.verified(v)
	if p := omar.decide(v, holds.Restore, "It is Dev: callback and manager."); p.status != http.StatusOK {
		t.Fatalf("the restoration was not taken: %d %s", p.status, p.words())
	}
	w.hold(oktasim.Contractor, "the account to be given back", func(v holds.View) bool {
		return v.Hold.State == holds.Reverted && v.Hold.Containment == holds.ContainmentLifted && v.Hold.Ended()
	})
	free(t, w.sim(), oktasim.Contractor)
	w.settled()
	if n := w.count("SELECT count(*) FROM holds"); n != 1 {
		t.Errorf("what we did ourselves made holds: there are %d", n)
	}
}
