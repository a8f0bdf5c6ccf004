package okta

import (
	"cmp"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/providertest"
)

// org is a simulated organisation with a client that speaks to it.
type org struct {
	*oktasim.Sim
	*Client
	url string
}

func newOrg(t *testing.T, sim oktasim.Options, change func(*org, *Options)) *org {
	t.Helper()
	s, err := oktasim.New(sim)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close(); s.Close() })
	o := &org{Sim: s, url: srv.URL}
	opt := Options{
		Tenant: "nordwind", Connection: "okta-main", OrgURL: srv.URL, Token: s.Token(oktasim.ServiceToken),
		RestraintGroup: oktasim.RestraintGroup, OwnAccounts: []string{oktasim.ServiceAccount}, OwnTokens: []string{oktasim.ServiceToken},
		Loopback: true,
	}
	if change != nil {
		change(o, &opt)
	}
	if o.Client, err = New(opt); err != nil {
		t.Fatal(err)
	}
	return o
}

func story(t *testing.T, _ oktasim.Told, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("the simulator refuses the story: %v", err)
	}
}

func TestConformance(t *testing.T) {
	for _, engine := range []oktasim.Engine{oktasim.IdentityEngine, oktasim.Classic} {
		t.Run(string(engine), func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Harness { return harness(t, engine) })
		})
	}
}

func harness(t *testing.T, engine oktasim.Engine) providertest.Harness {
	const deadline = 300 * time.Millisecond
	o := newOrg(t, oktasim.Options{Engine: engine}, func(_ *org, opt *Options) { opt.Timeout = deadline })
	next := []string{oktasim.Engineer, oktasim.EngineerTwo, oktasim.Manager}
	kinds := []holds.ActionKind{holds.LeaveGroup, holds.RestoreProfile, holds.RevokeToken, holds.DeactivateIDP}
	if engine == oktasim.IdentityEngine {
		kinds = append(kinds, holds.DisableDevice)
	}
	return providertest.Harness{
		Provider: o.Client, Objects: o.Client, Records: o.Client, Deadline: deadline, Kinds: kinds,
		Secrets: []string{o.Token(oktasim.ServiceToken)}, Nobody: "00uNobody00000000000",
		Missing: map[holds.ActionKind]string{
			holds.DisableDevice: "guoNobody00000000000", holds.RevokeToken: "00TNobody00000000000", holds.DeactivateIDP: "0oaNobody00000000000",
		},
		BadIDs: []string{"00uShort", "00uNobody0000000000-", "00uNobody000000000000", oktasim.Engineer[:19] + "é"},
		Account: func(t *testing.T) providertest.Account {
			id := next[0]
			next = next[1:]
			return o.account(t, id, kinds)
		},
		Inactive: func(t *testing.T, id string) {
			told, err := o.AdminResetsPassword(oktasim.ITLead, id)
			story(t, told, err)
		},
		Fail:    o.arm,
		Effects: o.effects,
		Calls:   func() int { return len(o.Journal()) },
		Limit:   func(_ *testing.T, d time.Duration) { o.RateLimit(oktasim.TooMany{Calls: 1, Reset: d}) },
		Revoke: func(t *testing.T) {
			told, err := o.Suspends(oktasim.ITLead, oktasim.ServiceAccount)
			story(t, told, err)
		},
		Busy: func(t *testing.T, id string) {
			told, err := o.EnrolsFactor(id, "webauthn", "a key")
			story(t, told, err)
			told, err = o.AdminResetsPassword(oktasim.ITLead, id)
			story(t, told, err)
			told, err = o.AdminResetsPassword(oktasim.ITLead, oktasim.Payroll)
			story(t, told, err)
		},
		Loosen: func(t *testing.T) {
			told, err := o.DeactivatesRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule)
			story(t, told, err)
		},
	}
}

// account brings about what the suite's actions undo.
func (o *org) account(t *testing.T, id string, kinds []holds.ActionKind) providertest.Account {
	t.Helper()
	told, err := o.GrantsRole(oktasim.ITLead, id, "APP_ADMIN")
	story(t, told, err)
	told, err = o.JoinsGroup(oktasim.ITLead, id, oktasim.HelpDeskGroup)
	story(t, told, err)
	p, _ := o.Person(id)
	a := providertest.Account{ID: id, Role: p.Roles[0].ID, Factor: p.Factors[0].ID, Objects: map[holds.ActionKind]string{}}
	for _, g := range o.Company().Groups {
		if g.ID == oktasim.HelpDeskGroup {
			a.GroupRole = g.Roles[0].ID
		}
	}
	for _, k := range kinds {
		undo := reverts(id)[k](t, o)
		a.Objects[k], a.Before = undo.Object, cmp.Or(undo.Before, a.Before)
	}
	return a
}

// arm makes the changing call of an action go wrong, once.
func (o *org) arm(t *testing.T, a holds.Action, f providertest.Fault) {
	t.Helper()
	method, path := route(a)
	fault := oktasim.Fault{Method: method, Path: path, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 503}
	switch f {
	case providertest.FailBefore:
	case providertest.FailAfter:
		fault.When = oktasim.FailAfter
	case providertest.CutBefore:
		fault.How = oktasim.FailCut
	case providertest.CutAfter:
		fault.When, fault.How = oktasim.FailAfter, oktasim.FailCut
	case providertest.Hang:
		fault.How = oktasim.FailHang
	case providertest.Page:
		fault.How = oktasim.FailHTML
	case providertest.OddAfter:
		fault.When, fault.How = oktasim.FailAfter, oktasim.FailJSON
	}
	if err := o.Fail(fault); err != nil {
		t.Fatal(err)
	}
}

// effects counts how often the changing call of an action took effect.
func (o *org) effects(a holds.Action) int {
	method, path := route(a)
	n := 0
	for _, e := range o.Effects() {
		if e.Method == method && e.Path == path {
			n += e.Applied
		}
	}
	return n
}

// route is the changing call of an action.
func route(a holds.Action) (method, path string) {
	u, g := "/api/v1/users/"+a.Account, "/api/v1/groups/"+oktasim.RestraintGroup+"/users/"+a.Account
	switch a.Kind {
	case holds.JoinRestraintGroup:
		return "PUT", g
	case holds.LeaveRestraintGroup:
		return "DELETE", g
	case holds.ClearSessions:
		return "DELETE", u + "/sessions"
	case holds.SuspendAccount:
		return "POST", u + "/lifecycle/suspend"
	case holds.UnsuspendAccount:
		return "POST", u + "/lifecycle/unsuspend"
	case holds.RemoveRole:
		return "DELETE", u + "/roles/" + a.Object
	case holds.RemoveFactor:
		return "DELETE", u + "/factors/" + a.Object
	case holds.LeaveGroup:
		return "DELETE", "/api/v1/groups/" + a.Object + "/users/" + a.Account
	case holds.RestoreProfile:
		return "POST", u
	case holds.DisableDevice:
		return "POST", "/api/v1/devices/" + a.Object + "/lifecycle/suspend"
	case holds.RevokeToken:
		return "DELETE", "/api/v1/api-tokens/" + a.Object
	case holds.DeactivateIDP:
		return "POST", "/api/v1/idps/" + a.Object + "/lifecycle/deactivate"
	}
	return "", strings.Repeat("/", 2)
}
