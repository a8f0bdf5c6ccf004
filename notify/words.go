package notify

import (
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// wording is how a kind of change is told: as a thing that happened, as a thing
// somebody asks for, and as a name for the people on duty.
type wording struct{ done, asked, name string }

// words are the wordings by class, and by class and verb where that says more.
func words(c holds.Class, v holds.Verb) wording {
	adds := v == holds.Enrol || v == holds.Grant
	switch c {
	case holds.PasswordReset:
		return wording{"Your password was reset", "Somebody asked for your password to be reset", "password reset"}
	case holds.MFAChange:
		return mfaWords(v, adds)
	case holds.RecoveryChange:
		return wording{"The recovery e-mail address or phone number of your account was changed", "Somebody asked for the recovery e-mail address or phone number of your account to be changed", "recovery change"}
	case holds.RoleActivation:
		if v == holds.Revoke || v == holds.Remove {
			return wording{"An administrator role was taken from your account", "Somebody asked for an administrator role to be taken from your account", "administrator role removal"}
		}
		return wording{"Your account was given an administrator role", "Somebody asked for your account to be given an administrator role", "administrator role grant"}
	case holds.MailboxDelegation:
		return wording{"Access to your mailbox, or where its mail is forwarded, was changed", "Somebody asked for access to your mailbox or for its mail to be forwarded", "mailbox delegation"}
	case holds.VaultRecovery:
		return wording{"The recovery of your password manager's vault was started", "Somebody asked for your password manager's vault to be recovered", "vault recovery"}
	case holds.RemoteAccess:
		return wording{"The remote access of your account was changed", "Somebody asked for remote access with your account", "remote access"}
	case holds.DeviceRegistration:
		return wording{"A new device was registered for your account", "Somebody asked for a new device to be registered for your account", "device registration"}
	case holds.EmergencyAccess:
		return wording{"Emergency access was given to your account", "Somebody asked for emergency access with your account", "emergency access"}
	case holds.Tamper:
		return wording{"The protection of your account was changed", "Somebody asked for the protection of your account to be changed", "tampering with the protection"}
	case holds.OtherTakeover, holds.Unclassified, holds.None:
	}
	return wording{"A change was made that can hand your account to somebody else", "Somebody asked for a change that can hand your account to somebody else", "sensitive change"}
}

// withAccount are the words for what was done with the account itself, where that
// reaches the organisation: the account is the maker's, and held because no other is
// named.
func withAccount(c holds.Class, w wording) wording {
	switch c {
	case holds.RemoteAccess:
		return wording{"With your account, who may sign in and from where was changed", "Somebody asked with your account to change who may sign in and from where", w.name}
	case holds.EmergencyAccess:
		return wording{"With your account, access for emergencies was used", "Somebody asked with your account for emergency access", w.name}
	case holds.OtherTakeover:
		return wording{"With your account, another way in was opened", "Somebody asked with your account to open another way in", w.name}
	case holds.PasswordReset, holds.MFAChange, holds.RecoveryChange, holds.RoleActivation, holds.MailboxDelegation, holds.VaultRecovery,
		holds.DeviceRegistration, holds.Tamper, holds.Unclassified, holds.None:
	}
	return w
}

func mfaWords(v holds.Verb, adds bool) wording {
	switch {
	case v == holds.Reset || v == holds.Remove:
		return wording{"Your multi-factor sign-in (MFA) was reset", "Somebody asked for your multi-factor sign-in (MFA) to be reset", "MFA reset"}
	case adds:
		return wording{"A new multi-factor sign-in method (MFA) was added to your account", "Somebody asked for a new multi-factor sign-in method (MFA) on your account", "MFA enrolment"}
	}
	return wording{"Your multi-factor sign-in (MFA) was changed", "Somebody asked for your multi-factor sign-in (MFA) to be changed", "MFA change"}
}

// quoted puts a foreign value between quotation marks that it cannot end.
func quoted(s string) string {
	if s = foreign(s, longName); s == "" {
		return ""
	}
	return "“" + s + "”"
}

// byWhom names the actor of an event. The change made with the owner's own
// account is said to be that, since it looks harmless and is not.
func byWhom(a holds.Party, subject holds.Account) string {
	switch {
	case a.ID != "" && a.ID == subject.ID:
		return "somebody signed in with your own account"
	case a.Own:
		return "Countersign's own account"
	}
	name := quoted(a.Name)
	login := quoted(a.Login)
	if local, domain, _ := strings.Cut(a.Login, "@"); domain != "" && strings.EqualFold(domain, domainOf(subject.Login)) {
		login = quoted(undotted(local))
	}
	if login != "" && login != name {
		name = strings.TrimSpace(name + " (signed in as " + login + ")")
	}
	kind := map[holds.PartyKind]string{
		holds.PartySystem:  "the identity system itself",
		holds.PartyToken:   "a program with an API token",
		holds.PartyApp:     "an application",
		holds.PartySupport: "the vendor's support",
	}[a.Kind]
	switch {
	case name == "" && kind == "":
		return "the identity system does not say"
	case name == "":
		return kind
	case kind == "":
		return name
	}
	return kind + ", " + name
}

// accountName is the account as its owner knows it, without the domain.
func accountName(a holds.Account) string {
	local, _, _ := strings.Cut(a.Login, "@")
	return quoted(undotted(local))
}

func domainOf(login string) string {
	_, domain, _ := strings.Cut(login, "@")
	return domain
}

// undotted spells anna.berg as anna berg, which reads better than anna[.]berg
// and is no host name either.
func undotted(s string) string {
	return strings.Map(func(r rune) rune {
		if isDot(r) {
			return ' '
		}
		return r
	}, s)
}

// object names what an event is about: the factor, device or role.
func object(e holds.EventRef) string {
	for _, o := range []holds.Object{e.Role, e.Factor} {
		if s := quoted(o.Name); s != "" {
			return s
		}
		if s := quoted(o.Type); s != "" {
			return s
		}
	}
	return ""
}

// stamp is a moment to the minute, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// moment is a stamp, without an age: a message is read whenever it is read.
func moment(t time.Time) string {
	if t.IsZero() {
		return "the identity system does not say"
	}
	return stamp(t)
}
