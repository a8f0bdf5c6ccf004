package oktasim

import (
	"slices"
	"strings"
)

// roleName holds the two names Okta gives a role: the API's label and the
// words of the System Log.
type roleName struct{ label, log string }

func roleNames() map[string]roleName {
	return map[string]roleName{
		"SUPER_ADMIN":                 {"Super Administrator", "Super administrator"},
		"ORG_ADMIN":                   {"Organization Administrator", "Organization administrator"},
		"APP_ADMIN":                   {"Application Administrator", "Application administrator (all)"},
		"USER_ADMIN":                  {"Group Administrator", "Group administrator (all)"},
		"GROUP_MEMBERSHIP_ADMIN":      {"Group Membership Administrator", "Group Membership Administrator"},
		"HELP_DESK_ADMIN":             {"Help Desk Administrator", "Help Desk Administrator"},
		"READ_ONLY_ADMIN":             {"Read-only Administrator", "Read only admin"},
		"REPORT_ADMIN":                {"Report Administrator", "Report Administrator"},
		"API_ACCESS_MANAGEMENT_ADMIN": {"API Access Management Administrator", "API Access Management Administrator"},
		"WORKFLOWS_ADMIN":             {"Workflows Administrator", "Workflows Administrator"},
	}
}

// grant is one role assignment as seen from a person: their own or a group's.
type grant struct {
	Role
	assignment string // USER or GROUP
	assignee   string // id of the person or group
}

// grantsOf lists a person's role assignments, own first.
func (s *Sim) grantsOf(p *Person) []grant {
	var out []grant
	for _, r := range p.Roles {
		out = append(out, grant{r, "USER", p.ID})
	}
	for _, g := range s.org.Groups {
		if slices.Contains(g.Members, p.ID) {
			for _, r := range g.Roles {
				out = append(out, grant{r, "GROUP", g.ID})
			}
		}
	}
	return out
}

// rolesOf lists a person's role types once each.
func (s *Sim) rolesOf(p *Person) []string {
	var out []string
	for _, g := range s.grantsOf(p) {
		if !slices.Contains(out, g.Type) {
			out = append(out, g.Type)
		}
	}
	return out
}

// privileges is the text of debugData.privilegeGranted:
// every privilege the person now has, own and through groups; not what changed.
func (s *Sim) privileges(p *Person) string { return logNames(s.rolesOf(p)) }

func logNames(types []string) string {
	names := roleNames()
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = names[t].log
	}
	return strings.Join(out, ", ")
}

// roleTargets are the ROLE target and the ROLE_ASSIGNED marker.
func roleTargets(r Role) []Entity {
	name := roleNames()[r.Type].label
	return []Entity{
		{ID: r.Type, Type: "ROLE", AlternateID: r.Type, DisplayName: name},
		{ID: r.ID, Type: "ROLE_ASSIGNED", AlternateID: r.Type, DisplayName: name},
	}
}

func (s *Sim) newRole(prefix, roleType string) (Role, *Error) {
	if _, ok := roleNames()[roleType]; !ok {
		return Role{}, errValidation("type", "type: '"+roleType+"' is not a standard role")
	}
	return Role{ID: newID(prefix), Type: roleType, Created: s.now(), LastUpdated: s.now()}, nil
}

func (s *Sim) grantRole(c *cause, p *Person, roleType string) (Role, *Error) {
	if slices.ContainsFunc(p.Roles, func(r Role) bool { return r.Type == roleType }) {
		return Role{}, errRoleTwice()
	}
	if p.Status == Deprovisioned {
		return Role{}, errStatus()
	}
	r, err := s.newRole("ra1", roleType)
	if err != nil {
		return Role{}, err
	}
	p.Roles = append(p.Roles, r)
	s.emit(c, "user.account.privilege.grant", append([]Entity{personEntity(p)}, roleTargets(r)...),
		debug("privilegeGranted", s.privileges(p)))
	return r, nil
}

// revokeRole removes a person's own assignment. One that comes from a group
// is refused; Okta's exact answer to that is unverified.
func (s *Sim) revokeRole(c *cause, p *Person, id string) *Error {
	i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		if slices.ContainsFunc(s.grantsOf(p), func(g grant) bool { return g.ID == id }) {
			return errForbidden()
		}
		return errNotFound(id, "RoleAssignment")
	}
	p.Roles = slices.Delete(p.Roles, i, i+1)
	s.privilegeChange(c, p)
	return nil
}

func (s *Sim) grantGroupRole(c *cause, g *Group, roleType string) (Role, *Error) {
	if slices.ContainsFunc(g.Roles, func(r Role) bool { return r.Type == roleType }) {
		return Role{}, errRoleTwice()
	}
	r, err := s.newRole("gra", roleType)
	if err != nil {
		return Role{}, err
	}
	g.Roles = append(g.Roles, r)
	s.emit(c, "group.privilege.grant", append([]Entity{groupEntity(g)}, roleTargets(r)...), debug("privilegeGranted", groupRoles(g)))
	for _, id := range g.Members {
		s.privilegeChange(c, s.person(id))
	}
	return r, nil
}

func (s *Sim) revokeGroupRole(c *cause, g *Group, id string) *Error {
	i := slices.IndexFunc(g.Roles, func(r Role) bool { return r.ID == id })
	if i < 0 {
		return errNotFound(id, "RoleAssignment")
	}
	g.Roles = slices.Delete(g.Roles, i, i+1)
	if len(g.Roles) > 0 {
		s.emit(c, "group.privilege.grant", []Entity{groupEntity(g)}, debug("privilegeGranted", groupRoles(g)))
	} else {
		s.emit(c, "group.privilege.revoke", []Entity{groupEntity(g)}, debug("privilegeRevoked", "All"))
	}
	for _, id := range g.Members {
		s.privilegeChange(c, s.person(id))
	}
	return nil
}

// privilegeChange writes the event of a person whose privileges changed other
// than by a role of their own being added; it names no role. As the catalogue
// says, "grant" means changed and lists what the person now has, and "revoke"
// means nothing is left: so taking away one of two roles writes a grant.
func (s *Sim) privilegeChange(c *cause, p *Person) {
	target := []Entity{personEntity(p)}
	if left := s.privileges(p); left != "" {
		s.emit(c, "user.account.privilege.grant", target, debug("privilegeGranted", left))
		return
	}
	s.emit(c, "user.account.privilege.revoke", target, debug("privilegeRevoked", "All"))
}

func groupRoles(g *Group) string {
	var types []string
	for _, r := range g.Roles {
		types = append(types, r.Type)
	}
	return logNames(types)
}
