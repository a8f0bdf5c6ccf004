package quarter

import "time"

// phones: people replace them. Who still has the old one moves their factors by
// themselves; the others call the help desk.
func (w *world) phones() {
	for range w.some("new phones", newPhones) {
		t := w.moment()
		p := w.somebody(t)
		if w.often(withoutOld) {
			w.truth.Expected["help-desk factor resets"]++
			w.calledDesk(p, t)
			continue
		}
		s := w.okta(t, p, "/idp/idx/credential/enroll")
		d := w.entra(w.within(t, 3*time.Hour), p)
		if w.often(elsewhere) {
			s.ip = w.strange()
			d.by.User.IPAddress = &s.ip
		}
		s.enrols(p)
		d.registers(p, authenticatorApp)
		w.okta(t.Add(30*time.Minute), p, "/idp/idx/credential/unenroll").drops(p, "Okta Verify push")
		d.at = d.at.Add(5 * time.Minute)
		d.deletes(p, authenticatorApp)
	}
}

// calledDesk is somebody without a factor. The help desk resets what they cannot
// get into, and they enrol anew within the hour.
func (w *world) calledDesk(p *person, t time.Time) {
	atOkta, atEntra := w.often(0.5), false
	if !atOkta || w.often(bothDesks) {
		atEntra = true
	}
	if atOkta {
		w.okta(t, w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/reset_factors").resetsAll(p)
		w.okta(w.within(t.Add(5*time.Minute), 40*time.Minute), p, "/idp/idx/credential/enroll").enrols(p)
	}
	if atEntra {
		w.entra(t.Add(3*time.Minute), w.desk()).deskDeletes(p)
		w.entra(w.within(t.Add(8*time.Minute), 40*time.Minute), p).registers(p, authenticatorApp)
	}
}

// migration moves everybody at Okta from text messages to Okta Verify within one
// week, each by themselves; administrators have had passkeys before. At the end
// text messages are switched off for all.
func (w *world) migration() {
	week := w.Weeks / 2
	w.truth.Migration = w.day(7 * week)
	for _, p := range w.people {
		d := 7*week + w.IntN(5)
		if p.admin || p.joins > 7*week-21 || d >= p.leaves {
			continue
		}
		t := w.hour(d)
		s := w.okta(t, p, "/idp/idx/credential/enroll")
		if w.often(elsewhere / 2) {
			s.ip = w.strange()
		}
		s.enrols(p)
		s.drops(p, "SMS Authentication")
		w.truth.Expected["moved to Okta Verify"]++
	}
	s := w.okta(w.day(7*week+4).Add(16*time.Hour), w.admin(), "/api/v1/authenticators")
	s.does("security.authenticator.lifecycle.deactivate", "Deactivate authenticator", []entity{thing("Authenticator", w.oktaID("aut"), "Phone")})
}

// otherFactors are passkeys that people add because they want to.
func (w *world) otherFactors() {
	for range w.some("passkeys", passkeys) {
		t := w.moment()
		p := w.somebody(t)
		ip := w.address(p, t)
		if w.often(elsewhere) {
			ip = w.strange()
		}
		if w.often(0.5) {
			s := w.okta(t, p, "/idp/idx/credential/enroll")
			s.ip = ip
			s.passkey(p)
			continue
		}
		w.entraFrom(t, p, ip).does(methods, "UserManagement", "User registered security info", "User registered Fido2 Authentication Method", []target{account(p)})
	}
	for range w.times("temporary access passes", passes) {
		t := w.moment()
		p := w.somebody(t)
		w.entra(t, w.desk()).issuesPass(p)
		w.entra(t.Add(15*time.Minute), p).registers(p, authenticatorApp)
	}
}

func (d *deed) issuesPass(p *person) string {
	pass := "TemporaryAccessPass.TemporaryAccessPass."
	return d.does(methods, "UserManagement", "Admin registered security info", "Admin registered temporary access pass method for user", []target{account(p,
		changed(pass+"Id", "", d.w.guid()), changed(pass+"StartDateTime", "", d.at), changed(pass+"EndTime", "", d.at.Add(time.Hour)), changed(pass+"AccessPassUsage", "", "Once"))})
}

// numbers: a new phone number is a new way to recover the account, at Okta in the
// profile, and at Entra for the half who get their codes by text.
func (w *world) numbers() {
	for range w.some("new phone numbers", newNumbers) {
		t := w.moment()
		p := w.somebody(t)
		s := w.okta(t, p, "/api/v1/users/me")
		s.does("user.account.update_profile", "Update user profile for Okta", []entity{user(p)}, debug("changedAttributes", "mobilePhone"))
		if w.often(0.5) {
			w.entra(w.within(t, 48*time.Hour), p).addsPhone(p, p.phone, w.number())
		}
	}
}
