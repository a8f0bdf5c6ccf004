package oktasim

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Sim) listGroups(c *call) (answer, *Error) {
	prefix := strings.ToLower(c.r.URL.Query().Get("q"))
	var ids []string
	items := map[string]any{}
	for i := range s.org.Groups {
		if g := &s.org.Groups[i]; strings.HasPrefix(strings.ToLower(g.Name), prefix) {
			ids = append(ids, g.ID)
			items[g.ID] = groupWire(g, c.base)
		}
	}
	return page(c, ids, items, 10000)
}

// groupOf finds the group of the path. It is the call's subject unless a
// person is.
func (s *Sim) groupOf(c *call) (*Group, *Error) {
	id := c.r.PathValue("group")
	g := s.group(id)
	if g == nil {
		return nil, errNotFound(id, "UserGroup")
	}
	if c.subject == "" {
		c.subject = g.ID
	}
	return g, nil
}

func (s *Sim) getGroup(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: groupWire(g, c.base)}, nil
}

func (s *Sim) listMembers(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	var ids []string
	items := map[string]any{}
	for i := range s.org.People {
		if p := &s.org.People[i]; g.Type == "BUILT_IN" || slices.Contains(g.Members, p.ID) {
			ids = append(ids, p.ID)
			items[p.ID] = userWire(p, c.base, false)
		}
	}
	return page(c, ids, items, 1000)
}

func (s *Sim) putMember(c *call) (answer, *Error)    { return s.member(c, s.addMember) }
func (s *Sim) deleteMember(c *call) (answer, *Error) { return s.member(c, s.removeMember) }

// member changes a membership; a group with a role is for super administrators.
func (s *Sim) member(c *call, do func(*cause, *Group, *Person) (bool, *Error)) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	if len(g.Roles) > 0 {
		if err := s.mayDo(s.rolesOfCaller(c.by), need{write: true}); err != nil {
			return answer{}, err
		}
	}
	c.changed, err = do(c.cause, g, p)
	return answer{status: http.StatusNoContent}, err
}

func (s *Sim) listGroupRoles(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	out := []any{}
	for _, r := range g.Roles {
		out = append(out, roleWire(grant{r, "GROUP", g.ID}, c.base))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) postGroupRole(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	var body roleBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	r, err := s.grantGroupRole(c.cause, g, body.Type)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: roleWire(grant{r, "GROUP", g.ID}, c.base)}, nil
}

func (s *Sim) deleteGroupRole(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.revokeGroupRole(c.cause, g, c.r.PathValue("role"))
}

func groupWire(g *Group, base string) map[string]any {
	self := base + "/api/v1/groups/" + g.ID
	return map[string]any{
		"id": g.ID, "created": stamp(g.Created), "lastUpdated": stamp(g.LastUpdated), "lastMembershipUpdated": stamp(g.Changed),
		"objectClass": []string{"okta:user_group"}, "type": g.Type,
		"profile": map[string]any{"name": g.Name, "description": g.Description},
		"_links":  map[string]any{"users": href(self + "/users"), "apps": href(self + "/apps")},
	}
}
