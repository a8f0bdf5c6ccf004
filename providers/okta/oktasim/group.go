package oktasim

import "slices"

// addMember puts a person into a group, in any status. Adding a member again
// changes nothing and writes nothing. The built-in group is Okta's own.
func (s *Sim) addMember(c *cause, g *Group, p *Person) (bool, *Error) {
	if g.Type == "BUILT_IN" {
		return false, errForbidden()
	}
	if slices.Contains(g.Members, p.ID) {
		return false, nil
	}
	g.Members = append(g.Members, p.ID)
	g.Changed = s.now()
	s.emit(c, "group.user_membership.add", []Entity{personEntity(p), groupEntity(g)})
	if len(g.Roles) > 0 {
		s.privilegeChange(c, p)
	}
	return true, nil
}

// removeMember takes a person out of a group. The event names group and person
// in the other order than addMember does: Okta promises no order.
func (s *Sim) removeMember(c *cause, g *Group, p *Person) (bool, *Error) {
	if g.Type == "BUILT_IN" {
		return false, errForbidden()
	}
	i := slices.Index(g.Members, p.ID)
	if i < 0 {
		return false, nil
	}
	g.Members = slices.Delete(g.Members, i, i+1)
	g.Changed = s.now()
	s.emit(c, "group.user_membership.remove", []Entity{groupEntity(g), personEntity(p)})
	if len(g.Roles) > 0 {
		s.privilegeChange(c, p)
	}
	return true, nil
}
