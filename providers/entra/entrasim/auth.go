package entrasim

import (
	"slices"
	"strings"
)

// graphAppID is the appId of Microsoft Graph's own service principal, whose
// app roles are the application permissions.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// authorize reads the Authorization header and checks that the application has
// one of the permissions. A permission taken away acts at once; in Entra it
// acts from the next token on.
func (s *Sim) authorize(c *call, need []string) *Error {
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || value == "" {
		return errToken("Access token is empty.")
	}
	b, ok := s.bearers[value]
	if !ok {
		return errToken("CompactToken parsing failed with error code: 80049217")
	}
	if !b.expires.After(s.now()) {
		return errToken("Lifetime validation failed, the token is expired.")
	}
	if c.by = s.principal(b.app); c.by == nil {
		return errToken("The identity of the calling application could not be established.")
	}
	c.may = s.permissions(c.by)
	return c.needs(need...)
}

// needs refuses a call of an application that has none of the permissions.
func (c *call) needs(need ...string) *Error {
	if len(need) == 0 || slices.ContainsFunc(need, func(n string) bool { return slices.Contains(c.may, n) }) {
		return nil
	}
	return errDenied()
}

// permissions lists the application permissions of Graph that a service
// principal holds.
func (s *Sim) permissions(p *ServicePrincipal) []string {
	graph := s.principal(graphAppID)
	var out []string
	for _, a := range s.org.AppRoles {
		if graph == nil || a.Principal != p.ID || a.Resource != graph.ID {
			continue
		}
		for _, r := range graph.Roles {
			if r.ID == a.Role {
				out = append(out, r.Value)
			}
		}
	}
	return out
}

// Permissions lists the application permissions of an application.
func (s *Sim) Permissions(appID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.principal(appID)
	if p == nil {
		return nil
	}
	return s.permissions(p)
}

// TakePermission takes an application permission away, as if it had never been
// granted: no audit record tells of it. It reports whether there was one.
func (s *Sim) TakePermission(appID, permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, graph := s.principal(appID), s.principal(graphAppID)
	before := len(s.org.AppRoles)
	s.org.AppRoles = slices.DeleteFunc(s.org.AppRoles, func(a AppRoleAssignment) bool {
		return p != nil && graph != nil && a.Principal == p.ID && a.Resource == graph.ID && a.Role == appRoleID(permission)
	})
	return len(s.org.AppRoles) < before
}

// GivePermission gives an application permission, without an audit record.
func (s *Sim) GivePermission(appID, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.principal(appID); p != nil && !slices.Contains(s.permissions(p), permission) {
		s.givePermission(p, permission)
	}
}

func (s *Sim) givePermission(p *ServicePrincipal, permission string) AppRoleAssignment {
	graph := s.principal(graphAppID)
	id := appRoleID(permission)
	if !slices.ContainsFunc(graph.Roles, func(r AppRole) bool { return r.ID == id }) {
		graph.Roles = append(graph.Roles, AppRole{ID: id, Value: permission})
	}
	a := AppRoleAssignment{ID: shortID(p.ID, newGUID()), Principal: p.ID, Resource: graph.ID, Role: id, Created: s.now()}
	s.org.AppRoles = append(s.org.AppRoles, a)
	return a
}

// appRoleID invents the id of a permission of Graph; Microsoft's own are other GUIDs.
func appRoleID(permission string) string { return namedGUID("app role", permission) }
