package oktasim

import "fmt"

// MakesToken is an administrator making an API token for themselves. The token is
// the newest of the company's tokens.
func (s *Sim) MakesToken(actor, name string, opts ...StoryOption) (Told, error) {
	return s.act(actor, actor, "/api/internal/tokens", need{write: true, roles: administrators()}, func(c *cause, p *Person) error {
		s.makeToken(c, p, name)
		return nil
	}, opts)
}

// administrators are the roles whose holders may make API tokens, beside super
// administrators.
func administrators() []string {
	return []string{"ORG_ADMIN", "APP_ADMIN", "USER_ADMIN", "HELP_DESK_ADMIN", "READ_ONLY_ADMIN", "MOBILE_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN"}
}

// AddsIDP is an administrator adding an identity provider of another organisation,
// through which people can then sign in. It is the newest of the company's.
func (s *Sim) AddsIDP(actor, name, issuer string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/idps", opts, func(c *cause) error {
		s.addIDP(c, name, issuer)
		return nil
	})
}

// ActivatesIDP switches an identity provider on again.
func (s *Sim) ActivatesIDP(actor, idp string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/idps/"+idp+"/lifecycle/activate", opts, func(c *cause) error {
		p := s.idp(idp)
		if p == nil {
			return errNotFound(idp, "IdpAppInstance")
		}
		s.switchIDP(c, p, true)
		return nil
	})
}

// MovesDevice takes a device through its life: step is suspend, unsuspend,
// activate or deactivate.
func (s *Sim) MovesDevice(actor, device, step string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/devices/"+device+"/lifecycle/"+step, opts, func(c *cause) error {
		d := s.device(device)
		if d == nil {
			return errNotFound(device, "Device")
		}
		return asError(s.moveDevice(c, d, step))
	})
}

// GrantsSupportAccess is an administrator letting Okta's support staff into the
// organisation.
func (s *Sim) GrantsSupportAccess(actor string, opts ...StoryOption) (Told, error) {
	return s.act(actor, actor, "/admin/settings/account", need{write: true}, func(c *cause, _ *Person) error {
		s.emit(c, "user.session.impersonation.grant", nil)
		return nil
	}, opts)
}

// SupportSignsIn is Okta's support staff using such access as a person of the
// organisation.
func (s *Sim) SupportSignsIn(subject string) (Told, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(subject)
	if p == nil {
		return Told{}, fmt.Errorf("story: there is no person %q", subject)
	}
	c := s.bySystem("/api/internal/support/impersonate")
	s.emit(c, "user.session.impersonation.initiate", []Entity{personEntity(p)})
	return Told{Transaction: c.txn, Events: c.events}, nil
}
