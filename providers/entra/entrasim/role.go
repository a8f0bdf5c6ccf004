package entrasim

import (
	"net/http"
	"slices"
	"time"
)

func (r *RoleDefinition) wire() map[string]any {
	return map[string]any{
		"id": r.ID, "templateId": r.ID, "displayName": r.Name, "description": r.Name, "isBuiltIn": true, "isEnabled": true,
		"version": "1", "resourceScopes": []string{"/"},
		"rolePermissions": []any{map[string]any{"allowedResourceActions": []string{"microsoft.directory/users/standard/read"}, "condition": nil}},
	}
}

func (a *Assignment) active(now time.Time) bool {
	return !now.Before(a.Start) && (a.End.IsZero() || now.Before(a.End))
}

func (e *Eligibility) active(now time.Time) bool {
	return !now.Before(e.Start) && (e.End.IsZero() || now.Before(e.End))
}

// wire renders an assignment as roleAssignments lists it: direct ones, those of
// PIM and activations look alike.
func (a *Assignment) wire() map[string]any {
	return map[string]any{
		"id": a.ID, "principalId": a.Principal, "roleDefinitionId": a.Role, "directoryScopeId": a.Scope, "appScopeId": nil,
		"principalOrganizationId": nil, "condition": nil,
	}
}

// instance renders it as roleAssignmentScheduleInstances does.
func (a *Assignment) instance() map[string]any {
	return map[string]any{
		"id": a.ID, "principalId": a.Principal, "roleDefinitionId": a.Role, "directoryScopeId": a.Scope, "appScopeId": nil,
		"startDateTime": stamp(a.Start), "endDateTime": stamp(a.End), "assignmentType": a.Type, "memberType": "Direct",
		"roleAssignmentOriginId": a.ID, "roleAssignmentScheduleId": a.Schedule,
	}
}

func (e *Eligibility) instance() map[string]any {
	return map[string]any{
		"id": e.ID, "principalId": e.Principal, "roleDefinitionId": e.Role, "directoryScopeId": e.Scope, "appScopeId": nil,
		"startDateTime": stamp(e.Start), "endDateTime": stamp(e.End), "memberType": "Direct", "roleEligibilityScheduleId": e.Schedule,
	}
}

// assignmentOf finds a principal's assignment of a role.
func (s *Sim) assignmentOf(principal, role string) *Assignment {
	return find(s.org.Assignments, func(a *Assignment) bool { return a.Principal == principal && a.Role == role })
}

// rolesOf lists the ids of the roles a principal has now, its own and its groups'.
func (s *Sim) rolesOf(id string) []string {
	holders := []string{id}
	for _, g := range s.groupsOf(id, true) {
		holders = append(holders, g.ID)
	}
	var out []string
	for i := range s.org.Assignments {
		if a := &s.org.Assignments[i]; slices.Contains(holders, a.Principal) && a.active(s.now()) && !slices.Contains(out, a.Role) {
			out = append(out, a.Role)
		}
	}
	return out
}

// RolesOf lists the template ids of the roles a person (id or
// userPrincipalName) has now, directly, through PIM or through a group.
func (s *Sim) RolesOf(person string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	if p := s.person(person); p != nil {
		return s.rolesOf(p.ID)
	}
	return nil
}

// roleProperties are what Core Directory tells of a role, on the principal.
func roleProperties(r *RoleDefinition, added bool) []Modified {
	value := func(name, v string) Modified {
		if added {
			return changed(name, nil, v)
		}
		return changed(name, v, nil)
	}
	return []Modified{
		value("Role.ObjectID", r.ObjectID), value("Role.DisplayName", r.Name),
		value("Role.TemplateId", r.ID), value("Role.WellKnownObjectName", r.WellKnown),
	}
}

// roleRecord writes Core Directory's side of a role change.
func (s *Sim) roleRecord(c *cause, name, operation string, r *RoleDefinition, principal string, added bool, by *Initiator) {
	target, _ := s.target(principal, roleProperties(r, added)...)
	s.emit(c, activity{
		service: coreDirectory, category: "RoleManagement", name: name, operation: operation, by: by, noAgent: by != nil, targets: []Target{target},
	})
}

// assign makes an assignment active, without any record.
func (s *Sim) assign(principal, role, kind, schedule string, start, end time.Time) *Error {
	if s.assignmentOf(principal, role) != nil {
		return graphError(http.StatusBadRequest, "RoleAssignmentExists", "The Role assignment already exists.")
	}
	s.org.Assignments = append(s.org.Assignments, Assignment{
		ID: assignmentID(role, principal), Principal: principal, Role: role, Scope: "/", Type: kind, Start: start, End: end, Schedule: schedule,
	})
	return nil
}

// unassign ends an assignment, without any record.
func (s *Sim) unassign(principal, role string) {
	s.org.Assignments = slices.DeleteFunc(s.org.Assignments, func(a Assignment) bool { return a.Principal == principal && a.Role == role })
}

// grantDirect is a grant outside PIM: the directory's record by whoever did it,
// and PIM's own remark that it happened outside. The actor of the remark is
// unverified.
func (s *Sim) grantDirect(c *cause, principal string, r *RoleDefinition) *Error {
	if err := s.assign(principal, r.ID, "Assigned", newGUID(), s.now(), time.Time{}); err != nil {
		return err
	}
	s.roleRecord(c, "Add member to role", "Assign", r, principal, true, nil)
	by := s.azureADPIM()
	s.pimRecord(c, "Add member to role outside of PIM (permanent)", "Update", r, &RoleRequest{ID: newGUID(), Principal: principal, Role: r.ID, Start: s.now()}, &by)
	return nil
}

// removeAssignment deletes a role assignment, direct or of PIM.
func (s *Sim) removeAssignment(c *cause, a *Assignment) *Error {
	r, principal := s.role(a.Role), a.Principal
	if r.ID == GlobalAdministrator && s.countGlobal() == 1 {
		return errBadRequest("Removing self from Global Administrator built-in role is not allowed.")
	}
	s.unassign(principal, r.ID)
	s.roleRecord(c, "Remove member from role", "Unassign", r, principal, false, nil)
	return nil
}

func (s *Sim) countGlobal() int {
	n := 0
	for _, a := range s.org.Assignments {
		if a.Role == GlobalAdministrator {
			n++
		}
	}
	return n
}
