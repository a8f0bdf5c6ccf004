package entra

import (
	"slices"
	"strings"
	"testing"
	"time"

	sdkmodels "github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/countersign/countersign/holds"
)

const (
	globalAdmin  = "62e90394-69f5-4237-9190-012177145e10"
	globalReader = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
)

// coreRole is a role as Core Directory tells it: among the properties of the
// account.
func coreRole(old, now string) string {
	return `{"id":"` + ingrid + `","type":"User","userPrincipalName":"ingrid@nordwind.example","modifiedProperties":[` +
		`{"displayName":"Role.ObjectID","oldValue":null,"newValue":"\"99999999-1111-4111-8111-111111111111\""},` +
		`{"displayName":"Role.DisplayName","oldValue":` + old + `,"newValue":` + now + `},` +
		`{"displayName":"Role.TemplateId","oldValue":` + strings.ReplaceAll(old, "Global Administrator", globalAdmin) + `,"newValue":` + strings.ReplaceAll(now, "Global Administrator", globalAdmin) + `},` +
		`{"displayName":"Role.WellKnownObjectName","oldValue":null,"newValue":"\"TenantAdmins\""}]}`
}

// pimRecord is what Privileged Identity Management writes: nine targets, the
// account somewhere among them, the template among the details.
func pimRecord(activity, template, role string) string {
	raw := audited("PIM_"+finance+"_AAAAA_1", activity,
		`{"id":"`+finance+`","displayName":"`+role+`","type":"Role","modifiedProperties":[{"displayName":"RoleDefinitionOriginId","oldValue":"\"\"","newValue":"\"`+template+`\""}]}`,
		`{"id":"5e3cb481-2814-4295-b4cc-2440a6d66c86","type":"Request"}`, `{"id":"`+ingrid+`","displayName":"Ingrid Solberg","type":"User"}`,
		`{"id":"`+nobody+`","displayName":"Nordwind","type":"Directory"}`, `{"id":"5e3cb481-2814-4295-b4cc-2440a6d66c87","type":"Other"}`)
	raw = strings.Replace(raw, "Core Directory", "PIM", 1)
	return strings.Replace(raw, `{"key":"User-Agent","value":"test"}`, `{"key":"TemplateId","value":"`+template+`"},{"key":"Justification","value":"test"},{"key":"ipaddr","value":"192.0.2.1"}`, 1)
}

// C16: request, approval, activation, its twin in the directory, expiry; eligible,
// permanent and outside assignments. One of them hands out the role.
func TestC16RolesComeThroughTheirDoors(t *testing.T) {
	pim := `"initiatedBy":{"user":null,"app":{"appId":null,"displayName":"MS-PIM","servicePrincipalId":"` + pimSP + `"}}`
	twin := by(pim)
	twin = strings.Replace(strings.Replace(twin, "Reset user password", "Add member to role", 1), person(ingrid, "", "", ""), coreRole("null", `"\"Global Administrator\""`), 1)
	for name, c := range map[string]struct {
		raw     string
		class   holds.Class
		verb    holds.Verb
		way     holds.Way
		rank    holds.Rank
		outcome holds.Outcome
		actor   holds.PartyKind
	}{
		"requested":        {pimRecord("Add member to role requested (PIM activation)", globalReader, "Global Reader"), holds.RoleActivation, holds.Other, holds.WayActivation, holds.RankPrivileged, holds.Failed, holds.PartyPerson},
		"asked to approve": {pimRecord("Add member to role approval requested (PIM activation)", globalAdmin, "x"), holds.RoleActivation, holds.Other, holds.WayActivation, holds.RankTop, holds.Failed, holds.PartyPerson},
		"approved":         {pimRecord("Add member to role request approved (PIM activation)", globalAdmin, "x"), holds.RoleActivation, holds.Other, holds.WayActivation, holds.RankTop, holds.Failed, holds.PartyPerson},
		"denied":           {pimRecord("Add member to role request denied (PIM activation)", globalAdmin, "x"), holds.RoleActivation, holds.Other, holds.WayActivation, holds.RankTop, holds.Failed, holds.PartyPerson},
		"expired unasked":  {pimRecord("PIM activation request expired", globalAdmin, "x"), holds.RoleActivation, holds.Other, holds.WayActivation, holds.RankTop, holds.Failed, holds.PartyPerson},
		"activated":        {pimRecord("Add member to role completed (PIM activation)", globalAdmin, "x"), holds.RoleActivation, holds.Grant, holds.WayActivation, holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"its twin":         {twin, holds.RoleActivation, holds.Grant, holds.WayActivation, holds.RankTop, holds.Succeeded, holds.PartyPlatform},
		"eligible":         {pimRecord("Add eligible member to role in PIM completed (timebound)", globalAdmin, "x"), holds.RoleActivation, holds.Grant, holds.WayEligibility, holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"assigned in PIM":  {pimRecord("Add member to role in PIM completed (permanent)", globalAdmin, "x"), holds.RoleActivation, holds.Grant, holds.WayOutside, holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"outside of PIM":   {pimRecord("Add member to role outside of PIM (permanent)", globalAdmin, "x"), holds.RoleActivation, holds.Grant, holds.WayOutside, holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"outside, by PIM":  {strings.Replace(pimRecord("Add member to role outside of PIM (permanent)", globalAdmin, "x"), `"id":"`+tess+`","displayName":null,"userPrincipalName":"tess@nordwind.example"`, `"id":"`+finance+`","displayName":"Azure AD PIM","userPrincipalName":null`, 1), holds.RoleActivation, holds.Grant, holds.WayOutside, holds.RankTop, holds.Succeeded, holds.PartyPlatform},
		"direct":           {audited("Directory_"+ingrid+"_A_1", "Add member to role", coreRole("null", `"\"Global Administrator\""`)), holds.RoleActivation, holds.Grant, holds.WayOutside, holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"extended":         {pimRecord("Update member in PIM approved by admin (extend/renew)", globalAdmin, "x"), holds.RoleActivation, holds.Grant, "", holds.RankTop, holds.Succeeded, holds.PartyPerson},
		"a custom role":    {pimRecord("Add member to role completed (PIM activation)", finance, "Our own"), holds.RoleActivation, holds.Grant, holds.WayActivation, "", holds.Succeeded, holds.PartyPerson},
		"an ordinary role": {pimRecord("Add member to role completed (PIM activation)", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"), holds.RoleActivation, holds.Grant, holds.WayActivation, holds.RankOrdinary, holds.Succeeded, holds.PartyPerson},
		"run out":          {pimRecord("Remove member from role (PIM activation expired)", globalAdmin, "x"), holds.None, holds.Revoke, "", "", holds.Succeeded, holds.PartyPerson},
		"run out, twin":    {audited("Directory_"+ingrid+"_A_1", "Remove member from role", coreRole(`"\"Global Administrator\""`, "null")), holds.None, holds.Revoke, "", "", holds.Succeeded, holds.PartyPerson},
		"unified":          {unifiedRecord("Add member to role.", `{"Name":"Role.TemplateId","NewValue":"`+globalAdmin+`","OldValue":""},{"Name":"Role.DisplayName","NewValue":"Company Administrator","OldValue":""}`), holds.RoleActivation, holds.Grant, holds.WayOutside, holds.RankTop, holds.Succeeded, holds.PartyPerson},
	} {
		e := one(t, c.raw)
		if e.Class != c.class || e.Verb != c.verb || e.Way != c.way || e.Rank != c.rank || e.Outcome != c.outcome || e.Actor.Kind != c.actor {
			t.Errorf("%s: %s %s, way %q, rank %q, outcome %s, by %s; doubts %q", name, e.Class, e.Verb, e.Way, e.Rank, e.Outcome, e.Actor.Kind, e.Doubts)
		}
		if len(e.Subjects) != 1 || e.Subjects[0].ID != ingrid || e.Role.ID == "" {
			t.Errorf("%s: subjects %v, role %+v", name, e.Subjects, e.Role)
		}
		if c.class == holds.None && e.Echo != holds.RemoveRole {
			t.Errorf("%s is no echo of removing a role: %q", name, e.Echo)
		}
	}
	if e := one(t, coreAdd()); e.Role.ID != globalAdmin || e.Role.Name != "Global Administrator" {
		t.Errorf("the role is told by its template, not by its object: %+v", e.Role)
	}
}

func coreAdd() string {
	return audited("Directory_"+ingrid+"_A_1", "Add member to role", coreRole("null", `"\"Global Administrator\""`))
}

func TestC16GroupsThroughPIMAndElevation(t *testing.T) {
	raw := strings.Replace(pimRecord("Add member to role completed (PIM activation)", finance, "Member"), `"category":"UserManagement"`, `"category":"GroupManagement"`, 1)
	raw = strings.Replace(raw, `"displayName":"Nordwind","type":"Directory"`, `"displayName":"Cloud admins","type":"Group"`, 1)
	raw = strings.Replace(raw, `"id":"`+nobody+`"`, `"id":"`+finance+`"`, 1)
	if e := one(t, raw); e.Rank != "" || e.Role.Name != "Member of group Cloud admins" || len(e.Objects) == 0 {
		t.Errorf("a group's membership: rank %q, role %+v, %v", e.Rank, e.Role, e.Objects)
	}
	raw = strings.Replace(audited("Directory_"+ingrid+"_A_1", "User has elevated their access to User Access Administrator for their Azure Resources"), `"result":"success",`, ``, 1)
	e := one(t, raw)
	if e.Rank != holds.RankTop || e.Role.ID != userAccessAdministrator || len(e.Subjects) != 1 || e.Subjects[0].ID != tess || e.Outcome != holds.Unknown {
		t.Errorf("elevation: %+v", e)
	}
	e = one(t, audited("Directory_"+ingrid+"_A_1", "Add member to role", `{"id":"`+finance+`","type":"ServicePrincipal","displayName":"Robot","modifiedProperties":[{"displayName":"Role.TemplateId","oldValue":null,"newValue":"\"`+globalAdmin+`\""}]}`))
	if e.Rank != holds.RankTop || len(e.Subjects) != 0 || len(e.Objects) != 1 || len(e.Doubts) == 0 {
		t.Errorf("a role for an application: %+v", e)
	}
	e = one(t, audited("PIM_"+ingrid+"_A_1", "Update role setting in PIM", `{"id":"`+globalAdmin+`","type":"Role","displayName":"Global Administrator"}`))
	if e.Class != holds.RoleActivation || e.Verb != holds.Update || len(e.Subjects) != 0 || e.Outcome != holds.Succeeded {
		t.Errorf("the rules of a role: %+v", e)
	}
}

// Every rank must be one by some role, and no role of two ranks.
func TestRanks(t *testing.T) {
	for id, want := range map[string]holds.Rank{
		globalAdmin: holds.RankTop, "e8611ab8-c189-46e8-94e1-60213ab1f814": holds.RankTop, "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": holds.RankTop,
		"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": holds.RankTop, "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": holds.RankTop,
		"729827e3-9c14-49f7-bb1b-9608f156bbb8": holds.RankPrivileged, "29232cdf-9323-42fd-ade2-1d097af3e4de": holds.RankPrivileged, globalReader: holds.RankPrivileged,
		"4a5d8f65-41da-4de4-8968-e035b65339cf": holds.RankOrdinary, "acdd72a7-3385-48ef-bd42-f606fba81ae7": holds.RankOrdinary,
		"": "", finance: "", "Global Administrator": "",
	} {
		if got := rankOf(id); got != want {
			t.Errorf("%s has rank %q, not %q", id, got, want)
		}
		if privileged(id) && ordinary(id) {
			t.Errorf("%s has two ranks", id)
		}
	}
}

// The platform's other services grant nobody a role: what goes by the name of one
// is no activation. Of several roles the furthest decides, and it may not be the
// one that is shown.
func TestC16OnlyPIMActivatesRoles(t *testing.T) {
	core := strings.ReplaceAll(coreAdd(), globalAdmin, globalReader)
	for name, want := range map[string]holds.Way{"MS-PIM": holds.WayActivation, "Azure AD PIM": holds.WayActivation, "Device Registration Service": holds.WayOutside} {
		raw := replaceActor(core, `{"user":null,"app":{"appId":null,"displayName":"`+name+`","servicePrincipalId":null}}`)
		if e := one(t, raw); e.Way != want || e.Actor.Kind != holds.PartyPlatform {
			t.Errorf("%s: way %q by %s", name, e.Way, e.Actor.Kind)
		}
	}
	raw := strings.Replace(pimRecord("Add member to role completed (PIM activation)", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
		`{"id":"`+ingrid+`"`, `{"id":"`+globalAdmin+`","type":"Role","displayName":"Global Administrator"},{"id":"`+ingrid+`"`, 1)
	if e := one(t, raw); e.Rank == holds.RankOrdinary || len(e.Doubts) == 0 {
		t.Errorf("two roles: rank %q, doubts %q", e.Rank, e.Doubts)
	}
}

// replaceActor puts another actor into a record.
func replaceActor(raw, actor string) string {
	before, rest, _ := strings.Cut(raw, `"initiatedBy":`)
	_, after, _ := strings.Cut(rest, `,"targetResources"`)
	return before + `"initiatedBy":` + actor + `,"targetResources"` + after
}

// A permanent assignment that was made while the same role was activated must be
// seen, or nothing of it is taken back and it outlives the activation.
func TestC16APermanentAssignmentBesideAnActivation(t *testing.T) {
	direct := sdkmodels.NewUnifiedRoleAssignment()
	activated, permanent := sdkmodels.NewUnifiedRoleAssignmentScheduleInstance(), sdkmodels.NewUnifiedRoleAssignmentScheduleInstance()
	const origin = "lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1"
	end := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	direct.SetId(ptr(origin))
	activated.SetAssignmentType(ptr("Activated"))
	activated.SetEndDateTime(&end)
	permanent.SetAssignmentType(ptr("Assigned"))
	for _, a := range []interface {
		SetRoleDefinitionId(*string)
		SetDirectoryScopeId(*string)
	}{direct, activated, permanent} {
		a.SetRoleDefinitionId(ptr(globalAdmin))
		a.SetDirectoryScopeId(ptr("/"))
	}
	activated.SetRoleAssignmentOriginId(ptr(origin))
	permanent.SetRoleAssignmentOriginId(ptr(origin))
	for name, c := range map[string]struct {
		active []sdkmodels.UnifiedRoleAssignmentScheduleInstanceable
		want   []string
	}{
		"activated alone": {[]sdkmodels.UnifiedRoleAssignmentScheduleInstanceable{activated}, []string{activeRole + globalAdmin + "|/"}},
		"permanent alone": {[]sdkmodels.UnifiedRoleAssignmentScheduleInstanceable{permanent}, []string{assignedRole + origin}},
		"both":            {[]sdkmodels.UnifiedRoleAssignmentScheduleInstanceable{activated, permanent}, []string{activeRole + globalAdmin + "|/", assignedRole + origin}},
	} {
		roles, err := merged([]sdkmodels.UnifiedRoleAssignmentable{direct}, c.active, nil, false)
		var got []string
		for _, r := range roles {
			got = append(got, r.ID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
