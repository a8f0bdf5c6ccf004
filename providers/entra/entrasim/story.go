package entrasim

import (
	"errors"
	"fmt"
	"slices"
)

// Told is what a story did: the audit records it wrote, in the order in which
// they were written, and the id of the role request it made or decided.
type Told struct {
	Records []Record `json:"records"`
	Request string   `json:"request,omitempty"`
	Made    string   `json:"made,omitempty"` // id of the object it made, such as a device or a secret
}

// telling is how a story is told.
type telling struct{ place, fails string }

// StoryOption changes how a story is told.
type StoryOption func(*telling)

// From sets the actor's place, by its name in Company.Places.
func From(place string) StoryOption { return func(t *telling) { t.place = place } }

// Failing makes the story change nothing and write its records with result
// failure and the reason.
func Failing(reason string) StoryOption { return func(t *telling) { t.fails = reason } }

// scene is a story while it is told.
type scene struct {
	*cause
	actor, subject *Person
	told           Told
}

// anybody says that a story needs no role.
func anybody() []string { return []string{"*"} }

// act lets an actor do something, to a subject when there is one, on
// Microsoft's own pages. The actor needs one of the roles, unless the story is
// open to anybody or to everybody about themselves (self), and must be able to
// get in: an account that is enabled, and a session or policies that allow one.
func (s *Sim) act(actor, subject string, roles []string, self bool, opts []StoryOption, do func(*scene) error) (Told, error) {
	var t telling
	for _, o := range opts {
		o(&t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	x := &scene{actor: s.person(actor)}
	if x.actor == nil {
		return Told{}, fmt.Errorf("story: there is no person %q", actor)
	}
	if subject != "" {
		if x.subject = s.person(subject); x.subject == nil {
			return Told{}, fmt.Errorf("story: there is no person %q", subject)
		}
	}
	if _, ok := s.org.Places[t.place]; !ok && t.place != "" {
		return Told{}, fmt.Errorf("story: there is no place %q", t.place)
	}
	before, who := s.snapshotFor(t), x.actor.UPN
	x.cause = s.byPerson(x.actor, t.place)
	x.fails = t.fails
	err := s.admit(x.actor)
	if err == nil {
		err = s.mayAct(x, roles, self)
	}
	if err == nil {
		err = do(x)
	}
	if t.fails != "" {
		s.org = before
	}
	x.told.Records = x.records
	var denied *Denied
	if err != nil && !errors.As(err, &denied) {
		err = fmt.Errorf("story: %s: %w", who, err)
	}
	return x.told, err
}

// snapshotFor keeps the tenant for a story that must change nothing.
func (s *Sim) snapshotFor(t telling) Company {
	if t.fails == "" {
		return Company{}
	}
	return s.snapshot()
}

// mayAct checks the actor's roles, and that a lesser administrator does not
// touch one who rules.
func (s *Sim) mayAct(x *scene, roles []string, self bool) error {
	if self && x.actor == x.subject || slices.Contains(roles, "*") {
		return nil
	}
	mine := s.rolesOf(x.actor.ID)
	if !slices.Contains(mine, GlobalAdministrator) && !slices.ContainsFunc(mine, func(r string) bool { return slices.Contains(roles, r) }) {
		return errDenied()
	}
	if x.subject != nil && x.actor != x.subject && !s.mayTouch(mine, x.subject) {
		return errDenied()
	}
	return nil
}

// asError keeps a nil *Error from becoming a non-nil error.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

// admit lets a person onto Microsoft's pages: with a session they already are in.
func (s *Sim) admit(p *Person) error {
	if p.Enabled && len(p.Sessions) > 0 {
		return nil
	}
	if a := s.decide(p, ""); a.Access == "DENY" {
		return &Denied{Person: p.ID, Access: a}
	}
	return nil
}

// desk are the roles that look after other people's methods and passwords.
func desk() []string {
	return []string{AuthenticationAdministrator, PrivilegedAuthenticationAdministrator, HelpdeskAdministrator, UserAdministrator}
}

// SignsIn opens a session, unless the account or Conditional Access forbids it.
// Sign-ins are not in the audit log.
func (s *Sim) SignsIn(subject string, opts ...StoryOption) (Told, error) {
	s.mu.Lock()
	if p := s.person(subject); p != nil && s.decide(p, "").Access == "DENY" {
		p.Sessions = nil // an old session does not stand in for a new one
	}
	s.mu.Unlock()
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		x.subject.Sessions = append(x.subject.Sessions, Session{ID: newGUID(), Issued: s.now()})
		return nil
	})
}

// SignsOut ends the subject's sessions.
func (s *Sim) SignsOut(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		x.subject.Sessions = nil
		return nil
	})
}
