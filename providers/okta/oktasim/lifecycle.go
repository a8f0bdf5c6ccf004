package oktasim

import (
	"slices"
	"strings"
)

// setStatus moves a person to a status and dates it.
func (s *Sim) setStatus(p *Person, to Status) {
	p.Status, p.StatusChanged, p.LastUpdated = to, s.now(), s.now()
}

// suspend is allowed for ACTIVE people only, as Okta's own page says.
func (s *Sim) suspend(c *cause, p *Person) *Error {
	if p.Status != Active {
		return errValidation("suspendUser", "Cannot suspend a user that is not active")
	}
	s.setStatus(p, Suspended)
	s.emit(c, "user.lifecycle.suspend", []Entity{personEntity(p)})
	return nil
}

func (s *Sim) unsuspend(c *cause, p *Person) *Error {
	if p.Status != Suspended {
		return errValidation("unsuspendUser", "Cannot unsuspend a user that is not suspended")
	}
	s.setStatus(p, Active)
	s.emit(c, "user.lifecycle.unsuspend", []Entity{personEntity(p)})
	return nil
}

func (s *Sim) activate(c *cause, p *Person) *Error {
	if p.Status != Staged && p.Status != Deprovisioned {
		return oktaError(403, "E0000016", "Activation failed because the user is already active")
	}
	s.setStatus(p, Provisioned)
	p.Activated = s.now()
	s.emit(c, "user.lifecycle.activate", []Entity{personEntity(p)})
	return nil
}

func (s *Sim) unlock(c *cause, p *Person) *Error {
	if p.Status != LockedOut {
		return oktaError(403, "E0000032", "Unlock is not allowed for this user.")
	}
	s.setStatus(p, Active)
	s.emit(c, "user.account.unlock_by_admin", []Entity{personEntity(p)})
	return nil
}

// deactivate takes everything from the person: factors, sessions and roles.
func (s *Sim) deactivate(c *cause, p *Person) *Error {
	if p.Status == Deprovisioned {
		return errStatus()
	}
	s.setStatus(p, Deprovisioned)
	p.Factors, p.Roles, p.Sessions, p.OAuthTokens = nil, nil, nil, nil
	s.emit(c, "user.lifecycle.deactivate", []Entity{personEntity(p)})
	return nil
}

// resetPassword moves the person to RECOVERY: they can sign in again only
// through the link.
func (s *Sim) resetPassword(c *cause, p *Person, revoke bool) *Error {
	if isOf(string(p.Status), "STAGED", "SUSPENDED", "DEPROVISIONED") {
		return errStatus()
	}
	s.setStatus(p, Recovery)
	s.emit(c, "user.account.reset_password", []Entity{personEntity(p)})
	if revoke {
		s.clearSessions(c, p, false)
	}
	return nil
}

// expirePassword writes user.account.expire_password, which is not eligible
// for event hooks.
func (s *Sim) expirePassword(c *cause, p *Person, revoke bool) *Error {
	if isOf(string(p.Status), "STAGED", "SUSPENDED", "DEPROVISIONED", "PROVISIONED") {
		return errStatus()
	}
	s.setStatus(p, PasswordExpired)
	s.emit(c, "user.account.expire_password", []Entity{personEntity(p)})
	if revoke {
		s.clearSessions(c, p, false)
	}
	return nil
}

// setPassword is the person choosing a new password, which ends RECOVERY and
// PASSWORD_EXPIRED.
func (s *Sim) setPassword(c *cause, p *Person) *Error {
	if isOf(string(p.Status), "STAGED", "SUSPENDED", "DEPROVISIONED", "LOCKED_OUT") {
		return errStatus()
	}
	if p.Status != Active {
		s.setStatus(p, Active)
	}
	p.PasswordChanged, p.LastUpdated = s.now(), s.now()
	s.emit(c, "user.account.update_password", []Entity{personEntity(p)})
	return nil
}

// clearSessions ends all Okta sessions and, when asked, the OAuth tokens too.
// It writes an event whether or not there was a session.
func (s *Sim) clearSessions(c *cause, p *Person, oauth bool) {
	p.Sessions = nil
	if oauth {
		p.OAuthTokens = nil
	}
	s.emit(c, "user.session.clear", []Entity{personEntity(p)})
}

// updateProfile sets the given attributes and leaves the others. Null clears
// one. One update_profile event names the changed attributes; an e-mail change
// writes a second event, which hooks never deliver.
func (s *Sim) updateProfile(c *cause, p *Person, set map[string]any) *Error {
	if login, ok := set["login"].(string); ok {
		if other := s.person(login); other != nil && other.ID != p.ID {
			return errValidation("login", "login: An object with this field already exists in the current organization")
		}
	}
	for _, required := range []string{"login", "email"} {
		if v, ok := set[required]; ok && (v == nil || v == "") {
			return errValidation(required, required+": The field cannot be left blank")
		}
	}
	var changed []string
	for name, v := range set {
		if p.Profile[name] != v {
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	slices.Sort(changed)
	for _, name := range changed {
		p.Profile[name] = set[name]
	}
	p.LastUpdated = s.now()
	target := []Entity{personEntity(p)}
	s.emit(c, "user.account.update_profile", target, debug("changedAttributes", strings.Join(changed, ",")))
	if slices.Contains(changed, "email") {
		s.emit(c, "user.account.update_primary_email", target)
	}
	if slices.Contains(changed, "secondEmail") {
		s.emit(c, "user.account.update_secondary_email", target)
	}
	return nil
}
