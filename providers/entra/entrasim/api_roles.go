package entrasim

import (
	"net/http"
	"strings"
)

func (s *Sim) listRoles(c *call) (answer, *Error) {
	l := collection{
		context: "roleManagement/directory/roleDefinitions", kind: "microsoft.graph.unifiedRoleDefinition",
		filters: []string{"id", "displayName", "isBuiltIn", "templateId"}, size: 500, most: 500,
	}
	for i := range s.org.Roles {
		l.items = append(l.items, s.org.Roles[i].wire())
	}
	return c.list(l)
}

func (s *Sim) getRole(c *call) (answer, *Error) {
	r := s.role(c.r.PathValue("role"))
	if r == nil {
		return answer{}, errNotFound(c.r.PathValue("role"))
	}
	return c.one("roleManagement/directory/roleDefinitions", "microsoft.graph.unifiedRoleDefinition", r.wire(), nil)
}

// expanded adds roleDefinition and principal when $expand asks for them.
func (s *Sim) expanded(c *call, m map[string]any, role, principal string) (map[string]any, *Error) {
	for _, part := range strings.Split(c.r.URL.Query().Get("$expand"), ",") {
		switch name, _, _ := strings.Cut(strings.TrimSpace(part), "("); name {
		case "":
		case "roleDefinition":
			m["+roleDefinition"] = s.role(role).wire()
		case "principal":
			m["+principal"] = s.object(principal)
		default:
			return nil, errQuery("Parsing OData Select and Expand failed: '" + part + "' cannot be expanded here.")
		}
	}
	return m, nil
}

func roleFilters() []string {
	return []string{"principalId", "roleDefinitionId", "directoryScopeId", "assignmentType", "memberType", "status", "action", "id"}
}

// listAssignments lists what is active now: direct assignments, those made by
// PIM, and activations.
func (s *Sim) listAssignments(c *call) (answer, *Error) {
	return s.listActive(c, "roleAssignments", "unifiedRoleAssignment", (*Assignment).wire)
}

func (s *Sim) listAssignmentInstances(c *call) (answer, *Error) {
	if err := s.licensed(); err != nil {
		return answer{}, err
	}
	return s.listActive(c, "roleAssignmentScheduleInstances", "unifiedRoleAssignmentScheduleInstance", (*Assignment).instance)
}

func (s *Sim) listActive(c *call, segment, kind string, wire func(*Assignment) map[string]any) (answer, *Error) {
	l := collection{context: "roleManagement/directory/" + segment, kind: "microsoft.graph." + kind, filters: roleFilters()}
	for i := range s.org.Assignments {
		a := &s.org.Assignments[i]
		if !a.active(s.now()) {
			continue
		}
		m, err := s.expanded(c, wire(a), a.Role, a.Principal)
		if err != nil {
			return answer{}, err
		}
		l.items = append(l.items, m)
	}
	return c.list(l)
}

func (s *Sim) listEligibilityInstances(c *call) (answer, *Error) {
	if err := s.licensed(); err != nil {
		return answer{}, err
	}
	l := collection{
		context: "roleManagement/directory/roleEligibilityScheduleInstances", kind: "microsoft.graph.unifiedRoleEligibilityScheduleInstance",
		filters: roleFilters(),
	}
	for i := range s.org.Eligibilities {
		e := &s.org.Eligibilities[i]
		if !e.active(s.now()) {
			continue
		}
		m, err := s.expanded(c, e.instance(), e.Role, e.Principal)
		if err != nil {
			return answer{}, err
		}
		l.items = append(l.items, m)
	}
	return c.list(l)
}

// assignmentByID finds an active assignment. The call's subject is its holder.
func (s *Sim) assignmentByID(c *call) (*Assignment, *Error) {
	id := c.r.PathValue("assignment")
	a := find(s.org.Assignments, func(a *Assignment) bool { return a.ID == id && a.active(s.now()) })
	if a == nil {
		return nil, errNotFound(id)
	}
	c.subject = a.Principal
	return a, nil
}

func (s *Sim) getAssignment(c *call) (answer, *Error) {
	a, err := s.assignmentByID(c)
	if err != nil {
		return answer{}, err
	}
	m, err := s.expanded(c, a.wire(), a.Role, a.Principal)
	if err != nil {
		return answer{}, err
	}
	return c.one("roleManagement/directory/roleAssignments", "microsoft.graph.unifiedRoleAssignment", m, nil)
}

func (s *Sim) deleteAssignment(c *call) (answer, *Error) {
	a, err := s.assignmentByID(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.removeAssignment(c.cause, a)
}

// postAssignment makes a direct assignment, outside PIM.
func (s *Sim) postAssignment(c *call) (answer, *Error) {
	var body roleBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	r, err := s.roleAsked(c, &body)
	if err != nil {
		return answer{}, err
	}
	if err := s.grantDirect(c.cause, body.Principal, r); err != nil {
		return answer{}, err
	}
	out := s.assignmentOf(body.Principal, r.ID).wire()
	out["@odata.context"] = c.root + "/$metadata#roleManagement/directory/roleAssignments/$entity"
	return answer{status: http.StatusCreated, body: out}, nil
}
