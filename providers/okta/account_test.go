package okta

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
)

// decodeSim decodes one event of the simulator's log.
func decodeSim(t *testing.T, o *org, e oktasim.Event) holds.Event {
	t.Helper()
	raw, err := json.Marshal([]oktasim.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	d := holds.Delivery{Source: holds.FromPoller, Body: raw, Digest: sha256.Sum256(raw), Received: time.Now()}
	got := o.Decode(d)
	if len(got) != 1 || len(got[0].Doubts) > 0 && got[0].Class == holds.Unclassified {
		t.Fatalf("%s decodes as %+v", e.EventType, got)
	}
	return got[0]
}

func TestSnapshotTellsWhatAReviewerNeeds(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Now = func() time.Time { return now } })
	s, err := o.Snapshot(t.Context(), oktasim.FinanceLead)
	if err != nil {
		t.Fatal(err)
	}
	want := holds.Snapshot{
		Account: holds.Account{ID: oktasim.FinanceLead, Login: "ingrid.solberg@nordwind.example", Name: "Ingrid Solberg"},
		At:      now, Status: holds.StatusActive, VendorStatus: "ACTIVE", Created: time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC),
		Groups: []holds.Object{
			{Type: "group", ID: oktasim.EveryoneGroup, Name: "Everyone"}, {Type: "group", ID: oktasim.FinanceGroup, Name: "Finance"},
		},
		Contacts: map[string]string{
			"email": "ingrid.solberg@nordwind.example", "secondEmail": "ingrid@home.example", "mobilePhone": "+1555010040",
		},
		Attributes: map[string]string{"department": "Finance", "title": "Finance Director", "userType": "employee"},
		Roles:      []holds.Role{},
	}
	factors := s.Factors
	s.Factors = nil
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	var kinds []string
	for _, f := range factors {
		kinds = append(kinds, f.Kind+" "+f.Name)
		if strings.Contains(f.Name, "555") {
			t.Errorf("the name of a factor shows a phone number: %s", f.Name)
		}
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"push Ingrid's phone", "signed_nonce Ingrid's phone", "sms phone ending 40", "token:software:totp "}, kinds); diff != "" {
		t.Errorf("factors (-want +got):\n%s", diff)
	}
}

// What an account is recovered by is kept by its name, the organisation's own
// attributes too.
func TestR76ContactsKeepEveryRecoveryAttribute(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	told, err := o.ChangesProfile(oktasim.ITLead, oktasim.FinanceLead, map[string]any{
		"primaryPhone": "+15550109999", "recoveryContact": "tom@home.example", "privateMail": "i@own.example", "nickName": "Inge", "phones": []any{"x"},
	})
	story(t, told, err)
	s, err := o.Snapshot(t.Context(), oktasim.FinanceLead)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"email": "ingrid.solberg@nordwind.example", "secondEmail": "ingrid@home.example", "mobilePhone": "+1555010040",
		"primaryPhone": "+15550109999", "recoveryContact": "tom@home.example", "privateMail": "i@own.example",
	}
	if diff := cmp.Diff(want, s.Contacts); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

func TestStatuses(t *testing.T) {
	for vendor, want := range map[string]holds.Status{
		"ACTIVE": holds.StatusActive, "SUSPENDED": holds.StatusSuspended, "DEPROVISIONED": holds.StatusDeleted, "RECOVERY": holds.StatusInactive,
		"PASSWORD_EXPIRED": holds.StatusInactive, "LOCKED_OUT": holds.StatusInactive, "STAGED": holds.StatusInactive, "PROVISIONED": holds.StatusInactive,
		"ACTIVATING": holds.StatusInactive, "active": holds.StatusInactive,
	} {
		if got := statusOf(vendor); got != want {
			t.Errorf("%s is %s, want %s", vendor, got, want)
		}
	}
}

func TestPrivilegedRoles(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	s, err := o.Snapshot(t.Context(), oktasim.OrgAdmin)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Roles {
		if want := r.Kind != "READ_ONLY_ADMIN"; r.Privileged != want || r.ViaGroup {
			t.Errorf("%+v", r)
		}
	}
	if s, err = o.Snapshot(t.Context(), oktasim.HelpDesk); err != nil || len(s.Roles) != 1 || !s.Roles[0].ViaGroup || !s.Privileged() {
		t.Errorf("a role that comes through a group: %+v, %v", s.Roles, err)
	}
}

// Clearing must end sessions and OAuth tokens, not only be answered.
func TestClearSessionsAlsoRevokesTokens(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.ClearSessions, Account: oktasim.FinanceLead})
	if err != nil || r.Status != holds.Applied || r.EffectiveBy.Sub(r.At) != time.Hour || !strings.Contains(r.Detail, "1h") {
		t.Errorf("%+v, %v", r, err)
	}
	p, _ := o.Person(oktasim.FinanceLead)
	if len(p.Sessions) != 0 || len(p.OAuthTokens) != 0 {
		t.Errorf("%d sessions and %d tokens are left", len(p.Sessions), len(p.OAuthTokens))
	}
	last := o.Journal()[len(o.Journal())-1]
	if !strings.Contains(last.Query, "oauthTokens=true") || !strings.Contains(last.Query, "forgetDevices=true") {
		t.Errorf("the query was %q", last.Query)
	}
}

func TestRemovingOktaVerifyTellsWhatElseGoes(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	p, _ := o.Person(oktasim.FinanceLead)
	push := p.Factors[slices.IndexFunc(p.Factors, func(f oktasim.Factor) bool { return f.Type == "push" })]
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.RemoveFactor, Account: oktasim.FinanceLead, Object: push.ID})
	if err != nil || r.Status != holds.Applied {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, other := range []string{"signed_nonce", "token:software:totp"} {
		if !strings.Contains(r.Detail, other) {
			t.Errorf("%q does not say that %s went too", r.Detail, other)
		}
	}
	p, _ = o.Person(oktasim.FinanceLead)
	if len(p.Factors) != 1 || strings.Contains(r.Detail, "sms") {
		t.Errorf("%d factors are left; %q", len(p.Factors), r.Detail)
	}
}

// What the simulator writes about every action of ours must decode as ours
// with the action it came from, so that the intent is found.
func TestC13OwnActsInTheLog(t *testing.T) {
	for _, engine := range []oktasim.Engine{oktasim.IdentityEngine, oktasim.Classic} {
		o := newOrg(t, oktasim.Options{Engine: engine}, nil)
		for _, role := range []string{"APP_ADMIN", "REPORT_ADMIN"} {
			told, err := o.GrantsRole(oktasim.ITLead, oktasim.Engineer, role)
			story(t, told, err)
		}
		p, _ := o.Person(oktasim.Engineer)
		for _, a := range []holds.Action{
			{Kind: holds.JoinRestraintGroup},
			{Kind: holds.ClearSessions},
			{Kind: holds.SuspendAccount},
			{Kind: holds.UnsuspendAccount},
			{Kind: holds.LeaveRestraintGroup},
			{Kind: holds.RemoveRole, Object: p.Roles[0].ID},
			{Kind: holds.RemoveRole, Object: p.Roles[1].ID},
			{Kind: holds.RemoveFactor, Object: p.Factors[0].ID},
			{Kind: holds.LeaveGroup, Object: "00gEngineering000000"},
			{Kind: holds.RestoreProfile, Object: "email,secondEmail", Before: &holds.Snapshot{Contacts: map[string]string{"email": "aiko@nordwind.example"}}},
		} {
			was := len(o.Log())
			a.Account = oktasim.Engineer
			if r, err := o.Do(t.Context(), a); err != nil || r.Status != holds.Applied {
				t.Fatalf("%s: %+v, %v", a.Kind, r, err)
			}
			events := o.Log()[was:]
			if len(events) == 0 {
				t.Errorf("%s wrote nothing", a.Kind)
			}
			for _, e := range events {
				got := decodeSim(t, o, e)
				if !got.Actor.Own || got.Echo != a.Kind || got.Class == holds.Tamper || got.Actor.Credential != oktasim.ServiceToken {
					t.Errorf("%s on %s wrote %s, which decodes as own %v, echo %q, class %s", a.Kind, engine, e.EventType, got.Actor.Own, got.Echo, got.Class)
				}
			}
		}
	}
}

func TestEnforcementSeesEveryWayOut(t *testing.T) {
	const who = oktasim.FinanceLead
	tell := func(f func(o *org) (oktasim.Told, error)) func(*testing.T, *org) {
		return func(t *testing.T, o *org) {
			told, err := f(o)
			story(t, told, err)
		}
	}
	company := func(change func(*oktasim.Company)) oktasim.Company {
		c := oktasim.SmallCompany()
		change(&c)
		return c
	}
	policy := func(c *oktasim.Company, id string) *oktasim.Policy {
		return &c.Policies[slices.IndexFunc(c.Policies, func(p oktasim.Policy) bool { return p.ID == id })]
	}
	for name, c := range map[string]struct {
		company oktasim.Company
		act     func(*testing.T, *org)
		want    string
	}{
		"rule off, session": {act: tell(func(o *org) (oktasim.Told, error) {
			return o.DeactivatesRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule)
		}), want: "does not deny"},
		"rule off, app": {act: tell(func(o *org) (oktasim.Told, error) {
			return o.DeactivatesRule(oktasim.ITLead, oktasim.AppPolicy, oktasim.AppRule)
		}), want: "is not active"},
		"rule off, account": {act: tell(func(o *org) (oktasim.Told, error) {
			return o.DeactivatesRule(oktasim.ITLead, oktasim.AccountPolicy, oktasim.AccountRule)
		}), want: "Account management policy"},
		"excluded, session": {act: tell(func(o *org) (oktasim.Told, error) {
			return o.ExcludesFromRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule, who)
		}), want: "excludes this account"},
		"excluded, console": {act: tell(func(o *org) (oktasim.Told, error) {
			return o.ExcludesFromRule(oktasim.ITLead, oktasim.AdminAppPolicy, oktasim.AdminAppRule, who)
		}), want: "Okta Admin Console"},
		"policy inactive": {company: company(func(c *oktasim.Company) { policy(c, oktasim.SignOnPolicy).Status = "INACTIVE" }), want: "No active global session policy"},
		"policy second":   {company: company(func(c *oktasim.Company) { policy(c, oktasim.SignOnPolicy).Priority = 7 }), want: "number 2 in order"},
		"policy excludes": {company: company(func(c *oktasim.Company) { exclude(policy(c, oktasim.SignOnPolicy).Conditions, "users", who) }), want: "excludes this account"},
		"group excluded": {company: company(func(c *oktasim.Company) {
			exclude(policy(c, oktasim.AppPolicy).Rules[0]["conditions"].(map[string]any), "groups", oktasim.FinanceGroup)
		}), want: "excludes a group"},
		"not first": {company: company(func(c *oktasim.Company) { allowFirst(policy(c, oktasim.AppPolicy)) }), want: "not the first rule"},
		"network condition": {company: company(func(c *oktasim.Company) {
			policy(c, oktasim.AppPolicy).Rules[0]["conditions"].(map[string]any)["network"] = map[string]any{"connection": "ZONE", "include": []any{"nzo"}}
		}), want: "further condition (network)"},
		"expression": {company: company(func(c *oktasim.Company) {
			policy(c, oktasim.AppPolicy).Rules[0]["conditions"].(map[string]any)["elCondition"] = map[string]any{"condition": "false"}
		}), want: "further condition (elCondition)"},
		"a policy without": {company: company(func(c *oktasim.Company) { c.Policies = append(c.Policies, appPolicyWithout()) }), want: "New app"},
		"group is gone":    {company: company(func(c *oktasim.Company) { c.Groups = c.Groups[:1] }), want: "does not exist"},
		"allows instead": {company: company(func(c *oktasim.Company) {
			policy(c, oktasim.AccountPolicy).Rules[0]["actions"].(map[string]any)["appSignOn"].(map[string]any)["access"] = "ALLOW"
		}), want: "does not deny"},
		"no rules": {company: company(func(c *oktasim.Company) { policy(c, oktasim.AppPolicy).Rules = nil }), want: "no active rule"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, oktasim.Options{Company: c.company}, nil)
			if c.act != nil {
				c.act(t, o)
			}
			account := who
			if name == "group is gone" {
				account = ""
			}
			e, err := o.Enforcement(t.Context(), account)
			if err != nil || e.InForce || !strings.Contains(strings.Join(e.Problems, "\n"), c.want) {
				t.Errorf("in force %v, problems %q, %v; want %q", e.InForce, e.Problems, err, c.want)
			}
			// Somebody else is not harmed by an exclusion that names another.
			if strings.Contains(c.want, "this account") {
				if e, err := o.Enforcement(t.Context(), oktasim.Engineer); err != nil || !e.InForce {
					t.Errorf("for another account: %+v, %v", e, err)
				}
				if e, err := o.Enforcement(t.Context(), ""); err != nil || e.InForce {
					t.Errorf("for any account: %+v, %v", e, err)
				}
			}
		})
	}
}

func exclude(conditions map[string]any, of, id string) {
	people, ok := conditions["people"].(map[string]any)
	if !ok {
		people = map[string]any{}
		conditions["people"] = people
	}
	list, ok := people[of].(map[string]any)
	if !ok {
		list = map[string]any{}
		people[of] = list
	}
	list["exclude"] = []any{id}
}

func allowFirst(p *oktasim.Policy) {
	p.Rules[0]["priority"] = 2
	first := oktasim.Rule{
		"id": "rulAllowEverybody000", "type": "ACCESS_POLICY", "name": "Let everybody in", "priority": 1, "status": "ACTIVE", "conditions": nil,
		"actions": map[string]any{"appSignOn": map[string]any{"access": "ALLOW"}},
	}
	p.Rules = append([]oktasim.Rule{first}, p.Rules...)
}

func appPolicyWithout() oktasim.Policy {
	return oktasim.Policy{
		ID: "rstNewAppPolicy00000", Type: "ACCESS_POLICY", Name: "New app", Status: "ACTIVE", Priority: 1,
		Rules: []oktasim.Rule{{
			"id": "rulNewAppCatchAll000", "type": "ACCESS_POLICY", "name": "Catch-all Rule", "priority": 99, "status": "ACTIVE", "conditions": nil,
			"actions": map[string]any{"appSignOn": map[string]any{"access": "ALLOW"}},
		}},
	}
}

// After a reading of the rules, switching one off is recognised as tampering.
func TestC12RuleSwitchedOffIsTamper(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	if e, err := o.Enforcement(t.Context(), ""); err != nil || !e.InForce {
		t.Fatalf("%+v, %v", e, err)
	}
	was := len(o.Log())
	told, err := o.DeactivatesRule(oktasim.ITLead, oktasim.AppPolicy, oktasim.AppRule)
	story(t, told, err)
	for _, e := range o.Log()[was:] {
		if got := decodeSim(t, o, e); got.Class != holds.Tamper {
			t.Errorf("%s is %s", e.EventType, got.Class)
		}
	}
}

// Everything this package sends, and everything it reads, fits Okta's own
// description of its API.
func TestConversationFitsOktasDescription(t *testing.T) {
	spec := oktaspec.Load(t)
	o := newOrg(t, oktasim.Options{}, func(_ *org, opt *Options) { opt.Base = spec.Transport(t, http.DefaultTransport) })
	told, err := o.GrantsRole(oktasim.ITLead, oktasim.Engineer, "APP_ADMIN")
	story(t, told, err)
	s, err := o.Snapshot(t.Context(), oktasim.Engineer)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []holds.Action{
		{Kind: holds.JoinRestraintGroup},
		{Kind: holds.ClearSessions},
		{Kind: holds.SuspendAccount},
		{Kind: holds.UnsuspendAccount},
		{Kind: holds.LeaveRestraintGroup},
		{Kind: holds.RemoveRole, Object: s.Roles[0].ID},
		{Kind: holds.RemoveFactor, Object: s.Factors[0].ID},
	} {
		a.Account = oktasim.Engineer
		if r, err := o.Do(t.Context(), a); err != nil || r.Status != holds.Applied {
			t.Errorf("%s: %+v, %v", a.Kind, r, err)
		}
	}
	if e, err := o.Enforcement(t.Context(), oktasim.Engineer); err != nil || !e.InForce {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := o.NewPoller(PollerOptions{Pages: &pages{}}).Once(t.Context()); err != nil {
		t.Error(err)
	}
}

// Classic organisations know no access policies and say so with a 400.
func TestEnforcementOnClassic(t *testing.T) {
	opt := options()
	opt.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		body, status := "", http.StatusOK
		switch {
		case r.URL.Path == "/api/v1/groups/"+opt.RestraintGroup:
			body = `{"id":"` + opt.RestraintGroup + `","profile":{"name":"Restraint"}}`
		case r.URL.Query().Get("type") == "OKTA_SIGN_ON":
			body = `[{"id":"00pRestraintSignOn00","type":"OKTA_SIGN_ON","name":"Restraint","status":"ACTIVE","priority":1,
				"conditions":{"people":{"groups":{"include":["` + opt.RestraintGroup + `"]}},"authProvider":{"provider":"ANY"}}}]`
		case r.URL.Query().Get("type") == "ACCESS_POLICY":
			body, status = `{"errorCode":"E0000001","errorSummary":"Api validation failed: type"}`, http.StatusBadRequest
		case r.URL.Path == "/api/v1/policies/00pRestraintSignOn00/rules":
			body = `[{"id":"0prRestraintSignOn00","name":"Deny","status":"ACTIVE","priority":1,"conditions":{"network":{"connection":"ANYWHERE"}},"actions":{"signon":{"access":"DENY"}}}]`
		default:
			t.Errorf("unexpected %s", r.URL)
		}
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		rec.WriteHeader(status)
		_, _ = rec.WriteString(body)
		res := rec.Result()
		res.Request = r
		return res, nil
	})
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := c.Enforcement(t.Context(), ""); err != nil || !e.InForce {
		t.Errorf("%+v, %v", e, err)
	}
}

// An account in many groups is read to the end, and a link to another host is
// followed on ours.
func TestG14GroupsInPages(t *testing.T) {
	var hosts []string
	opt := options()
	opt.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		group := `[{"id":"00gFinance0000000000","profile":{"name":"Finance"}}]`
		if r.URL.Query().Get("after") == "" {
			rec.Header().Add("Link", `<https://evil.example`+r.URL.Path+`?after=x>; rel="next"`)
		} else {
			group = `[{"id":"` + opt.RestraintGroup + `","profile":{"name":"Restraint"}}]`
		}
		_, _ = rec.WriteString(group)
		res := rec.Result()
		res.Request = r
		return res, nil
	})
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	member, err := c.member(t.Context(), "00uIngridSolberg0000")
	if err != nil || !member || !slices.Equal(hosts, []string{"acme.okta.com", "acme.okta.com"}) {
		t.Errorf("member %v, %v, hosts %q", member, err, hosts)
	}
}
