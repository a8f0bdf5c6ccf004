package policy

import (
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// cases is the policy as it is meant: every class, by the person themselves, an
// administrator, the platform and an application, with the facts that turn it.
func cases() []one {
	return slices.Concat(generalCases(), roleCases(), factorCases(), joinerCases(), passwordCases(), recoveryCases(), deviceCases(),
		networkCases(), takeoverCases(), emergencyCases(), mailboxCases())
}

func generalCases() []one {
	return []one{
		{name: "nothing", event: is(holds.None, holds.Other), rule: "no-change", want: holds.Ignore},
		{name: "no class at all", event: is("", holds.Other), rule: "no-change", want: holds.Ignore},
		{name: "C10 a failed change", event: fails, rule: "no-effect", want: noted},
		{name: "C10 an unknown outcome", event: func(e *holds.Event) { e.Outcome = holds.Unknown }, rule: "mfa", want: held, tier: mid},
		{name: "C12 tamper", event: is(holds.Tamper, holds.Update), rule: "tamper", want: held, tier: top, free: true},
		{name: "R25 unclassified", event: is(holds.Unclassified, holds.Other), rule: "unclassified", want: held, tier: mid, free: true},
		{name: "I10 a kind nobody knows", event: is("new_kind", holds.Other), rule: "unclassified", want: held, tier: mid, free: true},
		{name: "C5 no account named", event: nobodyNamed, rule: "unresolved", want: held, tier: top, free: true},
		{name: "C5 recovery without an account", event: is(holds.RecoveryChange, holds.Update, nobodyNamed), rule: "unresolved", want: held, tier: top, free: true},
		{name: "C5 a password without an account", event: is(holds.PasswordReset, holds.Reset, nobodyNamed), rule: "unresolved", want: held, tier: top, free: true},
		{name: "R48 a break-glass account", event: is(holds.PasswordReset, holds.Update, herself), facts: breakGlass, rule: "break-glass", want: held, tier: top},
		{name: "R34 done by a break-glass account", event: is(holds.OtherTakeover, holds.Other, nobodyNamed), facts: breakGlass, rule: "break-glass", want: held, tier: top},
	}
}

func roleCases() []one {
	const c = holds.RoleActivation
	return []one{
		{name: "R29 granted where the platform has no doors", event: is(c, holds.Grant, role("", holds.RankPrivileged)), rule: "role", want: held, tier: top},
		{name: "R29 of unknown reach", event: is(c, holds.Grant), rule: "role", want: held, tier: top},
		{name: "R29 an ordinary role", event: is(c, holds.Grant, role("", holds.RankOrdinary)), rule: "role", want: held, tier: top},
		{name: "R29 by an application, however trusted", event: is(c, holds.Grant, app, role("", holds.RankOrdinary)), settings: provisions, rule: "role", want: held, tier: top},
		{name: "C16 outside of PIM", event: is(c, holds.Grant, role(holds.WayOutside, holds.RankPrivileged)), rule: "role", want: held, tier: top},
		{name: "C16 a new eligibility", event: is(c, holds.Grant, role(holds.WayEligibility, holds.RankOrdinary)), rule: "role", want: held, tier: top},
		{name: "C16 activation of a role below the top", event: is(c, holds.Grant, herself, role(holds.WayActivation, holds.RankPrivileged)), rule: "role-activated", want: told, tier: mid},
		{name: "C16 activation of a top role", event: is(c, holds.Grant, herself, role(holds.WayActivation, holds.RankTop)), rule: "role", want: held, tier: top},
		{name: "C16 activation of an unknown role", event: is(c, holds.Grant, herself, role(holds.WayActivation, "")), rule: "role", want: held, tier: top},
		{name: "C16 activation for somebody else", event: is(c, holds.Grant, role(holds.WayActivation, holds.RankPrivileged)), rule: "role", want: held, tier: top},
		{
			name: "C17 activation after a reset by the help desk", event: is(c, holds.Grant, herself, role(holds.WayActivation, holds.RankPrivileged)),
			facts: after(holds.MFAChange, holds.Reset, holds.PartyPerson), rule: "role", want: held, tier: top,
		},
		{name: "C16 the twin of an activation", event: is(c, holds.Grant, platform, role(holds.WayActivation, holds.RankPrivileged)), rule: "platform", want: noted},
		{name: "C16 the twin of a top role's activation", event: is(c, holds.Grant, platform, role(holds.WayActivation, holds.RankTop)), rule: "role", want: held, tier: top},
		{name: "C16 a grant in the platform's name past PIM", event: is(c, holds.Grant, platform, role(holds.WayOutside, holds.RankPrivileged)), rule: "role", want: held, tier: top},
		{
			name: "C17 a twin in the wake of a reset", event: is(c, holds.Grant, platform, role(holds.WayActivation, holds.RankPrivileged)),
			facts: after(holds.PasswordReset, holds.Reset, holds.PartyPerson), rule: "role", want: held, tier: top,
		},
		{name: "role taken away", event: is(c, holds.Revoke), rule: "role-taken-away", want: noted},
		{name: "role taken away by the platform", event: is(c, holds.Remove, platform), rule: "role-taken-away", want: noted},
		{name: "what a role may do", event: is(c, holds.Update, nobodyNamed), rule: "role-defined", want: held, tier: top, free: true},
		{name: "to a group, by a person", event: is(c, holds.Grant, nobodyNamed, about("Group", "00g1", "")), rule: "role", want: held, tier: top},
		{name: "C5 to a group, by an application", event: is(c, holds.Grant, nobodyNamed, app), rule: "role", want: held, tier: top, free: true},
	}
}

func factorCases() []one {
	const c = holds.MFAChange
	enrols := is(c, holds.Enrol, herself)
	return []one{
		{name: "R27 the help desk resets factors", rule: "mfa", want: held, tier: mid},
		{name: "R27 the help desk enrols for somebody", event: is(c, holds.Enrol), rule: "mfa", want: held, tier: mid},
		{name: "R27 the help desk removes one", event: is(c, holds.Remove), rule: "mfa", want: held, tier: mid},
		{name: "R27 by an application, however trusted", event: is(c, holds.Reset, app), settings: provisions, rule: "mfa", want: held, tier: mid},
		{name: "R27 by the vendor's system", event: is(c, holds.Reset, system), rule: "mfa", want: held, tier: mid},
		{name: "R49 of a privileged account", facts: admin, rule: "mfa", want: held, tier: top},
		{name: "R49 of somebody in finance", facts: finance, rule: "mfa", want: held, tier: top},
		{name: "R91 of a vendor", facts: vendor, rule: "mfa", want: held, tier: top},
		{name: "I10 of an unknown account", facts: stranger, rule: "mfa", want: held, tier: top},
		{name: "own factor, no address told", event: enrols, rule: "own-factor", want: told, tier: mid},
		{name: "own factor from where they always are", event: is(c, holds.Enrol, herself, at(strange)), facts: seen, rule: "own-factor", want: told, tier: mid},
		{name: "own factor from the office", event: is(c, holds.Enrol, herself, at(office)), settings: offices, rule: "own-factor", want: told, tier: mid},
		{name: "own factor from the office, with a port", event: is(c, holds.Enrol, herself, at(office+":5100")), settings: offices, rule: "own-factor", want: told, tier: mid},
		{name: "own factor from an unknown network", event: is(c, holds.Enrol, herself, at(strange)), settings: offices, rule: "mfa", want: held, tier: mid},
		{name: "own factor removed from an unknown network", event: is(c, holds.Remove, herself, at(strange)), rule: "own-factor", want: told, tier: mid},
		{name: "own factor of an admin", event: enrols, facts: admin, rule: "mfa", want: held, tier: top},
		{name: "own factor, account unknown", event: enrols, facts: stranger, rule: "mfa", want: held, tier: top},
		{name: "C9 own id but not a person", event: is(c, holds.Enrol, func(e *holds.Event) { e.Actor = holds.Party{ID: "00uvictim", Kind: holds.PartyToken} }), rule: "mfa", want: held, tier: mid},
		{name: "resetting all of one's own factors", event: is(c, holds.Reset, herself), rule: "mfa", want: held, tier: mid},
		{name: "a second own factor", event: enrols, facts: afterOwn(c, holds.Enrol), rule: "own-factor", want: told, tier: mid},
		{name: "C17 own factor after a reset by the help desk", event: enrols, facts: after(c, holds.Reset, holds.PartyPerson), rule: "mfa", want: held, tier: mid},
		{name: "C17 own factor after one removed by somebody", event: enrols, facts: after(c, holds.Remove, holds.PartyPerson), rule: "mfa", want: held, tier: mid},
		{name: "C17 own factor after a reset password", event: enrols, facts: after(holds.PasswordReset, holds.Reset, holds.PartyPerson), rule: "mfa", want: held, tier: mid},
		{name: "C17 own factor after one's own reset", event: enrols, facts: afterOwn(holds.PasswordReset, holds.Reset), rule: "mfa", want: held, tier: mid},
		{name: "C17 own factor after a password somebody set", event: enrols, facts: after(holds.PasswordReset, holds.Update, holds.PartyPerson), rule: "mfa", want: held, tier: mid},
		{name: "own factor after a password one changed", event: enrols, facts: afterOwn(holds.PasswordReset, holds.Update), rule: "own-factor", want: told, tier: mid},
		{name: "own factor after being unlocked", event: enrols, facts: after(holds.PasswordReset, holds.Other, holds.PartyPerson), rule: "own-factor", want: told, tier: mid},
		{name: "C17 own factor after a new recovery address", event: enrols, facts: afterOwn(holds.RecoveryChange, holds.Update), rule: "mfa", want: held, tier: mid},
		{name: "C17 own factor after emergency access", event: enrols, facts: after(holds.EmergencyAccess, holds.Grant, holds.PartySupport), rule: "mfa", want: held, tier: mid},
		{name: "own factor after reading one's own device key", event: enrols, facts: afterOwn(holds.EmergencyAccess, holds.Other), rule: "own-factor", want: told, tier: mid},
		{name: "C17 the chain is known by its classes alone", event: enrols, facts: func(f *holds.Facts) { f.Chain, f.Recent = nil, []holds.Class{c} }, rule: "mfa", want: held, tier: mid},
		{name: "C17 a pass issued for somebody", event: is(c, holds.Enrol, factorOf("temporaryAccessPass")), rule: "mfa", want: held, tier: mid},
		{name: "C17 a pass issued for oneself", event: is(c, holds.Enrol, herself, factorOf("temporaryAccessPass")), rule: "mfa", want: held, tier: mid},
		{name: "a step of one's own enrolment", event: is(c, holds.Other, herself, at(strange), typed("User started security info registration")), rule: "factor-step", want: noted},
		{name: "a sign-in past one's own factors", event: is(c, holds.Other, herself, at(strange), typed("user.mfa.attempt_bypass")), rule: "mfa", want: held, tier: mid},
		{name: "a step of somebody else's hand", event: is(c, holds.Other), rule: "mfa", want: held, tier: mid},
		{name: "the platform's record of an own enrolment", event: is(c, holds.Enrol, platform), facts: afterOwn(c, holds.Enrol), rule: "platform", want: noted},
		{name: "C17 the platform's record after a reset", event: is(c, holds.Enrol, platform), facts: after(c, holds.Reset, holds.PartyPerson), rule: "mfa", want: held, tier: mid},
	}
}

func joinerCases() []one {
	first := is(holds.MFAChange, holds.Enrol, herself, at(strange))
	return []one{
		{name: "a joiner's first factor, from home", event: first, facts: joined(3 * day), rule: "joiner", want: told, tier: mid},
		{name: "a joiner in finance", event: first, facts: knowing(joined(3*day), finance), rule: "joiner", want: told, tier: top},
		{name: "a joiner without a before-image", event: first, facts: knowing(joined(day), stranger), rule: "joiner", want: told, tier: top},
		{name: "a joiner's own recovery phone", event: is(holds.RecoveryChange, holds.Enrol, herself), facts: joined(day), rule: "joiner", want: told, tier: mid},
		{name: "a joiner's device, registered by a service", event: is(holds.DeviceRegistration, holds.Enrol, app, at(strange)), facts: joined(day), rule: "joiner", want: told, tier: mid},
		{name: "a joiner's second factor", event: first, facts: knowing(joined(day), afterOwn(holds.MFAChange, holds.Enrol), enrolledLongAgo("email")), rule: "joiner", want: told, tier: mid},
		{name: "a joiner with a factor from before", event: first, facts: knowing(joined(3*day), enrolledLongAgo("push")), rule: "mfa", want: held, tier: mid},
		{name: "a joiner's factor after a reset", event: first, facts: knowing(joined(3*day), after(holds.MFAChange, holds.Reset, holds.PartyPerson)), rule: "mfa", want: held, tier: mid},
		{name: "a joiner's factor after a password somebody set", event: first, facts: knowing(joined(3*day), after(holds.PasswordReset, holds.Reset, holds.PartyPerson)), rule: "mfa", want: held, tier: mid},
		{
			name: "a joiner's factor on the day the account was made", event: first,
			facts: knowing(joined(5*time.Hour), earlier(5*time.Hour-time.Minute, holds.PasswordReset, holds.Update, holds.PartyPerson, false)), rule: "joiner", want: told, tier: mid,
		},
		{name: "a joiner's factor by the help desk", event: is(holds.MFAChange, holds.Enrol), facts: joined(3 * day), rule: "mfa", want: held, tier: mid},
		{name: "a joiner's recovery phone by the help desk", event: is(holds.RecoveryChange, holds.Enrol), facts: joined(3 * day), rule: "recovery", want: held, tier: mid},
		{name: "a joiner resetting everything", event: is(holds.MFAChange, holds.Reset, herself), facts: joined(3 * day), rule: "mfa", want: held, tier: mid},
		{name: "a joiner with a pass of their own", event: is(holds.MFAChange, holds.Enrol, herself, factorOf("temporaryAccessPass")), facts: joined(3 * day), rule: "mfa", want: held, tier: mid},
		{name: "a joiner who is an admin already", event: first, facts: knowing(joined(3*day), admin), rule: "mfa", want: held, tier: top},
		{name: "a joiner given a role today", event: first, facts: knowing(joined(3*day), after(holds.RoleActivation, holds.Grant, holds.PartyPerson)), rule: "mfa", want: held, tier: mid},
		{name: "R91 a vendor's new account", event: first, facts: knowing(joined(3*day), vendor), rule: "mfa", want: held, tier: top},
		{name: "no joiner any more", event: first, facts: joined(15 * day), rule: "mfa", want: held, tier: mid},
		{name: "an organisation without joiners", event: first, facts: joined(3 * day), settings: noJoiners, rule: "mfa", want: held, tier: mid},
		{name: "an account made after the event", event: first, facts: joined(-day), rule: "mfa", want: held, tier: mid},
		{name: "a password set while the account is made", event: is(holds.PasswordReset, holds.Reset), facts: joined(10 * time.Minute), rule: "new-account", want: noted},
		{name: "a profile written while the account is made", event: is(holds.RecoveryChange, holds.Update, app), facts: joined(time.Minute), rule: "new-account", want: noted},
		{name: "a phone set up while the account is made", event: is(holds.MFAChange, holds.Enrol, app), facts: joined(time.Minute), rule: "new-account", want: noted},
		{name: "a pass issued while the account is made", event: is(holds.MFAChange, holds.Enrol, factorOf("temporaryAccessPass")), facts: joined(time.Minute), rule: "mfa", want: held, tier: mid},
		{name: "a password set later", event: is(holds.PasswordReset, holds.Reset), facts: joined(2 * time.Hour), rule: "password", want: held, tier: mid},
		{name: "a new account with power", event: is(holds.PasswordReset, holds.Reset), facts: knowing(joined(time.Minute), admin), rule: "password", want: held, tier: top},
		{name: "an account opened for a joiner", event: is(holds.OtherTakeover, holds.Other, typed("Enable account"), unsuspends), facts: joined(3 * day), rule: "joiner-opened", want: told, tier: mid},
		{name: "a joiner's invitation sent again", event: is(holds.OtherTakeover, holds.Other, typed("user.lifecycle.reactivate")), facts: joined(3 * day), rule: "joiner-opened", want: told, tier: mid},
		{name: "a leaver's account put back", event: is(holds.OtherTakeover, holds.Other, typed("Enable account"), unsuspends), facts: joined(900 * day), rule: "takeover", want: held, tier: top},
	}
}

func passwordCases() []one {
	const c = holds.PasswordReset
	mine := is(c, holds.Reset, herself)
	return []one{
		{name: "R26 reset by the help desk", event: is(c, holds.Reset), rule: "password", want: held, tier: mid},
		{name: "R26 set by the help desk", event: is(c, holds.Update), rule: "password", want: held, tier: mid},
		{name: "R5 of somebody in finance", event: is(c, holds.Reset), facts: finance, rule: "password", want: held, tier: top},
		{name: "R26 by the vendor's support", event: is(c, holds.Reset, system), rule: "password", want: held, tier: mid},
		{name: "R26 by an application nobody named", event: is(c, holds.Reset, app), rule: "password", want: held, tier: mid},
		{name: "G4 asked for by whoever knows the login", event: is(c, holds.Reset, system, typed("user.account.reset_password")), rule: "reset-requested", want: told, tier: mid},
		{name: "G4 asked for by nobody who is named", event: is(c, holds.Reset, unnamed, typed("user.account.reset_password")), rule: "reset-requested", want: told, tier: mid},
		{name: "G4 asked for in an admin's name", event: is(c, holds.Reset, system, typed("user.account.reset_password")), facts: admin, rule: "reset-requested", want: held, tier: top, free: true},
		{name: "G4 asked for in the name of an unknown account", event: is(c, holds.Reset, system, typed("user.account.reset_password")), facts: stranger, rule: "reset-requested", want: held, tier: top, free: true},
		{name: "G4 C17 asked for after a new recovery phone", event: is(c, holds.Reset, system, typed("user.account.reset_password")), facts: after(holds.RecoveryChange, holds.Update, holds.PartyPerson), rule: "reset-requested", want: held, tier: mid, free: true},
		{name: "G4 by the help desk it is another matter", event: is(c, holds.Reset, typed("user.account.reset_password")), rule: "password", want: held, tier: mid},
		{name: "by the organisation's automation", event: is(c, holds.Reset, app), settings: provisions, rule: "password-automation", want: noted},
		{name: "by the automation's token", event: is(c, holds.Reset, func(e *holds.Event) { e.Actor.Credential = "0oaprovision" }), settings: provisions, rule: "password-automation", want: noted},
		{name: "synchronised", event: is(c, holds.Update, system), rule: "password-synchronised", want: noted},
		{name: "R101 changed by oneself", event: is(c, holds.Update, herself), rule: "own-password", want: told, tier: mid},
		{name: "R101 changed by an admin who knew the old one", event: is(c, holds.Update, herself), facts: admin, rule: "own-password", want: told, tier: top},
		{name: "R101 reset by oneself", event: mine, rule: "own-reset", want: told, tier: mid},
		{name: "reset by oneself twice", event: mine, facts: afterOwn(c, holds.Reset), rule: "own-reset", want: told, tier: mid},
		{name: "reset by oneself, the twin came first", event: mine, facts: after(c, holds.Reset, holds.PartyPlatform), rule: "own-reset", want: told, tier: mid},
		{name: "reset by oneself after reading about methods", event: mine, facts: afterOwn(holds.MFAChange, holds.Other), rule: "own-reset", want: told, tier: mid},
		{name: "R49 reset by an admin for themselves", event: mine, facts: admin, rule: "password", want: held, tier: top},
		{name: "reset by an admin for themselves, from where they always are", event: is(c, holds.Reset, herself, at(strange)), facts: knowing(admin, seen), rule: "own-reset", want: told, tier: top},
		{name: "I10 reset by an unknown account from where it always is", event: is(c, holds.Reset, herself, at(strange)), facts: knowing(stranger, seen), rule: "password", want: held, tier: top},
		{name: "I10 reset by an unknown account", event: mine, facts: stranger, rule: "password", want: held, tier: top},
		{name: "C17 reset by oneself after a new recovery phone", event: mine, facts: after(holds.RecoveryChange, holds.Update, holds.PartyPerson), rule: "password", want: held, tier: mid},
		{name: "C17 reset by oneself after a new factor", event: mine, facts: afterOwn(holds.MFAChange, holds.Enrol), rule: "password", want: held, tier: mid},
		{name: "C17 reset by oneself after one by the help desk", event: mine, facts: after(c, holds.Reset, holds.PartyPerson), rule: "password", want: held, tier: mid},
		{name: "C17 reset by oneself after emergency access", event: mine, facts: after(holds.EmergencyAccess, holds.Grant, holds.PartySupport), rule: "password", want: held, tier: mid},
		{name: "the twin of a reset by oneself", event: is(c, holds.Reset, platform), facts: afterOwn(c, holds.Reset), rule: "platform", want: noted},
		{name: "the agent that carries a reset out", event: is(c, holds.Reset, system, typed("system.agent.ad.reset_user_password")), rule: "platform", want: noted},
		{name: "C17 a twin after a new recovery phone", event: is(c, holds.Reset, platform), facts: afterOwn(holds.RecoveryChange, holds.Update), rule: "password", want: held, tier: mid},
		{name: "unlocked by the help desk", event: is(c, holds.Other), rule: "unlocked", want: noted},
	}
}

func recoveryCases() []one {
	const c = holds.RecoveryChange
	return []one{
		{name: "R28 by an administrator", event: is(c, holds.Update), rule: "recovery", want: held, tier: mid},
		{name: "R28 by oneself", event: is(c, holds.Update, herself, field("secondEmail", "", "")), facts: seen, rule: "recovery", want: held, tier: mid},
		{name: "R28 by an application nobody named", event: is(c, holds.Update, app, field("mobilePhone", "", "")), rule: "recovery", want: held, tier: mid},
		{name: "R49 of a privileged account", event: is(c, holds.Update), facts: admin, rule: "recovery", want: held, tier: top},
		{name: "a profile written by automation", event: is(c, holds.Update, app, field("mobilePhone", "", ""), field("email", "", "")), settings: provisions, rule: "profile-automation", want: noted},
		{name: "R28 a recovery address written by automation", event: is(c, holds.Update, app, field("mobilePhone", "", ""), field("secondEmail", "", "")), settings: provisions, rule: "recovery", want: held, tier: mid},
		{name: "R28 automation that does not say what", event: is(c, holds.Update, app), settings: provisions, rule: "recovery", want: held, tier: mid},
		{name: "the platform's record of a number added", event: is(c, holds.Enrol, platform, field("StrongAuthenticationUserDetails.PhoneNumber", "", "+1")), rule: "platform", want: noted},
		{name: "R28 the platform's record of a number replaced", event: is(c, holds.Update, platform, field("StrongAuthenticationUserDetails.PhoneNumber", "+1", "+2")), rule: "recovery", want: held, tier: mid},
		{name: "R28 the platform's record that tells no values", event: is(c, holds.Update, platform), rule: "recovery", want: held, tier: mid},
	}
}

func deviceCases() []one {
	const c = holds.DeviceRegistration
	return []one{
		{name: "R104 a device, no address told", event: is(c, holds.Enrol, app), rule: "device-known", want: told, tier: mid},
		{name: "R104 a device from where they always are", event: is(c, holds.Enrol, herself, at(strange)), facts: seen, rule: "device-known", want: told, tier: mid},
		{name: "R33 a device from an unknown network", event: is(c, holds.Enrol, herself, at(strange)), rule: "device", want: held, tier: mid},
		{name: "R33 a device after a reset", event: is(c, holds.Enrol, herself), facts: after(holds.MFAChange, holds.Reset, holds.PartyPerson), rule: "device", want: held, tier: mid},
		{name: "a device of an admin", event: is(c, holds.Enrol, herself), facts: admin, rule: "device-known", want: told, tier: top},
		{name: "a device that names nobody", event: is(c, holds.Enrol, nobodyNamed), rule: "device-alone", want: noted},
		{name: "which devices are let in", event: is(c, holds.Update, nobodyNamed), rule: "device-policy", want: held, tier: top, free: true},
	}
}

func networkCases() []one {
	const c = holds.RemoteAccess
	return []one{
		{name: "R32 a zone or a policy", event: is(c, holds.Update, nobodyNamed), rule: "network", want: held, tier: top, free: true},
		{name: "R32 a policy deleted", event: is(c, holds.Remove, nobodyNamed), rule: "network", want: held, tier: top, free: true},
		{name: "a policy, by its administrator from where they always are", event: is(c, holds.Update, nobodyNamed, at(strange)), facts: knowing(admin, seen), rule: "network-usual", want: told, tier: top},
		{name: "a policy, from the office", event: is(c, holds.Update, nobodyNamed, at(office)), settings: offices, rule: "network-usual", want: told, tier: mid},
		{
			name: "C17 a policy, after the administrator was reset", event: is(c, holds.Update, nobodyNamed, at(strange)),
			facts: knowing(admin, seen, after(holds.MFAChange, holds.Reset, holds.PartyPerson)), rule: "network", want: held, tier: top, free: true,
		},
		{name: "R32 by an application", event: is(c, holds.Update, nobodyNamed, app), rule: "network", want: held, tier: top, free: true},
		{name: "R32 by what has the name of a service", event: is(c, holds.Update, nobodyNamed, platform), rule: "network", want: held, tier: top, free: true},
		{name: "a zone the platform keeps", event: is(c, holds.Update, nobodyNamed, system), rule: "network-automatic", want: noted},
		{name: "a group", event: is(c, holds.Grant, about("Group", "00gother", "")), settings: watching, rule: "membership", want: noted},
		{name: "a device put into a group", event: is(c, holds.Grant, nobodyNamed, about("Group", "00gother", "")), rule: "membership", want: noted},
		{name: "R32 a watched group", event: is(c, holds.Grant, about("Group", "00gvpn", "")), settings: watching, rule: "watched", want: held, tier: mid},
		{name: "R32 a watched application", event: is(c, holds.Grant, about("AppInstance", "0oapayroll", "")), settings: watching, rule: "watched", want: held, tier: mid},
		{
			name: "a watched group, by automation", event: is(c, holds.Grant, app, about("Group", "00gvpn", "")),
			settings: func(s *Settings) { watching(s); provisions(s) }, rule: "membership", want: noted,
		},
		{name: "out of a watched group", event: is(c, holds.Remove, about("Group", "00gvpn", "")), settings: watching, rule: "membership", want: noted},
	}
}

func takeoverCases() []one {
	const c = holds.OtherTakeover
	wide := func(v holds.Verb, more ...func(*holds.Event)) func(*holds.Event) {
		return is(c, v, append(more, nobodyNamed)...)
	}
	return []one{
		{name: "C17 a second identity provider", event: wide(holds.Other, typed("system.idp.lifecycle.create")), rule: "takeover", want: held, tier: top},
		{name: "an API token", event: wide(holds.Other, typed("system.api_token.create")), rule: "takeover", want: held, tier: top},
		{name: "federation of a domain", event: wide(holds.Update, typed("Set federation settings on domain")), rule: "takeover", want: held, tier: top},
		{name: "a credential of an application", event: wide(holds.Grant, typed("Add service principal credentials")), rule: "takeover", want: held, tier: top},
		{name: "C5 a credential, by an application", event: wide(holds.Grant, app, typed("Add service principal credentials")), rule: "takeover", want: held, tier: top, free: true},
		{name: "a consent", event: wide(holds.Grant, typed("Consent to application")), rule: "takeover", want: held, tier: top},
		{name: "a guest made a member", event: is(c, holds.Grant, typed("Update user"), field("UserType", "Guest", "Member")), rule: "takeover", want: held, tier: top},
		{name: "a guest invited", event: is(c, holds.Grant, typed("Invite external user")), rule: "guest", want: noted},
		{name: "a guest invited, as the unified log writes it", event: is(c, holds.Grant, typed("Invite external user.")), rule: "guest", want: noted},
		{name: "an invitation accepted", event: is(c, holds.Grant, typed("Redeem external user invite")), rule: "guest", want: noted},
		{name: "an account of ours bound to a sign-in from elsewhere", event: is(c, holds.Grant, typed("Invite internal user to B2B collaboration")), rule: "takeover", want: held, tier: top},
		{name: "an application changed", event: wide(holds.Other, typed("application.lifecycle.update"), about("AppInstance", "0oax", "Wiki")), rule: "application", want: noted},
		{name: "a watched application changed", event: wide(holds.Other, typed("application.lifecycle.update"), about("AppInstance", "0oapayroll", "Payroll")), settings: watching, rule: "watched", want: held, tier: mid},
		{name: "C17 an application that stands for another organisation", event: wide(holds.Other, typed("application.lifecycle.create"), about("AppInstance", "0oax", "Okta Org2Org")), rule: "takeover", want: held, tier: top},
		{name: "C17 an application that gets passwords", event: wide(holds.Other, typed("application.lifecycle.update"), field("Pushing user passwords", "", "")), rule: "takeover", want: held, tier: top},
		{name: "an application assigned", event: is(c, holds.Grant, typed("Add app role assignment grant to user")), rule: "application", want: noted},
		{name: "an application's owner", event: is(c, holds.Grant, typed("Add owner to application")), rule: "application", want: noted},
		{name: "one's own consent to know who one is", event: is(c, holds.Grant, herself, field("Scope", "", "openid profile User.Read")), rule: "harmless-consent", want: told, tier: mid},
		{name: "one's own consent to read mail", event: is(c, holds.Grant, herself, field("Scope", "", "openid Mail.Read")), rule: "takeover", want: held, tier: top},
		{name: "one's own consent to nobody knows what", event: is(c, holds.Grant, herself), rule: "takeover", want: held, tier: top},
		{name: "a harmless consent for somebody else", event: is(c, holds.Grant, field("Scope", "", "openid")), rule: "takeover", want: held, tier: top},
		{name: "a harmless consent for everybody", event: wide(holds.Grant, field("Scope", "", "openid email")), rule: "harmless-consent", want: told, tier: mid},
		{name: "a harmless consent for everybody, by an application", event: wide(holds.Grant, app, field("Scope", "", "openid")), rule: "takeover", want: held, tier: top, free: true},
		{name: "a consent for everybody", event: wide(holds.Grant, field("Scope", "", "openid Mail.Read")), rule: "takeover", want: held, tier: top},
	}
}

func emergencyCases() []one {
	const c, v = holds.EmergencyAccess, holds.VaultRecovery
	key := is(c, holds.Other, nobodyNamed, typed("Read BitLocker key"))
	return []one{
		{name: "R34 support is let in", event: is(c, holds.Grant, nobodyNamed), rule: "emergency", want: held, tier: top},
		{name: "R34 support comes in", event: is(c, holds.Grant, nobodyNamed, func(e *holds.Event) { e.Actor.Kind = holds.PartySupport }), rule: "emergency", want: held, tier: top, free: true},
		{name: "R34 the key of a device", event: key, rule: "device-key", want: told, tier: mid},
		{name: "R34 the key of a device, read by an admin", event: key, facts: admin, rule: "device-key", want: told, tier: top},
		{name: "R34 the key of a device, read by an application", event: is(c, holds.Other, nobodyNamed, app, typed("Read BitLocker key")), rule: "emergency", want: held, tier: top, free: true},
		{name: "R31 somebody's stored password", event: is(v, holds.Other), rule: "vault", want: held, tier: mid},
		{name: "one's own stored password", event: is(v, holds.Other, herself), rule: "vault-own", want: told, tier: mid},
		{name: "a secret that is nobody's", event: is(v, holds.Other, nobodyNamed), rule: "vault-shared", want: noted},
	}
}

func mailboxCases() []one {
	const c = holds.MailboxDelegation
	return []one{
		{name: "R30 forwarding set by somebody else", event: is(c, holds.Update, field("ForwardingSmtpAddress", "", "smtp:olga@acme.example")), rule: "mailbox", want: held, tier: mid},
		{name: "R30 a delegate set by somebody else", event: is(c, holds.Grant), rule: "mailbox", want: held, tier: mid},
		{name: "R30 own forwarding to outside", event: is(c, holds.Update, herself, field("ForwardTo", "", "me@elsewhere.example")), rule: "mailbox", want: held, tier: mid},
		{name: "R30 own forwarding to several", event: is(c, holds.Update, herself, field("RedirectTo", "", "pa@acme.example;me@elsewhere.example")), rule: "mailbox", want: held, tier: mid},
		{name: "R105 own forwarding within", event: is(c, holds.Update, herself, field("ForwardingSmtpAddress", "", "smtp:pa@ACME.example"), field("DeliverToMailboxAndForward", "", "True")), rule: "own-mailbox", want: told, tier: mid},
		{name: "R105 an own rule", event: is(c, holds.Update, herself, field("DeleteMessage", "", "True")), rule: "own-mailbox", want: told, tier: mid},
		{name: "a mailbox without a home", event: is(c, holds.Update, herself, field("ForwardTo", "", "pa@acme.example"), func(e *holds.Event) { e.Subjects[0].Login = "" }), rule: "mailbox", want: held, tier: mid},
		{name: "R30 a rule for all mail", event: is(c, holds.Update, nobodyNamed), rule: "mail-flow", want: held, tier: top, free: true},
		{name: "provisioned by Exchange", event: is(c, holds.Update, system), rule: "mailbox-system", want: noted},
	}
}
