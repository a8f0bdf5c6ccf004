package entrasim

import (
	"fmt"
	"time"
)

// ruling are the roles that give roles.
func ruling() []string { return []string{PrivilegedRoleAdministrator} }

// GrantsRole gives the subject a role directly, outside PIM.
func (s *Sim) GrantsRole(actor, subject, role string, opts ...StoryOption) (Told, error) {
	return s.withRole(actor, subject, role, opts, func(x *scene, r *RoleDefinition) error {
		return asError(s.grantDirect(x.cause, x.subject.ID, r))
	})
}

// RevokesRole takes a role of the subject's own away, outside PIM.
func (s *Sim) RevokesRole(actor, subject, role string, opts ...StoryOption) (Told, error) {
	return s.withRole(actor, subject, role, opts, func(x *scene, r *RoleDefinition) error {
		a := s.assignmentOf(x.subject.ID, r.ID)
		if a == nil {
			return errNotFound(role)
		}
		return asError(s.removeAssignment(x.cause, a))
	})
}

// AssignsRole gives the subject an active role in PIM, for a time or, with 0,
// for good.
func (s *Sim) AssignsRole(actor, subject, role string, d time.Duration, opts ...StoryOption) (Told, error) {
	return s.asks(actor, subject, role, false, d, opts)
}

// MakesEligible lets the subject activate a role, for a time or, with 0, for good.
func (s *Sim) MakesEligible(actor, subject, role string, d time.Duration, opts ...StoryOption) (Told, error) {
	return s.asks(actor, subject, role, true, d, opts)
}

func (s *Sim) asks(actor, subject, role string, eligible bool, d time.Duration, opts []StoryOption) (Told, error) {
	return s.withRole(actor, subject, role, opts, func(x *scene, r *RoleDefinition) error {
		q := RoleRequest{
			Eligible: eligible, Action: "adminAssign", Principal: x.subject.ID, Role: r.ID, CreatedByUser: x.actor.ID,
			Justification: "as agreed", Start: s.now(), Duration: d,
		}
		if d > 0 {
			q.End = q.Start.Add(d)
		}
		made, err := s.askRole(x.cause, q)
		if err == nil {
			x.told.Request = made.ID
		}
		return asError(err)
	})
}

func (s *Sim) withRole(actor, subject, role string, opts []StoryOption, do func(*scene, *RoleDefinition) error) (Told, error) {
	return s.act(actor, subject, ruling(), false, opts, func(x *scene) error {
		r := s.role(role)
		if r == nil {
			return fmt.Errorf("there is no role %q", role)
		}
		return do(x, r)
	})
}

// RequestsActivation is the subject activating a role they are eligible for. It
// waits for an approval where the role's settings demand one.
func (s *Sim) RequestsActivation(subject, role, justification string, d time.Duration, opts ...StoryOption) (Told, error) {
	return s.RequestsActivationIn(subject, role, justification, 0, d, opts...)
}

// RequestsActivationIn is the same for a start that lies ahead.
func (s *Sim) RequestsActivationIn(subject, role, justification string, ahead, d time.Duration, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		r := s.role(role)
		if r == nil {
			return fmt.Errorf("there is no role %q", role)
		}
		q, err := s.requestActivation(x.cause, x.subject, r, justification, s.now().Add(ahead), d)
		if err == nil {
			x.told.Request = q.ID
		}
		return asError(err)
	})
}

// ApprovesActivation and DeniesActivation are an approver's word on a request.
func (s *Sim) ApprovesActivation(actor, request string, opts ...StoryOption) (Told, error) {
	return s.decides(actor, request, true, opts)
}

// DeniesActivation refuses a request.
func (s *Sim) DeniesActivation(actor, request string, opts ...StoryOption) (Told, error) {
	return s.decides(actor, request, false, opts)
}

func (s *Sim) decides(actor, request string, approve bool, opts []StoryOption) (Told, error) {
	return s.act(actor, "", anybody(), false, opts, func(x *scene) error {
		q := find(s.org.Requests, func(q *RoleRequest) bool { return q.ID == request })
		if q == nil {
			return errNotFound(request)
		}
		x.told.Request = q.ID
		return asError(s.decideActivation(x.cause, x.actor, q, approve))
	})
}

// SetsApproval changes whether activating a role needs an approval: turned off,
// whoever holds an eligibility activates alone.
func (s *Sim) SetsApproval(actor, role string, required bool, opts ...StoryOption) (Told, error) {
	return s.act(actor, "", ruling(), false, opts, func(x *scene) error {
		r := s.role(role)
		if r == nil {
			return fmt.Errorf("there is no role %q", role)
		}
		was := r.ApprovalRequired
		r.ApprovalRequired = required
		s.emit(x.cause, activity{
			service: pim, category: "RoleManagement", name: "Update role setting in PIM", operation: "Update",
			targets: []Target{
				{
					ID: some(r.ObjectID), DisplayName: some(r.Name), Type: "Role",
					ModifiedProperties: []Modified{changed("Approval_EndUser_Assignment.isApprovalRequired", was, required)},
				},
				{ID: some(s.org.TenantID), DisplayName: some(s.org.Name), Type: "Directory"},
			},
			details: []Detail{{"RoleDefinitionOriginId", r.ID}, {"TemplateId", r.ID}, {"ipaddr", x.ip}},
		})
		return nil
	})
}

// JoinsGroup puts the subject into a group; one that can hold roles only by
// those who give roles.
func (s *Sim) JoinsGroup(actor, subject, group string, opts ...StoryOption) (Told, error) {
	return s.membership(actor, subject, group, s.addMember, opts)
}

// LeavesGroup takes the subject out of a group.
func (s *Sim) LeavesGroup(actor, subject, group string, opts ...StoryOption) (Told, error) {
	return s.membership(actor, subject, group, s.removeMember, opts)
}

func (s *Sim) membership(actor, subject, group string, do func(*cause, *Group, string) *Error, opts []StoryOption) (Told, error) {
	return s.act(actor, "", append(ruling(), UserAdministrator), false, opts, func(x *scene) error {
		g, p := s.group(group), s.person(subject)
		if g == nil || p == nil {
			return fmt.Errorf("there is no group %q or no person %q", group, subject)
		}
		if g.RoleAssignable {
			if err := s.mayAct(x, ruling(), false); err != nil {
				return err
			}
		}
		return asError(do(x.cause, g, p.ID))
	})
}
