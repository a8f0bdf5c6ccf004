package entrasim

import (
	"net/http"
	"slices"
	"time"
)

// approvalLife is how long an activation waits for its approvers; it cannot be
// configured.
const approvalLife = 24 * time.Hour

// pimRecord writes a record of Privileged Identity Management: the role, the
// request, the principal and the directory are found by the target's type.
func (s *Sim) pimRecord(c *cause, name, operation string, r *RoleDefinition, q *RoleRequest, by *Initiator, more ...Detail) {
	origin := []Modified{
		raw("RoleDefinitionOriginId", some(`""`), some(jsonText(r.ID))), raw("RoleDefinitionOriginType", some(`""`), some(`"BuiltInRole"`)),
		raw("TemplateId", some(`""`), some(jsonText(r.ID))),
	}
	principal, _ := s.target(q.Principal)
	if p := s.person(q.Principal); p != nil {
		principal = principal.named(p.DisplayName)
	}
	targets := []Target{
		{ID: some(r.ObjectID), DisplayName: some(r.Name), Type: "Role", ModifiedProperties: origin},
		{ID: some(q.ID), Type: "Request"},
		principal,
		{ID: some(s.org.TenantID), DisplayName: some(s.org.Name), Type: "Directory"},
	}
	for range 5 { // a live record has nine
		targets = append(targets, Target{Type: "Other"})
	}
	details := []Detail{{"RoleDefinitionOriginId", r.ID}, {"RoleDefinitionOriginType", "BuiltInRole"}, {"TemplateId", r.ID}}
	if !q.Start.IsZero() {
		details = append(details, Detail{"StartTime", q.Start.Format(stampLayout)})
	}
	if !q.End.IsZero() {
		details = append(details, Detail{"ExpirationTime", q.End.Format(stampLayout)})
	}
	details = append(details, Detail{"Justification", q.Justification})
	if c.person != nil && by == nil {
		details = append(details, s.claims(c)...)
	}
	details = append(append(details, more...), Detail{"RequestId", q.ID})
	a := activity{
		service: pim, category: "RoleManagement", name: name, operation: operation, reason: q.Justification, by: by,
		targets: targets, details: details,
	}
	s.emit(c, a)
}

// term is how PIM calls an assignment's length.
func (q *RoleRequest) term() string {
	if q.End.IsZero() {
		return "(permanent)"
	}
	return "(timebound)"
}

// askRole carries out an administrator's request: adminAssign and adminRemove
// take effect without anybody's approval.
// See https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignmentschedulerequests.
func (s *Sim) askRole(c *cause, q RoleRequest) (*RoleRequest, *Error) {
	r := s.role(q.Role)
	q.ID, q.Created, q.Scope = newGUID(), s.now(), "/"
	var err *Error
	switch {
	case q.Action == "adminAssign" && q.Eligible:
		err = s.makeEligible(c, &q, r)
	case q.Action == "adminAssign":
		err = s.makeActive(c, &q, r)
	case q.Action == "adminRemove" && q.Eligible:
		err = s.endEligibility(c, &q, r)
	case q.Action == "adminRemove":
		err = s.endActive(c, &q, r)
	default:
		err = graphError(http.StatusBadRequest, "InvalidRequest", "The action '"+q.Action+"' is not supported for this caller.")
	}
	if err != nil {
		return nil, err
	}
	s.org.Requests = append(s.org.Requests, q)
	return &s.org.Requests[len(s.org.Requests)-1], nil
}

func (s *Sim) makeActive(c *cause, q *RoleRequest, r *RoleDefinition) *Error {
	start := later(q.Start, s.now()).Add(s.switches.RoleLag.D())
	if err := s.assign(q.Principal, r.ID, "Assigned", q.ID, start, q.End); err != nil {
		return err
	}
	q.Status, q.Completed = "Provisioned", s.now()
	if q.Start.After(s.now()) {
		q.Status = "Granted"
	}
	by := s.msPIM()
	s.pimRecord(c, "Add member to role in PIM requested "+q.term(), "Create", r, q, nil)
	s.roleRecord(c, "Add member to role", "Assign", r, q.Principal, true, &by)
	s.pimRecord(c, "Add member to role in PIM completed "+q.term(), "Update", r, q, nil)
	return nil
}

func (s *Sim) endActive(c *cause, q *RoleRequest, r *RoleDefinition) *Error {
	if s.assignmentOf(q.Principal, r.ID) == nil {
		return graphError(http.StatusBadRequest, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	}
	if r.ID == GlobalAdministrator && s.countGlobal() == 1 {
		return errBadRequest("The last Global Administrator cannot be removed.")
	}
	s.unassign(q.Principal, r.ID)
	q.Status, q.Completed = "Revoked", s.now()
	by := s.msPIM()
	s.pimRecord(c, "Remove member from role in PIM requested (permanent)", "Create", r, q, nil)
	s.roleRecord(c, "Remove member from role", "Unassign", r, q.Principal, false, &by)
	s.pimRecord(c, "Remove member from role in PIM completed (permanent)", "Delete", r, q, nil)
	return nil
}

func (s *Sim) eligibilityOf(principal, role string) *Eligibility {
	return find(s.org.Eligibilities, func(e *Eligibility) bool { return e.Principal == principal && e.Role == role })
}

func (s *Sim) makeEligible(c *cause, q *RoleRequest, r *RoleDefinition) *Error {
	if s.eligibilityOf(q.Principal, r.ID) != nil {
		return graphError(http.StatusBadRequest, "RoleAssignmentExists", "The Role assignment already exists.")
	}
	s.org.Eligibilities = append(s.org.Eligibilities, Eligibility{
		ID: assignmentID(r.ID, q.Principal) + "-e", Principal: q.Principal, Role: r.ID, Scope: "/",
		Start: later(q.Start, s.now()), End: q.End, Schedule: q.ID,
	})
	q.Status, q.Completed = "Provisioned", s.now()
	by := s.msPIM()
	s.pimRecord(c, "Add eligible member to role in PIM requested "+q.term(), "Create", r, q, nil)
	s.roleRecord(c, "Add eligible member to role", "Assign", r, q.Principal, true, &by)
	s.pimRecord(c, "Add eligible member to role in PIM completed "+q.term(), "Update", r, q, nil)
	return nil
}

func (s *Sim) endEligibility(c *cause, q *RoleRequest, r *RoleDefinition) *Error {
	if s.eligibilityOf(q.Principal, r.ID) == nil {
		return graphError(http.StatusBadRequest, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	}
	s.org.Eligibilities = slices.DeleteFunc(s.org.Eligibilities, func(e Eligibility) bool { return e.Principal == q.Principal && e.Role == r.ID })
	q.Status, q.Completed = "Revoked", s.now()
	by := s.msPIM()
	s.pimRecord(c, "Remove eligible member from role in PIM requested (permanent)", "Create", r, q, nil)
	s.roleRecord(c, "Remove eligible member from role", "Unassign", r, q.Principal, false, &by)
	s.pimRecord(c, "Remove eligible member from role in PIM completed (permanent)", "Delete", r, q, nil)
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
