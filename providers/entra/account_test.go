package entra

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
)

func TestSnapshotTellsWhatAReviewerNeeds(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	o := newTenant(t, entrasim.Options{}, func(_ *tenant, opt *Options) { opt.Now = func() time.Time { return now } })
	told, err := o.Sim().JoinsGroup(entrasim.ITLead, entrasim.Contractor, entrasim.VPNGroup)
	story(t, told, err)
	p, _ := o.Sim().Person(entrasim.Contractor)
	made := time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)
	want := holds.Snapshot{
		Account: holds.Account{ID: entrasim.Contractor, Login: "dev.rao@nordwind.example", Name: "Dev Rao"},
		At:      now, Status: holds.StatusActive, VendorStatus: "enabled", Created: made,
		Factors: []holds.Factor{
			{ID: "email:" + emailID, Kind: "email", Name: "address at home.example", Status: "registered", Created: made},
			{ID: "phone:" + phoneID("mobile"), Kind: "phone", Name: "phone ending " + p.MobilePhone[len(p.MobilePhone)-2:], Status: "registered", Created: made},
		},
		Groups: []holds.Object{{Type: "group", ID: entrasim.VPNGroup, Name: "VPN"}},
		Contacts: map[string]string{
			"mail": "dev.rao@nordwind.example", "otherMails": "dev@home.example", "mobilePhone": p.MobilePhone, "email": "dev@home.example", "phone.mobile": p.MobilePhone,
		},
		Attributes: map[string]string{"department": "Engineering", "jobTitle": "Contractor", "userType": "Member", "employeeType": "contractor"},
	}
	if diff := cmp.Diff(want, o.snapshot(t, entrasim.Contractor)); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if s := o.snapshot(t, entrasim.FinanceLead); !synced(s) {
		t.Errorf("a synchronised account is not told as one: %v", s.Attributes)
	}
	// Dates that Graph does not know are not made up.
	for _, f := range o.snapshot(t, entrasim.Manager).Factors {
		if f.Kind != "microsoftAuthenticator" || !f.Created.IsZero() {
			t.Errorf("factor %+v", f)
		}
	}
}

// C16: a role stands in one of three places, and is taken away where it stands.
func TestC16RolesInTheirThreePlaces(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	s, id := o.Sim(), entrasim.Engineer
	told, err := s.GrantsRole(entrasim.ITLead, id, entrasim.SecurityReader)
	story(t, told, err)
	told, err = s.MakesEligible(entrasim.ITLead, id, entrasim.ExchangeAdministrator, 0)
	story(t, told, err)
	told, err = s.RequestsActivation(id, entrasim.ApplicationAdministrator, "change 42", time.Hour)
	story(t, told, err)
	told, err = s.AssignsRole(entrasim.ITLead, id, entrasim.HelpdeskAdministrator, 2*time.Hour)
	story(t, told, err)
	told, err = s.JoinsGroup(entrasim.ITLead, id, entrasim.HelpDeskGroup)
	story(t, told, err)
	roles := o.snapshot(t, id).Roles
	var got []string
	var direct string
	for _, r := range roles {
		shown := r.ID
		if rest, ok := strings.CutPrefix(r.ID, assignedRole); ok {
			shown = "assignment:"
			if !r.ViaGroup {
				direct = rest
			}
		}
		via := ""
		if r.ViaGroup {
			via = " via group"
		}
		got = append(got, strings.TrimSpace(shown+" "+r.Kind+" "+r.Name+via))
		if !r.Privileged {
			t.Errorf("%+v is not privileged", r)
		}
	}
	slices.Sort(got)
	want := []string{
		"active:" + entrasim.ApplicationAdministrator + "|/ " + entrasim.ApplicationAdministrator + " Application Administrator",
		"active:" + entrasim.HelpdeskAdministrator + "|/ " + entrasim.HelpdeskAdministrator + " Helpdesk Administrator",
		"assignment: " + entrasim.SecurityReader + " Security Reader",
		"eligible:" + entrasim.ApplicationAdministrator + "|/ " + entrasim.ApplicationAdministrator + " Application Administrator (eligible)",
		"eligible:" + entrasim.ExchangeAdministrator + "|/ " + entrasim.ExchangeAdministrator + " Exchange Administrator (eligible)",
	}
	viaGroup := 0
	got = slices.DeleteFunc(got, func(s string) bool {
		if strings.HasSuffix(s, "via group") {
			viaGroup++
			return true
		}
		return false
	})
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || viaGroup == 0 || direct == "" {
		t.Errorf("%d roles through the group; own ones (-want +got):\n%s", viaGroup, diff)
	}
	for _, object := range []string{
		"active:" + entrasim.ApplicationAdministrator + "|/", "active:" + entrasim.HelpdeskAdministrator + "|/",
		"eligible:" + entrasim.ExchangeAdministrator + "|/", assignedRole + direct,
	} {
		a := holds.Action{Kind: holds.RemoveRole, Account: id, Object: object}
		r, err := o.Do(t.Context(), a)
		if err != nil || r.Status != holds.Applied {
			t.Errorf("%s: %+v, %v", object, r, err)
		}
		if in, _ := holds.InForce(a, o.snapshot(t, id)); !in {
			t.Errorf("%s is still there", object)
		}
		if r, err = o.Do(t.Context(), a); err != nil || r.Status != holds.Already {
			t.Errorf("%s again: %+v, %v", object, r, err)
		}
	}
	left := o.snapshot(t, id).Roles
	if len(left) < 2 || !slices.ContainsFunc(left, func(r holds.Role) bool { return r.ID == "eligible:"+entrasim.ApplicationAdministrator+"|/" }) {
		t.Errorf("more was taken than asked for: %+v", left)
	}
}

// A tenant without the licence for PIM has direct assignments alone.
func TestRolesWithoutPIM(t *testing.T) {
	c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "Schedule") {
			graphError(w, 400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2")
			return
		}
		answer(w, 200, map[string]any{"value": []any{map[string]any{
			"id": "5wuT_mJe20eRr5jDpJo4sUZl7gMT8cVOup3lc4GwySg-1", "principalId": testAccount, "roleDefinitionId": entrasim.UserAdministrator, "directoryScopeId": "/attributeSets/Engineering",
		}}})
	}, nil)
	roles, err := c.rolesOf(t.Context(), testAccount, false)
	if err != nil || len(roles) != 1 || roles[0].ID != "assignment:5wuT_mJe20eRr5jDpJo4sUZl7gMT8cVOup3lc4GwySg-1" || !strings.Contains(roles[0].Name, "limited to") {
		t.Errorf("%+v, %v", roles, err)
	}
}

func TestClearSessionsRevokesAllOfThem(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	before, _ := o.Sim().Person(entrasim.FinanceLead)
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.ClearSessions, Account: entrasim.FinanceLead})
	if err != nil || r.Status != holds.Applied || r.EffectiveBy.Sub(r.At) != time.Hour || !strings.Contains(r.Detail, "15 minutes") || !strings.Contains(r.Detail, "1h") {
		t.Errorf("%+v, %v", r, err)
	}
	if p, _ := o.Sim().Person(entrasim.FinanceLead); len(before.Sessions) == 0 || len(p.Sessions) != 0 {
		t.Errorf("%d sessions before, %d after", len(before.Sessions), len(p.Sessions))
	}
}

func TestSynchronisedAccountsAreRestrainedByTheGroup(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	id := entrasim.FinanceLead
	refused := func(a holds.Action, words string) {
		t.Helper()
		r, err := o.Do(t.Context(), a)
		if err != nil || r.Status != holds.Refused || !strings.Contains(r.Detail, words) {
			t.Errorf("%s: %+v, %v", a.Kind, r, err)
		}
	}
	refused(holds.Action{Kind: holds.SuspendAccount, Account: id}, "restraint group restrains it instead")
	if n := len(o.Sim().Effects()); n > 0 || slices.ContainsFunc(o.Sim().Journal(), func(e entrasim.Entry) bool { return e.Method == http.MethodPatch }) {
		t.Error("what cannot be was tried all the same")
	}
	before := o.snapshot(t, id)
	told, err := o.Sim().Syncs(id, map[string]any{"mobilePhone": "+1 5550777"})
	story(t, told, err)
	refused(holds.Action{Kind: holds.RestoreProfile, Account: id, Object: "mobilePhone", Before: &before}, "Set back there: mobilePhone")
	refused(holds.Action{Kind: holds.LeaveGroup, Account: id, Object: entrasim.FinanceGroup}, "on-premises")
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.JoinRestraintGroup, Account: id})
	if err != nil || r.Status != holds.Applied {
		t.Errorf("%+v, %v", r, err)
	}
	if e, err := o.Enforcement(t.Context(), id); err != nil || !e.InForce || o.Sim().SignIn(id).Access != "DENY" {
		t.Errorf("in force %+v, %v; sign-in: %v", e, err, o.Sim().SignIn(id))
	}
}

func TestTheDefaultMethodIsRefused(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.RemoveFactor, Account: entrasim.Contractor, Object: "phone:" + phoneID("mobile")})
	if err != nil || r.Status != holds.Refused || !strings.Contains(r.Detail, "default method") {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = o.Do(t.Context(), holds.Action{Kind: holds.RemoveFactor, Account: entrasim.Contractor, Object: "password:28c10230-6103-485e-b985-444c60001490"})
	if err != nil || r.Status != holds.Refused || !strings.Contains(r.Detail, "no way to delete a method of the kind password") {
		t.Errorf("%+v, %v", r, err)
	}
}

// C17: a temporary access pass and a key that somebody added are taken away.
func TestC17AddedMethodsAreDeleted(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	id := entrasim.Engineer
	before := o.snapshot(t, id)
	told, err := o.Sim().AdminIssuesPass(entrasim.ITLead, id, 60)
	story(t, told, err)
	for _, kind := range []string{"fido2", "mobile", "email", "microsoftAuthenticator"} {
		value := map[string]string{"mobile": "+1 5550444", "email": "x@evil.example"}[kind]
		if _, err := o.Sim().AdminRegistersMethod(entrasim.ITLead, id, kind, value); err == nil {
			continue // an administrator adds phones and addresses, the owner everything
		}
		told, err := o.Sim().RegistersMethod(id, kind, value)
		story(t, told, err)
	}
	added := 0
	for _, f := range o.snapshot(t, id).Factors {
		if slices.ContainsFunc(before.Factors, func(b holds.Factor) bool { return b.ID == f.ID }) {
			continue
		}
		added++
		a := holds.Action{Kind: holds.RemoveFactor, Account: id, Object: f.ID}
		if r, err := o.Do(t.Context(), a); err != nil || r.Status != holds.Applied {
			t.Errorf("%s: %+v, %v", f.ID, r, err)
		}
	}
	if after := o.snapshot(t, id); added != 5 || !cmp.Equal(before.Factors, after.Factors) {
		t.Errorf("%d methods were added; left %+v", added, after.Factors)
	}
}

// A change of the recovery phone is set back, one that was added is deleted, one
// that was deleted is made again; other attributes stay.
func TestRecoveryContactsAreRestored(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	id := entrasim.Contractor
	before := o.snapshot(t, id)
	restore := func(names string) {
		t.Helper()
		a := holds.Action{Kind: holds.RestoreProfile, Account: id, Object: names, Before: &before}
		r, err := o.Do(t.Context(), a)
		if err != nil || r.Status != holds.Applied {
			t.Fatalf("%s: %+v, %v", names, r, err)
		}
		if in, known := holds.InForce(a, o.snapshot(t, id)); !in || !known {
			t.Errorf("%s is not restored", names)
		}
		if r, err = o.Do(t.Context(), a); err != nil || r.Status != holds.Already {
			t.Errorf("%s again: %+v, %v", names, r, err)
		}
		if strings.Contains(r.Detail, "5550") || strings.Contains(r.Detail, "@") {
			t.Errorf("a value is shown: %s", r.Detail)
		}
	}
	told, err := o.Sim().AdminChangesRecoveryPhone(entrasim.ITLead, id, "+1 5550321")
	story(t, told, err)
	told, err = o.Sim().ChangesProfile(entrasim.ITLead, id, map[string]any{"otherMails": []string{}, "mobilePhone": nil, "jobTitle": "Chief"})
	story(t, told, err)
	told, err = o.Sim().RemovesMethod(entrasim.ITLead, id, emailID)
	story(t, told, err)
	restore("email,mobilePhone,otherMails,phone.mobile")
	if got := o.snapshot(t, id); !cmp.Equal(before.Contacts, got.Contacts) || got.Attributes["jobTitle"] != "Chief" {
		t.Errorf("contacts %v, attributes %v", got.Contacts, got.Attributes)
	}
	id = entrasim.Manager
	before = o.snapshot(t, id)
	told, err = o.Sim().RegistersMethod(id, "email", "x@evil.example")
	story(t, told, err)
	restore("email")
	id = entrasim.BreakGlass // has no phone and no other address
	before = o.snapshot(t, id)
	told, err = o.Sim().ChangesProfile(entrasim.ITLead, id, map[string]any{"mobilePhone": "+1 5550666", "otherMails": []string{"x@evil.example"}})
	story(t, told, err)
	restore("mobilePhone,otherMails")
	if p, _ := o.Sim().Person(id); p.MobilePhone != "" || len(p.OtherMails) != 0 {
		t.Errorf("left %q, %q", p.MobilePhone, p.OtherMails)
	}
	for _, bad := range []string{"", "displayName", "accountEnabled", "phone.home", "mobilePhone,../../x", "passwordProfile"} {
		_, err := o.Do(t.Context(), holds.Action{Kind: holds.RestoreProfile, Account: id, Object: bad, Before: &before})
		wantKind(t, err, holds.Invalid, "nothing was called")
	}
	_, err = o.Do(t.Context(), holds.Action{Kind: holds.RestoreProfile, Account: id, Object: "mail"})
	wantKind(t, err, holds.Invalid, "missing")
}

// What an account lacks a permission for is said by its name, and an
// administrator's rank is not taken for trouble with our credential.
func TestG13WhatIsMissingIsNamed(t *testing.T) {
	for permission, a := range map[string]holds.Action{
		"GroupMember.ReadWrite.All":     {Kind: holds.JoinRestraintGroup, Account: entrasim.Engineer},
		"UserAuthenticationMethod.Read": {Kind: holds.RemoveFactor, Account: entrasim.Engineer, Object: "softwareOath:00000000-0000-0000-0000-000000000001"},
		"User.RevokeSessions.All":       {Kind: holds.ClearSessions, Account: entrasim.Engineer},
		"User.EnableDisableAccount.All": {Kind: holds.SuspendAccount, Account: entrasim.Manager},
		"RoleManagement.Read.Directory": {Kind: holds.RemoveRole, Account: entrasim.Engineer, Object: "assignment:abcdefgh"},
		"Application.Read.All":          {Kind: holds.RemoveCredential, Object: "application:" + entrasim.PayrollObject + "/" + entrasim.OwnSecret},
		"Device.Read.All":               {Kind: holds.DisableDevice, Object: entrasim.OwnSecret},
		"User.Read.All":                 {Kind: holds.UnsuspendAccount, Account: entrasim.Engineer},
		"GroupMember.Read.All":          {Kind: holds.LeaveGroup, Account: entrasim.Engineer, Object: entrasim.VPNGroup},
		"AuditLog.Read.All":             {},
		"Policy.Read.All":               {},
	} {
		t.Run(permission, func(t *testing.T) {
			o := newTenant(t, entrasim.Options{}, nil)
			keep := map[string][]string{
				"GroupMember.ReadWrite.All":     {"Group.Read.All", "Directory.Read.All", "User.Read.All"},
				"User.EnableDisableAccount.All": {"User.Read.All", "Directory.Read.All", "Group.Read.All", "RoleManagement.ReadWrite.Directory", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory"},
				"RoleManagement.Read.Directory": {"Group.Read.All", "Directory.Read.All", "User.Read.All"},
			}[permission]
			for _, p := range entrasim.OwnPermissions() {
				if !slices.Contains(keep, p) {
					o.Sim().TakePermission(entrasim.OwnApp, p)
				}
			}
			if permission == "RoleManagement.Read.Directory" {
				o.Sim().TakePermission(entrasim.OwnApp, "Directory.Read.All")
			}
			var err error
			switch permission {
			case "AuditLog.Read.All":
				_, err = o.auditPage(t.Context(), "$top=1")
			case "Policy.Read.All":
				_, err = o.policies(t.Context())
			default:
				_, err = o.Do(t.Context(), a)
			}
			wantKind(t, err, holds.Forbidden, permission)
			if err != nil && !strings.Contains(err.Error(), "application permission") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAdministratorsNeedMoreThanAPermission(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	for _, p := range []string{"User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All"} {
		o.Sim().TakePermission(entrasim.OwnApp, p)
	}
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.SuspendAccount, Account: entrasim.OrgAdmin})
	if err != nil || r.Status != holds.Refused || !strings.Contains(r.Detail, "Privileged Authentication Administrator") {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = o.Do(t.Context(), holds.Action{Kind: holds.SuspendAccount, Account: entrasim.Manager})
	wantKind(t, err, holds.Forbidden, "User.EnableDisableAccount.All")
}

func TestConsentsAreRevokedInBothForms(t *testing.T) {
	o := newTenant(t, entrasim.Options{}, nil)
	told, err := o.Sim().AdminConsentsToApp(entrasim.ITLead, entrasim.StrangeApp, "Mail.Read Files.Read")
	delegated := "delegated:" + story(t, told, err).Made
	told, err = o.Sim().GrantsAppRole(entrasim.ITLead, entrasim.StrangeApp, "User.Read.All")
	role := "approle:" + entrasim.GraphPrincipal + "/" + story(t, told, err).Made
	for _, object := range []string{delegated, role} {
		a := holds.Action{Kind: holds.RevokeConsent, Object: object} // nobody's account is needed
		if in, err := o.Observe(t.Context(), a); in || err != nil {
			t.Errorf("%s before: %v, %v", object, in, err)
		}
		if r, err := o.Do(t.Context(), a); err != nil || r.Status != holds.Applied {
			t.Errorf("%s: %+v, %v", object, r, err)
		}
		if in, err := o.Observe(t.Context(), a); !in || err != nil {
			t.Errorf("%s after: %v, %v", object, in, err)
		}
	}
}

// A certificate goes by writing the list back without it; what else is in the
// list stays as it was, also members that nobody here knows.
func TestOneCertificateIsTakenFromAnApplication(t *testing.T) {
	const wanted, other = "0e575000-0000-4000-8000-0000000000aa", "0e575000-0000-4000-8000-0000000000bb"
	for _, kind := range []string{"application", "servicePrincipal"} {
		var sent map[string]json.RawMessage
		c, s := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch {
				_ = json.NewDecoder(r.Body).Decode(&sent)
				w.WriteHeader(204)
				return
			}
			answer(w, 200, map[string]any{"id": testAccount, "passwordCredentials": []any{}, "keyCredentials": []any{
				map[string]any{"keyId": other, "customKeyIdentifier": "QUJD", "someday": 1, "key": nil}, map[string]any{"keyId": strings.ToUpper(wanted), "key": nil},
			}})
		}, nil)
		r, err := c.Do(t.Context(), holds.Action{Kind: holds.RemoveCredential, Object: kind + ":" + testAccount + "/" + wanted})
		if err != nil || r.Status != holds.Applied {
			t.Fatalf("%+v, %v", r, err)
		}
		if want := `[{"customKeyIdentifier":"QUJD","key":null,"keyId":"` + other + `","someday":1}]`; len(sent) != 1 || string(sent["keyCredentials"]) != want {
			t.Errorf("sent %s", sent)
		}
		if calls := s.called(); !strings.HasPrefix(calls[1], "PATCH /v1.0/"+kind+"s/"+testAccount) {
			t.Errorf("calls %v", calls)
		}
	}
}

func TestTheRestraintGroupIsNotLeftLikeAnother(t *testing.T) {
	c, s := newScripted(t, nil, nil)
	for _, id := range []string{testGroup, strings.ToUpper(testGroup)} {
		_, err := c.Do(t.Context(), holds.Action{Kind: holds.LeaveGroup, Account: testAccount, Object: id})
		wantKind(t, err, holds.Invalid, "when its hold is released")
	}
	if len(s.called()) > 0 {
		t.Errorf("called %v", s.called())
	}
}

// Between our reading and our call somebody else may do the same.
func TestSomebodyElseWasFaster(t *testing.T) {
	c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			graphError(w, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")
		case r.Method == http.MethodDelete:
			graphError(w, 404, "Request_ResourceNotFound", "Resource does not exist")
		default:
			answer(w, 200, map[string]any{"value": []any{map[string]any{"@odata.type": "#microsoft.graph.group", "id": testService}}})
		}
	}, nil)
	r, err := c.Do(t.Context(), holds.Action{Kind: holds.JoinRestraintGroup, Account: testAccount})
	if err != nil || r.Status != holds.Already {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = c.Do(t.Context(), holds.Action{Kind: holds.LeaveGroup, Account: testAccount, Object: testService})
	wantKind(t, err, holds.Unavailable, "Read it back")
}

func TestFederationWithoutAnIDIsForAPerson(t *testing.T) {
	c, s := newScripted(t, nil, nil)
	r, err := c.Do(t.Context(), holds.Action{Kind: holds.DeactivateIDP, Object: "domain:acme.example"})
	if err != nil || r.Status != holds.Refused || !strings.Contains(r.Detail, "Get-MgDomainFederationConfiguration -DomainId acme.example") {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"domain:acme.example; rm", "federation:acme.example", "federation:../" + testAccount, "federation:acme.example/x"} {
		_, err := c.Do(t.Context(), holds.Action{Kind: holds.DeactivateIDP, Object: bad})
		wantKind(t, err, holds.Invalid, "nothing was called")
	}
	if len(s.called()) > 0 {
		t.Errorf("called %v", s.called())
	}
}

func TestC8FindGoesByNameThenByAddress(t *testing.T) {
	account := func(id, upn string) map[string]any {
		return map[string]any{"id": id, "userPrincipalName": upn, "displayName": "X"}
	}
	var list []any
	c, s := newScripted(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"value": list}) }, nil)
	list = []any{account(testGroup, "other@acme.example"), account(testAccount, "o'brien@acme.example")}
	if got, err := c.Find(t.Context(), "O'Brien@acme.example"); err != nil || got.ID != testAccount {
		t.Errorf("%+v, %v", got, err)
	}
	if q := s.called()[0]; !strings.Contains(q, "userPrincipalName%20eq%20%27O%27%27Brien%40acme.example%27%20or%20mail%20eq") {
		t.Errorf("asked %s", q)
	}
	list = []any{account(testGroup, "other@acme.example")}
	if got, err := c.Find(t.Context(), "alias@acme.example"); err != nil || got.ID != testGroup {
		t.Errorf("%+v, %v", got, err)
	}
	list = []any{account(testGroup, "other@acme.example"), account(testAccount, "third@acme.example")}
	_, err := c.Find(t.Context(), "shared@acme.example")
	wantKind(t, err, holds.Conflict, "Several")
}

// Graph takes null for nothing, and refuses an empty text.
func TestAnEmptyAttributeIsWrittenAsNothing(t *testing.T) {
	for name, want := range map[string]string{"mobilePhone": "null", "mail": "null", "otherMails": "[]", "businessPhones": "[]"} {
		if got, err := json.Marshal(attributeValue(name, "")); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if got, err := json.Marshal(attributeValue("otherMails", "a@x.example\nb@x.example")); err != nil || string(got) != `["a@x.example","b@x.example"]` {
		t.Errorf("%s, %v", got, err)
	}
}
