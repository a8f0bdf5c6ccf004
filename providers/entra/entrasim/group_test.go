package entrasim

import (
	"slices"
	"testing"
)

func ref(id string) map[string]any {
	return map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + id}
}

// TestMembership: twice is an error in both directions, as in Graph.
func TestMembership(t *testing.T) {
	r := newRig(t, Options{})
	const members = "/groups/" + RestraintGroup + "/members"
	r.call(204, "POST", members+"/$ref", ref(Engineer))
	if got := r.call(400, "POST", members+"/$ref", ref(Engineer)); got.code() != "Request_BadRequest" ||
		got.message() != "One or more added object references already exist for the following modified properties: 'members'." {
		t.Errorf("twice: %s", got.raw)
	}
	if got := r.call(200, "GET", members, nil).values(); len(got) != 1 || got[0]["id"] != Engineer || got[0]["@odata.type"] != "#microsoft.graph.user" {
		t.Errorf("members %v", got)
	}
	x := r.Written()[0]
	if x.ActivityDisplayName != "Add member to group" || x.OperationType != "Assign" || x.TargetResources[0].Type != "User" || x.TargetResources[1].Type != "Group" ||
		*x.TargetResources[0].ModifiedProperties[0].NewValue != `"`+RestraintGroup+`"` {
		t.Errorf("record %+v", x)
	}
	r.call(204, "DELETE", members+"/"+Engineer+"/$ref", nil)
	r.call(404, "DELETE", members+"/"+Engineer+"/$ref", nil)
	for name, body := range map[string]any{
		"nobody":     ref(newGUID()),
		"no GUID":    ref("nonsense"),
		"no address": map[string]any{"@odata.id": Engineer},
		"nothing":    map[string]any{},
	} {
		if got, _ := r.try("POST", "/v1.0"+members+"/$ref", body); got.status != 404 && got.status != 400 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	r.call(400, "POST", "/groups/"+FinanceGroup+"/members/$ref", ref(Engineer)) // mastered on-premises
}

// TestRoleAssignableGroups need the permission that gives roles.
func TestRoleAssignableGroups(t *testing.T) {
	r := newRig(t, Options{})
	const members = "/groups/" + HelpDeskGroup + "/members"
	r.TakePermission(OwnApp, "RoleManagement.ReadWrite.Directory")
	r.call(403, "POST", members+"/$ref", ref(Engineer))
	r.call(403, "DELETE", members+"/"+HelpDesk+"/$ref", nil)
	r.GivePermission(OwnApp, "RoleManagement.ReadWrite.Directory")
	r.call(204, "POST", members+"/$ref", ref(Engineer))
	if got := r.RolesOf(Engineer); !slices.Contains(got, AuthenticationAdministrator) {
		t.Errorf("roles %v", got)
	}
	if _, err := r.JoinsGroup(OrgAdmin, Payroll, HelpDeskGroup); err == nil {
		t.Error("a user administrator changed a group that holds roles")
	}
	if _, err := r.JoinsGroup(OrgAdmin, Payroll, VPNGroup); err != nil {
		t.Error(err)
	}
}

// TestMemberOf: groups, roles, and groups through groups.
func TestMemberOf(t *testing.T) {
	c := SmallCompany()
	outer := Group{ID: newGUID(), Name: "Everything technical", Members: []string{VPNGroup}, Created: seedDate()}
	c.Groups = append(c.Groups, outer)
	r := newRig(t, Options{Company: c})
	names := func(path string) []string {
		var out []string
		for _, g := range r.call(200, "GET", path, nil).values() {
			out = append(out, g["displayName"].(string))
		}
		slices.Sort(out)
		return out
	}
	if got := names("/users/" + Engineer + "/memberOf?$select=id,displayName,isAssignableToRole"); !slices.Equal(got, []string{"VPN"}) {
		t.Errorf("direct: %v", got)
	}
	if got := names("/users/" + Engineer + "/transitiveMemberOf"); !slices.Equal(got, []string{"Everything technical", "VPN"}) {
		t.Errorf("transitive: %v", got)
	}
	if got := names("/users/" + ITLead + "/memberOf"); !slices.Equal(got, []string{"Global Administrator"}) {
		t.Errorf("roles: %v", got)
	}
}
