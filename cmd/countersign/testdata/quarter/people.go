package quarter

import "time"

// joiners: HR's application makes both accounts some days before the first day; on
// that day the person chooses a password and enrols at both platforms, wherever
// they are.
func (w *world) joiners() {
	for range w.some("joiners", hires) {
		first := max(w.workday(), 7) // the accounts are made within the time, too
		p := w.add(len(w.people), first)
		w.accounts(p, first)
		start := w.hour(first)
		if w.often(0.1) { // the link has lapsed
			s := w.okta(start.Add(-20*time.Minute), w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/reactivate")
			s.does("user.lifecycle.reactivate", "Reactivate Okta user", []entity{user(p)})
		}
		w.firstDay(p, start)
	}
}

// accounts are made by the HR system's application before the first day.
func (w *world) accounts(p *person, first int) {
	made := w.day(first).Add(-time.Duration(1+w.IntN(6)) * 24 * time.Hour).Add(9 * time.Hour)
	s := w.oktaBy(made, provisioning(), "", "/api/v1/users")
	s.does("user.lifecycle.create", "Create okta user", []entity{user(p)})
	s.does("user.mfa.factor.activate", "Activate factor or authenticator enrollment for user", []entity{w.factor("email", "Email"), user(p)},
		because("User set up EMAIL_FACTOR factor"))
	s.does("user.account.update_profile", "Update user profile for Okta", []entity{user(p)}, debug("changedAttributes", "department,mobilePhone,secondEmail,title"))
	s.does("user.lifecycle.activate", "Activate Okta user", []entity{user(p)})
	s.does("group.user_membership.add", "Add user to group membership", []entity{user(p), thing("UserGroup", "00gEverybody00000000", "Everybody")})

	d := w.entraBy(made.Add(time.Minute), hr())
	d.does(directory, "UserManagement", "Add user", "", []target{account(p, changed("AccountEnabled", []bool{}, []bool{true}), changed("UserPrincipalName", []string{}, []string{p.login}))})
	d.does(directory, "UserManagement", "Set force change user password", "", []target{account(p)})
	d.does(directory, "UserManagement", "Update user", "", []target{account(p, changed("Mobile", []string{}, []string{p.phone}), changed("Department", []string{}, []string{"Engineering"}), included("Mobile, Department"))})
	d.does(directory, "GroupManagement", "Add member to group", "", []target{account(p), object("Group", "0a9be7c4-5f2d-4a63-8a44-2f6d3e1b9c05", "Everybody")})
	w.provisionedMailbox(p, made.Add(10*time.Minute))
}

func (w *world) firstDay(p *person, t time.Time) {
	s := w.okta(t, p, "/welcome")
	s.does("user.account.update_password", "User update password for Okta", []entity{user(p)})
	enrolled := s.enrols(p)
	if w.often(0.5) {
		enrolled = append(enrolled, w.okta(t.Add(10*time.Minute), p, "/idp/idx/credential/enroll").passkey(p))
	}
	d := w.entra(t.Add(25*time.Minute), p)
	d.does(directory, "UserManagement", "Change user password", "", []target{account(p)})
	d.does(methods, "UserManagement", "User started security info registration", "User started the registration process", []target{account(p)})
	enrolled = append(enrolled, d.registers(p, authenticatorApp))
	if w.often(0.5) {
		enrolled = append(enrolled, d.addsPhone(p, "", p.phone))
	}
	d.does(methods, "UserManagement", "User registered all required security info", "User registered all required security info", []target{account(p)})
	w.truth.Joiners = append(w.truth.Joiners, enrolled...)
	w.registersDevice(p, t.Add(2*time.Hour))
}

func (s *scene) passkey(p *person) string {
	return s.does("user.mfa.factor.activate", "Activate factor or authenticator enrollment for user", []entity{s.w.factor("webauthn", "Passkey"), user(p)},
		because("User set up FIDO_WEBAUTHN factor"))
}

// addsPhone is a person's own number as a factor; where one was there before, it
// is also how the account is recovered.
func (d *deed) addsPhone(p *person, before, after string) string {
	words := "User registered Mobile Phone SMS"
	activity := "User registered security info"
	if before != "" {
		words, activity = "User changed Mobile Phone SMS", "User updated security info"
	}
	id := d.does(methods, "UserManagement", activity, words, []target{account(p, changed("Phone.PhoneNumber", before, after))})
	number := func(n string) []map[string]any {
		if n == "" {
			return []map[string]any{{"PhoneNumber": nil, "Email": nil}}
		}
		return []map[string]any{{"PhoneNumber": n, "Email": nil}}
	}
	d.doesBy(strong(), directory, "UserManagement", "Update user", "", []target{account(p,
		changed("StrongAuthenticationUserDetails", number(before), number(after)), included("StrongAuthenticationUserDetails"))})
	return id
}

// leavers: HR's application ends both accounts on the last day; one in ten is
// ended by hand as well, with a new password.
func (w *world) leavers() {
	for range w.some("leavers", leavers) {
		t := w.moment()
		p := w.somebody(t)
		p.leaves = int(t.Sub(w.start).Hours() / 24)
		s := w.oktaBy(t, provisioning(), "", "/api/v1/users/"+p.okta+"/lifecycle/deactivate")
		s.does("group.user_membership.remove", "Remove user from group membership", []entity{user(p), thing("UserGroup", "00gEverybody00000000", "Everybody")})
		s.does("user.lifecycle.deactivate", "Deactivate Okta user", []entity{user(p)})
		s.does("user.session.clear", "Clear user session", []entity{user(p)})
		d := w.entraBy(t.Add(time.Minute), hr())
		d.does(directory, "UserManagement", "Disable account", "", []target{account(p)})
		d.does(directory, "UserManagement", "Update StsRefreshTokenValidFrom Timestamp", "", []target{account(p)})
		if w.often(0.1) {
			w.entra(t.Add(time.Hour), w.desk()).deskResets(p)
			w.truth.Expected["leavers' passwords set by hand"]++
		}
	}
}

// deskResets is the help desk's reset in the portal.
func (d *deed) deskResets(p *person) string {
	id := d.does(directory, "UserManagement", "Reset user password", "", []target{account(p)})
	d.does(directory, "UserManagement", "Set force change user password", "", []target{account(p)})
	d.does(selfService, "UserManagement", "Reset password (by admin)", "None", []target{account(p)})
	return id
}
