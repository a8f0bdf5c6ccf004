package entrasim

// Template ids of Entra's own roles.
// See https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference.
const (
	GlobalAdministrator                   = "62e90394-69f5-4237-9190-012177145e10"
	PrivilegedRoleAdministrator           = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	PrivilegedAuthenticationAdministrator = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	AuthenticationAdministrator           = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	HelpdeskAdministrator                 = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	UserAdministrator                     = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	SecurityAdministrator                 = "194ae4cb-b126-40b2-bd5b-6091b380977d"
	SecurityReader                        = "5d6b6bb7-de71-4623-b4af-96380a352509"
	ConditionalAccessAdministrator        = "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"
	ApplicationAdministrator              = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
	CloudApplicationAdministrator         = "158c047a-c907-4556-b7ef-446551a6b5f7"
	ExchangeAdministrator                 = "29232cdf-9323-42fd-ade2-1d097af3e4de"
	HybridIdentityAdministrator           = "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"
	GlobalReader                          = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
	CloudDeviceAdministrator              = "7698a772-787b-4ac8-901f-60d6b08affd2"
)

// seedRoles are the roles of the small company. Activating a role that rules
// over others needs an approval by Jonas Lind; the others need none.
func seedRoles() []RoleDefinition {
	table := []struct{ id, name, wellKnown string }{
		{GlobalAdministrator, "Global Administrator", "TenantAdmins"},
		{PrivilegedRoleAdministrator, "Privileged Role Administrator", "PrivilegedRoleAdmins"},
		{PrivilegedAuthenticationAdministrator, "Privileged Authentication Administrator", "PrivilegedAuthenticationAdmins"},
		{AuthenticationAdministrator, "Authentication Administrator", "AuthenticationAdmins"},
		{HelpdeskAdministrator, "Helpdesk Administrator", "HelpdeskAdmins"},
		{UserAdministrator, "User Administrator", "UserAccountAdmins"},
		{SecurityAdministrator, "Security Administrator", "SecurityAdmins"},
		{SecurityReader, "Security Reader", "SecurityReaders"},
		{ConditionalAccessAdministrator, "Conditional Access Administrator", "ConditionalAccessAdmins"},
		{ApplicationAdministrator, "Application Administrator", "ApplicationAdmins"},
		{CloudApplicationAdministrator, "Cloud Application Administrator", "CloudApplicationAdmins"},
		{ExchangeAdministrator, "Exchange Administrator", "ExchangeServiceAdmins"},
		{HybridIdentityAdministrator, "Hybrid Identity Administrator", "HybridIdentityAdmins"},
		{GlobalReader, "Global Reader", "GlobalReaders"},
		{CloudDeviceAdministrator, "Cloud Device Administrator", "CloudDeviceAdmins"},
	}
	out := make([]RoleDefinition, len(table))
	for i, row := range table {
		out[i] = RoleDefinition{ID: row.id, Name: row.name, WellKnown: row.wellKnown, ObjectID: namedGUID(Tenant, "role", row.id)}
		if i < 3 {
			out[i].ApprovalRequired, out[i].Approvers = true, []string{ITLead, OrgAdmin}
		}
	}
	return out
}

// seedAssignments gives the roles that people and our own application have.
func seedAssignments() []Assignment {
	var out []Assignment
	for _, row := range [][2]string{
		{ITLead, GlobalAdministrator},
		{BreakGlass, GlobalAdministrator},
		{BreakGlassTwo, GlobalAdministrator},
		{OrgAdmin, UserAdministrator},
		{Identity, PrivilegedRoleAdministrator},
		{HelpDeskGroup, AuthenticationAdministrator},
		{HelpDeskGroup, HelpdeskAdministrator},
		{Reviewer, SecurityReader},
		{ReviewerTwo, SecurityReader},
		{OwnPrincipal, PrivilegedAuthenticationAdministrator},
	} {
		out = append(out, Assignment{
			ID: assignmentID(row[1], row[0]), Principal: row[0], Role: row[1], Scope: "/", Type: "Assigned",
			Start: seedDate(), Schedule: namedGUID("schedule", row[0], row[1]),
		})
	}
	return out
}

// seedEligibilities are roles that people may activate.
func seedEligibilities() []Eligibility {
	var out []Eligibility
	for _, row := range [][2]string{
		{OrgAdmin, PrivilegedRoleAdministrator},
		{OrgAdmin, ConditionalAccessAdministrator},
		{Engineer, ApplicationAdministrator},
	} {
		out = append(out, Eligibility{
			ID: assignmentID(row[1], row[0]) + "-e", Principal: row[0], Role: row[1], Scope: "/",
			Start: seedDate(), Schedule: namedGUID("eligibility", row[0], row[1]),
		})
	}
	return out
}
