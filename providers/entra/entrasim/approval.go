package entrasim

import "net/http"

// The approvals of role activations exist in beta only, and only people can
// decide: an application reads them and is refused when it decides.
// See https://learn.microsoft.com/graph/api/approval-get.

func (s *Sim) approvalWire(q *RoleRequest) map[string]any {
	return map[string]any{"id": q.ID, "steps": []any{s.stepWire(q)}}
}

func (s *Sim) stepWire(q *RoleRequest) map[string]any {
	result, status := "NotReviewed", "InProgress"
	switch q.Status {
	case "Provisioned", "Granted":
		result, status = "Approve", "Completed"
	case "Denied":
		result, status = "Deny", "Completed"
	case "Failed":
		status = "Expired"
	}
	return map[string]any{
		"id": q.ID, "displayName": nil, "reviewedDateTime": nil, "reviewResult": result, "status": status, "assignedToMe": false,
		"justification": nil, "reviewedBy": nil,
	}
}

// approvalOf finds the approval of the path; its id is the request's.
func (s *Sim) approvalOf(c *call) (*RoleRequest, *Error) {
	id := c.r.PathValue("approval")
	q := find(s.org.Requests, func(q *RoleRequest) bool { return q.ID == id && q.Approval })
	if q == nil {
		return nil, errGone("The approval was not found.")
	}
	c.subject = q.ID
	return q, nil
}

func (s *Sim) getApproval(c *call) (answer, *Error) {
	q, err := s.approvalOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("roleManagement/directory/roleAssignmentApprovals", "microsoft.graph.approval", s.approvalWire(q), nil)
}

func (s *Sim) listSteps(c *call) (answer, *Error) {
	q, err := s.approvalOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.list(collection{
		context: "roleManagement/directory/roleAssignmentApprovals('" + q.ID + "')/steps", kind: "microsoft.graph.approvalStep",
		items: []map[string]any{s.stepWire(q)},
	})
}

func (s *Sim) patchStep(c *call) (answer, *Error) {
	if _, err := s.approvalOf(c); err != nil {
		return answer{}, err
	}
	return answer{}, graphError(http.StatusForbidden, "UnknownError", `{"errorCode":"PermissionScopeNotGranted","message":"Authorization failed due to missing permission scope RoleAssignmentSchedule.ReadWrite.Directory."}`)
}
