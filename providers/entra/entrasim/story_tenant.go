package entrasim

import (
	"fmt"
	"slices"
	"strings"
)

func guestUPN(email, domain string) string {
	return strings.ReplaceAll(email, "@", "_") + "#EXT#@" + domain
}

// SetsFederation makes an issuer the authority of a domain; a managed domain
// becomes a federated one by it.
func (s *Sim) SetsFederation(actor, domain, issuer string, opts ...StoryOption) (Told, error) {
	return s.act(actor, "", []string{HybridIdentityAdministrator}, false, opts, func(x *scene) error {
		d := s.domain(domain)
		if d == nil {
			return fmt.Errorf("there is no domain %q", domain)
		}
		s.setFederation(x.cause, d, Federation{
			Name: domain, Issuer: issuer, SignIn: issuer + "signin", Certificate: "MIIC" + newSecret(24), MFA: "acceptIfMfaDoneByFederatedIdp",
		})
		x.told.Made = d.Federation[0].ID
		return nil
	})
}

// SetsManaged makes a federated domain managed again.
func (s *Sim) SetsManaged(actor, domain string, opts ...StoryOption) (Told, error) {
	return s.act(actor, "", []string{HybridIdentityAdministrator}, false, opts, func(x *scene) error {
		d := s.domain(domain)
		if d == nil || len(d.Federation) == 0 {
			return fmt.Errorf("there is no federated domain %q", domain)
		}
		return asError(s.dropFederation(x.cause, d, d.Federation[0].ID))
	})
}

// RegistersDevice is the subject registering a device. Conditional Access may
// deny it.
func (s *Sim) RegistersDevice(subject, name, system string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		if a := s.decide(x.subject, RegisterDevice); a.Access == "DENY" {
			return &Denied{Person: x.subject.ID, Access: a}
		}
		x.told.Made = s.registerDevice(x.cause, x.subject, name, system).ID
		return nil
	})
}

// RecoversBitLocker reads a BitLocker key of a device.
func (s *Sim) RecoversBitLocker(actor, device string, opts ...StoryOption) (Told, error) {
	return s.recovers(actor, device, "KeyManagement", "Read BitLocker key", "Successfully accessed BitLocker recovery key ID "+newGUID(), opts)
}

// RecoversLocalAdmin reads the password of a device's local administrator.
func (s *Sim) RecoversLocalAdmin(actor, device string, opts ...StoryOption) (Told, error) {
	return s.recovers(actor, device, "Device", "Recover device local administrator password", "", opts)
}

func (s *Sim) recovers(actor, device, category, name, reason string, opts []StoryOption) (Told, error) {
	return s.act(actor, "", append(desk(), CloudDeviceAdministrator, SecurityAdministrator), false, opts, func(x *scene) error {
		d := s.device(device)
		if d == nil {
			return fmt.Errorf("there is no device %q", device)
		}
		s.emit(x.cause, activity{
			service: deviceService, category: category, name: name, operation: "Other", reason: reason,
			targets: []Target{deviceTarget(d)}, details: []Detail{{"Device Id", d.DeviceID}},
		})
		return nil
	})
}

// ChangesMethodsPolicy changes which methods the tenant allows.
func (s *Sim) ChangesMethodsPolicy(actor, method, state string, opts ...StoryOption) (Told, error) {
	return s.act(actor, "", []string{AuthenticationAdministrator, PrivilegedAuthenticationAdministrator}, false, opts, func(x *scene) error {
		render := func(state string) string {
			return jsonText(map[string]any{"id": method, "state": state, "includeTargets": []any{map[string]any{"id": "all_users", "targetType": "group"}}})
		}
		other := map[string]string{"enabled": "disabled"}[state]
		if other == "" {
			other = "enabled"
		}
		s.emit(x.cause, activity{
			service: authMethods, category: "ApplicationManagement", name: "Authentication Methods Policy Update", operation: "Update",
			targets: []Target{{
				ID: some(namedGUID(s.org.TenantID, "methods policy")), DisplayName: some("Authentication Methods Policy"), Type: "Policy",
				ModifiedProperties: []Modified{raw("AuthenticationMethodsPolicy", some(render(other)), some(render(state)))},
			}},
		})
		return nil
	})
}

// ExcludesFromPolicy edits a Conditional Access policy so that it no longer
// reaches the subject: how an administrator quietly undoes a restraint.
func (s *Sim) ExcludesFromPolicy(actor, policy, subject string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, policy, opts, func(x *scene, p Policy) error {
		victim := s.person(subject)
		if victim == nil {
			return fmt.Errorf("there is no person %q", subject)
		}
		excluded := append(slices.Clone(texts(lookup(map[string]any(p), "conditions/users/excludeUsers"))), victim.ID)
		return asError(s.updatePolicy(x.cause, p.text("id"), map[string]any{"conditions": map[string]any{"users": map[string]any{"excludeUsers": excluded}}}))
	})
}

// SetsPolicyState switches a Conditional Access policy on, off or to
// enabledForReportingButNotEnforced.
func (s *Sim) SetsPolicyState(actor, policy, state string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, policy, opts, func(x *scene, p Policy) error {
		return asError(s.updatePolicy(x.cause, p.text("id"), map[string]any{"state": state}))
	})
}

// DeletesPolicy deletes a Conditional Access policy.
func (s *Sim) DeletesPolicy(actor, policy string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, policy, opts, func(x *scene, p Policy) error { return asError(s.deletePolicy(x.cause, p.text("id"))) })
}

func (s *Sim) tampers(actor, policy string, opts []StoryOption, do func(*scene, Policy) error) (Told, error) {
	return s.act(actor, "", []string{ConditionalAccessAdministrator, SecurityAdministrator}, false, opts, func(x *scene) error {
		p := s.policy(policy)
		if p == nil {
			return errNotFound(policy)
		}
		return do(x, p)
	})
}
