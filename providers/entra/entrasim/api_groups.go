package entrasim

import (
	"net/http"
	"net/url"
	"strings"
)

func (s *Sim) listGroups(c *call) (answer, *Error) {
	l := collection{context: "groups", kind: "microsoft.graph.group", filters: []string{"id", "displayName", "isAssignableToRole", "securityEnabled"}}
	for i := range s.org.Groups {
		l.items = append(l.items, s.org.Groups[i].wire())
	}
	return c.list(l)
}

// groupOf finds the group of the path, and makes it the call's subject.
func (s *Sim) groupOf(c *call) (*Group, *Error) {
	id := c.r.PathValue("group")
	if !isGUID(id) {
		return nil, errObjectID(id)
	}
	g := s.group(id)
	if g == nil {
		return nil, errNotFound(id)
	}
	c.subject = g.ID
	return g, nil
}

func (s *Sim) getGroup(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("groups", "microsoft.graph.group", g.wire(), nil)
}

func (s *Sim) listMembers(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "directoryObjects", kind: "microsoft.graph.directoryObject", loose: true, filters: []string{"id", "displayName"}}
	for _, id := range g.Members {
		l.items = append(l.items, s.object(id))
	}
	return c.list(l)
}

// postMember puts an object into a group. The call's subject is the object.
func (s *Sim) postMember(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err == nil {
		err = c.mayChange(g)
	}
	if err != nil {
		return answer{}, err
	}
	var body struct {
		ID string `json:"@odata.id"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	id, ok := referenced(body.ID)
	if !ok {
		return answer{}, errBadRequest("Invalid URL for '@odata.id'.")
	}
	c.subject = id
	return answer{status: http.StatusNoContent}, s.addMember(c.cause, g, id)
}

// mayChange demands more for a group that can hold roles.
func (c *call) mayChange(g *Group) *Error {
	if g.RoleAssignable {
		return c.needs("RoleManagement.ReadWrite.Directory")
	}
	return nil
}

// referenced reads the address of an object: the last segment of
// .../directoryObjects/{id} or .../users/{id}.
func referenced(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	id := parts[len(parts)-1]
	return id, len(parts) >= 2 && isGUID(id)
}

func (s *Sim) deleteMember(c *call) (answer, *Error) {
	g, err := s.groupOf(c)
	if err == nil {
		err = c.mayChange(g)
	}
	if err != nil {
		return answer{}, err
	}
	id := c.r.PathValue("member")
	if !isGUID(id) {
		return answer{}, errObjectID(id)
	}
	c.subject = id
	return answer{status: http.StatusNoContent}, s.removeMember(c.cause, g, id)
}
