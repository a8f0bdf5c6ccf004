package entra

import (
	"cmp"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// roleOf fills in which role, how far it reaches and through which door it came.
// Core Directory tells the role as properties of the account, Privileged Identity
// Management as a target of its own with the template's id among the details. A
// role that is taken away stands in the old values.
func roleOf(e *holds.Event, r *record, k kind) {
	id := cmp.Or(guid(r.detail("TemplateId")), guid(r.changed("Role.TemplateId")), guid(r.changed("TemplateId")))
	name := providers.Plain(cmp.Or(r.changed("Role.DisplayName"), r.detail("RoleName")), most)
	targets := r.of("Role", "RoleDefinition")
	if len(targets) > 0 {
		id, name = cmp.Or(id, targets[0].id), cmp.Or(name, targets[0].name)
	}
	if id == "" {
		id = cmp.Or(guid(r.detail("RoleDefinitionOriginId")), guid(r.changed("RoleDefinition.ObjectID")))
	}
	e.Role = holds.Object{Type: "Role", ID: id, Name: name}
	if id == "" && name == "" {
		e.Role = holds.Object{}
	}
	if e.Class != holds.RoleActivation {
		return
	}
	e.Rank = rankOf(id)
	if distinct(targets) > 1 {
		r.doubt("The record names several roles; the first is shown.")
		if e.Rank != holds.RankTop {
			e.Rank = "" // another may reach further
		}
	}
	elevation(e, r)
	if isPIM(e.Actor) && e.Way == holds.WayOutside && !strings.Contains(strings.ToLower(r.activity), "pim") {
		// What Privileged Identity Management writes into the directory for an
		// activation that it has completed. Its own records name their door.
		e.Way = holds.WayActivation
	}
	if !k.wide && e.Way == holds.WayActivation && len(e.Subjects) == 0 {
		self(e)
	}
	groupRole(e, r)
}

// isPIM tells Privileged Identity Management from the platform's other services,
// which grant nobody a role.
func isPIM(p holds.Party) bool {
	named := strings.EqualFold(p.Name, "MS-PIM") || strings.EqualFold(p.Name, "Azure AD PIM")
	return p.Kind == holds.PartyPlatform && (named || p.Credential == pimApp)
}

// elevation is a global administrator taking access to every subscription of
// Azure: the role is told by the activity's name alone, and taken for oneself.
//
// See https://learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin.
func elevation(e *holds.Event, r *record) {
	if n := strings.ToLower(r.activity); !strings.Contains(n, "elevated their access") && !strings.Contains(n, "elevateaccess") {
		return
	}
	e.Role, e.Rank = holds.Object{Type: "Role", ID: userAccessAdministrator, Name: "User Access Administrator"}, holds.RankTop
	self(e)
}

// groupRole is membership or ownership of a group through Privileged Identity
// Management. What the group may do the record does not say, so its rank stays
// unknown.
func groupRole(e *holds.Event, r *record) {
	if g := r.of("Group"); len(g) > 0 && strings.EqualFold(r.category, "GroupManagement") && g[0].name != "" {
		e.Role.Name = strings.TrimSpace(e.Role.Name + " of group " + g[0].name)
		e.Rank = ""
	}
}

func distinct(list []target) int {
	seen := map[string]bool{}
	for _, t := range list {
		seen[t.id+"\x00"+t.name] = true
	}
	return len(seen)
}
