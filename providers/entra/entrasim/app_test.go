package entrasim

import (
	"slices"
	"strings"
	"testing"
)

// TestAppSecrets: a stranger's further secret works until it is removed.
func TestAppSecrets(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.AddsAppSecret(ITLead, PayrollApp, "SimuLandCreds")
	if err != nil {
		t.Fatal(err)
	}
	x := got.Records[0]
	m := x.TargetResources[0].ModifiedProperties[0]
	if x.ActivityDisplayName != "Update application – Certificates and secrets management " || m.DisplayName != "KeyDescription" ||
		!strings.Contains(*m.NewValue, "[KeyIdentifier="+got.Made+",KeyType=Password,KeyUsage=Verify,DisplayName=SimuLandCreds]") {
		t.Errorf("record %+v", x)
	}
	theirs := form("client_id", PayrollApp, "client_secret", r.ClientSecret(PayrollApp))
	if got := r.ask(Tenant, theirs); got.status != 200 {
		t.Errorf("the new secret: %s", got.raw)
	}
	app := r.call(200, "GET", "/applications/"+PayrollObject+"?$select=id,passwordCredentials", nil)
	if strings.Contains(string(app.raw), r.ClientSecret(PayrollApp)) {
		t.Error("the API tells the secret's value")
	}
	path := "/applications/" + PayrollObject + "/removePassword"
	r.call(204, "POST", path, map[string]any{"keyId": got.Made})
	r.call(400, "POST", path, map[string]any{"keyId": got.Made})
	if got := r.ask(Tenant, theirs); got.status != 401 {
		t.Errorf("the removed secret: %d", got.status)
	}
}

// TestPrincipalSecrets are the service principal's own, and work as well.
func TestPrincipalSecrets(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.AddsPrincipalSecret(ITLead, StrangeApp, "back door")
	if err != nil || got.Records[0].ActivityDisplayName != "Add service principal credentials" {
		t.Fatalf("%v %q", err, told(got.Records))
	}
	r.call(204, "POST", "/servicePrincipals/"+StrangeService+"/removePassword", map[string]any{"keyId": got.Made})
	if got := r.last(1); got[0] != "Remove service principal credentials" {
		t.Errorf("records %v", got)
	}
}

// TestCertificates: the list is written back without one, or one is removed
// with a proof; a new one cannot be smuggled in without itself.
func TestCertificates(t *testing.T) {
	r := newRig(t, Options{})
	first, second := r.withKey(PayrollApp), r.withKey(PayrollApp)
	path := "/applications/" + PayrollObject
	key := func(id string) map[string]any {
		return map[string]any{"keyId": id, "type": "AsymmetricX509Cert", "usage": "Verify"}
	}
	r.call(400, "PATCH", path, map[string]any{"keyCredentials": []any{key(first), key(newGUID())}})
	r.call(400, "PATCH", path, map[string]any{"displayName": "x"})
	r.call(204, "PATCH", path, map[string]any{"keyCredentials": []any{key(first)}})
	keys, _ := r.call(200, "GET", path, nil).body()["keyCredentials"].([]any)
	if len(keys) != 1 || keys[0].(map[string]any)["keyId"] != first {
		t.Errorf("keys %v", keys)
	}
	r.call(401, "POST", path+"/removeKey", map[string]any{"keyId": first})
	r.call(400, "POST", path+"/removeKey", map[string]any{"keyId": second, "proof": "eyJ"})
	r.call(204, "POST", path+"/removeKey", map[string]any{"keyId": first, "proof": "eyJ"})
}

// TestConsents: for oneself or for everybody, and gone when revoked.
func TestConsents(t *testing.T) {
	r := newRig(t, Options{})
	mine, err := r.ConsentsToApp(Payroll, StrangeApp, "Mail.Read offline_access")
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.AdminConsentsToApp(ITLead, StrangeApp, "Mail.ReadWrite")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told(mine.Records), []string{
		"Core Directory: Add delegated permission grant by pavel.novak", "Core Directory: Consent to application by pavel.novak",
	}) {
		t.Errorf("records %q", told(mine.Records))
	}
	isAdmin := func(x Record) string { return *x.TargetResources[0].ModifiedProperties[0].NewValue }
	if isAdmin(mine.Records[1]) != `"False"` || isAdmin(all.Records[1]) != `"True"` {
		t.Error("whose consent it is is told wrongly")
	}
	list := r.call(200, "GET", "/users/"+Payroll+"/oauth2PermissionGrants", nil).values()
	if len(list) != 1 || list[0]["id"] != mine.Made || list[0]["consentType"] != "Principal" || list[0]["scope"] != "Mail.Read offline_access" {
		t.Errorf("grants %v", list)
	}
	r.call(204, "DELETE", "/oauth2PermissionGrants/"+all.Made, nil)
	r.call(404, "DELETE", "/oauth2PermissionGrants/"+all.Made, nil)
	r.call(400, "DELETE", "/oauth2PermissionGrants/a%20b", nil)
	if got := r.last(1); got[0] != "Remove delegated permission grant" {
		t.Errorf("records %v", got)
	}
	if _, err := r.AdminConsentsToApp(Engineer, StrangeApp, "Mail.ReadWrite"); err == nil {
		t.Error("an engineer consented for everybody")
	}
	again, err := r.ConsentsToApp(Payroll, StrangeApp, "Files.Read")
	if m := again.Records[0].TargetResources[0].ModifiedProperties[0]; err != nil || *m.OldValue != `"Mail.Read offline_access"` {
		t.Errorf("a changed consent: %v %+v", err, m)
	}
}

// TestAppRoles give and take permissions that really work.
func TestAppRoles(t *testing.T) {
	r := newRig(t, Options{})
	own := r.token
	r.token = "Bearer " + r.AccessToken(StrangeApp)
	r.call(403, "GET", "/users", nil)
	got, err := r.GrantsAppRole(ITLead, StrangeApp, "User.Read.All")
	if err != nil || got.Records[0].ActivityDisplayName != "Add app role assignment to service principal" {
		t.Fatalf("%v %q", err, told(got.Records))
	}
	r.call(200, "GET", "/users", nil)
	r.token = own
	path := "/servicePrincipals/" + GraphPrincipal + "/appRoleAssignedTo/" + got.Made
	if one := r.call(200, "GET", path, nil).body(); one["principalId"] != StrangeService {
		t.Errorf("assignment %v", one)
	}
	r.call(204, "DELETE", path, nil)
	r.call(404, "DELETE", path, nil)
	r.token = "Bearer " + r.AccessToken(StrangeApp)
	r.call(403, "GET", "/users", nil)
	if _, err := r.RevokesAppRole(ITLead, OwnApp, "AuditLog.Read.All"); err != nil {
		t.Fatal(err)
	}
	r.token = own
	r.call(403, "GET", "/auditLogs/directoryAudits", nil)
}

// TestFederation: a managed domain becomes a federated one, and back.
func TestFederation(t *testing.T) {
	r := newRig(t, Options{})
	kind := func() string {
		return r.call(200, "GET", "/domains", nil).values()[0]["authenticationType"].(string)
	}
	got, err := r.SetsFederation(ITLead, seedMailDomain, "https://sts.elsewhere.example/")
	if err != nil || !slices.Equal(told(got.Records), []string{
		"Core Directory: Set domain authentication by jonas.lind", "Core Directory: Set federation settings on domain by jonas.lind",
	}) || kind() != "Federated" {
		t.Errorf("%v %q %s", err, told(got.Records), kind())
	}
	if got, err := r.SetsFederation(ITLead, seedMailDomain, "https://other.example/"); err != nil || len(got.Records) != 1 {
		t.Errorf("changed: %v %q", err, told(got.Records))
	}
	if _, err := r.SetsManaged(ITLead, seedMailDomain); err != nil || kind() != "Managed" {
		t.Errorf("managed again: %v", err)
	}
	r.call(404, "DELETE", "/domains/"+seedMailDomain+"/federationConfiguration/"+got.Made, nil)
	r.call(404, "GET", "/domains/elsewhere.example/federationConfiguration", nil)
}

// TestDevices: registered with the records of two services, disabled once.
func TestDevices(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.RegistersDevice(Payroll, "DESKTOP-1", "Windows", From("elsewhere"))
	if err != nil || !slices.Equal(told(got.Records), []string{
		"Core Directory: Add device by Device Registration Service", "Core Directory: Add registered owner to device by Device Registration Service",
		"Core Directory: Add registered users to device by Device Registration Service", "Device Registration Service: Register device by pavel.novak",
	}) {
		t.Errorf("%v %q", err, told(got.Records))
	}
	if list := r.call(200, "GET", "/users/"+Payroll+"/ownedDevices", nil).values(); len(list) != 1 || list[0]["id"] != got.Made || list[0]["accountEnabled"] != true {
		t.Errorf("devices %v", list)
	}
	n := len(r.Written())
	for range 2 {
		r.call(204, "PATCH", "/devices/"+got.Made, map[string]any{"accountEnabled": false})
	}
	if d := r.call(200, "GET", "/devices/"+got.Made, nil).body(); d["accountEnabled"] != false || len(r.Written()) != n+1 {
		t.Errorf("device %v, %d records", d, len(r.Written())-n)
	}
	r.call(400, "PATCH", "/devices/"+got.Made, map[string]any{"displayName": "x"})
	r.call(404, "GET", "/devices/"+newGUID(), nil)
}
