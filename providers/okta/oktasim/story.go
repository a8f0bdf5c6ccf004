package oktasim

import (
	"fmt"
	"slices"
)

// Told is what a story did: the System Log events it wrote, all under one
// transaction.
type Told struct {
	Transaction string  `json:"transaction"`
	Events      []Event `json:"events"`
}

// Denied says that a policy kept somebody from a step of a story.
type Denied struct {
	Person string
	Access Access
}

func (d *Denied) Error() string {
	return fmt.Sprintf("%s was denied by rule %s of policy %s", d.Person, d.Access.Rule, d.Access.Policy)
}

// telling is how a story is told.
type telling struct{ place, fails string }

// StoryOption changes how a story is told.
type StoryOption func(*telling)

// From sets the actor's place, by its name in Company.Places.
func From(place string) StoryOption { return func(t *telling) { t.place = place } }

// Failing makes the story change nothing and write its events with outcome
// FAILURE and the reason.
func Failing(reason string) StoryOption { return func(t *telling) { t.fails = reason } }

// act lets an actor do something to a subject on Okta's own pages. The actor
// needs the roles of n, unless n is something everybody may do to themselves,
// and must be able to get in: a working account, and a session or a policy that
// allows one.
func (s *Sim) act(actor, subject, uri string, n need, do func(*cause, *Person) error, opts []StoryOption) (Told, error) {
	var t telling
	for _, o := range opts {
		o(&t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, p := s.person(actor), s.person(subject)
	if a == nil {
		return Told{}, fmt.Errorf("story: there is no person %q", actor)
	}
	if p == nil {
		return Told{}, fmt.Errorf("story: there is no person %q", subject)
	}
	if _, ok := s.org.Places[t.place]; !ok && t.place != "" {
		return Told{}, fmt.Errorf("story: there is no place %q", t.place)
	}
	c := s.byPerson(a, t.place, uri)
	c.fails = t.fails
	var before Company
	if t.fails != "" {
		before = s.snapshot()
	}
	err := s.admit(c, a)
	if err == nil && !(n.self && a == p) {
		err = asError(s.mayDo(s.rolesOf(a), n))
	}
	if err == nil && a != p {
		err = asError(s.mayTouch(s.rolesOf(a), p))
	}
	if err == nil {
		err = do(c, p)
	}
	if t.fails != "" {
		s.org = before
	}
	if err != nil {
		return Told{Transaction: c.txn, Events: c.events}, fmt.Errorf("story: %s on %s: %w", actor, subject, err)
	}
	return Told{Transaction: c.txn, Events: c.events}, nil
}

// asError keeps a nil *Error from becoming a non-nil error.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

// admit lets a person onto Okta's pages: with a session they already are in.
func (s *Sim) admit(c *cause, p *Person) error {
	if !isOf(string(p.Status), "ACTIVE", "PROVISIONED", "RECOVERY", "PASSWORD_EXPIRED") {
		return errStatus()
	}
	if len(p.Sessions) > 0 {
		return nil
	}
	a := s.evaluate(p, func(x *Policy) bool { return x.Type == typeSignOn })
	if a.Access == "DENY" {
		s.emit(c, "policy.evaluate_sign_on", []Entity{personEntity(p)}, result("DENY"), reason("Sign-on policy evaluation resulted in DENY"))
		return &Denied{Person: p.ID, Access: a}
	}
	return nil
}

// HelpDeskResetsFactors removes all of the subject's factors, as the console's
// "Reset Multifactor" does.
func (s *Sim) HelpDeskResetsFactors(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/lifecycle/reset_factors"), deskNeed(), func(c *cause, p *Person) error {
		return asError(s.resetFactors(c, p))
	}, opts)
}

// RemovesFactor deletes one factor, of oneself or as an administrator.
func (s *Sim) RemovesFactor(actor, subject, factor string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/factors/"+factor), orSelf(deskNeed()), func(c *cause, p *Person) error {
		return asError(s.removeFactor(c, p, factor, false))
	}, opts)
}

// GrantsRole gives the subject a standard administrator role.
func (s *Sim) GrantsRole(actor, subject, role string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, "/api/internal/administrators/"+s.idOf(subject), need{write: true}, func(c *cause, p *Person) error {
		_, err := s.grantRole(c, p, role)
		return asError(err)
	}, opts)
}

// RevokesRole takes a standard role of the subject's own away.
func (s *Sim) RevokesRole(actor, subject, role string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, "/api/internal/administrators/"+s.idOf(subject), need{write: true}, func(c *cause, p *Person) error {
		i := slices.IndexFunc(p.Roles, func(r Role) bool { return r.Type == role })
		if i < 0 {
			return errNotFound(role, "RoleAssignment")
		}
		return asError(s.revokeRole(c, p, p.Roles[i].ID))
	}, opts)
}

// GrantsGroupRole gives a group, and so its members, an administrator role.
func (s *Sim) GrantsGroupRole(actor, group, role string, opts ...StoryOption) (Told, error) {
	return s.act(actor, actor, "/api/internal/administrators/groups/"+group, need{write: true}, func(c *cause, _ *Person) error {
		g := s.group(group)
		if g == nil {
			return errNotFound(group, "UserGroup")
		}
		_, err := s.grantGroupRole(c, g, role)
		return asError(err)
	}, opts)
}

// JoinsGroup puts the subject into a group.
func (s *Sim) JoinsGroup(actor, subject, group string, opts ...StoryOption) (Told, error) {
	return s.membership(actor, subject, group, s.addMember, opts)
}

// LeavesGroup takes the subject out of a group.
func (s *Sim) LeavesGroup(actor, subject, group string, opts ...StoryOption) (Told, error) {
	return s.membership(actor, subject, group, s.removeMember, opts)
}

func (s *Sim) membership(actor, subject, group string, do func(*cause, *Group, *Person) (bool, *Error), opts []StoryOption) (Told, error) {
	n := need{write: true, roles: []string{"ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"}}
	return s.act(actor, subject, "/api/v1/groups/"+group+"/users/"+s.idOf(subject), n, func(c *cause, p *Person) error {
		g := s.group(group)
		if g == nil {
			return errNotFound(group, "UserGroup")
		}
		_, err := do(c, g, p)
		return asError(err)
	}, opts)
}

// ChangesRecoveryEmail sets the subject's secondary e-mail, by themselves or
// by an administrator.
func (s *Sim) ChangesRecoveryEmail(actor, subject, email string, opts ...StoryOption) (Told, error) {
	return s.changes(actor, subject, map[string]any{"secondEmail": email}, opts)
}

// ChangesProfile sets profile attributes, by the subject or an administrator.
func (s *Sim) ChangesProfile(actor, subject string, set map[string]any, opts ...StoryOption) (Told, error) {
	return s.changes(actor, subject, set, opts)
}

func (s *Sim) changes(actor, subject string, set map[string]any, opts []StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, ""), orSelf(peopleNeed()), func(c *cause, p *Person) error {
		return asError(s.updateProfile(c, p, set))
	}, opts)
}

// AdminResetsPassword sends the subject to RECOVERY.
func (s *Sim) AdminResetsPassword(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/lifecycle/reset_password"), deskNeed(), func(c *cause, p *Person) error {
		return asError(s.resetPassword(c, p, false))
	}, opts)
}

// AdminExpiresPassword gives the subject a temporary password; hooks never
// hear of it.
func (s *Sim) AdminExpiresPassword(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/lifecycle/expire_password_with_temp_password"), deskNeed(), func(c *cause, p *Person) error {
		return asError(s.expirePassword(c, p, false))
	}, opts)
}

// Suspends suspends an ACTIVE subject.
func (s *Sim) Suspends(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/lifecycle/suspend"), peopleNeed(), func(c *cause, p *Person) error {
		return asError(s.suspend(c, p))
	}, opts)
}

// Unsuspends lifts a suspension.
func (s *Sim) Unsuspends(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, s.uri(subject, "/lifecycle/unsuspend"), peopleNeed(), func(c *cause, p *Person) error {
		return asError(s.unsuspend(c, p))
	}, opts)
}

func deskNeed() need {
	return need{write: true, roles: []string{"ORG_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN"}}
}

func peopleNeed() need { return need{write: true, roles: []string{"ORG_ADMIN", "USER_ADMIN"}} }

func orSelf(n need) need {
	n.self = true
	return n
}

func (s *Sim) idOf(person string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.person(person); p != nil {
		return p.ID
	}
	return person
}

func (s *Sim) uri(person, rest string) string { return "/api/v1/users/" + s.idOf(person) + rest }
