package entrasim

// OwnPermissions are the application permissions that Countersign's own
// application has in the small company.
func OwnPermissions() []string {
	return []string{
		"AuditLog.Read.All", "Directory.Read.All", "Organization.Read.All",
		"User.Read.All", "User.ReadWrite.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All", "User-PasswordProfile.ReadWrite.All",
		"UserAuthenticationMethod.ReadWrite.All", "Group.Read.All", "GroupMember.ReadWrite.All",
		"RoleManagement.ReadWrite.Directory", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory",
		"Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "Device.ReadWrite.All", "Application.ReadWrite.All",
		"DelegatedPermissionGrant.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Domain-InternalFederation.ReadWrite.All",
	}
}

func seedApps() []Application {
	return []Application{
		{
			ID: OwnAppObject, AppID: OwnApp, Name: "Countersign", Created: seedDate(),
			Credentials: Credentials{Secrets: []Secret{{ID: OwnSecret, Name: "Countersign", Start: seedDate(), End: seedDate().AddDate(10, 0, 0)}}},
		},
		{
			ID: PayrollObject, AppID: PayrollApp, Name: "Nordwind Payroll", Created: seedDate(),
			Credentials: Credentials{Secrets: []Secret{{ID: namedGUID("secret", PayrollApp), Name: "payroll job", Start: seedDate(), End: seedDate().AddDate(10, 0, 0)}}},
		},
	}
}

// mfaService writes the directory's side of a person's own registration.
const mfaService = "Azure MFA StrongAuthenticationService"

func seedPrincipals() []ServicePrincipal {
	const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
	graph := ServicePrincipal{ID: GraphPrincipal, AppID: graphAppID, Name: "Microsoft Graph", Owner: microsoft}
	for _, p := range OwnPermissions() {
		graph.Roles = append(graph.Roles, AppRole{ID: appRoleID(p), Value: p})
	}
	return []ServicePrincipal{
		graph,
		{ID: OwnPrincipal, AppID: OwnApp, Name: "Countersign", Owner: Tenant},
		{ID: PayrollService, AppID: PayrollApp, Name: "Nordwind Payroll", Owner: Tenant},
		{ID: StrangeService, AppID: StrangeApp, Name: "PDF Helper", Owner: namedGUID("another tenant")},
		{ID: namedGUID(Tenant, "MS-PIM"), AppID: "01fc33a7-78ba-4d2f-a4b7-768e336e890e", Name: "MS-PIM", Owner: microsoft},
		{ID: namedGUID(Tenant, mfaService), AppID: namedGUID("application", mfaService), Name: mfaService, Owner: microsoft},
	}
}

func seedAppRoles() []AppRoleAssignment {
	var out []AppRoleAssignment
	give := func(principal, permission string) {
		out = append(out, AppRoleAssignment{
			ID: shortID(principal, namedGUID("app role assignment", permission)), Principal: principal, Resource: GraphPrincipal,
			Role: appRoleID(permission), Created: seedDate(),
		})
	}
	for _, p := range OwnPermissions() {
		give(OwnPrincipal, p)
	}
	give(PayrollService, "User.Read.All")
	return out
}

func seedConsents() []Consent {
	return []Consent{{ID: shortID(PayrollService, GraphPrincipal), Client: PayrollService, Resource: GraphPrincipal, Scope: "User.Read"}}
}

// seedPolicies are the Conditional Access policies: the three that enforce the
// restraint, with both break-glass accounts excluded, and an ordinary one.
func seedPolicies() []Policy {
	restrained := map[string]any{"includeUsers": []any{}, "includeGroups": []any{RestraintGroup}, "excludeUsers": []any{BreakGlass, BreakGlassTwo}}
	everyone := map[string]any{"includeUsers": []any{"All"}, "includeGroups": []any{}, "excludeUsers": []any{BreakGlass, BreakGlassTwo}}
	return []Policy{
		seedPolicy(SignInPolicy, seedRestraint, "block", restrained, []any{"All"}, []any{}),
		seedPolicy(InfoPolicy, seedRestraint+": security info", "block", restrained, []any{}, []any{RegisterSecurityInfo}),
		seedPolicy(DevicePolicy, seedRestraint+": devices", "block", restrained, []any{}, []any{RegisterDevice}),
		seedPolicy(MFAPolicy, "Require multifactor authentication for all users", "mfa", everyone, []any{"All"}, []any{}),
	}
}

func seedPolicy(id, name, control string, users map[string]any, apps, actions []any) Policy {
	for _, key := range []string{"excludeGroups", "includeRoles", "excludeRoles"} {
		if users[key] == nil {
			users[key] = []any{}
		}
	}
	users["includeGuestsOrExternalUsers"], users["excludeGuestsOrExternalUsers"] = nil, nil
	p := Policy{
		"id": id, "templateId": nil, "displayName": name, "createdDateTime": stamp(seedDate()), "modifiedDateTime": nil, "state": "enabled",
		"sessionControls": nil,
		"conditions": map[string]any{
			"userRiskLevels": []any{}, "signInRiskLevels": []any{}, "servicePrincipalRiskLevels": []any{}, "clientAppTypes": []any{"all"},
			"platforms": nil, "locations": nil, "devices": nil, "clientApplications": nil, "insiderRiskLevels": nil, "authenticationFlows": nil,
			"applications": map[string]any{
				"includeApplications": apps, "excludeApplications": []any{}, "includeUserActions": actions,
				"includeAuthenticationContextClassReferences": []any{}, "applicationFilter": nil,
			},
			"users": users,
		},
		"grantControls": map[string]any{
			"operator": "OR", "builtInControls": []any{control}, "customAuthenticationFactors": []any{}, "termsOfUse": []any{}, "authenticationStrength": nil,
		},
	}
	return p.clone() // no two policies share a part
}
