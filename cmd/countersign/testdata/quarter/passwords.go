package quarter

import "time"

// passwords: most people reset a forgotten one by themselves, at either platform;
// some call.
func (w *world) passwords() {
	for range w.some("own password resets", forgotten-deskResets) {
		t := w.moment()
		p := one(w.chance, w.people)
		if d := int(t.Sub(w.start).Hours() / 24); d >= p.leaves || d < p.joins {
			continue
		}
		if w.often(0.5) {
			s := w.okta(t, p, "/idp/idx/recover")
			s.does("system.email.password_reset.sent_message", "Send self-service password reset email", []entity{user(p)})
			s.at = s.at.Add(2 * time.Minute)
			s.does("user.account.reset_password", "User reset password for Okta", []entity{user(p)})
			s.does("user.account.update_password", "User update password for Okta", []entity{user(p)})
			continue
		}
		w.entra(t, p).resetsOwn(p)
	}
	for range w.some("help-desk password resets", deskResets) {
		t := w.moment()
		p := w.somebody(t)
		if w.often(0.5) {
			w.okta(t, w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/expire_password").
				does("user.account.reset_password", "User reset password for Okta", []entity{user(p)})
			w.okta(t.Add(10*time.Minute), p, "/welcome").does("user.account.update_password", "User update password for Okta", []entity{user(p)})
			continue
		}
		w.entra(t, w.desk()).deskResets(p)
		w.entra(t.Add(10*time.Minute), p).does(directory, "UserManagement", "Change user password", "", []target{account(p)})
	}
	for range w.some("accounts unlocked", unlocks) {
		t := w.moment()
		p := w.somebody(t)
		w.okta(t, w.desk(), "/api/v1/users/"+p.okta+"/lifecycle/unlock").
			does("user.account.unlock_by_admin", "Admin unlock user account", []entity{user(p)})
	}
}
