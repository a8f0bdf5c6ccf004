package oktasim

import "net/http"

func (s *Sim) listRoles(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	out := []any{}
	for _, g := range s.grantsOf(p) {
		out = append(out, roleWire(g, c.base))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) getRole(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	for _, g := range s.grantsOf(p) {
		if g.ID == c.r.PathValue("role") {
			return answer{status: http.StatusOK, body: roleWire(g, c.base)}, nil
		}
	}
	return answer{}, errNotFound(c.r.PathValue("role"), "RoleAssignment")
}

type roleBody struct {
	Type string `json:"type"`
}

func (s *Sim) postRole(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	var body roleBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	r, err := s.grantRole(c.cause, p, body.Type)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: roleWire(grant{r, "USER", p.ID}, c.base)}, nil
}

func (s *Sim) deleteRole(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.revokeRole(c.cause, p, c.r.PathValue("role"))
}

func roleWire(g grant, base string) map[string]any {
	assignee := base + "/api/v1/users/" + g.assignee
	if g.assignment == "GROUP" {
		assignee = base + "/api/v1/groups/" + g.assignee
	}
	return map[string]any{
		"id": g.ID, "label": roleNames()[g.Type].label, "type": g.Type, "status": "ACTIVE", "created": stamp(g.Created),
		"lastUpdated": stamp(g.LastUpdated), "assignmentType": g.assignment,
		"_links": map[string]any{"assignee": href(assignee)},
	}
}
