package entrasim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMethodsList: dates may be null, and nothing tells a secret.
func TestMethodsList(t *testing.T) {
	r := newRig(t, Options{})
	list := r.call(200, "GET", "/users/"+Engineer+"/authentication/methods", nil).values()
	kinds := map[string]any{}
	for _, m := range list {
		kinds[strings.TrimPrefix(m["@odata.type"].(string), "#microsoft.graph.")] = m["createdDateTime"]
	}
	if len(list) != 4 || kinds["passwordAuthenticationMethod"] == nil || kinds["microsoftAuthenticatorAuthenticationMethod"] != nil {
		t.Errorf("methods %v", kinds)
	}
}

// TestPhoneRules are Graph's about deleting and adding phones.
func TestPhoneRules(t *testing.T) {
	r := newRig(t, Options{})
	const phones = "/users/" + Contractor + "/authentication/phoneMethods"
	add := func(want int, kind, number string) {
		t.Helper()
		r.call(want, "POST", phones, map[string]any{"phoneNumber": number, "phoneType": kind})
	}
	if got := r.call(400, "DELETE", phones+"/"+MobilePhone, nil); got.code() != "invalidRequest" {
		t.Errorf("the default phone: %s", got.raw)
	}
	add(400, "mobile", "+1 5550001") // there is one
	add(400, "office", "5550001")    // no country
	add(400, "office", "+1 55 call me")
	add(400, "pager", "+1 5550001")
	add(201, "alternateMobile", "+1 5550001")
	add(201, "office", "+1 5550002x9")
	if _, err := r.RegistersMethod(Contractor, "microsoftAuthenticator", "Dev's phone"); err != nil {
		t.Fatal(err)
	}
	r.change(func() {
		r.person(Contractor).DefaultMethod = r.person(Contractor).Methods[len(r.person(Contractor).Methods)-1].ID
	})
	r.call(400, "DELETE", phones+"/"+MobilePhone, nil) // an alternate one is left
	r.call(204, "DELETE", phones+"/"+AlternatePhone, nil)
	r.call(204, "DELETE", phones+"/"+MobilePhone, nil)
	add(400, "alternateMobile", "+1 5550001") // without a mobile one
	r.call(404, "DELETE", phones+"/"+EmailMethod, nil)
	r.call(404, "PATCH", phones+"/"+MobilePhone, map[string]any{"phoneNumber": "+1 5550001"})
	r.call(400, "PATCH", phones+"/"+OfficePhone, map[string]any{"phoneNumber": "none"})
}

// change alters the state behind the simulator's back.
func (r *rig) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

// TestTemporaryAccessPass: told once, replaced by the next, usable for a time.
func TestTemporaryAccessPass(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	const path = "/users/" + Engineer + "/authentication/temporaryAccessPassMethods"
	issue := func(body map[string]any) map[string]any { return r.call(201, "POST", path, body).body() }
	first := issue(map[string]any{"lifetimeInMinutes": 60, "isUsableOnce": true})
	if v, _ := first["temporaryAccessPass"].(string); len(v) < 8 {
		t.Errorf("the pass is %q", v)
	}
	second := issue(map[string]any{"startDateTime": c.now().Add(time.Hour), "lifetimeInMinutes": 30})
	list := r.call(200, "GET", path, nil).values()
	if len(list) != 1 || list[0]["id"] != second["id"] || list[0]["temporaryAccessPass"] != nil || list[0]["methodUsabilityReason"] != "NotYetValid" {
		t.Errorf("passes %v", list)
	}
	r.later(c, 70*time.Minute)
	if m := r.call(200, "GET", path, nil).values()[0]; m["isUsable"] != true {
		t.Errorf("when it is time: %v", m)
	}
	r.later(c, time.Hour)
	if m := r.call(200, "GET", path, nil).values()[0]; m["isUsable"] != false || m["methodUsabilityReason"] != "Expired" {
		t.Errorf("afterwards: %v", m)
	}
	r.call(400, "POST", path, map[string]any{"lifetimeInMinutes": 5})
}

// names and actors of records, for tables.
func told(records []Record) []string {
	var out []string
	for _, x := range records {
		by := ""
		switch {
		case x.InitiatedBy.App != nil:
			by = x.InitiatedBy.App.DisplayName
		case x.InitiatedBy.User.UserPrincipalName != nil:
			by = strings.Split(*x.InitiatedBy.User.UserPrincipalName, "@")[0]
		default:
			by = *x.InitiatedBy.User.DisplayName
		}
		out = append(out, x.LoggedByService+": "+x.ActivityDisplayName+" by "+by)
	}
	return out
}

// TestMethodRecords: each change has the record of the method's service and the
// directory's twin, and the twin of a person's own is by one of Microsoft's.
func TestMethodRecords(t *testing.T) {
	r := newRig(t, Options{})
	for _, c := range []struct {
		name string
		tell func() (Told, error)
		want []string
	}{
		{"registers an authenticator", func() (Told, error) { return r.RegistersMethod(Manager, "microsoftAuthenticator", "Another phone") }, []string{
			"Authentication Methods: User registered security info by sanne.dewit", "Core Directory: Update user by Azure MFA StrongAuthenticationService",
		}},
		{"registers a phone", func() (Told, error) { return r.RegistersMethod(Manager, "mobile", "+1 5550009") }, []string{
			"Authentication Methods: User registered security info by sanne.dewit", "Core Directory: Update user by Azure Credential Configuration Endpoint Service",
		}},
		{"registers a security key", func() (Told, error) { return r.RegistersMethod(Manager, "fido2", "Blue key") }, []string{
			"Authentication Methods: User registered security info by sanne.dewit", "Device Registration Service: Add FIDO2 security key by sanne.dewit",
			"Core Directory: Update user by Device Registration Service",
		}},
		{"deletes their own", func() (Told, error) { return r.RemovesMethod(Manager, Manager, "fido2") }, []string{
			"Authentication Methods: User deleted security info by sanne.dewit", "Device Registration Service: Delete FIDO2 security key by sanne.dewit",
			"Core Directory: Update user by Device Registration Service",
		}},
		{"changes their own number", func() (Told, error) { return r.ChangesRecoveryPhone(Manager, "+1 5550010") }, []string{
			"Authentication Methods: User updated security info by sanne.dewit", "Core Directory: Update user by Azure Credential Configuration Endpoint Service",
		}},
		{"an administrator changes the number", func() (Told, error) { return r.AdminChangesRecoveryPhone(HelpDesk, Manager, "+1 5550011") }, []string{
			"Authentication Methods: Admin updated security info by tess.okafor", "Core Directory: Update user by tess.okafor",
		}},
		{"an administrator adds a number", func() (Told, error) {
			return r.AdminRegistersMethod(HelpDesk, Manager, "alternateMobile", "+1 5550012")
		}, []string{
			"Authentication Methods: Admin registered security info by tess.okafor", "Core Directory: Update user by tess.okafor",
		}},
		{"an administrator issues a pass", func() (Told, error) { return r.AdminIssuesPass(HelpDesk, Manager, 60) }, []string{
			"Authentication Methods: Admin registered security info by tess.okafor",
		}},
	} {
		got, err := c.tell()
		if err != nil || !slices.Equal(told(got.Records), c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", c.name, err, told(got.Records), c.want)
		}
	}
	got, err := r.HelpDeskResetsMethods(HelpDesk, Manager)
	p, _ := r.Person(Manager)
	if err != nil || len(p.Methods) != 1 || p.Methods[0].Type != "password" || p.DefaultMethod != "" {
		t.Errorf("after a reset: %v %+v", err, p.Methods)
	}
	deleted := 0
	for _, x := range got.Records {
		if x.ActivityDisplayName == "Admin deleted security info" {
			deleted++
		}
	}
	if deleted != 5 { // two authenticators, two phones, a pass
		t.Errorf("%d deletions: %q", deleted, told(got.Records))
	}
	if _, err := r.HelpDeskResetsMethods(HelpDesk, Manager); err == nil {
		t.Error("nothing was reset twice")
	}
}

// TestRecoveryValues: the directory tells old and new number.
func TestRecoveryValues(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.AdminChangesRecoveryPhone(HelpDesk, Contractor, "+1 5550777", From("elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	properties := map[string]Modified{}
	for _, x := range got.Records {
		for _, m := range x.TargetResources[0].ModifiedProperties {
			properties[m.DisplayName] = m
		}
	}
	m := properties["StrongAuthenticationUserDetails"]
	if m.OldValue == nil || !strings.Contains(*m.OldValue, `"PhoneNumber":"+1 5550100109"`) || !strings.Contains(*m.NewValue, `"PhoneNumber":"+1 5550777"`) {
		t.Errorf("the directory's record: %+v", m)
	}
	if m := properties["Phone.PhoneNumber"]; m.OldValue == nil || *m.OldValue != `"+1 5550100109"` || *m.NewValue != `"+1 5550777"` {
		t.Errorf("the methods' record: %+v", m)
	}
	if by := got.Records[0].InitiatedBy.User; *by.IPAddress != "203.0.113.77" {
		t.Errorf("by %+v", by)
	}
}
