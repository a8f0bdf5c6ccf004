package quarter

import "time"

// organisation: what administrators change for everybody, several records in one
// sitting.
func (w *world) organisation() {
	for range w.times("Conditional Access edited", accessPolicies) {
		d := w.entra(w.moment(), w.admin())
		for range 1 + w.IntN(3) {
			policy := object("Policy", w.guid(), "Require compliant device", changed("ConditionalAccessPolicy", map[string]string{"state": "enabled"}, map[string]string{"state": "enabled"}))
			d.does(access, "Policy", "Update conditional access policy", "", []target{policy})
			d.does(directory, "Policy", "Update policy", "", []target{object("Policy", policy.ID, "Require compliant device")})
			d.at = d.at.Add(4 * time.Minute)
		}
	}
	for range w.times("Okta policies edited", oktaPolicies) {
		s := w.okta(w.moment(), w.admin(), "/api/v1/policies")
		for range 1 + w.IntN(3) {
			s.does("policy.rule.update", "Update policy rule", []entity{thing("PolicyRule", w.oktaID("0pr"), "Catch-all rule"), thing("PolicyEntity", w.oktaID("00p"), "Any two factors")})
			s.request, s.at = w.digits(letters, 27), s.at.Add(4*time.Minute)
		}
		if w.often(0.2) {
			s.does("zone.update", "Update network zone", []entity{thing("NetworkZone", w.oktaID("nzo"), "Offices")})
		}
	}
	for range w.times("authentication methods policy edited", methodPolicies) {
		w.entra(w.moment(), w.admin()).does(methods, "ApplicationManagement", "Authentication Methods Policy Update", "",
			[]target{object("Policy", w.guid(), "Authentication methods policy", changed("PasskeyEnabled", "false", "true"))})
	}
	for range w.some("returns from leave", returns) {
		t := w.moment()
		p := w.somebody(t)
		if w.often(0.5) {
			w.okta(t, w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/unsuspend").does("user.lifecycle.unsuspend", "Unsuspend Okta user", []entity{user(p)})
			continue
		}
		w.entra(t, w.desk()).does(directory, "UserManagement", "Enable account", "", []target{account(p, changed("AccountEnabled", []bool{false}, []bool{true}))})
	}
}

// guests: people from elsewhere invited to a team, who mostly come.
func (w *world) guests() {
	for range w.some("guests invited", guestsInvited) {
		t := w.moment()
		inviter := w.somebody(t)
		name, mail := "Guest "+w.digits("abcdefgh", 4), w.digits("abcdefgh", 6)+"@partner.example"
		guest := &person{name: name, login: mail + "#EXT#@" + domain, entra: w.guid(), leaves: 7 * w.Weeks}
		d := w.entra(t, inviter)
		d.doesBy(application("Microsoft Invitation Acceptance Portal", "5a0d7c3b-18f0-4f7b-9c8a-0d6c9d2a4e04"), directory, "UserManagement", "Add user", "", []target{account(guest, changed("UserType", []string{}, []string{"Guest"}))})
		d.does(invited, "UserManagement", "Invite external user", "", []target{account(guest)}, keyed{"invitedUserEmailAddress", mail})
		if w.often(0.8) {
			ip := w.strange()
			w.entraFrom(w.within(t, 72*time.Hour), guest, ip).does("B2B Auth", "UserManagement", "Redeem external user invite", "", []target{account(guest)})
		}
	}
}

// synchronisation: provisioning and group rules write all day.
func (w *world) synchronisation() {
	for range w.some("group changes", groupChanges) {
		t := w.moment()
		p := w.somebody(t)
		group := thing("UserGroup", w.oktaID("00g"), "Project")
		if w.often(0.5) {
			w.oktaBy(t, system(), "", "").does("group.user_membership.add", "Add user to group membership", []entity{user(p), group})
			continue
		}
		w.entraBy(t, hr()).does(directory, "GroupManagement", "Add member to group", "", []target{account(p), object("Group", w.guid(), "Project")})
	}
	for range w.some("profile changes", profileChanges) {
		t := w.moment()
		p := w.somebody(t)
		if w.often(0.5) {
			w.oktaBy(t, provisioning(), "", "/api/v1/users/"+p.okta).does("user.account.update_profile", "Update user profile for Okta", []entity{user(p)},
				debug("changedAttributes", one(w.chance, []string{"department", "title,manager", "costCenter,division"})))
			continue
		}
		w.entraBy(t, hr()).does(directory, "UserManagement", "Update user", "", []target{account(p, changed("Department", []string{"Sales"}, []string{"Service"}), included("Department"))})
	}
}
