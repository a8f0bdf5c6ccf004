package owner

import (
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// what says what an event did to the reader's account, without naming anything.
func what(h holds.Hold, e holds.EventRef) string {
	if h.Standing == holds.Gated {
		return "Somebody asks for a change: " + kind(e)
	}
	return kind(e)
}

func kind(e holds.EventRef) string {
	adds := e.Verb == holds.Enrol || e.Verb == holds.Grant
	takes := e.Verb == holds.Reset || e.Verb == holds.Remove || e.Verb == holds.Revoke
	switch e.Class {
	case holds.PasswordReset:
		return "Password reset"
	case holds.MFAChange:
		switch {
		case adds:
			return "A new sign-in method (MFA) was added"
		case takes:
			return "A sign-in method (MFA) was reset or removed"
		}
		return "The sign-in methods (MFA) changed"
	case holds.RecoveryChange:
		return "The recovery e-mail address or phone number changed"
	case holds.RoleActivation:
		if takes {
			return "An administrator role was taken away"
		}
		return "An administrator role was given"
	case holds.MailboxDelegation:
		return "Access to the mailbox, or where its mail is forwarded, changed"
	case holds.VaultRecovery:
		return "Recovery of the password manager's vault began"
	case holds.RemoteAccess:
		return "Remote access changed"
	case holds.DeviceRegistration:
		return "A new device was registered"
	case holds.EmergencyAccess:
		return "Emergency access was given"
	case holds.Tamper:
		return "The protection of the account changed"
	case holds.OtherTakeover, holds.Unclassified, holds.None:
	}
	return "A change that can hand the account to somebody else"
}

// byWhom says what kind of somebody made the change, and never who.
func byWhom(a holds.Party, subject holds.Account) string {
	switch {
	case a.ID != "" && a.ID == subject.ID:
		return "somebody signed in with your own account"
	case a.Own:
		return "Countersign itself"
	}
	switch a.Kind {
	case holds.PartyPerson:
		return "another account, such as an administrator's"
	case holds.PartySystem:
		return "the identity system itself"
	case holds.PartyToken, holds.PartyApp:
		return "a program"
	case holds.PartySupport:
		return "the vendor's support"
	case holds.PartyUnknown:
	}
	return "not known"
}

// standing says what was done and what was not, in the words every part of
// Countersign uses: gated, contained, observed.
func standing(h holds.Hold, now time.Time) []string {
	switch {
	case h.ToldOnly:
		return []string{"The change took effect. It is not held, and nothing restrains your account: we only want you to know of it."}
	case h.State == holds.Released:
		return []string{"People checked this change and let it stand. Nothing restrains your account any more."}
	case h.Standing == holds.Gated:
		return []string{"The change is gated: it has NOT been made, and waits until people have checked who asks for it."}
	}
	var out []string
	switch h.State {
	case holds.Reverted:
		out = append(out, "People denied this change, and what could be undone was undone.")
	case holds.Denied:
		out = append(out, "The change is frozen or denied: nobody can let it through any more.")
	case holds.Pending, holds.Approved, holds.Released:
	}
	return append(out, restraint(h, now)...)
}

func restraint(h holds.Hold, now time.Time) []string {
	switch {
	case h.Containment == holds.ContainmentLifted:
		return []string{"We do not restrain your account any more."}
	case h.Containment == holds.ContainmentConfirmed && h.Standing == holds.Contained:
		out := []string{"The change took effect, and your account is contained: it refuses new sign-ins, yours included, until " + until(h) + ". We have read back that this is in force."}
		if h.EffectiveBy.After(now) {
			out = append(out, "Access that was given out before may go on working until "+page.Minute(h.EffectiveBy)+".")
		}
		return out
	case h.Containment == holds.ContainmentRequested:
		return []string{"The change took effect. Your account is being restrained at this moment; that is not confirmed yet."}
	case h.Containment == holds.ContainmentFailed:
		return []string{"The change took effect. We tried to restrain your account and could NOT: it is only observed, and whoever made the change may be able to use it now. People have been called."}
	}
	return []string{"The change took effect, and your account is NOT restrained, only observed: whoever made the change may be able to use it now."}
}

// until is when a restrained account is its owner's again.
func until(h holds.Hold) string {
	if h.State == holds.Denied || h.State == holds.Reverted {
		return "the security team has given it back to you"
	}
	return "people have decided"
}

// next says what happens without the reader, and by when.
func next(h holds.Hold, now time.Time) string {
	if h.ToldOnly || !h.State.Undecided() {
		return ""
	}
	s := "Somebody who did not make the change checks who asked for it, and people decide."
	if h.Due.After(now) {
		s += " If nobody has decided by " + page.Minute(h.Due) + ", more people are called."
	}
	return s + " Time alone never lets the change through."
}
