package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// tampers waits for a hold of class tamper that has an event of a type.
func (w *world) tampers(kind string) (v holds.View) {
	w.Helper()
	w.until("tamper by "+kind, func() (bool, string) {
		ids := w.column(`SELECT DISTINCT hold_id::text FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id)
			WHERE e.type = $1 AND hold_id IS NOT NULL`, kind)
		if len(ids) == 0 {
			return false, strings.Join(w.column("SELECT e.type || ': ' || v.verdict || ' ' || v.reason FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id)"), "\n")
		}
		v = w.view(holds.HoldID(ids[0]))
		return v.Hold.Class == holds.Tamper, stands(v)
	})
	return v
}

// C12: changes to what we stand on are held as tamper and page people. None of
// them makes us restrain anybody, least of all ourselves.
func TestC12ChangesToOurFooting(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		do   func(w *world)
	}{
		"our service account's factors": {"user.mfa.factor.reset_all", func(w *world) {
			w.told(w.sim().HelpDeskResetsFactors(oktasim.ITLead, oktasim.ServiceAccount))
		}},
		"our service account's role": {"user.account.privilege.grant", func(w *world) {
			w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.ServiceAccount, "READ_ONLY_ADMIN"))
		}},
		"our service account suspended": {"user.lifecycle.suspend", func(w *world) {
			w.told(w.sim().Suspends(oktasim.ITLead, oktasim.ServiceAccount))
		}},
		"the restraint group's members": {"group.user_membership.add", func(w *world) {
			w.told(w.sim().JoinsGroup(oktasim.OrgAdmin, oktasim.Engineer, oktasim.RestraintGroup))
		}},
		"our hook switched off": {"event_hook.deactivated", func(w *world) {
			w.told(w.sim().DeactivatesHook(oktasim.ITLead, w.orgs[0].hook))
		}},
		"a deny rule switched off": {"policy.rule.deactivate", func(w *world) {
			w.svc().keeper.Health(w.Context()) // which rules restrain is known
			w.told(w.sim().DeactivatesRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule))
		}},
		"an exclusion from a deny rule": {"policy.rule.update", func(w *world) {
			w.svc().keeper.Health(w.Context())
			w.told(w.sim().ExcludesFromRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule, oktasim.Engineer))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.settled()
			w.sim().ForgetJournal()
			c.do(w)
			v := w.tampers(c.kind)
			if v.Hold.Terms.Tier != holds.TierHigh || v.Hold.Standing != holds.Observed || len(v.Intents) != 0 {
				t.Errorf("tier %s; %s", v.Hold.Terms.Tier, stands(v))
			}
			w.until("people to be paged", func() (bool, string) {
				for _, m := range w.mail.Mails() {
					if m.To[0] == "duty@nordwind.example" && strings.Contains(m.Text, string(v.Hold.ID)) {
						return true, ""
					}
				}
				return false, itoa(len(w.mail.Mails())) + " mails"
			})
			for _, e := range w.sim().Journal() {
				if e.Applied && e.Caller == oktasim.ServiceToken {
					t.Errorf("we did %s %s", e.Method, e.Path)
				}
			}
		})
	}
}

// C13: what we do ourselves makes no hold; the same by our token without an
// intent of ours does.
func TestC13OurOwnActs(t *testing.T) {
	t.Run("announced", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		// Okta writes "grant" when one of several roles is taken away: reverting
		// makes our own account appear to grant roles.
		w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.OrgAdmin, "SUPER_ADMIN", oktasim.From("elsewhere")))
		v := w.hold(oktasim.OrgAdmin, "the hold", isContained)
		if p := w.reviewer(oktasim.Reviewer).decide(v, holds.Deny, "Nobody asked for it."); p.status != http.StatusOK {
			t.Fatalf("%d %s", p.status, p.words())
		}
		w.hold(oktasim.OrgAdmin, "the revert", inState(holds.Reverted))
		w.settled()
		p, _ := w.sim().Person(oktasim.OrgAdmin)
		for _, r := range p.Roles {
			if r.Type == "SUPER_ADMIN" {
				t.Error("the role is still there")
			}
		}
		if len(p.Roles) != 2 {
			t.Errorf("a role that was there before is gone: %v", p.Roles)
		}
		if got := w.column("SELECT class || ' ' || subject_id FROM holds"); len(got) != 1 {
			t.Errorf("our own acts made holds: %v", got)
		}
		own := w.column("SELECT DISTINCT e.type FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id) WHERE v.reason LIKE 'our own act%' ORDER BY 1")
		for _, want := range []string{"group.user_membership.add", "user.account.privilege.grant", "user.lifecycle.suspend", "user.session.clear"} {
			if !strings.Contains(strings.Join(own, " "), want) {
				t.Errorf("our own %s was not recognised by its intent; recognised: %v", want, own)
			}
		}
	})
	for name, call := range map[string][2]string{
		"user.lifecycle.suspend":    {http.MethodPost, "/api/v1/users/" + oktasim.Engineer + "/lifecycle/suspend"},
		"user.session.clear":        {http.MethodDelete, "/api/v1/users/" + oktasim.Engineer + "/sessions?oauthTokens=true"},
		"group.user_membership.add": {http.MethodPut, "/api/v1/groups/" + oktasim.RestraintGroup + "/users/" + oktasim.Engineer},
		"user.mfa.factor.reset_all": {http.MethodPost, "/api/v1/users/" + oktasim.Engineer + "/lifecycle/reset_factors"},
	} {
		t.Run("not announced: "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.api(oktasim.ServiceToken, call[0], call[1])
			v := w.tampers(name)
			if !strings.Contains(strings.Join(v.Hold.Doubts, " "), "without an intent") {
				t.Errorf("nobody is told why: %q", v.Hold.Doubts)
			}
		})
	}
}
