package entrasim

import (
	"slices"
	"testing"
)

// TestDisablingLeavesSessions: only a revocation or a reset ends them, so that a
// caller who forgets is found out.
func TestDisablingLeavesSessions(t *testing.T) {
	r := newRig(t, Options{})
	const u = "/users/" + Engineer
	sessions := func() int {
		p, _ := r.Person(Engineer)
		return len(p.Sessions)
	}
	r.call(204, "PATCH", u, map[string]any{"accountEnabled": false})
	if a := r.SignIn(Engineer); sessions() != 1 || a.Access != "DENY" {
		t.Errorf("disabled: %d sessions, sign-in %+v", sessions(), a)
	}
	if got := r.last(2); !slices.Equal(got, []string{"Update user", "Disable account"}) {
		t.Errorf("records %v", got)
	}
	before := r.person(Engineer).SessionsValidFrom
	if got := r.call(200, "POST", u+"/revokeSignInSessions", nil).body()["value"]; got != true || sessions() != 0 {
		t.Errorf("revoked: %v, %d sessions", got, sessions())
	}
	log := r.Written()
	last := log[len(log)-1]
	m := last.TargetResources[0].ModifiedProperties[0]
	if last.ActivityDisplayName != "Update StsRefreshTokenValidFrom Timestamp" || m.DisplayName != "StsRefreshTokensValidFrom" ||
		!r.person(Engineer).SessionsValidFrom.After(before) {
		t.Errorf("record %+v", last)
	}
	r.call(204, "PATCH", u, map[string]any{"accountEnabled": true})
	if a := r.SignIn(Engineer); a.Access != "ALLOW" {
		t.Errorf("enabled again: %+v", a)
	}
	if _, err := r.SignsIn(Engineer); err != nil || sessions() != 1 {
		t.Errorf("sign-in: %v", err)
	}
	if _, err := r.SignsOut(Engineer); err != nil || sessions() != 0 {
		t.Errorf("sign-out: %v", err)
	}
}

// TestSameValueChangesNothing: no record, no notification, and the journal says so.
func TestSameValueChangesNothing(t *testing.T) {
	r := newRig(t, Options{})
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"accountEnabled": true, "jobTitle": "Engineer"})
	if n := len(r.Written()); n != 0 {
		t.Errorf("%d records", n)
	}
	e := r.Effects()
	if len(e) != 1 || e[0].Applied != 1 || e[0].Changed != 0 || e[0].Subject != Engineer {
		t.Errorf("effects %+v", e)
	}
}

// TestSyncedAccounts: what the on-premises directory masters, Graph refuses.
func TestSyncedAccounts(t *testing.T) {
	r := newRig(t, Options{})
	const u = "/users/" + Payroll
	for _, body := range []map[string]any{
		{"accountEnabled": false},
		{"mobilePhone": "+1 5550000"},
		{"passwordProfile": map[string]any{"password": "Correct-Horse-9"}},
		{"otherMails": []string{"x@y.example"}, "department": "x"},
	} {
		if got := r.call(400, "PATCH", u, body); got.code() != "Request_BadRequest" {
			t.Errorf("%v: %s", body, got.raw)
		}
	}
	if p, _ := r.Person(Payroll); !p.Enabled || p.OtherMails[0] != "pavel@home.example" || len(r.Written()) != 0 {
		t.Errorf("something changed: %+v", p)
	}
	r.call(204, "PATCH", u, map[string]any{"otherMails": []string{"x@y.example"}})
	r.call(200, "POST", u+"/revokeSignInSessions", nil)
	if _, err := r.Syncs(Payroll, map[string]any{"department": "Accounts"}); err != nil {
		t.Fatal(err)
	}
	log := r.Written()
	if by := log[len(log)-1].InitiatedBy.User; by == nil || by.UserPrincipalName == nil || (*by.UserPrincipalName)[:5] != "Sync_" {
		t.Errorf("synced by %+v", by)
	}
	if _, err := r.Syncs(Engineer, map[string]any{"department": "x"}); err == nil {
		t.Error("a cloud account was synced")
	}
	if _, err := r.AdminResetsPassword(HelpDesk, Payroll); err == nil {
		t.Error("a synced account's password was reset in the cloud")
	}
}

// TestAdministratorsAreHarder: without a directory role of its own the
// application cannot disable somebody who has one.
func TestAdministratorsAreHarder(t *testing.T) {
	c := SmallCompany()
	c.Assignments = slices.DeleteFunc(c.Assignments, func(a Assignment) bool { return a.Principal == OwnPrincipal })
	r := newRig(t, Options{Company: c})
	r.call(403, "PATCH", "/users/"+ITLead, map[string]any{"accountEnabled": false})
	r.call(403, "PATCH", "/users/"+HelpDesk, map[string]any{"otherMails": []string{"x@y.example"}}) // a role through a group
	r.call(204, "PATCH", "/users/"+ITLead, map[string]any{"jobTitle": "CIO"})
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"accountEnabled": false})
	withRole := newRig(t, Options{})
	withRole.call(204, "PATCH", "/users/"+ITLead, map[string]any{"accountEnabled": false})
}

// TestContactsInTheRecord: old and new values are JSON lists.
func TestContactsInTheRecord(t *testing.T) {
	r := newRig(t, Options{})
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"otherMails": []string{"x@y.example"}, "mobilePhone": nil, "businessPhones": []string{"+1 5550000"}})
	rec := r.Written()[0]
	want := map[string][2]string{
		"OtherMail":                   {`["aiko@home.example"]`, `["x@y.example"]`},
		"MobilePhone":                 {`["+1 5550100106"]`, `[]`},
		"TelephoneNumber":             {`[]`, `["+1 5550000"]`},
		"Included Updated Properties": {"", `"TelephoneNumber, MobilePhone, OtherMail"`},
		"TargetId.UserType":           {"", `"Member"`},
	}
	for _, m := range rec.TargetResources[0].ModifiedProperties {
		old := ""
		if m.OldValue != nil {
			old = *m.OldValue
		}
		if w := want[m.DisplayName]; w[0] != old || w[1] != *m.NewValue {
			t.Errorf("%s: %q → %q, want %q", m.DisplayName, old, *m.NewValue, w)
		}
		delete(want, m.DisplayName)
	}
	if len(want) > 0 || rec.InitiatedBy.App == nil || rec.InitiatedBy.App.AppID != nil || *rec.InitiatedBy.App.ServicePrincipalID != OwnPrincipal || rec.InitiatedBy.User != nil {
		t.Errorf("missing %v; by %+v", want, rec.InitiatedBy)
	}
}

// TestBadProperties: what is not a property, or not of its type, changes nothing.
func TestBadProperties(t *testing.T) {
	r := newRig(t, Options{})
	for _, body := range []map[string]any{
		{"nonsense": 1},
		{"accountEnabled": "no"},
		{"accountEnabled": nil},
		{"otherMails": "x@y.example"},
		{"jobTitle": []string{"x"}},
		{"passwordProfile": map[string]any{"password": "short"}},
		{"passwordProfile": map[string]any{}},
		{"passwordProfile": "x"},
		{"jobTitle": "changed", "nonsense": 1},
	} {
		r.call(400, "PATCH", "/users/"+Engineer, body)
	}
	if p, _ := r.Person(Engineer); p.JobTitle != "Engineer" || len(r.Written()) != 0 {
		t.Errorf("something changed: %+v", p)
	}
}

// TestPasswordResets: by the application, an administrator and the person, each
// with its records and their actors.
func TestPasswordResets(t *testing.T) {
	r := newRig(t, Options{})
	who := func(x Record) string {
		switch {
		case x.InitiatedBy.App != nil:
			return x.InitiatedBy.App.DisplayName
		case x.InitiatedBy.User.UserPrincipalName != nil:
			return *x.InitiatedBy.User.UserPrincipalName
		}
		return *x.InitiatedBy.User.DisplayName
	}
	compare := func(name string, got []Record, want ...[2]string) {
		t.Helper()
		var have [][2]string
		for _, x := range got {
			have = append(have, [2]string{x.ActivityDisplayName, who(x)})
		}
		if !slices.Equal(have, want) {
			t.Errorf("%s: %q, want %q", name, have, want)
		}
	}
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"passwordProfile": map[string]any{"password": "Correct-Horse-9", "forceChangePasswordNextSignIn": true}})
	compare("by the application", r.Written(), [2]string{"Reset user password", "Countersign"},
		[2]string{"Set force change user password", "Countersign"}, [2]string{"Update StsRefreshTokenValidFrom Timestamp", "Countersign"})

	const tess, luis, fim = "tess.okafor@nordwind.example", "luis.ortega@nordwind.example", "fim_password_service@support.onmicrosoft.com"
	told, err := r.AdminResetsPassword(HelpDesk, EngineerTwo)
	if err != nil {
		t.Fatal(err)
	}
	compare("by an administrator", told.Records, [2]string{"Admin started password reset", tess}, [2]string{"Reset user password", tess},
		[2]string{"Set force change user password", tess}, [2]string{"Update StsRefreshTokenValidFrom Timestamp", tess}, [2]string{"Reset password (by admin)", tess})
	if p, _ := r.Person(EngineerTwo); !p.MustChangePassword || len(p.Sessions) != 0 {
		t.Errorf("after a reset: %+v", p)
	}

	told, err = r.ResetsOwnPassword(EngineerTwo)
	if err != nil {
		t.Fatal(err)
	}
	const flow = "Self-service password reset flow activity progress"
	compare("by oneself", told.Records, [2]string{flow, luis}, [2]string{flow, luis}, [2]string{flow, luis}, [2]string{flow, luis},
		[2]string{"Reset user password.", fim}, [2]string{"Update StsRefreshTokenValidFrom Timestamp", fim}, [2]string{"Reset password (self-service)", luis})
	for _, x := range told.Records {
		if x.CorrelationID != told.Records[0].CorrelationID {
			t.Errorf("%s has a correlation id of its own", x.ActivityDisplayName)
		}
	}
	if told.Records[4].InitiatedBy.User.ID != emptyGUID {
		t.Errorf("the platform's service has the id %s", told.Records[4].InitiatedBy.User.ID)
	}
	if told, err = r.ChangesPassword(EngineerTwo); err != nil || len(told.Records) != 2 {
		t.Errorf("a change: %v %+v", err, told)
	}
	dated := r.person(EngineerTwo)
	if !dated.method(PasswordMethod).Created.Equal(dated.LastPasswordChange) {
		t.Error("the password method has another date")
	}
}
