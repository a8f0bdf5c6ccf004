package oktasim

import (
	"slices"
	"strings"
)

// method describes a factor type: its id prefix, provider, its name in Classic
// reasons, and on Identity Engine its authenticator and method names.
type method struct {
	prefix, provider, classic, authenticator, name string
}

func methodOf(factorType, provider string) (method, bool) {
	m, ok := map[string]method{
		"push":                {"opf", "OKTA", "OKTA_VERIFY_PUSH", "Okta Verify", "Get a push notification"},
		"signed_nonce":        {"pfd", "OKTA", "SIGNED_NONCE", "Okta Verify", "Use Okta FastPass"},
		"token:software:totp": {"ost", "OKTA", "OKTA_SOFT_TOKEN", "Okta Verify", "Enter a code"},
		"webauthn":            {"fwf", "FIDO", "FIDO_WEBAUTHN", "Security Key or Biometric Authenticator", "Security Key or Biometric Authenticator"},
		"sms":                 {"mbl", "OKTA", "SMS_FACTOR", "Phone", "SMS"},
		"call":                {"clf", "OKTA", "CALL_FACTOR", "Phone", "Voice call"},
		"email":               {"emf", "OKTA", "EMAIL_FACTOR", "Email", "Email"},
		"question":            {"ufs", "OKTA", "SECURITY_QUESTION", "Security Question", "Security Question"},
	}[factorType]
	if factorType == "token:software:totp" && provider == "GOOGLE" {
		m = method{"uft", "GOOGLE", "GOOGLE_AUTHENTICATOR", "Google Authenticator", "Google Authenticator"}
	}
	return m, ok
}

// oktaVerify reports whether a factor is one of Okta Verify's.
func (f Factor) oktaVerify() bool {
	return f.Provider == "OKTA" && isOf(f.Type, "push", "signed_nonce", "token:software:totp")
}

// newFactor builds a factor of the type; it is not yet the person's.
func (s *Sim) newFactor(factorType, provider string, profile map[string]any, enrollment string) (Factor, *Error) {
	m, ok := methodOf(factorType, provider)
	if !ok {
		return Factor{}, errValidation("factorType", "factorType: The factor type "+factorType+" is not supported")
	}
	if provider == "" {
		provider = m.provider
	}
	if provider != m.provider {
		return Factor{}, errValidation("provider", "provider: "+provider+" does not provide "+factorType)
	}
	id := newID(m.prefix)
	if enrollment == "" {
		enrollment = newID("pfd")
	}
	return Factor{
		ID: id, Type: factorType, Provider: provider, Status: "PENDING_ACTIVATION",
		Created: s.now(), LastUpdated: s.now(), Profile: profile, Enrollment: enrollment,
	}, nil
}

// addFactor gives the person a pending factor. Okta allows one active factor
// of a type, except security keys and Okta Verify devices.
func (s *Sim) addFactor(p *Person, f Factor) *Error {
	single := f.Type != "webauthn" && !f.oktaVerify()
	if single && slices.ContainsFunc(p.Factors, func(x Factor) bool {
		return x.Type == f.Type && x.Provider == f.Provider && x.Status == "ACTIVE"
	}) {
		return errValidation("factorEnrollRequest", "A factor of this type is already set up.")
	}
	if isOf(string(p.Status), "STAGED", "DEPROVISIONED") {
		return errStatus()
	}
	p.Factors = append(p.Factors, f)
	return nil
}

// activateFactor makes a pending factor usable and writes the enrolment event.
func (s *Sim) activateFactor(c *cause, p *Person, f *Factor, notes ...note) {
	f.Status, f.LastUpdated = "ACTIVE", s.now()
	s.factorEvent(c, "user.mfa.factor.activate", "User set up %s factor", p, *f, notes...)
}

// removeFactor deletes a factor. Deleting a push or signed_nonce factor
// un-enrols every Okta Verify factor of the person, whichever device it is on.
// See https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/.
func (s *Sim) removeFactor(c *cause, p *Person, id string, recovery bool) *Error {
	i := slices.IndexFunc(p.Factors, func(f Factor) bool { return f.ID == id })
	if i < 0 {
		return errNotFound(id, "UserFactor")
	}
	target := p.Factors[i]
	gone := func(f Factor) bool {
		if f.ID == id {
			return true
		}
		return isOf(target.Type, "push", "signed_nonce") && f.oktaVerify()
	}
	var removed, kept []Factor
	for _, f := range p.Factors {
		if gone(f) {
			removed = append(removed, f)
		} else {
			kept = append(kept, f)
		}
	}
	p.Factors = kept
	if recovery && isOf(target.Type, "sms", "call") {
		p.RecoveryPhone = ""
	}
	for _, f := range removed {
		s.factorEvent(c, "user.mfa.factor.deactivate", "User reset %s factor", p, f)
	}
	return nil
}

// resetFactors removes all factors: one reset_all event and one deactivate
// event for each, all in one transaction.
func (s *Sim) resetFactors(c *cause, p *Person) *Error {
	if isOf(string(p.Status), "STAGED", "DEPROVISIONED") {
		return errStatus()
	}
	removed := p.Factors
	p.Factors = nil
	s.emit(c, "user.mfa.factor.reset_all", []Entity{personEntity(p)})
	for _, f := range removed {
		s.factorEvent(c, "user.mfa.factor.deactivate", "User reset %s factor", p, f)
	}
	return nil
}

// factorEvent writes a factor event in the engine's shape: Identity Engine
// names the factor by an AuthenticatorEnrollment target, Classic only in the
// text of outcome.reason.
func (s *Sim) factorEvent(c *cause, eventType, text string, p *Person, f Factor, notes ...note) {
	m, _ := methodOf(f.Type, f.Provider)
	targets := []Entity{personEntity(p)}
	if s.opt.Engine == Classic {
		notes = append(notes, reason(strings.Replace(text, "%s", m.classic, 1)))
	} else {
		detail := map[string]any{"methodTypeUsed": m.name}
		if name, ok := f.Profile["authenticatorName"].(string); ok && f.Type == "webauthn" {
			detail["authenticatorName"] = name
		}
		targets = append(targets, Entity{
			ID: f.Enrollment, Type: "AuthenticatorEnrollment", AlternateID: "unknown",
			DisplayName: m.authenticator, DetailEntry: detail,
		})
	}
	s.emit(c, eventType, targets, notes...)
}

// enrolDevice enrols an Okta Verify device: on Identity Engine push, FastPass
// and code under one enrolment, with a device event; on Classic push and code.
func (s *Sim) enrolDevice(c *cause, p *Person, name string) *Error {
	types := []string{"push", "token:software:totp"}
	if s.opt.Engine == IdentityEngine {
		types = []string{"push", "signed_nonce", "token:software:totp"}
	}
	enrollment := newID("pfd")
	var dev map[string]any
	var on *Device
	if s.opt.Engine == IdentityEngine {
		on = s.registerDevice(p, name)
		dev = map[string]any{"id": on.ID, "name": name, "os_platform": "IOS", "registered": true, "managed": false}
	}
	var ids []string
	for _, t := range types {
		profile := map[string]any{"credentialId": p.Profile.Get("login")}
		if t != "token:software:totp" {
			profile["name"], profile["platform"], profile["deviceType"], profile["version"] = name, "IOS", "SmartPhone_IPhone", "18.1"
		}
		f, err := s.newFactor(t, "OKTA", profile, enrollment)
		if on != nil {
			f.Device = on.ID
		}
		if err == nil {
			err = s.addFactor(p, f)
		}
		if err != nil {
			return err
		}
		ids = append(ids, f.ID)
	}
	if on != nil {
		s.emit(c, "device.enrollment.create", []Entity{deviceEntity(on), personEntity(p)}, device(dev))
	}
	for i := range p.Factors {
		if slices.Contains(ids, p.Factors[i].ID) {
			if on != nil {
				s.activateFactor(c, p, &p.Factors[i], device(dev))
			} else {
				s.activateFactor(c, p, &p.Factors[i])
			}
		}
	}
	return nil
}
