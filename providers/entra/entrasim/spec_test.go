package entrasim

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/providers/entra/entrasim/entraspec"
)

// TestConversationFitsGraphsDescription drives every endpoint through a
// transport that checks both directions.
func TestConversationFitsGraphsDescription(t *testing.T) {
	r := newRig(t, Options{})
	r.via = entraspec.Load(t).Transport(t, nil)
	r.Switch(func(x *Switches) { x.AuditUnlimited = true })
	everyEndpoint(t, r)
	called := map[string]bool{}
	for _, e := range r.Journal() {
		if e.Status < 400 {
			called[e.Pattern] = true
		}
	}
	for _, e := range endpoints() {
		if p := e.method + " " + e.path; !called[p] && !e.open && !refusedAlways(p) {
			t.Errorf("no call to %s succeeded here", p)
		}
	}
}

// refusedAlways are the endpoints at which an application cannot succeed.
func refusedAlways(pattern string) bool {
	return isOf(pattern, "POST /users/{user}/authentication/methods/{method}/resetPassword",
		"PATCH /roleManagement/directory/roleAssignmentApprovals/{approval}/steps/{step}")
}

type object struct{ ID string }

// everyEndpoint makes at least one call to each endpoint.
func everyEndpoint(t *testing.T, r *rig) {
	const u = "/users/" + Engineer
	r.call(200, "GET", "/organization", nil)
	r.call(200, "GET", "/users?$top=3&$select=id,userPrincipalName,accountEnabled,createdDateTime", nil)
	r.call(200, "GET", "/users/aiko.tanaka@nordwind.example", nil)
	r.send(200, "GET", "/beta"+u, nil)
	r.call(200, "GET", u+"?$select=id,accountEnabled,userType,signInSessionsValidFromDateTime&$expand=manager", nil)
	r.call(404, "GET", "/users/nobody@nordwind.example", nil)
	r.call(204, "PATCH", u, map[string]any{"accountEnabled": false, "otherMails": []string{"a@b.example"}})
	r.call(204, "PATCH", u, map[string]any{"accountEnabled": true, "passwordProfile": map[string]any{"password": "Correct-Horse-9", "forceChangePasswordNextSignIn": true}})
	r.call(200, "POST", u+"/revokeSignInSessions", nil)
	for _, rest := range []string{"/manager", "/memberOf", "/transitiveMemberOf", "/ownedDevices", "/registeredDevices", "/oauth2PermissionGrants"} {
		r.call(200, "GET", u+rest, nil)
	}
	callMethodEndpoints(t, r)
	callGroupEndpoints(r)
	callRoleEndpoints(t, r)
	callAppEndpoints(t, r)
	r.call(200, "GET", "/identity/conditionalAccess/policies", nil)
	r.call(200, "GET", "/identity/conditionalAccess/policies/"+SignInPolicy, nil)
	r.call(204, "PATCH", "/identity/conditionalAccess/policies/"+MFAPolicy, map[string]any{"state": "disabled"})
	r.call(204, "DELETE", "/identity/conditionalAccess/policies/"+MFAPolicy, nil)
	device := namedGUID("device", Engineer)
	r.call(200, "GET", "/devices?$filter=deviceId eq '"+namedGUID("device id", Engineer)+"'", nil)
	r.call(200, "GET", "/devices/"+device, nil)
	r.call(204, "PATCH", "/devices/"+device, map[string]any{"accountEnabled": false})
	subscriptionEndpoints(t, r)
	page := r.call(200, "GET", "/auditLogs/directoryAudits?$filter=activityDateTime ge 2020-01-01T00:00:00Z&$orderby=activityDateTime asc&$top=5", nil)
	r.call(200, "GET", "/auditLogs/directoryAudits/"+page.values()[0]["id"].(string), nil)
	r.RateLimit(TooMany{Calls: 1})
	r.call(429, "GET", "/users", nil)
	r.call(400, "GET", "/roleManagement/directory/roleAssignmentApprovals/"+Engineer, nil)
}

func callMethodEndpoints(t *testing.T, r *rig) {
	t.Helper()
	const a = "/users/" + Engineer + "/authentication/"
	r.call(200, "GET", a+"methods", nil)
	r.call(200, "GET", a+"methods/"+PasswordMethod, nil)
	r.call(403, "POST", a+"methods/"+PasswordMethod+"/resetPassword", map[string]any{})
	r.call(201, "POST", a+"phoneMethods", map[string]any{"phoneNumber": "+1 5550199", "phoneType": "mobile"})
	r.call(200, "PATCH", a+"phoneMethods/"+MobilePhone, map[string]any{"phoneNumber": "+1 5550198"})
	r.call(201, "POST", a+"emailMethods", map[string]any{"emailAddress": "aiko@home.example"})
	r.call(200, "PATCH", a+"emailMethods/"+EmailMethod, map[string]any{"emailAddress": "tanaka@home.example"})
	r.call(201, "POST", a+"temporaryAccessPassMethods", map[string]any{"lifetimeInMinutes": 60, "isUsableOnce": true})
	kinds := slices.Sorted(maps.Keys(methodKinds()))
	slices.SortStableFunc(kinds, func(a, _ string) int { return map[bool]int{true: -1, false: 0}[a == "phone"] }) // before it becomes the default
	for _, kind := range kinds {
		k := methodKinds()[kind]
		path := "/users/" + Engineer + "/authentication/" + k.segment
		if kind == "fido2" {
			path = "/users/" + CEO + "/authentication/" + k.segment
		}
		if kind == "platformCredential" {
			path = "/users/" + EngineerTwo + "/authentication/" + k.segment
		}
		list := r.call(200, "GET", path, nil).values()
		if len(list) != 1 {
			t.Fatalf("%s: %d methods, want 1", path, len(list))
		}
		one := path + "/" + list[0]["id"].(string)
		r.call(200, "GET", one, nil)
		if kind != "password" {
			r.call(204, "DELETE", one, nil)
			r.call(404, "DELETE", one, nil)
		}
	}
}

func callGroupEndpoints(r *rig) {
	const g = "/groups/" + RestraintGroup
	r.call(200, "GET", "/groups", nil)
	r.call(200, "GET", g, nil)
	r.call(204, "POST", g+"/members/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + Engineer})
	r.call(200, "GET", g+"/members", nil)
	r.call(204, "DELETE", g+"/members/"+Engineer+"/$ref", nil)
}

func callRoleEndpoints(t *testing.T, r *rig) {
	t.Helper()
	const d = "/roleManagement/directory/"
	var made object
	r.call(200, "GET", d+"roleDefinitions", nil)
	r.call(200, "GET", d+"roleDefinitions/"+GlobalAdministrator, nil)
	r.call(201, "POST", d+"roleAssignments", map[string]any{"principalId": Engineer, "roleDefinitionId": SecurityReader, "directoryScopeId": "/"}).decode(t, &made)
	r.call(200, "GET", d+"roleAssignments?$filter=principalId eq '"+Engineer+"'&$expand=roleDefinition", nil)
	r.call(200, "GET", d+"roleAssignments/"+made.ID, nil)
	r.call(204, "DELETE", d+"roleAssignments/"+made.ID, nil)
	for kind, segment := range map[string]string{"Assignment": "roleAssignmentScheduleRequests", "Eligibility": "roleEligibilityScheduleRequests"} {
		ask := map[string]any{
			"action": "adminAssign", "principalId": Contractor, "roleDefinitionId": UserAdministrator, "directoryScopeId": "/", "justification": "ticket 7",
			"scheduleInfo": map[string]any{"startDateTime": r.now().Add(time.Hour), "expiration": map[string]any{"type": "AfterDuration", "duration": "PT2H"}},
		}
		r.call(201, "POST", d+segment, ask).decode(t, &made)
		r.call(200, "GET", d+segment+"?$filter=principalId eq '"+Contractor+"'", nil)
		r.call(200, "GET", d+segment+"/"+made.ID, nil)
		r.call(200, "GET", d+"role"+kind+"ScheduleInstances?$filter=principalId eq '"+Contractor+"'", nil)
		if kind == "Assignment" {
			r.call(204, "POST", d+segment+"/"+made.ID+"/cancel", nil)
			continue
		}
		r.call(201, "POST", d+segment, map[string]any{"action": "adminRemove", "principalId": Contractor, "roleDefinitionId": UserAdministrator, "directoryScopeId": "/"})
	}
	told, err := r.RequestsActivation(OrgAdmin, PrivilegedRoleAdministrator, "audit", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	approval := "/beta" + d + "roleAssignmentApprovals/" + told.Request
	r.send(200, "GET", approval, nil)
	r.send(200, "GET", approval+"/steps", nil)
	r.send(403, "PATCH", approval+"/steps/"+told.Request, map[string]any{"reviewResult": "Approve", "justification": "yes"})
}

func callAppEndpoints(t *testing.T, r *rig) {
	t.Helper()
	var made struct{ KeyID, SecretText string }
	app := "/applications/" + PayrollObject
	r.call(200, "GET", "/applications?$filter=appId eq '"+PayrollApp+"'", nil)
	r.call(200, "GET", app, nil)
	r.call(200, "POST", app+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": "one more"}}).decode(t, &made)
	r.call(204, "POST", app+"/removePassword", map[string]any{"keyId": made.KeyID})
	key := r.withKey(PayrollApp)
	r.call(204, "POST", app+"/removeKey", map[string]any{"keyId": key, "proof": "eyJ"})
	r.withKey(PayrollApp)
	r.call(204, "PATCH", app, map[string]any{"keyCredentials": []any{}})
	sp := "/servicePrincipals/" + PayrollService
	r.call(200, "POST", sp+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": "of its own"}}).decode(t, &made)
	r.call(204, "POST", sp+"/removePassword", map[string]any{"keyId": made.KeyID})
	r.call(204, "PATCH", sp, map[string]any{"keyCredentials": []any{}})
	r.call(200, "GET", "/servicePrincipals?$filter=appId eq '"+OwnApp+"'", nil)
	r.call(200, "GET", "/servicePrincipals/"+OwnPrincipal, nil)
	given := r.call(200, "GET", "/servicePrincipals/"+GraphPrincipal+"/appRoleAssignedTo?$top=999", nil).values()
	r.call(200, "GET", "/servicePrincipals/"+PayrollService+"/appRoleAssignments", nil)
	for _, a := range given {
		if a["principalId"] == PayrollService {
			r.call(200, "GET", "/servicePrincipals/"+GraphPrincipal+"/appRoleAssignedTo/"+a["id"].(string), nil)
			r.call(204, "DELETE", "/servicePrincipals/"+GraphPrincipal+"/appRoleAssignedTo/"+a["id"].(string), nil)
		}
	}
	r.GivePermission(PayrollApp, "Mail.Read")
	mine := r.call(200, "GET", "/servicePrincipals/"+PayrollService+"/appRoleAssignments", nil).values()
	r.call(204, "DELETE", "/servicePrincipals/"+PayrollService+"/appRoleAssignments/"+mine[0]["id"].(string), nil)
	grant := r.call(200, "GET", "/oauth2PermissionGrants?$filter=clientId eq '"+PayrollService+"'", nil).values()[0]["id"].(string)
	r.call(200, "GET", "/oauth2PermissionGrants/"+grant, nil)
	r.call(204, "DELETE", "/oauth2PermissionGrants/"+grant, nil)
	r.call(200, "GET", "/domains", nil)
	if _, err := r.SetsFederation(ITLead, seedMailDomain, "https://sts.elsewhere.example/"); err != nil {
		t.Fatal(err)
	}
	federation := "/domains/" + seedMailDomain + "/federationConfiguration"
	one := federation + "/" + r.call(200, "GET", federation, nil).values()[0]["id"].(string)
	r.call(200, "GET", one, nil)
	r.call(204, "DELETE", one, nil)
}
