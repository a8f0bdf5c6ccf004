package okta

import "github.com/countersign/countersign/holds"

// What is done to a person's account: passwords, factors, ways to recover it,
// devices and stored secrets.

// passwords: an unlocked account and a password that only came along from another
// system are what they were before. A message with a code or link changes
// nothing; what somebody does with it is written by itself.
func passwords(add func(kind, ...string)) {
	const c = holds.PasswordReset
	add(kind{class: c, verb: holds.Reset}, "user.account.reset_password", "user.account.expire_password",
		"system.agent.ad.reset_user_password", "system.agent.ldap.reset_user_password", "pam.password.reset")
	add(kind{class: c, verb: holds.Reset, wide: true}, "user.lifecycle.password_mass_expiry")
	add(kind{class: c, verb: holds.Update}, "user.account.update_password", "application.user_membership.change_password",
		"system.agent.ldap.change_user_password", "system.agent.ldap.update_user_password", "pam.password.change",
		"pam.service_account.password.update", "pam.server_account.password_change.out_of_band")
	add(kind{class: c, verb: holds.Other}, "user.account.unlock", "user.account.unlock_by_admin", "user.account.unlock_token",
		"system.agent.ad.unlock_user_account", "system.agent.ldap.unlock_user_account", "user.import.password")
}

func mfa(add func(kind, ...string)) {
	const c = holds.MFAChange
	add(kind{class: c, verb: holds.Reset}, "user.mfa.factor.reset_all")
	add(kind{class: c, verb: holds.Remove, echo: holds.RemoveFactor}, "user.mfa.factor.deactivate")
	add(kind{class: c, verb: holds.Remove}, "credential.revoke")
	add(kind{class: c, verb: holds.Enrol}, "user.mfa.factor.activate", "user.mfa.factor.unsuspend")
	add(kind{class: c, verb: holds.Enrol, self: true}, "credential.register")
	add(kind{class: c, verb: holds.Update}, "user.mfa.factor.update")
	add(kind{class: c, verb: holds.Suspend, echo: holds.DisableDevice}, "user.mfa.factor.suspend") // with the device it is on
	// A recovery PIN opens a computer once without its factor; a bypass signs in
	// without one.
	add(kind{class: c, verb: holds.Other}, "device.desktop_mfa.recovery_pin.generate", "user.mfa.attempt_bypass")
	add(kind{class: c, verb: holds.Remove, wide: true}, "system.mfa.factor.deactivate", "security.authenticator.lifecycle.deactivate")
	add(kind{class: c, verb: holds.Update, wide: true}, "security.authenticator.lifecycle.update", "device.desktop_mfa.configuration.update",
		"security.attack_protection.settings.update")
}

// recovery: what of a profile changed decides, see recoveryFields.
func recovery(add func(kind, ...string)) {
	add(kind{class: holds.RecoveryChange, verb: holds.Update, echo: holds.RestoreProfile},
		"user.account.update_primary_email", "user.account.update_secondary_email", "user.account.update_profile")
}

func devices(add func(kind, ...string)) {
	const c = holds.DeviceRegistration
	add(kind{class: c, verb: holds.Enrol, undo: holds.DisableDevice, self: true}, "device.enrollment.create", "device.user.add",
		"device.desktop_mfa.enrollment.create", "device.platform_sso.enrollment.create", "device.password_sync.enrollment.create")
	add(kind{class: c, verb: holds.Enrol, undo: holds.DisableDevice}, "device.lifecycle.activate", "device.lifecycle.unsuspend")
	add(kind{class: holds.None, verb: holds.Suspend, echo: holds.DisableDevice}, "device.lifecycle.suspend")
	// The token names the enrolment that authorised it, not the device to come.
	add(kind{class: c, verb: holds.Enrol, self: true}, "device.token.enrollment.create", "user.credential.enroll")
}

func secrets(add func(kind, ...string)) {
	add(kind{class: holds.VaultRecovery, verb: holds.Other}, "application.user_membership.show_password", "application.user_membership.restore_password")
	add(kind{class: holds.VaultRecovery, verb: holds.Other, wide: true}, "pam.secret.reveal", "pam.server_account.password.reveal",
		"pam.service_account.password.reveal")
}

// lifecycle: what opens an account again, and what our own restraints write.
func lifecycle(add func(kind, ...string)) {
	add(kind{class: holds.OtherTakeover, verb: holds.Other}, "user.lifecycle.reactivate")
	add(kind{class: holds.OtherTakeover, verb: holds.Other, echo: holds.UnsuspendAccount}, "user.lifecycle.unsuspend")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.SuspendAccount}, "user.lifecycle.suspend")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.ClearSessions}, "user.session.clear", "user.session.end")
}

// harmless are types whose names look sensitive but which hand nothing to anybody:
// proofs of who somebody is, attempts and prompts, what is taken away, and what a
// machine does by itself every week.
func harmless(add func(kind, ...string)) {
	add(kind{class: holds.None, verb: holds.Other}, "user.mfa.promote_enrollment", "system.mfa.factor.activate", "system.mfa.preregister.initiate",
		"security.breached_credential.detected", "user.session.impersonation.end", "user.session.impersonation.revoke",
		"security.protected_action.attempt", "user.credential.unenroll", "device.desktop_mfa.recovery_pin.rotate_secret",
		"application.configuration.update_api_credentials_for_pass_change", "app.oauth2.invalid_client_credentials",
		"app.oauth2.credentials.lifecycle.deactivate", "app.oauth2.credentials.lifecycle.delete", "app.ai_agent_provider.credential.validate",
		"workload_principal.ai_agent.credential.deactivate", "workload_principal.ai_agent.credential.delete",
		"pam.incoming_federation.request", "pam.outgoing_federation.approve", "pam.workload_role.delete", "iam.role.subscriptions.update",
		"iam.role.permission.conditions.add", "pam.security_policy.evaluate", "application.policy.sign_on.deny_access", "zone.make_blacklist")
}

// everyday are the types most of every log consists of; listed, they are told at
// once.
func everyday(add func(kind, ...string)) {
	add(kind{class: holds.None, verb: holds.Other}, "user.session.start", "user.authentication.sso", "user.authentication.auth",
		"user.authentication.auth_via_mfa", "user.authentication.auth_via_IDP", "user.authentication.auth_via_AD_agent",
		"user.authentication.verify", "policy.evaluate_sign_on", "app.oauth2.authorize.code", "app.oauth2.token.grant.access_token",
		"app.oauth2.token.grant.id_token", "app.oauth2.as.authorize.code", "app.oauth2.as.token.grant.access_token",
		"user.lifecycle.create", "user.lifecycle.activate", "application.provision.user.sync", "system.agent.ad.update_user")
}
