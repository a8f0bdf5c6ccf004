package entrasim

import (
	"net/http"
	"slices"
	"strings"
)

func (p *ServicePrincipal) wire() map[string]any {
	roles := []any{}
	for _, r := range p.Roles {
		roles = append(roles, map[string]any{
			"id": r.ID, "value": r.Value, "displayName": r.Value, "description": r.Value, "isEnabled": true, "origin": "Application",
			"allowedMemberTypes": []string{"Application"},
		})
	}
	return p.Credentials.wire(map[string]any{
		"id": p.ID, "appId": p.AppID, "displayName": p.Name, "appDisplayName": p.Name, "accountEnabled": true, "servicePrincipalType": "Application",
		"appOwnerOrganizationId": p.Owner, "appRoles": roles, "servicePrincipalNames": []string{p.AppID}, "deletedDateTime": nil,
		"tags": []string{"WindowsAzureActiveDirectoryIntegratedApp"},
	})
}

func (g *Consent) wire() map[string]any {
	kind := "AllPrincipals"
	if g.Principal != "" {
		kind = "Principal"
	}
	return map[string]any{"id": g.ID, "clientId": g.Client, "consentType": kind, "principalId": orNull(g.Principal), "resourceId": g.Resource, "scope": g.Scope}
}

// grantConsent lets a client act for a person or, with none, for everybody. Two
// records: the grant on the resource, and the consent of whoever gave it.
func (s *Sim) grantConsent(c *cause, client *ServicePrincipal, p *Person, scope string) *Consent {
	graph := s.principal(graphAppID)
	g := Consent{ID: shortID(client.ID, graph.ID), Client: client.ID, Resource: graph.ID, Scope: scope}
	kind := "AllPrincipals"
	if p != nil {
		g.ID, g.Principal, kind = shortID(client.ID, graph.ID, p.ID), p.ID, "Principal"
	}
	old := ""
	if before := find(s.org.Consents, func(x *Consent) bool { return x.ID == g.ID }); before != nil {
		old = before.Scope
		s.org.Consents = slices.DeleteFunc(s.org.Consents, func(x Consent) bool { return x.ID == g.ID })
	}
	s.org.Consents = append(s.org.Consents, g)
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: "Add delegated permission grant", operation: "Assign",
		targets: []Target{principalTarget(graph,
			changed("DelegatedPermissionGrant.Scope", old, scope), changed("DelegatedPermissionGrant.ConsentType", "", kind),
			changed("ServicePrincipal.ObjectID", nil, client.ID), raw("ServicePrincipal.DisplayName", nil, nil), raw("ServicePrincipal.AppId", nil, nil),
			raw("ServicePrincipal.Name", nil, nil), changed("TargetId.ServicePrincipalNames", nil, graphAppID+";https://graph.microsoft.com"),
		), {ID: some(client.ID), Type: "ServicePrincipal"}},
	})
	admin := map[bool]string{true: "True", false: "False"}[p == nil]
	permissions := "[] => [[Id: " + g.ID + ", ClientId: " + client.ID + ", PrincipalId: " + g.Principal + ", ResourceId: " + graph.ID +
		", ConsentType: " + kind + ", Scope: " + scope + ", CreatedDateTime: , LastModifiedDateTime ]]; "
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: "Consent to application", operation: "Assign",
		targets: []Target{principalTarget(client,
			changed("ConsentContext.IsAdminConsent", nil, admin), changed("ConsentContext.IsAppOnly", nil, "False"),
			changed("ConsentContext.OnBehalfOfAll", nil, admin), changed("ConsentContext.Tags", nil, "WindowsAzureActiveDirectoryIntegratedApp"),
			changed("ConsentAction.Permissions", nil, permissions), changed("TargetId.ServicePrincipalNames", nil, client.AppID))},
	})
	return &s.org.Consents[len(s.org.Consents)-1]
}

// revokeConsent takes a client's delegated permissions away.
func (s *Sim) revokeConsent(c *cause, g Consent) {
	s.org.Consents = slices.DeleteFunc(s.org.Consents, func(x Consent) bool { return x.ID == g.ID })
	graph, client := s.principal(g.Resource), s.principal(g.Client)
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: "Remove delegated permission grant", operation: "Unassign",
		targets: []Target{
			principalTarget(graph, changed("DelegatedPermissionGrant.Scope", g.Scope, nil), changed("ServicePrincipal.ObjectID", client.ID, nil)),
			{ID: some(client.ID), Type: "ServicePrincipal"},
		},
	})
}

// grantAppRole gives a principal an application permission of Graph.
func (s *Sim) grantAppRole(c *cause, p *ServicePrincipal, permission string) AppRoleAssignment {
	a := s.givePermission(p, permission)
	s.appRoleRecord(c, "Add app role assignment to service principal", "Assign", a, true)
	return a
}

func (s *Sim) revokeAppRole(c *cause, a AppRoleAssignment) {
	s.appRoleRecord(c, "Remove app role assignment from service principal", "Unassign", a, false)
	s.org.AppRoles = slices.DeleteFunc(s.org.AppRoles, func(x AppRoleAssignment) bool { return x.ID == a.ID })
}

func (s *Sim) appRoleRecord(c *cause, name, operation string, a AppRoleAssignment, added bool) {
	resource, holder := s.principal(a.Resource), s.principal(a.Principal)
	value := a.Role
	if r := find(resource.Roles, func(r *AppRole) bool { return r.ID == a.Role }); r != nil {
		value = r.Value
	}
	property := func(name, v string) Modified {
		if added {
			return changed(name, nil, v)
		}
		return changed(name, v, nil)
	}
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: name, operation: operation,
		targets: []Target{
			principalTarget(resource, property("AppRole.Id", a.Role), property("AppRole.Value", value),
				property("ServicePrincipal.ObjectID", holder.ID), property("ServicePrincipal.DisplayName", holder.Name), property("ServicePrincipal.AppId", holder.AppID)),
			{ID: some(holder.ID), Type: "ServicePrincipal"},
		},
	})
}

func (s *Sim) listPrincipals(c *call) (answer, *Error) {
	l := collection{context: "servicePrincipals", kind: "microsoft.graph.servicePrincipal", filters: []string{"id", "appId", "displayName"}}
	for i := range s.org.Principals {
		l.items = append(l.items, s.org.Principals[i].wire())
	}
	return c.list(l)
}

// principalOf finds the service principal of the path by its object id.
func (s *Sim) principalOf(c *call) (*ServicePrincipal, *Error) {
	id := c.r.PathValue("principal")
	if !isGUID(id) {
		return nil, errObjectID(id)
	}
	p := find(s.org.Principals, func(p *ServicePrincipal) bool { return p.ID == id })
	if p == nil {
		return nil, errNotFound(id)
	}
	c.subject = p.ID
	return p, nil
}

func (s *Sim) getPrincipal(c *call) (answer, *Error) {
	p, err := s.principalOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("servicePrincipals", "microsoft.graph.servicePrincipal", p.wire(), nil)
}

func (s *Sim) appRoleWire(a AppRoleAssignment) map[string]any {
	return map[string]any{
		"id": a.ID, "principalId": a.Principal, "resourceId": a.Resource, "appRoleId": a.Role, "createdDateTime": stamp(a.Created),
		"principalType": "ServicePrincipal", "principalDisplayName": s.principal(a.Principal).Name, "resourceDisplayName": s.principal(a.Resource).Name,
		"deletedDateTime": nil,
	}
}

func (s *Sim) listAppRolesTo(c *call) (answer, *Error) {
	return s.listAppRoles(c, "appRoleAssignedTo", func(a AppRoleAssignment) string { return a.Resource })
}

func (s *Sim) listAppRolesOf(c *call) (answer, *Error) {
	return s.listAppRoles(c, "appRoleAssignments", func(a AppRoleAssignment) string { return a.Principal })
}

func (s *Sim) listAppRoles(c *call, segment string, side func(AppRoleAssignment) string) (answer, *Error) {
	p, err := s.principalOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "servicePrincipals('" + p.ID + "')/" + segment, kind: "microsoft.graph.appRoleAssignment"}
	for _, a := range s.org.AppRoles {
		if side(a) == p.ID {
			l.items = append(l.items, s.appRoleWire(a))
		}
	}
	return c.list(l)
}

// appRoleOf finds the assignment of the path. The call's subject is its holder.
func (s *Sim) appRoleOf(c *call) (*AppRoleAssignment, *Error) {
	p, err := s.principalOf(c)
	if err != nil {
		return nil, err
	}
	id := c.r.PathValue("assignment")
	a := find(s.org.AppRoles, func(a *AppRoleAssignment) bool { return a.ID == id && (a.Resource == p.ID || a.Principal == p.ID) })
	if a == nil {
		return nil, errNotFound(id)
	}
	c.subject = a.Principal
	return a, nil
}

func (s *Sim) getAppRole(c *call) (answer, *Error) {
	a, err := s.appRoleOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("appRoleAssignments", "microsoft.graph.appRoleAssignment", s.appRoleWire(*a), nil)
}

func (s *Sim) deleteAppRole(c *call) (answer, *Error) {
	a, err := s.appRoleOf(c)
	if err != nil {
		return answer{}, err
	}
	s.revokeAppRole(c.cause, *a)
	return answer{status: http.StatusNoContent}, nil
}

func (s *Sim) listConsents(c *call) (answer, *Error) {
	l := collection{
		context: "oauth2PermissionGrants", kind: "microsoft.graph.oAuth2PermissionGrant",
		filters: []string{"id", "clientId", "principalId", "consentType", "resourceId", "scope"},
	}
	for i := range s.org.Consents {
		l.items = append(l.items, s.org.Consents[i].wire())
	}
	return c.list(l)
}

// consentOf finds the grant of the path. The call's subject is its client.
func (s *Sim) consentOf(c *call) (*Consent, *Error) {
	id := c.r.PathValue("grant")
	if strings.ContainsAny(id, " '\"") {
		return nil, errObjectID(id)
	}
	g := find(s.org.Consents, func(g *Consent) bool { return g.ID == id })
	if g == nil {
		return nil, errNotFound(id)
	}
	c.subject = g.Client
	return g, nil
}

func (s *Sim) getConsent(c *call) (answer, *Error) {
	g, err := s.consentOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("oauth2PermissionGrants", "microsoft.graph.oAuth2PermissionGrant", g.wire(), nil)
}

func (s *Sim) deleteConsent(c *call) (answer, *Error) {
	g, err := s.consentOf(c)
	if err != nil {
		return answer{}, err
	}
	s.revokeConsent(c.cause, *g)
	return answer{status: http.StatusNoContent}, nil
}
