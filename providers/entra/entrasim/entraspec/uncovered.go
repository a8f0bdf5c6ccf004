package entraspec

import "regexp"

// uncovered reports a call that the product makes and the subset leaves out,
// with the schema of its answer; "" when the subset has none.
func uncovered(method, path string) (schema string, ok bool) {
	const id = `[^/]+`
	for _, x := range []struct{ pattern, schema string }{
		{`GET /users(/` + id + `)?`, "user"},
		{`GET /users/` + id + `/transitiveMemberOf`, "directoryObject"},
		{`GET /users/` + id + `/(ownedDevices|registeredDevices)`, "device"},
		{`GET /users/` + id + `/oauth2PermissionGrants`, "oAuth2PermissionGrant"},
		{`(GET|DELETE) /users/` + id + `/authentication/platformCredentialMethods(/` + id + `)?`, "platformCredentialAuthenticationMethod"},
		{`GET /groups(/` + id + `)?`, "group"},
		{`GET /devices(/` + id + `)?`, "device"},
		{`GET /servicePrincipals(/` + id + `)?`, "servicePrincipal"},
		{`GET /oauth2PermissionGrants`, "oAuth2PermissionGrant"},
		{`GET /roleManagement/directory/roleEligibilityScheduleInstances`, "unifiedRoleEligibilityScheduleInstance"},
		{`POST /applications/` + id + `/addPassword`, "passwordCredential"},
		{`GET /applications(/` + id + `)?`, ""},
		{`PATCH /(applications|servicePrincipals)/` + id, ""},
		{`POST /servicePrincipals/` + id + `/addPassword`, "passwordCredential"},
		{`POST /(applications|servicePrincipals)/` + id + `/(removePassword|removeKey)`, ""},
		{`(GET|DELETE) /servicePrincipals/` + id + `/(appRoleAssignedTo|appRoleAssignments)(/` + id + `)?`, ""},
		{`GET /domains`, ""},
		{`GET /organization`, ""},
	} {
		if regexp.MustCompile(`^` + x.pattern + `$`).MatchString(method + " " + path) {
			return x.schema, true
		}
	}
	return "", false
}
