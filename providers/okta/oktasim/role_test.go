package oktasim

import (
	"slices"
	"testing"
)

// TestGrantNamesRoleAndListsAllPrivileges: the new role is a target;
// privilegeGranted lists everything the person has, and is not the change.
func TestGrantNamesRoleAndListsAllPrivileges(t *testing.T) {
	r := newRig(t, Options{})
	told, err := r.GrantsRole(ITLead, OrgAdmin, "HELP_DESK_ADMIN")
	if err != nil {
		t.Fatal(err)
	}
	e := told.Events[0]
	var kinds []string
	for _, x := range e.Target {
		kinds = append(kinds, x.Type)
	}
	if !slices.Equal(kinds, []string{"User", "ROLE", "ROLE_ASSIGNED"}) || e.Target[1].DisplayName != "Help Desk Administrator" {
		t.Errorf("targets %+v", e.Target)
	}
	if got := e.DebugContext.DebugData["privilegeGranted"]; got != "Organization administrator, Read only admin, Help Desk Administrator" {
		t.Errorf("privilegeGranted %q", got)
	}
}

// TestTakingOneOfTwoRolesWritesAGrant follows the catalogue: "grant" says that
// privileges changed, "revoke" that none are left.
func TestTakingOneOfTwoRolesWritesAGrant(t *testing.T) {
	r := newRig(t, Options{})
	told, err := r.RevokesRole(ITLead, OrgAdmin, "READ_ONLY_ADMIN")
	if err != nil {
		t.Fatal(err)
	}
	e := told.Events[0]
	if e.EventType != "user.account.privilege.grant" || len(e.Target) != 1 || e.DebugContext.DebugData["privilegeGranted"] != "Organization administrator" {
		t.Errorf("first removal: %s %+v %v", e.EventType, e.Target, e.DebugContext.DebugData)
	}
	if told, err = r.RevokesRole(ITLead, OrgAdmin, "ORG_ADMIN"); err != nil || told.Events[0].EventType != "user.account.privilege.revoke" {
		t.Errorf("second removal: %+v, %v", told.Events, err)
	}
}

func TestRolesByAPI(t *testing.T) {
	r := newRig(t, Options{})
	roles := func(person string) (out []struct{ ID, Type, AssignmentType string }) {
		r.call(200, "GET", "/api/v1/users/"+person+"/roles", nil).decode(t, &out)
		return out
	}
	t.Run("a role through a group is GROUP and cannot be taken from the person", func(t *testing.T) {
		got := roles(HelpDesk)
		if len(got) != 1 || got[0].AssignmentType != "GROUP" {
			t.Fatalf("roles %v", got)
		}
		r.call(403, "DELETE", "/api/v1/users/"+HelpDesk+"/roles/"+got[0].ID, nil)
		r.call(204, "DELETE", "/api/v1/groups/"+HelpDeskGroup+"/users/"+HelpDesk, nil)
		if got := roles(HelpDesk); len(got) != 0 {
			t.Errorf("after leaving the group: %v", got)
		}
		if got := r.last(2); !slices.Equal(got, []string{"group.user_membership.remove", "user.account.privilege.revoke"}) {
			t.Errorf("events %v", got)
		}
	})
	t.Run("grant twice, unknown role, unknown assignment", func(t *testing.T) {
		path := "/api/v1/users/" + Engineer + "/roles"
		r.call(201, "POST", path, map[string]any{"type": "SUPER_ADMIN"})
		if got := r.call(409, "POST", path, map[string]any{"type": "SUPER_ADMIN"}).code(); got != "E0000090" {
			t.Errorf("code %s", got)
		}
		r.call(400, "POST", path, map[string]any{"type": "KING"})
		r.call(400, "POST", path, nil)
		r.call(404, "DELETE", path+"/none", nil)
		r.call(204, "DELETE", path+"/"+roles(Engineer)[0].ID, nil)
	})
	t.Run("a group's role reaches its members", func(t *testing.T) {
		var made struct{ ID string }
		r.call(201, "POST", "/api/v1/groups/"+FinanceGroup+"/roles", map[string]any{"type": "REPORT_ADMIN"}).decode(t, &made)
		if got := r.last(3); !slices.Equal(got, []string{"group.privilege.grant", "user.account.privilege.grant", "user.account.privilege.grant"}) {
			t.Errorf("events %v", got)
		}
		if got := roles(Payroll); len(got) != 1 || got[0].ID != made.ID {
			t.Errorf("roles %v", got)
		}
		r.call(204, "DELETE", "/api/v1/groups/"+FinanceGroup+"/roles/"+made.ID, nil)
		if got := r.last(3); !slices.Equal(got, []string{"group.privilege.revoke", "user.account.privilege.revoke", "user.account.privilege.revoke"}) {
			t.Errorf("events %v", got)
		}
	})
}

// TestMembership: idempotent, in any status, and the event's targets come in
// either order.
func TestMembership(t *testing.T) {
	r := newRig(t, Options{})
	if _, err := r.AdminResetsPassword(HelpDesk, Engineer); err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/groups/" + RestraintGroup + "/users/" + Engineer
	for range 2 {
		r.call(204, "PUT", path, nil)
	}
	for range 2 {
		r.call(204, "DELETE", path, nil)
	}
	if got := r.last(3); !slices.Equal(got, []string{"user.account.reset_password", "group.user_membership.add", "group.user_membership.remove"}) {
		t.Fatalf("events %v", got)
	}
	log := r.Log()
	if log[1].Target[0].Type != "User" || log[2].Target[0].Type != "UserGroup" {
		t.Errorf("targets %v and %v", log[1].Target, log[2].Target)
	}
	effects := r.Effects()
	if len(effects) != 2 || effects[0].Applied != 2 || effects[0].Changed != 1 || effects[0].Subject != Engineer {
		t.Errorf("effects %+v", effects)
	}
	r.call(403, "PUT", "/api/v1/groups/"+EveryoneGroup+"/users/"+Engineer, nil)
	r.call(404, "PUT", "/api/v1/groups/none/users/"+Engineer, nil)
}
