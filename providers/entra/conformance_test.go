package entra

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/providertest"
)

// tenant is a simulated tenant with a client that speaks to it.
type tenant struct {
	*Client
	sim atomic.Pointer[entrasim.Sim]
	url string
}

func (o *tenant) Sim() *entrasim.Sim { return o.sim.Load() }

func newTenant(t *testing.T, opt entrasim.Options, change func(*tenant, *Options)) *tenant {
	t.Helper()
	if opt.AuditDelay == 0 {
		opt.AuditDelay = -1
	}
	s, err := entrasim.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	o := &tenant{}
	o.sim.Store(s)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.Sim().ServeHTTP(w, r) }))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close(); o.Sim().Close() })
	o.url = srv.URL
	options := Options{
		Tenant: "nordwind", Connection: "entra-main", DirectoryTenant: entrasim.Tenant, ClientID: entrasim.OwnApp, Secret: s.ClientSecret(entrasim.OwnApp),
		RestraintGroup: entrasim.RestraintGroup, OwnAccounts: []string{entrasim.OwnPrincipal}, BreakGlass: []string{entrasim.BreakGlass, entrasim.BreakGlassTwo},
		GraphURL: srv.URL, LoginURL: srv.URL, Loopback: true,
	}
	if change != nil {
		change(o, &options)
	}
	if o.Client, err = New(options); err != nil {
		t.Fatal(err)
	}
	return o
}

// sync makes an account one that is written by an on-premises directory, which
// no story does: the tenant goes on as another with the same state.
func (o *tenant) sync(t *testing.T, account string) {
	t.Helper()
	company := o.Sim().Company()
	for i := range company.People {
		if company.People[i].ID == account {
			company.People[i].Synced = true
		}
	}
	s, err := entrasim.New(entrasim.Options{Company: company, AuditDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	old := o.sim.Swap(s)
	old.Close()
}

func story(t *testing.T, told entrasim.Told, err error) entrasim.Told {
	t.Helper()
	if err != nil {
		t.Fatalf("the simulator refuses the story: %v", err)
	}
	return told
}

func (o *tenant) snapshot(t *testing.T, account string) holds.Snapshot {
	t.Helper()
	s, err := o.Snapshot(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	providertest.Run(t, harness)
}

const labs = "nordwind-labs.example"

func harness(t *testing.T) providertest.Harness {
	const deadline = 400 * time.Millisecond
	var hasty Options
	o := newTenant(t, entrasim.Options{}, func(_ *tenant, opt *Options) { hasty = *opt })
	hasty.Timeout = deadline // what prepares the cases has all the time it needs
	provider, err := New(hasty)
	if err != nil {
		t.Fatal(err)
	}
	next := []string{entrasim.Engineer, entrasim.EngineerTwo, entrasim.OrgAdmin}
	nothing := "0e57ffff-0000-4000-8000-00000000ffff"
	return providertest.Harness{
		Provider: provider, Objects: provider, Records: provider, Deadline: deadline, Secrets: []string{o.Sim().ClientSecret(entrasim.OwnApp)}, Nobody: nothing,
		BadIDs: []string{"0e571000", "0e571000-0000-4000-8000-00000000000g", "0e571000-0000-4000-8000-0000000000070", "{" + entrasim.Engineer + "}", entrasim.Engineer[:35] + "é"},
		Kinds: []holds.ActionKind{
			holds.LeaveGroup, holds.DisableDevice, holds.RevokeConsent, holds.RemoveCredential, holds.DeactivateIDP, holds.RestoreProfile,
		},
		Missing: map[holds.ActionKind]string{
			holds.DisableDevice: nothing, holds.RevokeConsent: "delegated:l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk",
			holds.RemoveCredential: "application:" + entrasim.PayrollObject + "/" + nothing, holds.DeactivateIDP: "federation:" + labs + "/" + nothing,
		},
		Account: func(t *testing.T) providertest.Account {
			id := next[0]
			next = next[1:]
			return o.account(t, id)
		},
		Inactive: o.sync,
		Fail:     func(t *testing.T, a holds.Action, f providertest.Fault) { o.fail(t, a, f) },
		Effects: func(a holds.Action) int {
			method, path := route(a)
			n := 0
			for _, e := range o.Sim().Effects() {
				if e.Method == method && e.Path == path {
					n += e.Applied
				}
			}
			return n
		},
		Calls: func() int { return len(o.Sim().Journal()) },
		Limit: func(_ *testing.T, d time.Duration) { o.Sim().RateLimit(entrasim.TooMany{Calls: 1, After: d}) },
		Revoke: func(t *testing.T) {
			told, err := o.Sim().RemovesAppSecret(entrasim.ITLead, entrasim.OwnApp, entrasim.OwnSecret)
			story(t, told, err)
			o.Sim().RevokeTokens()
		},
		Loosen: func(t *testing.T) {
			told, err := o.Sim().SetsPolicyState(entrasim.ITLead, entrasim.SignInPolicy, "enabledForReportingButNotEnforced")
			story(t, told, err)
		},
		Busy: func(t *testing.T, id string) {
			told, err := o.Sim().RegistersMethod(id, "fido2", "a key")
			story(t, told, err)
			told, err = o.Sim().AdminChangesRecoveryPhone(entrasim.ITLead, id, "+1 5550199")
			story(t, told, err)
			told, err = o.Sim().AdminChangesRecoveryPhone(entrasim.ITLead, entrasim.Manager, "+1 5550198")
			story(t, told, err)
		},
	}
}

const userAdministrator = "fe930be7-5e62-47db-91af-98c3a49a38b1"

// account brings about everything that the suite's actions undo.
func (o *tenant) account(t *testing.T, id string) providertest.Account {
	t.Helper()
	s := o.Sim()
	if id != entrasim.OrgAdmin {
		told, err := s.GrantsRole(entrasim.ITLead, id, userAdministrator)
		story(t, told, err)
		told, err = s.LeavesGroup(entrasim.ITLead, id, entrasim.VPNGroup)
		story(t, told, err)
	}
	told, err := s.JoinsGroup(entrasim.ITLead, id, entrasim.HelpDeskGroup)
	story(t, told, err)
	told, err = s.JoinsGroup(entrasim.ITLead, id, entrasim.VPNGroup)
	story(t, told, err)
	objects := map[holds.ActionKind]string{holds.LeaveGroup: entrasim.VPNGroup, holds.RestoreProfile: "mobilePhone,otherMails"}
	told, err = s.RegistersDevice(id, "a laptop", "Windows")
	objects[holds.DisableDevice] = story(t, told, err).Made
	told, err = s.ConsentsToApp(id, entrasim.StrangeApp, "Mail.Read")
	objects[holds.RevokeConsent] = "delegated:" + story(t, told, err).Made
	told, err = s.AddsAppSecret(entrasim.ITLead, entrasim.PayrollApp, "new")
	objects[holds.RemoveCredential] = "application:" + entrasim.PayrollObject + "/" + story(t, told, err).Made
	told, err = s.SetsFederation(entrasim.ITLead, labs, "https://sts.evil.example/")
	objects[holds.DeactivateIDP] = "federation:" + labs + "/" + story(t, told, err).Made
	before := o.snapshot(t, id)
	told, err = s.ChangesProfile(entrasim.ITLead, id, map[string]any{"mobilePhone": "+1 5550666", "otherMails": []string{"a@evil.example", "b@evil.example"}})
	story(t, told, err)
	a := providertest.Account{ID: id, Objects: objects, Before: &before}
	for _, r := range before.Roles {
		if r.ViaGroup {
			a.GroupRole = r.ID
		} else if strings.HasPrefix(r.ID, assignedRole) {
			a.Role = r.ID
		}
	}
	for _, f := range before.Factors {
		if !f.Created.IsZero() {
			a.Factor = f.ID
		}
	}
	return a
}

func (o *tenant) fail(t *testing.T, a holds.Action, f providertest.Fault) {
	t.Helper()
	method, path := route(a)
	fault := entrasim.Fault{Method: method, Path: path, When: entrasim.FailBefore, How: entrasim.FailStatus, Status: 503}
	switch f {
	case providertest.FailBefore:
	case providertest.FailAfter:
		fault.When = entrasim.FailAfter
	case providertest.CutBefore:
		fault.How = entrasim.FailCut
	case providertest.CutAfter:
		fault.When, fault.How = entrasim.FailAfter, entrasim.FailCut
	case providertest.Hang:
		fault.How = entrasim.FailHang
	case providertest.Page:
		fault.How = entrasim.FailHTML
	case providertest.OddAfter:
		fault.When, fault.How = entrasim.FailAfter, entrasim.FailJSON
	}
	if err := o.Sim().Fail(fault); err != nil {
		t.Fatal(err)
	}
}

// route is the changing call of an action.
func route(a holds.Action) (method, path string) {
	u, g := "/v1.0/users/"+a.Account, "/v1.0/groups/"+entrasim.RestraintGroup+"/members/"
	_, id, _ := strings.Cut(a.Object, ":")
	domain, object, _ := strings.Cut(id, "/")
	switch a.Kind {
	case holds.JoinRestraintGroup:
		return "POST", g + "$ref"
	case holds.LeaveRestraintGroup:
		return "DELETE", g + a.Account + "/$ref"
	case holds.ClearSessions:
		return "POST", u + "/revokeSignInSessions"
	case holds.SuspendAccount, holds.UnsuspendAccount, holds.RestoreProfile:
		return "PATCH", u
	case holds.RemoveRole:
		return "DELETE", "/v1.0/roleManagement/directory/roleAssignments/" + id
	case holds.RemoveFactor:
		kind, id, _ := strings.Cut(a.Object, ":")
		return "DELETE", u + "/authentication/" + kind + "Methods/" + id
	case holds.LeaveGroup:
		return "DELETE", "/v1.0/groups/" + a.Object + "/members/" + a.Account + "/$ref"
	case holds.DisableDevice:
		return "PATCH", "/v1.0/devices/" + a.Object
	case holds.RevokeConsent:
		return "DELETE", "/v1.0/oauth2PermissionGrants/" + id
	case holds.RemoveCredential:
		return "POST", "/v1.0/applications/" + entrasim.PayrollObject + "/removePassword"
	case holds.DeactivateIDP:
		return "DELETE", "/v1.0/domains/" + domain + "/federationConfiguration/" + object
	}
	return "", "//"
}
