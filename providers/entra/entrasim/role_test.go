package entrasim

import (
	"slices"
	"testing"
	"time"
)

const directory = "/roleManagement/directory/"

// roleIDs are the roles that a list of a principal names.
func (r *rig) roleIDs(segment, principal string) []string {
	r.t.Helper()
	out := []string{}
	for _, m := range r.call(200, "GET", directory+segment+"?$filter=principalId eq '"+principal+"'", nil).values() {
		out = append(out, m["roleDefinitionId"].(string))
	}
	return out
}

// TestAssignmentIDs are made of both GUIDs, as one recorded in a live tenant is.
func TestAssignmentIDs(t *testing.T) {
	got := assignmentID("fe930be7-5e62-47db-91af-98c3a49a38b1", "03ee6546-f113-4ec5-ba9d-e57381b0c928")
	if got != "5wuT_mJe20eRr5jDpJo4sUZl7gMT8cVOup3lc4GwySg-1" {
		t.Errorf("the id is %s", got)
	}
}

// TestDirectGrant: outside PIM, told by both services, and taken back by DELETE.
func TestDirectGrant(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.GrantsRole(ITLead, Payroll, GlobalAdministrator, From("elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told(got.Records), []string{
		"Core Directory: Add member to role by jonas.lind", "PIM: Add member to role outside of PIM (permanent) by Azure AD PIM",
	}) {
		t.Errorf("records %q", told(got.Records))
	}
	properties := map[string]string{}
	for _, m := range got.Records[0].TargetResources[0].ModifiedProperties {
		properties[m.DisplayName] = *m.NewValue
	}
	if properties["Role.TemplateId"] != `"`+GlobalAdministrator+`"` || properties["Role.DisplayName"] != `"Global Administrator"` ||
		properties["Role.ObjectID"] == properties["Role.TemplateId"] || properties["Role.WellKnownObjectName"] != `"TenantAdmins"` {
		t.Errorf("the role is told as %v", properties)
	}
	list := r.call(200, "GET", directory+"roleAssignments?$filter=principalId eq '"+Payroll+"'&$expand=roleDefinition", nil).values()
	if len(list) != 1 || lookup(list[0], "roleDefinition/displayName") != "Global Administrator" {
		t.Fatalf("assignments %v", list)
	}
	if got := r.roleIDs("roleAssignmentScheduleInstances", Payroll); len(got) != 1 {
		t.Errorf("instances %v", got)
	}
	path := directory + "roleAssignments/" + list[0]["id"].(string)
	r.call(204, "DELETE", path, nil)
	r.call(404, "DELETE", path, nil)
	if got := r.RolesOf(Payroll); len(got) != 0 {
		t.Errorf("roles left %v", got)
	}
	log := r.Written()
	x := log[len(log)-1]
	if x.ActivityDisplayName != "Remove member from role" || x.TargetResources[0].ModifiedProperties[2].NewValue != nil || *x.TargetResources[0].ModifiedProperties[2].OldValue != `"`+GlobalAdministrator+`"` {
		t.Errorf("removal %+v", x)
	}
	if e := r.Effects(); len(e) != 1 || e[0].Subject != Payroll || e[0].Applied != 1 {
		t.Errorf("effects %+v", e)
	}
}

// TestActivation is the whole sequence of a role that needs approval: asked,
// approved, active, expired.
func TestActivation(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	asked, err := r.RequestsActivation(OrgAdmin, PrivilegedRoleAdministrator, "ticket 7", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told(asked.Records), []string{
		"PIM: Add member to role requested (PIM activation) by nadia.petrova", "PIM: Add member to role approval requested (PIM activation) by nadia.petrova",
	}) {
		t.Errorf("asked: %q", told(asked.Records))
	}
	request := func() map[string]any {
		return r.call(200, "GET", directory+"roleAssignmentScheduleRequests/"+asked.Request, nil).body()
	}
	if q := request(); q["status"] != "PendingApproval" || q["approvalId"] != asked.Request || q["action"] != "selfActivate" {
		t.Errorf("waiting: %v", q)
	}
	if got := r.roleIDs("roleAssignments", OrgAdmin); !slices.Equal(got, []string{UserAdministrator}) {
		t.Errorf("active too early: %v", got)
	}
	if _, err := r.RequestsActivation(OrgAdmin, PrivilegedRoleAdministrator, "again", time.Hour); err == nil {
		t.Error("a second request was taken")
	}
	for name, who := range map[string]string{"oneself": OrgAdmin, "somebody else": Engineer} {
		if _, err := r.ApprovesActivation(who, asked.Request); err == nil {
			t.Errorf("approved by %s", name)
		}
	}
	approved, err := r.ApprovesActivation(ITLead, asked.Request)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told(approved.Records), []string{
		"PIM: Add member to role request approved (PIM activation) by jonas.lind", "Core Directory: Add member to role by MS-PIM",
		"PIM: Add member to role completed (PIM activation) by nadia.petrova",
	}) {
		t.Errorf("approved: %q", told(approved.Records))
	}
	if _, err := r.DeniesActivation(ITLead, asked.Request); err == nil {
		t.Error("decided twice")
	}
	instance := r.call(200, "GET", directory+"roleAssignmentScheduleInstances?$filter=assignmentType eq 'Activated'", nil).values()
	if len(instance) != 1 || instance[0]["roleAssignmentScheduleId"] != asked.Request || instance[0]["endDateTime"] != "2026-02-03T11:00:00Z" {
		t.Errorf("instance %v", instance)
	}
	if got := r.roleIDs("roleAssignments", OrgAdmin); len(got) != 2 {
		t.Errorf("active: %v", got)
	}

	n := len(r.Written())
	r.later(c, time.Hour-time.Second)
	if len(r.Written()) != n {
		t.Error("it ended too early")
	}
	r.later(c, 2*time.Second)
	ended := r.Written()[n:]
	if !slices.Equal(told(ended), []string{
		"Core Directory: Remove member from role by MS-PIM", "PIM: Remove member from role (PIM activation expired) by Azure AD PIM",
	}) {
		t.Errorf("ended: %q", told(ended))
	}
	if gap := ended[1].At().Sub(ended[0].At()); gap < 6*time.Second || len(r.Log()) != n+1 {
		t.Errorf("the second record is %v later, and %d are visible", gap, len(r.Log())-n)
	}
	r.later(c, 10*time.Second)
	if len(r.Log()) != n+2 {
		t.Error("the second record never appears")
	}
	if got := r.roleIDs("roleAssignments", OrgAdmin); len(got) != 1 {
		t.Errorf("still active: %v", got)
	}
	if got := r.roleIDs("roleEligibilityScheduleInstances", OrgAdmin); len(got) != 2 {
		t.Errorf("the eligibility went with it: %v", got)
	}
	for _, x := range append(asked.Records, approved.Records...) {
		if x.LoggedByService == pim && !slices.Contains(x.AdditionalDetails, Detail{"RoleAssignmentRequestId", asked.Request}) {
			t.Errorf("%s does not name the request", x.ActivityDisplayName)
		}
	}
}

// TestActivationDeniedOrForgotten: neither makes a role active.
func TestActivationDeniedOrForgotten(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	ask := func() string {
		q, err := r.RequestsActivation(OrgAdmin, PrivilegedRoleAdministrator, "please", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return q.Request
	}
	got, err := r.DeniesActivation(ITLead, ask())
	if err != nil || !slices.Equal(told(got.Records), []string{"PIM: Add member to role request denied (PIM activation) by jonas.lind"}) {
		t.Errorf("denied: %v %q", err, told(got.Records))
	}
	ask()
	n := len(r.Written())
	c.pass(approvalLife)
	if ended := r.Written()[n:]; !slices.Equal(told(ended), []string{"PIM: PIM activation request expired by Azure AD PIM"}) {
		t.Errorf("forgotten: %q", told(ended))
	}
	if roles := r.RolesOf(OrgAdmin); !slices.Equal(roles, []string{UserAdministrator}) {
		t.Errorf("roles %v", roles)
	}
}

// TestActivationWithoutApproval: at once, and only by the eligible.
func TestActivationWithoutApproval(t *testing.T) {
	r := newRig(t, Options{})
	got, err := r.RequestsActivation(Engineer, ApplicationAdministrator, "deploy", time.Hour)
	if err != nil || !slices.Equal(told(got.Records), []string{
		"PIM: Add member to role requested (PIM activation) by aiko.tanaka", "Core Directory: Add member to role by MS-PIM",
		"PIM: Add member to role completed (PIM activation) by aiko.tanaka",
	}) {
		t.Errorf("%v %q", err, told(got.Records))
	}
	if _, err := r.RequestsActivation(Engineer, ApplicationAdministrator, "again", time.Hour); err == nil {
		t.Error("activated twice")
	}
	if _, err := r.RequestsActivation(Payroll, ApplicationAdministrator, "me too", time.Hour); err == nil {
		t.Error("activated without eligibility")
	}
	if _, err := r.SetsApproval(ITLead, PrivilegedRoleAdministrator, false); err != nil {
		t.Fatal(err)
	}
	if got := r.last(1); got[0] != "Update role setting in PIM" {
		t.Errorf("record %v", got)
	}
	if _, err := r.RequestsActivation(OrgAdmin, PrivilegedRoleAdministrator, "alone", time.Hour); err != nil || len(r.RolesOf(OrgAdmin)) != 2 {
		t.Errorf("without approval: %v", err)
	}
}

// TestAdministratorsRequests: adminAssign and adminRemove by the application.
func TestAdministratorsRequests(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	ask := func(want int, action string, change func(map[string]any)) heard {
		t.Helper()
		body := map[string]any{
			"action": action, "principalId": Contractor, "roleDefinitionId": UserAdministrator, "directoryScopeId": "/", "justification": "approved hold 7",
			"scheduleInfo": map[string]any{"startDateTime": c.now(), "expiration": map[string]any{"type": "AfterDuration", "duration": "PT2H30M"}},
		}
		if change != nil {
			change(body)
		}
		return r.call(want, "POST", directory+"roleAssignmentScheduleRequests", body)
	}
	made := ask(201, "adminAssign", nil).body()
	if made["status"] != "Provisioned" || made["approvalId"] != nil || lookup(made, "scheduleInfo/expiration/duration") != "PT2H30M" {
		t.Errorf("assigned: %v", made)
	}
	if got := told(r.Written()); !slices.Equal(got, []string{
		"PIM: Add member to role in PIM requested (timebound) by Countersign", "Core Directory: Add member to role by MS-PIM",
		"PIM: Add member to role in PIM completed (timebound) by Countersign",
	}) {
		t.Errorf("records %q", got)
	}
	if got := ask(400, "adminAssign", nil); got.code() != "RoleAssignmentExists" {
		t.Errorf("twice: %s", got.raw)
	}
	if q := ask(201, "adminRemove", func(m map[string]any) { delete(m, "scheduleInfo") }).body(); q["status"] != "Revoked" {
		t.Errorf("removed: %v", q)
	}
	if got := ask(400, "adminRemove", nil); got.code() != "RoleAssignmentDoesNotExist" || len(r.RolesOf(Contractor)) != 0 {
		t.Errorf("twice: %s", got.raw)
	}
	for name, bad := range map[string]func(map[string]any){
		"an application's self":   func(m map[string]any) { m["action"] = "selfActivate" },
		"an action nobody has":    func(m map[string]any) { m["action"] = "adminPray" },
		"a role nobody has":       func(m map[string]any) { m["roleDefinitionId"] = newGUID() },
		"somebody who is not":     func(m map[string]any) { m["principalId"] = newGUID() },
		"no GUID":                 func(m map[string]any) { m["principalId"] = "dev" },
		"a part of the directory": func(m map[string]any) { m["directoryScopeId"] = "/administrativeUnits/1" },
		"no schedule":             func(m map[string]any) { delete(m, "scheduleInfo") },
		"a strange duration":      func(m map[string]any) { m["scheduleInfo"] = expiration("afterDuration", "two hours") },
		"a strange expiration":    func(m map[string]any) { m["scheduleInfo"] = expiration("sometime", "") },
	} {
		body := map[string]any{
			"action": "adminAssign", "principalId": Contractor, "roleDefinitionId": UserAdministrator, "directoryScopeId": "/", "scheduleInfo": expiration("noExpiration", ""),
		}
		bad(body)
		if got, _ := r.try("POST", "/v1.0"+directory+"roleAssignmentScheduleRequests", body); got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	if len(r.RolesOf(Contractor)) != 0 {
		t.Error("a bad request gave a role")
	}
}

func expiration(kind, duration string) map[string]any {
	return map[string]any{"expiration": map[string]any{"type": kind, "duration": duration}}
}

// TestAssignmentsEnd: a time-bound one by itself; an activation by DELETE or
// adminRemove; one that is granted for later can be cancelled.
func TestAssignmentsEnd(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	if _, err := r.AssignsRole(ITLead, Contractor, SecurityReader, time.Hour); err != nil {
		t.Fatal(err)
	}
	r.later(c, time.Hour+time.Second)
	if got := r.last(1); len(r.RolesOf(Contractor)) != 0 || got[0] != "Remove member from role in PIM completed (timebound)" {
		t.Errorf("time-bound: %v", got)
	}
	if _, err := r.RequestsActivation(Engineer, ApplicationAdministrator, "deploy", time.Hour); err != nil {
		t.Fatal(err)
	}
	r.call(204, "DELETE", directory+"roleAssignments/"+assignmentID(ApplicationAdministrator, Engineer), nil)
	if got := r.roleIDs("roleAssignmentScheduleInstances", Engineer); len(got) != 0 {
		t.Errorf("after DELETE: %v", got)
	}
	if _, err := r.RequestsActivation(Engineer, ApplicationAdministrator, "deploy", time.Hour); err != nil {
		t.Fatal(err)
	}
	r.call(201, "POST", directory+"roleAssignmentScheduleRequests", map[string]any{
		"action": "adminRemove", "principalId": Engineer, "roleDefinitionId": ApplicationAdministrator, "directoryScopeId": "/",
	})
	if got := r.RolesOf(Engineer); len(got) != 0 {
		t.Errorf("after adminRemove: %v", got)
	}
	q := r.call(201, "POST", directory+"roleAssignmentScheduleRequests", map[string]any{
		"action": "adminAssign", "principalId": Contractor, "roleDefinitionId": SecurityReader, "directoryScopeId": "/",
		"scheduleInfo": map[string]any{"startDateTime": c.now().Add(time.Hour), "expiration": map[string]any{"type": "noExpiration"}},
	}).body()
	if q["status"] != "Granted" || len(r.RolesOf(Contractor)) != 0 {
		t.Errorf("for later: %v", q)
	}
	cancel := directory + "roleAssignmentScheduleRequests/" + q["id"].(string) + "/cancel"
	r.call(204, "POST", cancel, nil)
	r.call(400, "POST", cancel, nil)
	r.later(c, 2*time.Hour)
	if got := r.RolesOf(Contractor); len(got) != 0 {
		t.Errorf("cancelled, but %v", got)
	}
}

// TestEligibility: made, removed and ended by time, without the role itself.
func TestEligibility(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	got, err := r.MakesEligible(ITLead, Contractor, SecurityReader, time.Hour)
	if err != nil || !slices.Equal(told(got.Records), []string{
		"PIM: Add eligible member to role in PIM requested (timebound) by jonas.lind", "Core Directory: Add eligible member to role by MS-PIM",
		"PIM: Add eligible member to role in PIM completed (timebound) by jonas.lind",
	}) {
		t.Errorf("%v %q", err, told(got.Records))
	}
	if len(r.RolesOf(Contractor)) != 0 || len(r.roleIDs("roleEligibilityScheduleInstances", Contractor)) != 1 {
		t.Error("eligible is not active")
	}
	r.later(c, 2*time.Hour)
	if len(r.roleIDs("roleEligibilityScheduleInstances", Contractor)) != 0 {
		t.Error("it did not end")
	}
	if got := r.last(2); got[1] != "Remove eligible member from role in PIM completed (timebound)" {
		t.Errorf("records %v", got)
	}
}

// TestRolesTakeTimeToArrive when the switch says so.
func TestRolesTakeTimeToArrive(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	r.Switch(func(x *Switches) { x.RoleLag = Duration(40 * time.Second) })
	if _, err := r.AssignsRole(ITLead, Contractor, SecurityReader, 0); err != nil {
		t.Fatal(err)
	}
	if len(r.RolesOf(Contractor)) != 0 {
		t.Error("active at once")
	}
	c.pass(41 * time.Second)
	if len(r.RolesOf(Contractor)) != 1 {
		t.Error("never active")
	}
}

// TestTheLastGlobalAdministratorStays.
func TestTheLastGlobalAdministratorStays(t *testing.T) {
	c := SmallCompany()
	c.Assignments = slices.DeleteFunc(c.Assignments, func(a Assignment) bool { return a.Role == GlobalAdministrator && a.Principal != ITLead })
	r := newRig(t, Options{Company: c})
	r.call(400, "DELETE", directory+"roleAssignments/"+assignmentID(GlobalAdministrator, ITLead), nil)
	r.call(400, "POST", directory+"roleAssignmentScheduleRequests", map[string]any{
		"action": "adminRemove", "principalId": ITLead, "roleDefinitionId": GlobalAdministrator, "directoryScopeId": "/",
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT30M": 30 * time.Minute, "PT2H30M": 150 * time.Minute, "P1D": 24 * time.Hour, "P1DT1H": 25 * time.Hour, "PT45S": 45 * time.Second,
		"": 0, "P": 0, "PT": 0, "30M": 0, "PT30": 0, "PTxM": 0, "P1Y": 0,
	} {
		got, ok := readDuration(text)
		if ok != (want > 0) || ok && got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	if got := writeDuration(25*time.Hour + 30*time.Minute + 5*time.Second); got != "PT25H30M5S" {
		t.Errorf("written as %s", got)
	}
}

// TestActivationForLater waits under a status that no documentation has, is
// granted by the approval and active from its start on.
func TestActivationForLater(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	asked, err := r.RequestsActivationIn(OrgAdmin, PrivilegedRoleAdministrator, "tonight", time.Hour, 30*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status := func() any {
		return r.call(200, "GET", directory+"roleAssignmentScheduleRequests/"+asked.Request, nil).body()["status"]
	}
	if status() != "PendingApprovalProvisioning" {
		t.Errorf("waiting: %v", status())
	}
	if _, err := r.ApprovesActivation(ITLead, asked.Request); err != nil || status() != "Granted" || len(r.RolesOf(OrgAdmin)) != 1 {
		t.Errorf("granted: %v %v", err, status())
	}
	r.later(c, time.Hour)
	if len(r.RolesOf(OrgAdmin)) != 2 {
		t.Error("not active when it should be")
	}
	r.later(c, 31*time.Minute)
	if len(r.RolesOf(OrgAdmin)) != 1 {
		t.Error("active for too long")
	}
}

// TestWithoutPIM: a tenant without the licence has direct assignments only.
func TestWithoutPIM(t *testing.T) {
	r := newRig(t, Options{})
	r.Switch(func(x *Switches) { x.WithoutPIM = true })
	for _, segment := range []string{"roleAssignmentScheduleInstances", "roleEligibilityScheduleInstances", "roleAssignmentScheduleRequests"} {
		if got := r.call(400, "GET", directory+segment, nil); got.code() != "AadPremiumLicenseRequired" {
			t.Errorf("%s: %s", segment, got.raw)
		}
	}
	r.call(400, "POST", directory+"roleAssignmentScheduleRequests", map[string]any{"action": "adminRemove"})
	r.call(200, "GET", directory+"roleAssignments", nil)
}
