package entrasim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// HelpDeskResetsMethods deletes all methods of the subject but the password, so
// that they must register anew.
func (s *Sim) HelpDeskResetsMethods(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), false, opts, func(x *scene) error {
		var ids []string
		for _, m := range x.subject.Methods {
			if m.Type != "password" {
				ids = append(ids, m.ID)
			}
		}
		if len(ids) == 0 {
			return fmt.Errorf("%s has no method that could be deleted", x.subject.UPN)
		}
		slices.SortStableFunc(ids, func(a, b string) int { // an alternate phone goes before the mobile one
			if a == AlternatePhone {
				return -1
			}
			return 0
		})
		for _, id := range ids {
			s.dropMethod(x.cause, x.subject, id)
		}
		return nil
	})
}

// RemovesMethod deletes one method, of oneself or as an administrator. Method
// is an id or a type.
func (s *Sim) RemovesMethod(actor, subject, method string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), true, opts, func(x *scene) error {
		if m := find(x.subject.Methods, func(m *Method) bool { return m.Type == method }); m != nil {
			method = m.ID
		}
		if m := x.subject.method(method); m == nil || m.Type == "password" {
			return errGone("The requested authentication method was not found.")
		}
		s.dropMethod(x.cause, x.subject, method)
		return nil
	})
}

// RegistersMethod is the subject registering a method of their own at My
// Security Info. Kind is a type of method, or mobile, alternateMobile or
// office for a phone; value is the number, the address or the device's name.
// Conditional Access may deny it.
func (s *Sim) RegistersMethod(subject, kind, value string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		if a := s.decide(x.subject, RegisterSecurityInfo); a.Access == "DENY" {
			return &Denied{Person: x.subject.ID, Access: a}
		}
		return asError(s.register(x, kind, value))
	})
}

// AdminRegistersMethod adds a phone or an e-mail address for somebody else.
func (s *Sim) AdminRegistersMethod(actor, subject, kind, value string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), false, opts, func(x *scene) error {
		if !isOf(kind, "mobile", "alternateMobile", "office", "email") {
			return fmt.Errorf("an administrator can add a phone or an e-mail address, not %q", kind)
		}
		return asError(s.register(x, kind, value))
	})
}

func (s *Sim) register(x *scene, kind, value string) *Error {
	m := Method{Type: kind, Name: value}
	switch kind {
	case "mobile", "alternateMobile", "office":
		m = Method{Type: "phone", PhoneType: kind, Phone: value}
	case "email":
		m = Method{Type: "email", Email: value}
	case "password", "temporaryAccessPass":
		return errMethodInput("This cannot be registered.")
	default:
		if _, ok := methodKinds()[kind]; !ok {
			return errMethodInput("There is no method '" + kind + "'.")
		}
	}
	made, err := s.addMethod(x.cause, x.subject, m)
	if err == nil {
		x.told.Made = made.ID
	}
	return err
}

// AdminIssuesPass gives the subject a temporary access pass: with it anybody
// can sign in and register methods.
func (s *Sim) AdminIssuesPass(actor, subject string, minutes int, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), false, opts, func(x *scene) error {
		m, err := s.addMethod(x.cause, x.subject, Method{Type: "temporaryAccessPass", Minutes: minutes})
		if err == nil {
			x.told.Made = m.ID
		}
		return asError(err)
	})
}

// AdminChangesRecoveryPhone sets the number of the subject's mobile phone
// method, or adds one.
func (s *Sim) AdminChangesRecoveryPhone(actor, subject, number string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), false, opts, func(x *scene) error { return asError(s.changePhone(x, number)) })
}

// ChangesRecoveryPhone is the subject changing the number themselves.
func (s *Sim) ChangesRecoveryPhone(subject, number string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		if a := s.decide(x.subject, RegisterSecurityInfo); a.Access == "DENY" {
			return &Denied{Person: x.subject.ID, Access: a}
		}
		return asError(s.changePhone(x, number))
	})
}

func (s *Sim) changePhone(x *scene, number string) *Error {
	if x.subject.method(MobilePhone) == nil {
		return s.register(x, "mobile", number)
	}
	return s.updateMethod(x.cause, x.subject, MobilePhone, number)
}

// AdminResetsPassword gives the subject a temporary password.
func (s *Sim) AdminResetsPassword(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), false, opts, func(x *scene) error { return asError(s.adminReset(x.cause, x.subject)) })
}

// ResetsOwnPassword is the self-service reset of somebody who cannot sign in.
func (s *Sim) ResetsOwnPassword(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error { return asError(s.selfReset(x.cause, x.subject)) })
}

// ChangesPassword is the subject setting a new password, knowing the old one.
func (s *Sim) ChangesPassword(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error { return asError(s.changePassword(x.cause, x.subject)) })
}

// ChangesProfile sets properties by their Graph names, as an administrator.
// Contact attributes are mail, otherMails, mobilePhone and businessPhones.
func (s *Sim) ChangesProfile(actor, subject string, set map[string]any, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, []string{UserAdministrator}, false, opts, func(x *scene) error {
		return asError(s.updatePerson(x.cause, x.subject, encoded(set)))
	})
}

// Syncs is the on-premises directory changing properties of a synced account.
func (s *Sim) Syncs(subject string, set map[string]any, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, anybody(), true, opts, func(x *scene) error {
		if !x.subject.Synced {
			return fmt.Errorf("%s is not synced", x.subject.UPN)
		}
		x.cause.actor = Initiator{User: &UserActor{
			ID: namedGUID(s.org.TenantID, "sync"), DisplayName: some("On-Premises Directory Synchronization Service Account"),
			UserPrincipalName: some("Sync_NORDWIND-DC_1a2b3c4d5e6f@" + s.org.Domain), IPAddress: some(""),
		}}
		x.subject.Synced = false
		err := s.updatePerson(x.cause, x.subject, encoded(set))
		x.subject.Synced = true
		return asError(err)
	})
}

func encoded(set map[string]any) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for k, v := range set {
		out[k] = json.RawMessage(jsonText(v))
	}
	return out
}

// Disables and Enables switch the subject's account off and on.
func (s *Sim) Disables(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.ChangesProfile(actor, subject, map[string]any{"accountEnabled": false}, opts...)
}

// Enables switches the subject's account on.
func (s *Sim) Enables(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.ChangesProfile(actor, subject, map[string]any{"accountEnabled": true}, opts...)
}

// RevokesSessions ends the subject's sessions.
func (s *Sim) RevokesSessions(actor, subject string, opts ...StoryOption) (Told, error) {
	return s.act(actor, subject, desk(), true, opts, func(x *scene) error {
		s.revokeSessions(x.cause, x.subject)
		return nil
	})
}

// InvitesGuest makes a guest account for an address elsewhere.
func (s *Sim) InvitesGuest(actor, email, name string, opts ...StoryOption) (Told, error) {
	return s.act(actor, "", anybody(), false, opts, func(x *scene) error {
		p := Person{
			ID: newGUID(), UPN: guestUPN(email, s.org.Domain), DisplayName: name, Mail: email, UserType: "Guest", Enabled: true,
			Created: s.now(), SessionsValidFrom: s.now(), LastPasswordChange: time.Time{}, Place: "elsewhere",
		}
		s.org.People = append(s.org.People, p)
		x.told.Made = p.ID
		guest := &s.org.People[len(s.org.People)-1]
		by := appActor("Microsoft Invitation Acceptance Portal", namedGUID(s.org.TenantID, "invitations"))
		s.emit(x.cause, activity{
			service: coreDirectory, category: "UserManagement", name: "Add user", operation: "Add", by: &by, noAgent: true,
			targets: []Target{personTarget(guest, changed("AccountEnabled", []any{}, []any{true}), changed("UserType", []any{}, []any{"Guest"}), included("AccountEnabled", "UserType"))},
		})
		s.emit(x.cause, activity{
			service: invitedUsers, category: "UserManagement", name: "Invite external user", operation: "Add",
			targets: []Target{personTarget(guest).named(name)},
			details: append(s.claims(x.cause), Detail{"InvitationId", newGUID()}, Detail{"invitedUserEmailAddress", email}),
		})
		s.touchPerson(x.cause, guest)
		return nil
	})
}
