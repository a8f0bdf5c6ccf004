package entrasim

import "fmt"

// keepers are the roles that look after applications.
func keepers() []string {
	return []string{ApplicationAdministrator, CloudApplicationAdministrator}
}

// AddsAppSecret gives an application a further client secret.
func (s *Sim) AddsAppSecret(actor, app, name string, opts ...StoryOption) (Told, error) {
	return s.withApp(actor, app, opts, func(x *scene, a *Application) error {
		x.told.Made = s.addSecret(x.cause, a.owner(), name, s.now().AddDate(2, 0, 0)).ID
		return nil
	})
}

// RemovesAppSecret takes a client secret from an application, by its keyId.
func (s *Sim) RemovesAppSecret(actor, app, key string, opts ...StoryOption) (Told, error) {
	return s.withApp(actor, app, opts, func(x *scene, a *Application) error {
		return asError(s.removeSecret(x.cause, a.owner(), key))
	})
}

// FederatesApp makes an application trust the tokens of another issuer.
func (s *Sim) FederatesApp(actor, app, issuer, subject string, opts ...StoryOption) (Told, error) {
	return s.withApp(actor, app, opts, func(x *scene, a *Application) error {
		s.federate(x.cause, a, FederatedCredential{Name: "deploy", Issuer: issuer, Subject: subject, Audience: "api://AzureADTokenExchange"})
		return nil
	})
}

func (s *Sim) withApp(actor, app string, opts []StoryOption, do func(*scene, *Application) error) (Told, error) {
	return s.act(actor, "", keepers(), false, opts, func(x *scene) error {
		a := s.app(app)
		if a == nil {
			return fmt.Errorf("there is no application %q", app)
		}
		return do(x, a)
	})
}

// AddsPrincipalSecret gives a service principal a credential of its own, which
// its application's owner does not see.
func (s *Sim) AddsPrincipalSecret(actor, app, name string, opts ...StoryOption) (Told, error) {
	return s.withPrincipal(actor, app, keepers(), opts, func(x *scene, p *ServicePrincipal) error {
		x.told.Made = s.addSecret(x.cause, p.owner(), name, s.now().AddDate(2, 0, 0)).ID
		return nil
	})
}

// ConsentsToApp is the subject letting an app act for them.
func (s *Sim) ConsentsToApp(subject, app, scope string, opts ...StoryOption) (Told, error) {
	return s.withPrincipal(subject, app, anybody(), opts, func(x *scene, p *ServicePrincipal) error {
		x.told.Made = s.grantConsent(x.cause, p, x.actor, scope).ID
		return nil
	})
}

// AdminConsentsToApp lets an app act for everybody.
func (s *Sim) AdminConsentsToApp(actor, app, scope string, opts ...StoryOption) (Told, error) {
	return s.withPrincipal(actor, app, append(keepers(), PrivilegedRoleAdministrator), opts, func(x *scene, p *ServicePrincipal) error {
		x.told.Made = s.grantConsent(x.cause, p, nil, scope).ID
		return nil
	})
}

// GrantsAppRole gives an app a permission of its own in Graph.
func (s *Sim) GrantsAppRole(actor, app, permission string, opts ...StoryOption) (Told, error) {
	return s.withPrincipal(actor, app, ruling(), opts, func(x *scene, p *ServicePrincipal) error {
		x.told.Made = s.grantAppRole(x.cause, p, permission).ID
		return nil
	})
}

// RevokesAppRole takes a permission in Graph from an app.
func (s *Sim) RevokesAppRole(actor, app, permission string, opts ...StoryOption) (Told, error) {
	return s.withPrincipal(actor, app, ruling(), opts, func(x *scene, p *ServicePrincipal) error {
		a := find(s.org.AppRoles, func(a *AppRoleAssignment) bool { return a.Principal == p.ID && a.Role == appRoleID(permission) })
		if a == nil {
			return errNotFound(permission)
		}
		s.revokeAppRole(x.cause, *a)
		return nil
	})
}

func (s *Sim) withPrincipal(actor, app string, roles []string, opts []StoryOption, do func(*scene, *ServicePrincipal) error) (Told, error) {
	return s.act(actor, "", roles, false, opts, func(x *scene) error {
		p := s.principal(app)
		if p == nil {
			return fmt.Errorf("there is no app %q", app)
		}
		return do(x, p)
	})
}
