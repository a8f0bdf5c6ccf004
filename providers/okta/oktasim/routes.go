package oktasim

// endpoints lists the API. The roles are those of Okta's standard
// administrators that may make the change; super administrators always may.
// See https://developer.okta.com/docs/api/openapi/okta-management/.
func endpoints() []endpoint {
	read := func(scope string, roles ...string) need { return need{scope: scope, roles: roles} }
	manage := func(scope string, roles ...string) need { return need{scope: scope, write: true, roles: roles} }
	people := manage("okta.users", "ORG_ADMIN", "USER_ADMIN")
	desk := manage("okta.users", "ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN")
	members := manage("okta.groups", "ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN")
	policies := manage("okta.policies", "ORG_ADMIN")
	const u, f, g, p, h = "/api/v1/users/{user}", "/api/v1/users/{user}/factors/{factor}", "/api/v1/groups/{group}",
		"/api/v1/policies/{policy}", "/api/v1/eventHooks/{hook}"
	const d, i, t = "/api/v1/devices/{device}", "/api/v1/idps/{idp}", "/api/v1/api-tokens"
	return []endpoint{
		{pattern: "POST " + tokenPath, do: (*Sim).postToken, open: true},
		{pattern: "GET /.well-known/okta-organization", do: (*Sim).getWellKnown, open: true},
		{pattern: "GET /api/v1/org", need: read("okta.orgs"), do: (*Sim).getOrg},

		{pattern: "GET /api/v1/users", need: read("okta.users"), do: (*Sim).listUsers},
		{pattern: "GET " + u, need: read("okta.users"), do: (*Sim).getUser},
		{pattern: "POST " + u, need: people, do: (*Sim).postUser},
		{pattern: "PUT " + u, need: people, do: (*Sim).putUser},
		{pattern: "POST " + u + "/lifecycle/{step}", need: desk, do: (*Sim).postLifecycle},
		{pattern: "DELETE " + u + "/sessions", need: desk, do: (*Sim).deleteSessions},
		{pattern: "GET " + u + "/groups", need: read("okta.users"), do: (*Sim).listUserGroups},

		{pattern: "GET " + u + "/factors", need: read("okta.users"), do: (*Sim).listFactors},
		{pattern: "POST " + u + "/factors", need: desk, do: (*Sim).postFactor},
		{pattern: "GET " + f, need: read("okta.users"), do: (*Sim).getFactor},
		{pattern: "DELETE " + f, need: desk, do: (*Sim).deleteFactor},
		{pattern: "POST " + f + "/lifecycle/activate", need: desk, do: (*Sim).postActivateFactor},
		{pattern: "POST " + f + "/verify", need: desk, do: (*Sim).postVerify},
		{pattern: "GET " + f + "/transactions/{transaction}", need: read("okta.users"), do: (*Sim).getTransaction},

		{pattern: "GET " + u + "/roles", need: read("okta.roles"), do: (*Sim).listRoles},
		{pattern: "POST " + u + "/roles", need: manage("okta.roles"), do: (*Sim).postRole},
		{pattern: "GET " + u + "/roles/{role}", need: read("okta.roles"), do: (*Sim).getRole},
		{pattern: "DELETE " + u + "/roles/{role}", need: manage("okta.roles"), do: (*Sim).deleteRole},

		{pattern: "GET /api/v1/groups", need: read("okta.groups"), do: (*Sim).listGroups},
		{pattern: "GET " + g, need: read("okta.groups"), do: (*Sim).getGroup},
		{pattern: "GET " + g + "/users", need: read("okta.groups"), do: (*Sim).listMembers},
		{pattern: "PUT " + g + "/users/{user}", need: members, do: (*Sim).putMember},
		{pattern: "DELETE " + g + "/users/{user}", need: members, do: (*Sim).deleteMember},
		{pattern: "GET " + g + "/roles", need: read("okta.roles"), do: (*Sim).listGroupRoles},
		{pattern: "POST " + g + "/roles", need: manage("okta.roles"), do: (*Sim).postGroupRole},
		{pattern: "DELETE " + g + "/roles/{role}", need: manage("okta.roles"), do: (*Sim).deleteGroupRole},

		{pattern: "GET /api/v1/policies", need: read("okta.policies"), do: (*Sim).listPolicies},
		{pattern: "GET " + p, need: read("okta.policies"), do: (*Sim).getPolicy},
		{pattern: "GET " + p + "/rules", need: read("okta.policies"), do: (*Sim).listRules},
		{pattern: "POST " + p + "/rules", need: policies, do: (*Sim).postRule},
		{pattern: "GET " + p + "/rules/{rule}", need: read("okta.policies"), do: (*Sim).getRule},
		{pattern: "PUT " + p + "/rules/{rule}", need: policies, do: (*Sim).putPolicyRule},
		{pattern: "DELETE " + p + "/rules/{rule}", need: policies, do: (*Sim).deletePolicyRule},
		{pattern: "POST " + p + "/rules/{rule}/lifecycle/{step}", need: policies, do: (*Sim).postRuleLifecycle},

		{pattern: "GET " + u + "/devices", need: read("okta.users"), do: (*Sim).listUserDevices},
		{pattern: "GET " + d, need: read("okta.devices"), do: (*Sim).getDevice},
		{pattern: "POST " + d + "/lifecycle/{step}", need: manage("okta.devices", "ORG_ADMIN", "MOBILE_ADMIN"), do: (*Sim).postDeviceLifecycle},
		{pattern: "GET " + i, need: read("okta.idps"), do: (*Sim).getIDP},
		{pattern: "POST " + i + "/lifecycle/{step}", need: manage("okta.idps", "ORG_ADMIN"), do: (*Sim).postIDPLifecycle},
		{pattern: "GET " + t, need: read("okta.apiTokens"), do: (*Sim).listTokens},
		{pattern: "GET " + t + "/{token}", need: read("okta.apiTokens"), do: (*Sim).getToken},
		{pattern: "DELETE " + t + "/{token}", need: manage("okta.apiTokens", "ORG_ADMIN"), do: (*Sim).deleteToken},

		{pattern: "GET /api/v1/logs", need: read("okta.logs", "ORG_ADMIN", "READ_ONLY_ADMIN", "REPORT_ADMIN", "APP_ADMIN"), do: (*Sim).listLogs},

		{pattern: "GET /api/v1/eventHooks", need: read("okta.eventHooks", "READ_ONLY_ADMIN"), do: (*Sim).listHooks},
		{pattern: "POST /api/v1/eventHooks", need: manage("okta.eventHooks"), do: (*Sim).postHook},
		{pattern: "GET " + h, need: read("okta.eventHooks", "READ_ONLY_ADMIN"), do: (*Sim).getHook},
		{pattern: "PUT " + h, need: manage("okta.eventHooks"), do: (*Sim).putHook},
		{pattern: "DELETE " + h, need: manage("okta.eventHooks"), do: (*Sim).deleteEventHook},
		{pattern: "POST " + h + "/lifecycle/verify", need: manage("okta.eventHooks"), do: (*Sim).postHookVerify, free: true},
		{pattern: "POST " + h + "/lifecycle/{step}", need: manage("okta.eventHooks"), do: (*Sim).postHookLifecycle},
	}
}
