package entrasim

import "slices"

func (g *Group) wire() map[string]any {
	var synced any
	if g.Synced {
		synced = true
	}
	return map[string]any{
		"id": g.ID, "displayName": g.Name, "description": g.Description, "createdDateTime": stamp(g.Created), "renewedDateTime": stamp(g.Created),
		"groupTypes": []string{}, "isAssignableToRole": g.RoleAssignable, "mailEnabled": false, "mailNickname": "00000000-0", "mail": nil,
		"securityEnabled": true, "onPremisesSyncEnabled": synced, "membershipRule": nil, "membershipRuleProcessingState": nil,
		"visibility": nil, "proxyAddresses": []string{}, "deletedDateTime": nil, "classification": nil, "expirationDateTime": nil,
		"securityIdentifier": nil,
	}
}

// object renders whatever has the id, as a directoryObject with its type.
func (s *Sim) object(id string) map[string]any {
	typed := func(kind string, m map[string]any) map[string]any {
		m["@odata.type"] = "#microsoft.graph." + kind
		return m
	}
	if p := s.person(id); p != nil {
		return typed("user", p.wire())
	}
	if g := s.group(id); g != nil {
		return typed("group", g.wire())
	}
	if d := s.device(id); d != nil {
		return typed("device", d.wire())
	}
	if p := s.principal(id); p != nil {
		return typed("servicePrincipal", p.wire())
	}
	return nil
}

// target renders whatever has the id for an audit record.
func (s *Sim) target(id string, modified ...Modified) (Target, bool) {
	if p := s.person(id); p != nil {
		return personTarget(p, modified...), true
	}
	if d := s.device(id); d != nil {
		return deviceTarget(d, modified...), true
	}
	if p := s.principal(id); p != nil {
		return principalTarget(p, modified...), true
	}
	if g := s.group(id); g != nil {
		t := groupTarget(g)
		t.DisplayName, t.ModifiedProperties = some(g.Name), modified
		return t, true
	}
	return Target{}, false
}

// addMember puts an object into a group. Being there already is an error, as
// in Graph. See https://learn.microsoft.com/graph/api/group-post-members.
func (s *Sim) addMember(c *cause, g *Group, id string) *Error {
	target, ok := s.target(id,
		changed("Group.ObjectID", nil, g.ID), changed("Group.DisplayName", nil, g.Name), raw("Group.WellKnownObjectName", nil, nil))
	switch {
	case !ok:
		return errNotFound(id)
	case g.Synced:
		return errMastered()
	case slices.Contains(g.Members, id):
		return errBadRequest("One or more added object references already exist for the following modified properties: 'members'.")
	}
	g.Members = append(g.Members, id)
	s.emit(c, activity{
		service: coreDirectory, category: "GroupManagement", name: "Add member to group", operation: "Assign",
		targets: []Target{target, groupTarget(g)},
	})
	s.touchGroup(c, g)
	return nil
}

// removeMember takes an object out of a group.
func (s *Sim) removeMember(c *cause, g *Group, id string) *Error {
	target, ok := s.target(id,
		changed("Group.ObjectID", g.ID, nil), changed("Group.DisplayName", g.Name, nil), raw("Group.WellKnownObjectName", nil, nil))
	switch {
	case !ok || !slices.Contains(g.Members, id):
		return errNotFound(id)
	case g.Synced:
		return errMastered()
	}
	g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == id })
	s.emit(c, activity{
		service: coreDirectory, category: "GroupManagement", name: "Remove member from group", operation: "Unassign",
		targets: []Target{target, groupTarget(g)},
	})
	s.touchGroup(c, g)
	return nil
}

func (s *Sim) touchGroup(c *cause, g *Group) {
	if c.fails == "" {
		s.notify("groups", "Groups", "Group", g.ID)
	}
}

// groupsOf lists the groups an object is a member of; through others too when
// asked for.
func (s *Sim) groupsOf(id string, transitive bool) []*Group {
	var out []*Group
	for i := range s.org.Groups {
		if g := &s.org.Groups[i]; slices.Contains(g.Members, id) {
			out = append(out, g)
		}
	}
	for i := 0; transitive && i < len(out); i++ {
		for _, above := range s.groupsOf(out[i].ID, false) {
			if !slices.Contains(out, above) {
				out = append(out, above)
			}
		}
	}
	return out
}
