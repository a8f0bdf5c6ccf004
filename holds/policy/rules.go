package policy

import "github.com/countersign/countersign/holds"

// rules is the policy, in order: the first line that fits decides. Each name is
// shown to reviewers and kept with the hold, so it stays what it is.
//
// Nothing here asks how urgent a change is, who says so, or what anything is
// called.
func rules() []rule {
	return join(always(), roles(), factors(), passwords(), recoveries(), devices(), doors())
}

func join(parts ...[]rule) []rule {
	var out []rule
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// always come first, whatever kind of change it is.
func always() []rule {
	return []rule{
		{"no-change", noChange, say(holds.Ignore, "cannot hand an account to somebody else")},
		{"no-effect", failed, say(holds.Record, "did not take effect")},
		{"tamper", class(holds.Tamper), hold("made to what Countersign stands on", nobody)},
		{"unclassified", not(understood), hold("looks sensitive and is not understood", slow)},
		{"break-glass", emergencyAccount, hold("made to an emergency account, or by it", onActor)},
		{"unresolved", unresolved, hold("the account is not named", nobody)},
		{"new-account", making, say(holds.Record, "part of making a new account, which nobody has used yet")},
		{"platform", twin, say(holds.Record, "carried out by the platform itself; the record of who asked for it is judged")},
	}
}

// roles: what is taken away hands nothing to anybody. Taking up a role one is
// eligible for is what privileged identity management is there for, and is told;
// a top role, a new eligibility and everything that passes by it is held.
func roles() []rule {
	role := class(holds.RoleActivation)
	return []rule{
		{"role-taken-away", all(role, verb(holds.Revoke, holds.Remove)), say(holds.Record, "a role was taken away, which hands nothing to anybody")},
		{"role-activated", all(role, activation, not(topRole), own, quiet), tell("a role taken up by who was eligible for it; the owner is told")},
		{"role-defined", all(role, verb(holds.Update), noAccount), hold("changes what a role may do", open)},
		{"role", role, hold("hands power to an account", onActor)},
	}
}

// factors: resets and what others enrol are held. What people enrol themselves is
// told, when nothing that loosened the account went before and the network is one
// they were in before.
func factors() []rule {
	factor := class(holds.MFAChange)
	enrols := either(all(either(factor, class(holds.RecoveryChange)), own), all(class(holds.DeviceRegistration), not(noAccount)))
	return []rule{
		{"joiner", all(enrols, joiner, untouched, not(verb(holds.Reset)), not(pass)), tell("a joiner's own first enrolment; the owner is told")},
		{"factor-step", all(factor, step), say(holds.Record, "a step on the way; what comes of it is told by another record")},
		{
			"own-factor", all(factor, own, ordinary, quiet, not(verb(holds.Reset)), not(pass), either(takesAway, usualNetwork)),
			tell("a factor of one's own; the owner is told"),
		},
		{"mfa", factor, hold("changes how the account proves who it is", byStanding)},
	}
}

// passwords: those who reset their own by the platform's own means are told;
// what anybody else sets is held. What a stranger can ask for restrains nobody, or
// whoever knows a login could lock its owner out.
func passwords() []rule {
	password := class(holds.PasswordReset)
	return []rule{
		{"unlocked", all(password, verb(holds.Other)), say(holds.Record, "the password stays what it was")},
		{"password-automation", all(password, automation), say(holds.Record, "set by automation that the organisation has named")},
		{"password-synchronised", all(password, verb(holds.Update), actor(holds.PartySystem)), say(holds.Record, "synchronised from the directory that holds the password")},
		{"reset-requested", all(password, requested), askedFor("asked for on the sign-in page, by anybody who knows the login")},
		{"own-password", all(password, own, verb(holds.Update)), tell("changed by who knew the old one; the owner is told")},
		{"own-reset", all(password, own, either(ordinary, all(known, fromUsual)), quietPassword), tell("reset by the person's own means; the owner is told")},
		{"password", password, hold("hands the account to whoever has the new password", byStanding)},
	}
}

// recoveries: a way to recover an account is held whoever changes it, because
// with it everything else can be reset. A profile that a named provisioning
// application writes is not such a way.
func recoveries() []rule {
	return []rule{
		{"profile-automation", all(class(holds.RecoveryChange), automation, profileOnly), say(holds.Record, "written by automation that the organisation has named")},
		{"recovery", class(holds.RecoveryChange), hold("changes how the account is recovered", byStanding)},
	}
}

// devices: a new device is told, unless it comes in the wake of a reset or from a
// network where nobody of the organisation and nobody of that account was before.
func devices() []rule {
	device := class(holds.DeviceRegistration)
	return []rule{
		{"device-policy", all(device, noAccount, verb(holds.Update)), hold("changes which devices are let in", open)},
		{"device-alone", all(device, noAccount), say(holds.Record, "names no account; its owner is told by another record")},
		{"device-known", all(device, quiet, usualNetwork), tell("a new device; the owner is told")},
		{"device", device, hold("gives the account a device it trusts", byStanding)},
	}
}

// doors are other ways in: keys, identity providers, consents, and what lets
// somebody near an account's mail, secrets or network.
func doors() []rule {
	mail, vault, remote, takeover, emergency := class(holds.MailboxDelegation), class(holds.VaultRecovery), class(holds.RemoteAccess), class(holds.OtherTakeover), class(holds.EmergencyAccess)
	return []rule{
		{"watched", all(either(remote, takeover), watched, not(takesAway), not(automation)), hold("gives access that the organisation watches", byStanding)},
		{"membership", all(remote, membership), say(holds.Record, "a group or application that the organisation does not watch")},
		{"network-automatic", all(remote, actor(holds.PartySystem)), say(holds.Record, "done by the platform itself")},
		{"network-usual", all(remote, byPerson, noAccount, fromUsual, quiet), tell("an administrator's work from where they always are; whoever did it is told")},
		{"network", remote, hold("changes who is let in and from where", open)},
		{"guest", all(takeover, guest), say(holds.Record, "a guest's account hands nobody's account to anybody")},
		{"joiner-opened", all(takeover, reopened, joiner), tell("a joiner's account opened for them; the owner is told")},
		{"application", all(takeover, either(application, assignment)), say(holds.Record, "an application that the organisation does not watch")},
		{"harmless-consent", all(takeover, harmlessConsent), tell("lets an application know who signs in; whoever consented is told")},
		{"takeover", takeover, hold("opens another way in", onActor)},
		{"device-key", all(emergency, deviceKey, byPerson), tell("the key of a device; whoever read it is told")},
		{"emergency", emergency, hold("access for emergencies", onActor)},
		{"vault-own", all(vault, own), tell("a secret of one's own; the owner is told")},
		{"vault-shared", all(vault, noAccount), say(holds.Record, "a secret that is nobody's own")},
		{"vault", vault, hold("shows somebody's secret to somebody else", byStanding)},
		{"mailbox-system", all(mail, actor(holds.PartySystem)), say(holds.Record, "done by the platform itself")},
		{"mail-flow", all(mail, noAccount), hold("changes where mail goes", nobody)},
		{"own-mailbox", all(mail, own, not(leaves)), tell("a rule of one's own mailbox; the owner is told")},
		{"mailbox", mail, hold("lets somebody else read the mail, by which accounts are recovered", byStanding)},
	}
}
