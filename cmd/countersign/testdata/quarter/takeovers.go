package quarter

import "time"

// The takeovers are taken from what was published about real ones. Each is made
// of the records that the platform writes of it; nothing in a record says so.

// from is where intruders come from.
const from = "203.0.113.66"

func (w *world) takeovers() {
	for i, make := range []func(time.Time) Takeover{
		w.helpDeskReset, w.secondIdentityProvider, w.supportImpersonation, w.recoveryPhone, w.grantPastPIM, w.federatedDomain,
		w.consentPhishing, w.applicationSecret, w.issuedPass, w.numberPorted, w.guestToMember, w.mailForwarded,
	} {
		week := (i + 1) * w.Weeks / 13
		w.truth.Takeovers = append(w.truth.Takeovers, make(w.hour(7*min(week, w.Weeks-1)+w.IntN(5))))
	}
}

// helpDeskReset: somebody calls as an employee, the help desk resets the factors,
// and the caller enrols a phone of theirs and looks around.
func (w *world) helpDeskReset(t time.Time) Takeover {
	p := w.somebody(t)
	desk := w.okta(t, w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/reset_factors")
	reset := desk.resetsAll(p)
	thief := w.oktaBy(t.Add(4*time.Minute), user(p), from, "/idp/idx/credential/enroll")
	enrolled := thief.enrols(p)
	return Takeover{
		Name: "help-desk reset, then a new phone", Source: "CISA and FBI, AA23-320A (Scattered Spider)", Provider: "okta",
		Records: append([]string{reset}, enrolled...), Decisive: reset,
	}
}

// secondIdentityProvider: with a super administrator's session, a second identity
// provider is added that signs in as anybody; then another administrator's factors
// are reset and a rule that asks for them is loosened.
func (w *world) secondIdentityProvider(t time.Time) Takeover {
	s := w.oktaBy(t, user(w.admin()), from, "/api/v1/idps")
	idp := s.does("system.idp.lifecycle.create", "Create identity provider", []entity{thing("IdentityProvider", w.oktaID("0oa"), "Partner SSO")})
	s.does("system.idp.lifecycle.activate", "Activate identity provider", []entity{thing("IdentityProvider", w.oktaID("0oa"), "Partner SSO")})
	s.request, s.at = w.digits(letters, 27), s.at.Add(10*time.Minute)
	s.resetsAll(w.people[3])
	s.does("policy.rule.update", "Update policy rule", []entity{thing("PolicyRule", w.oktaID("0pr"), "Administrators")})
	return Takeover{
		Name: "a second identity provider", Source: "Okta, cross-tenant impersonation, August 2023", Provider: "okta", Records: s.told, Decisive: idp,
	}
}

// supportImpersonation: an administrator's session lets support in, who is none.
func (w *world) supportImpersonation(t time.Time) Takeover {
	s := w.oktaBy(t, user(w.admin()), from, "/api/v1/internal/orgSettings/impersonation")
	grant := s.does("user.session.impersonation.grant", "Grant impersonation session", []entity{thing("Org", w.oktaID("00o"), company)})
	support := w.oktaBy(t.Add(9*time.Minute), entity{ID: w.oktaID("00u"), Type: "User", AlternateID: "support@okta.example", DisplayName: "Okta Support"}, from, "")
	in := support.does("user.session.impersonation.initiate", "Initiate impersonation session", []entity{thing("Org", w.oktaID("00o"), company)})
	return Takeover{
		Name: "support is let in", Source: "Okta, unauthorised access to the support system, October 2023", Provider: "okta",
		Records: []string{grant, in}, Decisive: grant,
	}
}

// recoveryPhone: with a stolen session the number that codes go to is changed, and
// then the password is reset with it.
func (w *world) recoveryPhone(t time.Time) Takeover {
	p := w.somebody(t)
	d := w.entraFrom(t, p, from)
	number := d.addsPhone(p, p.phone, "+1 2025550199")
	d.at = d.at.Add(12 * time.Minute)
	d.resetsOwn(p)
	return Takeover{
		Name: "the recovery phone is changed, then the password reset", Source: "requirements of the mission (recovery change); facts on Entra, section 3", Provider: "entra",
		Records: d.told, Decisive: number,
	}
}

// grantPastPIM: a compromised administrator makes an account of theirs a Global
// Administrator, past every approval.
func (w *world) grantPastPIM(t time.Time) Takeover {
	d := w.entraFrom(t, w.admin(), from)
	grant := d.grants(w.somebody(t), topRole())
	return Takeover{Name: "a role granted past PIM", Source: "Microsoft, Storm-0501, August 2025", Provider: "entra", Records: d.told, Decisive: grant}
}

// federatedDomain: a domain is added and made to trust a key of the intruder's, who
// is from then on anybody.
func (w *world) federatedDomain(t time.Time) Takeover {
	d := w.entraFrom(t, w.admin(), from)
	name := "quarterdeck-sso.example"
	d.does(directory, "DirectoryManagement", "Add unverified domain", "", []target{object("Domain", w.guid(), name)})
	d.does(directory, "DirectoryManagement", "Set domain authentication", "", []target{object("Domain", w.guid(), name, changed("LiveType", []string{"Managed"}, []string{"Federated"}))})
	trust := d.does(directory, "DirectoryManagement", "Set federation settings on domain", "", []target{object("Domain", w.guid(), name, changed("IssuerUri", []string{""}, []string{"http://any.sts/B231A11F"}))})
	return Takeover{Name: "a domain trusts another key", Source: "Microsoft, Storm-0501, and Mandiant on Golden SAML", Provider: "entra", Records: d.told, Decisive: trust}
}

// consentPhishing: an employee, at home, lets an application read their mail.
func (w *world) consentPhishing(t time.Time) Takeover {
	p := w.somebody(t)
	d := w.entraFrom(t, p, p.home+".23")
	consent := d.consents(p, "openid profile offline_access Mail.Read Mail.Send", "Upgrade")
	return Takeover{Name: "consent phishing", Source: "Microsoft, illicit consent grants", Provider: "entra", Records: d.told, Decisive: consent}
}

// applicationSecret: an application that may write to the directory gets a second
// secret, which only the intruder knows.
func (w *world) applicationSecret(t time.Time) Takeover {
	d := w.entraFrom(t, w.admin(), from)
	secret := d.addsSecret(w.guid(), "Directory backup")
	return Takeover{Name: "a secret of a powerful application", Source: "Microsoft, Midnight Blizzard, January 2024", Provider: "entra", Records: d.told, Decisive: secret}
}

// issuedPass: a compromised help-desk account issues itself a pass for somebody,
// and enrols with it.
func (w *world) issuedPass(t time.Time) Takeover {
	p := w.somebody(t)
	d := w.entraFrom(t, w.desk(), from)
	pass := d.issuesPass(p)
	thief := w.entraFrom(t.Add(2*time.Minute), p, from)
	enrolled := thief.registers(p, authenticatorApp)
	return Takeover{Name: "a temporary access pass", Source: "facts on Entra, section 3; Microsoft on Octo Tempest, October 2023", Provider: "entra", Records: []string{pass, enrolled}, Decisive: pass}
}

// numberPorted: with the victim's number the password is reset as the victim would
// do it, and the intruder's own factor enrolled.
func (w *world) numberPorted(t time.Time) Takeover {
	p := w.somebody(t)
	d := w.entraFrom(t, p, from)
	reset := d.resetsOwn(p)
	d.at = d.at.Add(6 * time.Minute)
	enrolled := d.registers(p, authenticatorApp)
	return Takeover{Name: "a ported number: reset, then a new factor", Source: "CISA and FBI, AA23-320A (SIM swap)", Provider: "entra", Records: []string{reset, enrolled}, Decisive: enrolled}
}

// guestToMember: a guest's account becomes a member's.
func (w *world) guestToMember(t time.Time) Takeover {
	guest := &person{name: "Guest of nobody", login: "nobody_partner.example#EXT#@" + domain, entra: w.guid()}
	d := w.entraFrom(t, w.admin(), from)
	member := d.does(directory, "UserManagement", "Update user", "", []target{account(guest, changed("UserType", []string{"Guest"}, []string{"Member"}), included("UserType"))})
	return Takeover{Name: "a guest becomes a member", Source: "Microsoft, security operations for user accounts; facts on Entra, section 3", Provider: "entra", Records: d.told, Decisive: member}
}

// mailForwarded: an intruder in somebody's mailbox sends it on, and hides the
// answers.
func (w *world) mailForwarded(t time.Time) Takeover {
	p := w.somebody(t)
	forward := w.cmdlet(t, p.login, from, "Set-Mailbox", p.login, parameter{"Identity", p.login}, parameter{"ForwardingSmtpAddress", "smtp:archive@elsewhere.example"}, parameter{"DeliverToMailboxAndForward", "True"})
	hide := w.cmdlet(t.Add(3*time.Minute), p.login, from, "New-InboxRule", p.login+`\.`, parameter{"Mailbox", p.login}, parameter{"Name", "."}, parameter{"DeleteMessage", "True"})
	return Takeover{Name: "mail forwarded to outside", Source: "FBI, business e-mail compromise; facts on Entra, section 1f", Provider: "entra", Records: []string{forward, hide}, Decisive: forward}
}
