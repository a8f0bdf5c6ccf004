package entrasim

import "slices"

// The application permissions of Graph, by what they open.
// See https://learn.microsoft.com/graph/permissions-reference.
func may(what string) []string {
	return map[string][]string{
		"users":          {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		"users write":    {"User.ReadWrite.All", "Directory.ReadWrite.All", "User.EnableDisableAccount.All", "User-PasswordProfile.ReadWrite.All", "User-Mail.ReadWrite.All", "User-Phone.ReadWrite.All"},
		"revoke":         {"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
		"methods":        {"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"},
		"methods write":  {"UserAuthenticationMethod.ReadWrite.All"},
		"groups":         {"Group.Read.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		"groups write":   {"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"},
		"roles":          {"RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory", "Directory.Read.All", "Directory.ReadWrite.All"},
		"roles write":    {"RoleManagement.ReadWrite.Directory"},
		"active":         {"RoleAssignmentSchedule.Read.Directory", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"},
		"active write":   {"RoleAssignmentSchedule.ReadWrite.Directory", "RoleAssignmentSchedule.Remove.Directory", "RoleManagement.ReadWrite.Directory"},
		"eligible":       {"RoleEligibilitySchedule.Read.Directory", "RoleEligibilitySchedule.ReadWrite.Directory", "RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"},
		"eligible write": {"RoleEligibilitySchedule.ReadWrite.Directory", "RoleEligibilitySchedule.Remove.Directory", "RoleManagement.ReadWrite.Directory"},
		"policies":       {"Policy.Read.All", "Policy.Read.ConditionalAccess"},
		"policies write": {"Policy.ReadWrite.ConditionalAccess"},
		"devices":        {"Device.Read.All", "Device.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		"devices write":  {"Device.ReadWrite.All"},
		"apps":           {"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		"apps write":     {"Application.ReadWrite.All"},
		"consents":       {"DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
		"consents write": {"DelegatedPermissionGrant.ReadWrite.All"},
		"app roles":      {"AppRoleAssignment.ReadWrite.All"},
		"domains":        {"Domain.Read.All", "Domain.ReadWrite.All", "Domain-InternalFederation.Read.All", "Domain-InternalFederation.ReadWrite.All", "Directory.Read.All"},
		"domains write":  {"Domain.ReadWrite.All", "Domain-InternalFederation.ReadWrite.All"},
		"organization":   {"Organization.Read.All", "Directory.Read.All", "User.Read.All", "Directory.ReadWrite.All"},
		"audit":          {"AuditLog.Read.All"},
	}[what]
}

// endpoints lists the API.
func endpoints() []endpoint {
	return slices.Concat(otherEndpoints(), peopleEndpoints(), methodEndpoints(), roleEndpoints(), appEndpoints())
}

func otherEndpoints() []endpoint {
	const sub = "/subscriptions/{subscription}"
	return []endpoint{
		{method: "POST", path: "/{tenant}" + tokenPath, do: (*Sim).postToken, open: true},
		{method: "GET", path: "/organization", need: may("organization"), do: (*Sim).listOrganization},

		{method: "GET", path: "/auditLogs/directoryAudits", need: may("audit"), do: (*Sim).listAudits},
		{method: "GET", path: "/auditLogs/directoryAudits/{record}", need: may("audit"), do: (*Sim).getAudit},

		{method: "GET", path: "/subscriptions", do: (*Sim).listSubscriptions},
		{method: "POST", path: "/subscriptions", do: (*Sim).postSubscription, free: true},
		{method: "GET", path: sub, do: (*Sim).getSubscription},
		{method: "PATCH", path: sub, do: (*Sim).patchSubscription},
		{method: "DELETE", path: sub, do: (*Sim).deleteSubscriptionCall},
		{method: "POST", path: sub + "/reauthorize", do: (*Sim).postReauthorize},
	}
}

func peopleEndpoints() []endpoint {
	const u, a = "/users/{user}", "/users/{user}/authentication"
	return []endpoint{
		{method: "GET", path: "/users", need: may("users"), do: (*Sim).listUsers},
		{method: "GET", path: u, need: may("users"), do: (*Sim).getUser},
		{method: "PATCH", path: u, need: may("users write"), do: (*Sim).patchUser},
		{method: "POST", path: u + "/revokeSignInSessions", need: may("revoke"), do: (*Sim).postRevoke},
		{method: "GET", path: u + "/manager", need: may("users"), do: (*Sim).getManager},
		{method: "GET", path: u + "/memberOf", need: may("users"), do: (*Sim).listMemberOf},
		{method: "GET", path: u + "/transitiveMemberOf", need: may("users"), do: (*Sim).listMemberOfAll},
		{method: "GET", path: u + "/ownedDevices", need: may("devices"), do: (*Sim).listUserDevices},
		{method: "GET", path: u + "/registeredDevices", need: may("devices"), do: (*Sim).listUserDevices},
		{method: "GET", path: u + "/oauth2PermissionGrants", need: may("consents"), do: (*Sim).listUserConsents},

		{method: "GET", path: a + "/methods", need: may("methods"), do: (*Sim).listMethods},
		{method: "GET", path: a + "/methods/{method}", need: may("methods"), do: (*Sim).getMethod},
		{method: "POST", path: a + "/methods/{method}/resetPassword", need: may("methods write"), do: (*Sim).postResetPassword},
		{method: "POST", path: a + "/phoneMethods", need: may("methods write"), do: (*Sim).postPhone},
		{method: "PATCH", path: a + "/phoneMethods/{method}", need: may("methods write"), do: (*Sim).patchPhone},
		{method: "POST", path: a + "/emailMethods", need: may("methods write"), do: (*Sim).postEmail},
		{method: "PATCH", path: a + "/emailMethods/{method}", need: may("methods write"), do: (*Sim).patchEmail},
		{method: "POST", path: a + "/temporaryAccessPassMethods", need: may("methods write"), do: (*Sim).postPass},

		{method: "GET", path: "/groups", need: may("groups"), do: (*Sim).listGroups},
		{method: "GET", path: "/groups/{group}", need: may("groups"), do: (*Sim).getGroup},
		{method: "GET", path: "/groups/{group}/members", need: may("groups"), do: (*Sim).listMembers},
		{method: "POST", path: "/groups/{group}/members/$ref", need: may("groups write"), do: (*Sim).postMember},
		{method: "DELETE", path: "/groups/{group}/members/{member}/$ref", need: may("groups write"), do: (*Sim).deleteMember},
	}
}

// methodEndpoints are the typed collections: each can be read, and deleted from
// but for the password.
func methodEndpoints() []endpoint {
	var out []endpoint
	for methodType, k := range methodKinds() {
		path := "/users/{user}/authentication/" + k.segment
		list, get, remove := typed(methodType)
		out = append(out, endpoint{method: "GET", path: path, need: may("methods"), do: list},
			endpoint{method: "GET", path: path + "/{method}", need: may("methods"), do: get})
		if methodType != "password" {
			out = append(out, endpoint{method: "DELETE", path: path + "/{method}", need: may("methods write"), do: remove})
		}
	}
	return out
}

func roleEndpoints() []endpoint {
	const roles, ca = "/roleManagement/directory", "/identity/conditionalAccess/policies"
	const approval = roles + "/roleAssignmentApprovals/{approval}"
	return []endpoint{
		{method: "GET", path: roles + "/roleDefinitions", need: may("roles"), do: (*Sim).listRoles},
		{method: "GET", path: roles + "/roleDefinitions/{role}", need: may("roles"), do: (*Sim).getRole},
		{method: "GET", path: roles + "/roleAssignments", need: may("roles"), do: (*Sim).listAssignments},
		{method: "POST", path: roles + "/roleAssignments", need: may("roles write"), do: (*Sim).postAssignment},
		{method: "GET", path: roles + "/roleAssignments/{assignment}", need: may("roles"), do: (*Sim).getAssignment},
		{method: "DELETE", path: roles + "/roleAssignments/{assignment}", need: may("roles write"), do: (*Sim).deleteAssignment},
		{method: "GET", path: roles + "/roleAssignmentScheduleInstances", need: may("active"), do: (*Sim).listAssignmentInstances},
		{method: "GET", path: roles + "/roleEligibilityScheduleInstances", need: may("eligible"), do: (*Sim).listEligibilityInstances},
		{method: "GET", path: roles + "/roleAssignmentScheduleRequests", need: may("active"), do: (*Sim).listAssignmentRequests},
		{method: "POST", path: roles + "/roleAssignmentScheduleRequests", need: may("active write"), do: (*Sim).postAssignmentRequest},
		{method: "GET", path: roles + "/roleAssignmentScheduleRequests/{request}", need: may("active"), do: (*Sim).getRequest},
		{method: "POST", path: roles + "/roleAssignmentScheduleRequests/{request}/cancel", need: may("active write"), do: (*Sim).postCancel},
		{method: "GET", path: roles + "/roleEligibilityScheduleRequests", need: may("eligible"), do: (*Sim).listEligibilityRequests},
		{method: "POST", path: roles + "/roleEligibilityScheduleRequests", need: may("eligible write"), do: (*Sim).postEligibilityRequest},
		{method: "GET", path: roles + "/roleEligibilityScheduleRequests/{request}", need: may("eligible"), do: (*Sim).getRequest},
		{method: "GET", path: approval, need: may("active"), do: (*Sim).getApproval, only: "beta"},
		{method: "GET", path: approval + "/steps", need: may("active"), do: (*Sim).listSteps, only: "beta"},
		{method: "PATCH", path: approval + "/steps/{step}", need: may("active write"), do: (*Sim).patchStep, only: "beta"},

		{method: "GET", path: ca, need: may("policies"), do: (*Sim).listPolicies},
		{method: "GET", path: ca + "/{policy}", need: may("policies"), do: (*Sim).getPolicy},
		{method: "PATCH", path: ca + "/{policy}", need: may("policies write"), do: (*Sim).patchPolicy},
		{method: "DELETE", path: ca + "/{policy}", need: may("policies write"), do: (*Sim).deletePolicyCall},
	}
}

func appEndpoints() []endpoint {
	const sp, app = "/servicePrincipals/{principal}", "/applications/{app}"
	return []endpoint{
		{method: "GET", path: "/devices", need: may("devices"), do: (*Sim).listDevices},
		{method: "GET", path: "/devices/{device}", need: may("devices"), do: (*Sim).getDevice},
		{method: "PATCH", path: "/devices/{device}", need: may("devices write"), do: (*Sim).patchDevice},

		{method: "GET", path: "/applications", need: may("apps"), do: (*Sim).listApps},
		{method: "GET", path: app, need: may("apps"), do: (*Sim).getApp},
		{method: "PATCH", path: app, need: may("apps write"), do: (*Sim).patchCredentials},
		{method: "POST", path: app + "/addPassword", need: may("apps write"), do: (*Sim).postAddPassword},
		{method: "POST", path: app + "/removePassword", need: may("apps write"), do: (*Sim).postRemovePassword},
		{method: "POST", path: app + "/removeKey", need: may("apps write"), do: (*Sim).postRemoveKey},
		{method: "GET", path: "/servicePrincipals", need: may("apps"), do: (*Sim).listPrincipals},
		{method: "GET", path: sp, need: may("apps"), do: (*Sim).getPrincipal},
		{method: "PATCH", path: sp, need: may("apps write"), do: (*Sim).patchCredentials},
		{method: "POST", path: sp + "/addPassword", need: may("apps write"), do: (*Sim).postAddPassword},
		{method: "POST", path: sp + "/removePassword", need: may("apps write"), do: (*Sim).postRemovePassword},
		{method: "GET", path: sp + "/appRoleAssignedTo/{assignment}", need: may("apps"), do: (*Sim).getAppRole},
		{method: "GET", path: sp + "/appRoleAssignedTo", need: may("apps"), do: (*Sim).listAppRolesTo},
		{method: "GET", path: sp + "/appRoleAssignments", need: may("apps"), do: (*Sim).listAppRolesOf},
		{method: "DELETE", path: sp + "/appRoleAssignedTo/{assignment}", need: may("app roles"), do: (*Sim).deleteAppRole},
		{method: "DELETE", path: sp + "/appRoleAssignments/{assignment}", need: may("app roles"), do: (*Sim).deleteAppRole},
		{method: "GET", path: "/oauth2PermissionGrants", need: may("consents"), do: (*Sim).listConsents},
		{method: "GET", path: "/oauth2PermissionGrants/{grant}", need: may("consents"), do: (*Sim).getConsent},
		{method: "DELETE", path: "/oauth2PermissionGrants/{grant}", need: may("consents write"), do: (*Sim).deleteConsent},

		{method: "GET", path: "/domains", need: may("domains"), do: (*Sim).listDomains},
		{method: "GET", path: "/domains/{domain}/federationConfiguration", need: may("domains"), do: (*Sim).listFederation},
		{method: "GET", path: "/domains/{domain}/federationConfiguration/{federation}", need: may("domains"), do: (*Sim).getFederation},
		{method: "DELETE", path: "/domains/{domain}/federationConfiguration/{federation}", need: may("domains write"), do: (*Sim).deleteFederation},
	}
}
