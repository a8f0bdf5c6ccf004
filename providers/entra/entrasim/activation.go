package entrasim

import (
	"net/http"
	"strings"
	"time"
)

// The words of a person's own activation, and the details that only it has.
const (
	inActivation    = "(PIM activation)"
	pendingApproval = "PendingApproval"
)

func activationDetails(q *RoleRequest, audit, action string) []Detail {
	return []Detail{
		{"AuditType", audit}, {"ActionType", action}, {"RoleAssignmentRequestId", q.ID}, {"TicketNumber", ""}, {"TicketSystem", ""},
	}
}

// requestActivation is a person activating a role they are eligible for. With
// approval demanded it waits; otherwise it takes effect.
func (s *Sim) requestActivation(c *cause, p *Person, r *RoleDefinition, justification string, start time.Time, d time.Duration) (*RoleRequest, *Error) {
	if e := s.eligibilityOf(p.ID, r.ID); e == nil || !e.active(s.now()) {
		return nil, graphError(http.StatusBadRequest, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
	}
	if s.assignmentOf(p.ID, r.ID) != nil {
		return nil, graphError(http.StatusBadRequest, "RoleAssignmentExists", "The Role assignment already exists.")
	}
	for _, q := range s.org.Requests {
		if q.Principal == p.ID && q.Role == r.ID && strings.HasPrefix(q.Status, pendingApproval) {
			return nil, graphError(http.StatusBadRequest, "PendingRoleAssignmentRequest", "There is already an existing pending Role assignment request.")
		}
	}
	q := RoleRequest{
		ID: newGUID(), Action: "selfActivate", Principal: p.ID, Role: r.ID, Scope: "/", Justification: justification,
		CreatedByUser: p.ID, Created: s.now(), Start: start, Duration: d, End: start.Add(d), Approval: r.ApprovalRequired,
	}
	s.pimRecord(c, "Add member to role requested "+inActivation, "Create", r, &q, nil, activationDetails(&q, "RequestRoleActivation", "Request")...)
	if r.ApprovalRequired {
		q.Status = pendingApproval
		if q.Start.After(s.now()) {
			q.Status = "PendingApprovalProvisioning" // in no documentation, but on the wire
		}
		s.pimRecord(c, "Add member to role approval requested "+inActivation, "Create", r, &q, nil, activationDetails(&q, "RequestApproval", "Request")...)
		s.org.Requests = append(s.org.Requests, q)
		return &s.org.Requests[len(s.org.Requests)-1], nil
	}
	if err := s.activate(c, &q, r, c.actor); err != nil {
		return nil, err
	}
	s.org.Requests = append(s.org.Requests, q)
	return &s.org.Requests[len(s.org.Requests)-1], nil
}

// activate makes the role active, now or when its start comes: the directory's
// record by MS-PIM, and PIM's own by the person.
func (s *Sim) activate(c *cause, q *RoleRequest, r *RoleDefinition, by Initiator) *Error {
	start := later(q.Start, s.now()).Add(s.switches.RoleLag.D())
	q.Status = "Provisioned"
	if q.Start.After(s.now()) {
		q.Status = "Granted"
	}
	q.Start, q.End, q.Completed = start, start.Add(q.Duration), s.now()
	if err := s.assign(q.Principal, r.ID, "Activated", q.ID, q.Start, q.End); err != nil {
		return err
	}
	platform := s.msPIM()
	s.roleRecord(c, "Add member to role", "Assign", r, q.Principal, true, &platform)
	s.pimRecord(c, "Add member to role completed "+inActivation, "ActivateRole", r, q, &by, activationDetails(q, "ActivateRole", "Activate")...)
	return nil
}

// decideActivation is an approver's word. Nobody decides about themselves.
func (s *Sim) decideActivation(c *cause, approver *Person, q *RoleRequest, approve bool) *Error {
	r := s.role(q.Role)
	switch {
	case !strings.HasPrefix(q.Status, pendingApproval):
		return graphError(http.StatusConflict, "RequestAlreadyProcessed", "The request has already been processed.")
	case q.Principal == approver.ID || !s.approves(approver, r):
		return errDenied()
	}
	if !approve {
		q.Status, q.Completed = "Denied", s.now()
		s.pimRecord(c, "Add member to role request denied "+inActivation, "Update", r, q, nil, activationDetails(q, "DenyRequest", "Deny")...)
		return nil
	}
	s.pimRecord(c, "Add member to role request approved "+inActivation, "Update", r, q, nil, activationDetails(q, "ApproveRequest", "Approve")...)
	person := s.person(q.Principal)
	return s.activate(c, q, r, s.byPerson(person, "").actor)
}

// approves reports whether a person is an approver of a role, by name or group.
func (s *Sim) approves(p *Person, r *RoleDefinition) bool {
	for _, id := range r.Approvers {
		if id == p.ID {
			return true
		}
		for _, g := range s.groupsOf(p.ID, true) {
			if g.ID == id {
				return true
			}
		}
	}
	return false
}

// tick does what Entra does by itself as time passes: activations and
// time-bound roles end, requests nobody approved expire. Records are dated at
// the moment it was due. The lock must be held.
func (s *Sim) tick() {
	now := s.now()
	for i := range s.org.Requests {
		q := &s.org.Requests[i]
		if due := q.Created.Add(approvalLife); strings.HasPrefix(q.Status, pendingApproval) && !due.After(now) {
			q.Status, q.Completed = "Failed", due
			c := s.byPlatform(s.azureADPIM())
			c.at = due
			s.pimRecord(c, "PIM activation request expired", "Update", s.role(q.Role), q, nil, activationDetails(q, "ExpireRequest", "Expire")...)
		}
	}
	for {
		a := find(s.org.Assignments, func(a *Assignment) bool { return !a.End.IsZero() && !a.End.After(now) })
		if a == nil {
			break
		}
		s.expire(*a)
	}
	for {
		e := find(s.org.Eligibilities, func(e *Eligibility) bool { return !e.End.IsZero() && !e.End.After(now) })
		if e == nil {
			break
		}
		due, q, c := e.End, RoleRequest{ID: e.Schedule, Principal: e.Principal, Role: e.Role, End: e.End}, s.byPlatform(s.azureADPIM())
		c.at = due
		role := s.role(e.Role)
		*e = s.org.Eligibilities[len(s.org.Eligibilities)-1]
		s.org.Eligibilities = s.org.Eligibilities[:len(s.org.Eligibilities)-1]
		platform := s.msPIM()
		s.roleRecord(c, "Remove eligible member from role", "Unassign", role, q.Principal, false, &platform)
		s.pimRecord(c, "Remove eligible member from role in PIM completed (timebound)", "Delete", role, &q, nil)
	}
}

// expire ends an assignment: the directory's record by MS-PIM within a second
// of the deadline, then PIM's by its platform identity some seconds later.
func (s *Sim) expire(a Assignment) {
	r := s.role(a.Role)
	s.unassign(a.Principal, a.Role)
	platform, c := s.msPIM(), s.byPlatform(s.azureADPIM())
	c.at = a.End.Add(900 * time.Millisecond).Truncate(100 * time.Nanosecond)
	s.roleRecord(c, "Remove member from role", "Unassign", r, a.Principal, false, &platform)
	c.at = c.at.Add(6 * time.Second)
	q := &RoleRequest{ID: a.Schedule, Principal: a.Principal, Role: a.Role, Start: a.Start, End: a.End}
	if a.Type != "Activated" {
		s.pimRecord(c, "Remove member from role in PIM completed (timebound)", "Delete", r, q, nil)
		return
	}
	s.pimRecord(c, "Remove member from role (PIM activation expired)", "Delete", r, q, nil,
		Detail{"AuditType", "RemoveActivatedRole"}, Detail{"ActionType", "Revoke"}, Detail{"OriginRoleAssignmentId", a.ID}, Detail{"RoleAssignmentRequestId", a.Schedule})
}
