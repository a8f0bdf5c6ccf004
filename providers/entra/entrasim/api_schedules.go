package entrasim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// roleBody is what a caller sends to assign a role or to ask for one.
type roleBody struct {
	Action        string `json:"action"`
	Principal     string `json:"principalId"`
	Role          string `json:"roleDefinitionId"`
	Scope         string `json:"directoryScopeId"`
	Justification string `json:"justification"`
	Schedule      *struct {
		Start      time.Time `json:"startDateTime"`
		Expiration struct {
			Type     string    `json:"type"`
			End      time.Time `json:"endDateTime"`
			Duration string    `json:"duration"`
		} `json:"expiration"`
	} `json:"scheduleInfo"`
}

// roleAsked checks role, principal and scope. Only the whole directory is
// simulated as a scope.
func (s *Sim) roleAsked(c *call, b *roleBody) (*RoleDefinition, *Error) {
	if !isGUID(b.Principal) || !isGUID(b.Role) {
		return nil, errBadRequest("The principalId and the roleDefinitionId must be GUIDs.")
	}
	r := s.role(b.Role)
	if r == nil {
		return nil, graphError(http.StatusNotFound, "RoleNotFound", "The role is not found.")
	}
	if s.object(b.Principal) == nil {
		return nil, graphError(http.StatusNotFound, "SubjectNotFound", "The subject is not found.")
	}
	if b.Scope != "/" {
		return nil, errBadRequest("The directoryScopeId '" + b.Scope + "' is not supported.")
	}
	c.subject = b.Principal
	return r, nil
}

func (s *Sim) postAssignmentRequest(c *call) (answer, *Error)  { return s.postRoleRequest(c, false) }
func (s *Sim) postEligibilityRequest(c *call) (answer, *Error) { return s.postRoleRequest(c, true) }

// licensed refuses what needs Privileged Identity Management in a tenant that
// has no licence for it.
func (s *Sim) licensed() *Error {
	if s.switches.WithoutPIM {
		return graphError(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
	}
	return nil
}

func (s *Sim) postRoleRequest(c *call, eligible bool) (answer, *Error) {
	if err := s.licensed(); err != nil {
		return answer{}, err
	}
	var body roleBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	r, err := s.roleAsked(c, &body)
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(body.Action, "self") { // an application has no self
		return answer{}, errDenied()
	}
	q := RoleRequest{
		Eligible: eligible, Action: body.Action, Principal: body.Principal, Role: r.ID, Justification: body.Justification,
		CreatedByApp: c.by.AppID,
	}
	if err := body.readSchedule(&q, s.now()); err != nil {
		return answer{}, err
	}
	made, err := s.askRole(c.cause, q)
	if err != nil {
		return answer{}, err
	}
	out := s.requestWire(made)
	out["@odata.context"] = c.root + "/$metadata#roleManagement/directory/" + requestSegment(eligible) + "/$entity"
	return answer{status: http.StatusCreated, body: out}, nil
}

// readSchedule reads start and expiration; the type's case does not matter.
func (b *roleBody) readSchedule(q *RoleRequest, now time.Time) *Error {
	if b.Schedule == nil {
		if b.Action == "adminAssign" {
			return graphError(http.StatusBadRequest, "ScheduleInfoMissing", "The schedule information is missing.")
		}
		return nil
	}
	q.Start = later(b.Schedule.Start, now)
	switch x := b.Schedule.Expiration; strings.ToLower(x.Type) {
	case "afterduration":
		d, ok := readDuration(x.Duration)
		if !ok {
			return graphError(http.StatusBadRequest, "ExpirationRule", "The duration '"+x.Duration+"' is not valid.")
		}
		q.Duration, q.End = d, q.Start.Add(d)
	case "afterdatetime":
		if !x.End.After(q.Start) {
			return graphError(http.StatusBadRequest, "ExpirationRule", "The end time must be after the start time.")
		}
		q.End = x.End.UTC()
	case "noexpiration", "":
	default:
		return graphError(http.StatusBadRequest, "ExpirationRule", "The expiration type '"+x.Type+"' is not valid.")
	}
	return nil
}

func requestSegment(eligible bool) string {
	if eligible {
		return "roleEligibilityScheduleRequests"
	}
	return "roleAssignmentScheduleRequests"
}

func (s *Sim) requestWire(q *RoleRequest) map[string]any {
	var approval, user, app any
	if q.Approval {
		approval = q.ID
	}
	if q.CreatedByUser != "" {
		user = map[string]any{"displayName": nil, "id": q.CreatedByUser}
	}
	if q.CreatedByApp != "" {
		app = map[string]any{"displayName": nil, "id": q.CreatedByApp}
	}
	kind, duration, end := "noExpiration", any(nil), any(nil)
	switch {
	case q.Duration > 0:
		kind, duration = "afterDuration", writeDuration(q.Duration)
	case !q.End.IsZero():
		kind, end = "afterDateTime", stamp(q.End)
	}
	return map[string]any{
		"id": q.ID, "status": q.Status, "createdDateTime": stamp(q.Created), "completedDateTime": stamp(q.Completed), "approvalId": approval,
		"customData": nil, "action": q.Action, "principalId": q.Principal, "roleDefinitionId": q.Role, "directoryScopeId": q.Scope,
		"appScopeId": nil, "isValidationOnly": false, "targetScheduleId": q.ID, "justification": orNull(q.Justification),
		"createdBy": map[string]any{"application": app, "device": nil, "user": user},
		"scheduleInfo": map[string]any{
			"startDateTime": stamp(q.Start), "recurrence": nil, "expiration": map[string]any{"type": kind, "endDateTime": end, "duration": duration},
		},
		"ticketInfo": map[string]any{"ticketNumber": nil, "ticketSystem": nil},
	}
}

func (s *Sim) listAssignmentRequests(c *call) (answer, *Error)  { return s.listRequests(c, false) }
func (s *Sim) listEligibilityRequests(c *call) (answer, *Error) { return s.listRequests(c, true) }

func (s *Sim) listRequests(c *call, eligible bool) (answer, *Error) {
	if err := s.licensed(); err != nil {
		return answer{}, err
	}
	l := collection{context: "roleManagement/directory/" + requestSegment(eligible), kind: "microsoft.graph.request", filters: roleFilters()}
	for i := range s.org.Requests {
		if q := &s.org.Requests[i]; q.Eligible == eligible {
			l.items = append(l.items, s.requestWire(q))
		}
	}
	return c.list(l)
}

func (s *Sim) getRequest(c *call) (answer, *Error) {
	id := c.r.PathValue("request")
	eligible := strings.Contains(c.r.URL.Path, requestSegment(true))
	q := find(s.org.Requests, func(q *RoleRequest) bool { return q.ID == id && q.Eligible == eligible })
	if q == nil {
		return answer{}, errNotFound(id)
	}
	return c.one("roleManagement/directory/"+requestSegment(eligible), "microsoft.graph.request", s.requestWire(q), nil)
}

// postCancel cancels a request that is granted for later; nothing else can be.
func (s *Sim) postCancel(c *call) (answer, *Error) {
	id := c.r.PathValue("request")
	q := find(s.org.Requests, func(q *RoleRequest) bool { return q.ID == id })
	if q == nil {
		return answer{}, errNotFound(id)
	}
	if q.Status != "Granted" {
		return answer{}, graphError(http.StatusBadRequest, "RequestCannotBeCancelled", "The request cannot be cancelled in status '"+q.Status+"'.")
	}
	q.Status = "Canceled"
	s.org.Assignments = slices.DeleteFunc(s.org.Assignments, func(a Assignment) bool { return a.Schedule == q.ID })
	c.changed = true
	return answer{status: http.StatusNoContent}, nil
}

// readDuration reads the part of ISO 8601 durations that roles need: days,
// hours, minutes, seconds.
func readDuration(text string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(text, "P")
	days, clock, _ := strings.Cut(rest, "T")
	var out time.Duration
	take := func(from *string, unit string, each time.Duration) {
		before, after, found := strings.Cut(*from, unit)
		if !found {
			return
		}
		n, err := strconv.Atoi(before)
		ok = ok && err == nil
		out += time.Duration(n) * each
		*from = after
	}
	take(&days, "D", 24*time.Hour)
	take(&clock, "H", time.Hour)
	take(&clock, "M", time.Minute)
	take(&clock, "S", time.Second)
	return out, ok && days == "" && clock == "" && out > 0
}

func writeDuration(d time.Duration) string {
	out := "PT"
	for _, unit := range []struct {
		name string
		each time.Duration
	}{{"H", time.Hour}, {"M", time.Minute}, {"S", time.Second}} {
		if n := d / unit.each; n > 0 {
			out += strconv.Itoa(int(n)) + unit.name
			d -= n * unit.each
		}
	}
	return out
}
