package entrasim

// resetPassword is an administrator's or the application's reset: the person
// must choose a new one, and their refresh tokens end.
func (s *Sim) resetPassword(c *cause, p *Person, force bool) {
	before := p.SessionsValidFrom
	p.LastPasswordChange, p.SessionsValidFrom, p.Sessions, p.MustChangePassword = s.now(), s.now(), nil, force
	s.passwordDated(p)
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Reset user password", operation: "Reset",
		targets: []Target{personTarget(p)},
	})
	if force {
		s.emit(c, activity{
			service: coreDirectory, category: "UserManagement", name: "Set force change user password", operation: "Update",
			targets: []Target{personTarget(p)},
		})
	}
	s.stsRecord(c, p, stamp(before), nil)
	s.touchPerson(c, p)
}

// passwordDated gives the password method its new date.
func (s *Sim) passwordDated(p *Person) {
	if m := find(p.Methods, func(m *Method) bool { return m.Type == "password" }); m != nil {
		m.Created = p.LastPasswordChange
	}
}

// adminReset is a reset in the portal: the record of the password service comes
// with those of the directory.
func (s *Sim) adminReset(c *cause, p *Person) *Error {
	if p.Synced {
		return errMastered()
	}
	s.emit(c, activity{
		service: authMethods, category: "UserManagement", name: "Admin started password reset", operation: "Update",
		reason: "Admin started password reset for user", targets: []Target{personTarget(p).named(p.DisplayName)},
	})
	s.resetPassword(c, p, true)
	s.emit(c, activity{
		service: selfService, category: "UserManagement", name: "Reset password (by admin)", operation: "Update",
		reason: "None", targets: []Target{personTarget(p).named(p.DisplayName)}, details: s.onPremises(p),
	})
	return nil
}

// selfReset is the person's own reset at passwordreset.microsoftonline.com: the
// steps and the outcome by the person, the directory's twins by the platform's
// password service, all under one correlation id.
func (s *Sim) selfReset(c *cause, p *Person) *Error {
	c.shared = newGUID()
	target := func() []Target { return []Target{personTarget(p).named(p.DisplayName)} }
	for _, step := range []string{
		"User submitted their user ID", "User was presented with verification options",
		"User successfully passed a verification step", "User submitted a new password",
	} {
		s.emit(c, activity{
			service: selfService, category: "UserManagement", name: "Self-service password reset flow activity progress",
			operation: "Update", reason: step, targets: target(),
		})
	}
	before, by := p.SessionsValidFrom, fimPassword()
	p.LastPasswordChange, p.SessionsValidFrom, p.Sessions, p.MustChangePassword = s.now(), s.now(), nil, false
	s.passwordDated(p)
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Reset user password.", operation: "Reset",
		by: &by, noAgent: true, targets: []Target{personTarget(p)},
	})
	s.stsRecord(c, p, stamp(before), &by)
	s.emit(c, activity{
		service: selfService, category: "UserManagement", name: "Reset password (self-service)", operation: "Update",
		reason: "Successfully completed reset.", targets: target(), details: s.onPremises(p),
	})
	s.touchPerson(c, p)
	return nil
}

// changePassword is the person setting a new one, knowing the old.
func (s *Sim) changePassword(c *cause, p *Person) *Error {
	p.LastPasswordChange, p.MustChangePassword = s.now(), false
	s.passwordDated(p)
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Change user password", operation: "Update",
		targets: []Target{personTarget(p)},
	})
	s.emit(c, activity{
		service: selfService, category: "UserManagement", name: "Change password (self-service)", operation: "Update",
		reason: "OK", targets: []Target{personTarget(p).named(p.DisplayName)},
	})
	s.touchPerson(c, p)
	return nil
}

func (s *Sim) onPremises(p *Person) []Detail {
	where := "CloudOnly"
	if p.Synced {
		where = "Hybrid"
	}
	return []Detail{{"OnPremisesAgent", "None"}, {"UserPasswordLocation", where}}
}
