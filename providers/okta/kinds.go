package okta

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// kind is what an event type alone tells.
type kind struct {
	class holds.Class
	verb  holds.Verb
	// echo is the action of ours that causes such an event.
	echo holds.ActionKind
	// wide is set where the change is made to the organisation, a group or an
	// app, so that it cannot name an account.
	wide bool
}

// kinds lists the event types that matter, by Okta's own names, after its
// catalogue of release 2026.08.1
// (https://developer.okta.com/docs/reference/api/event-types/).
func kinds() map[string]kind {
	table := map[string]kind{}
	add := func(k kind, types ...string) {
		for _, t := range types {
			table[t] = k
		}
	}
	mfa(add)
	recovery(add)
	roles(add)
	others(add)
	footing(add)
	return table
}

func mfa(add func(kind, ...string)) {
	const c = holds.MFAChange
	add(kind{class: c, verb: holds.Reset}, "user.mfa.factor.reset_all")
	add(kind{class: c, verb: holds.Remove, echo: holds.RemoveFactor}, "user.mfa.factor.deactivate")
	add(kind{class: c, verb: holds.Remove}, "credential.revoke")
	add(kind{class: c, verb: holds.Enrol}, "user.mfa.factor.activate", "user.mfa.factor.unsuspend", "credential.register")
	add(kind{class: c, verb: holds.Update}, "user.mfa.factor.update")
	add(kind{class: c, verb: holds.Suspend}, "user.mfa.factor.suspend")
	add(kind{class: c, verb: holds.Other}, "device.desktop_mfa.recovery_pin.generate")
	add(kind{class: c, verb: holds.Remove, wide: true}, "system.mfa.factor.deactivate", "security.authenticator.lifecycle.deactivate")
	add(kind{class: c, verb: holds.Update, wide: true}, "security.authenticator.lifecycle.update")
}

func recovery(add func(kind, ...string)) {
	add(kind{class: holds.RecoveryChange, verb: holds.Update},
		"user.account.update_primary_email", "user.account.update_secondary_email", "user.account.update_profile")
}

func roles(add func(kind, ...string)) {
	const c = holds.RoleActivation
	add(kind{class: c, verb: holds.Grant}, "user.account.privilege.grant", "user.privileged_account.privilege.grant",
		"workflows.user.role.user.add", "iam.resourceset.bindings.add")
	add(kind{class: c, verb: holds.Grant, wide: true}, "group.privilege.grant", "app.oauth2.client.privilege.grant", "workflows.user.role.group.add")
	add(kind{class: c, verb: holds.Update, wide: true}, "iam.role.update", "iam.role.permissions.add", "iam.role.permission.conditions.delete",
		"iam.resourceset.update", "iam.resourceset.resources.add", "iam.policy.assignee_configuration.update")
	// Taking a role away hands nothing to anybody.
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.RemoveRole}, "user.account.privilege.revoke")
	add(kind{class: holds.None, verb: holds.Revoke}, "group.privilege.revoke", "app.oauth2.client.privilege.revoke",
		"user.privileged_account.privilege.revoke", "iam.resourceset.bindings.delete", "iam.resourceset.bindings.remove",
		"workflows.user.role.user.remove", "workflows.user.role.group.remove", "iam.role.delete", "iam.role.permissions.delete")
	// A new role or set of resources is nobody's until it is bound.
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "iam.role.create", "iam.resourceset.create")
}

// others are the classes whose events are told by their type alone; what they
// mean in full is decided elsewhere.
func others(add func(kind, ...string)) {
	add(kind{class: holds.PasswordReset, verb: holds.Reset}, "user.account.reset_password", "user.account.expire_password",
		"system.agent.ad.reset_user_password", "system.agent.ldap.reset_user_password", "user.lifecycle.password_mass_expiry")
	add(kind{class: holds.PasswordReset, verb: holds.Update}, "user.account.update_password", "application.user_membership.change_password")
	add(kind{class: holds.PasswordReset, verb: holds.Other}, "user.account.unlock_by_admin", "user.account.unlock_token",
		"system.agent.ad.unlock_user_account")
	add(kind{class: holds.DeviceRegistration, verb: holds.Enrol}, "device.enrollment.create", "device.user.add", "device.lifecycle.activate",
		"device.lifecycle.unsuspend", "device.token.enrollment.create", "device.desktop_mfa.enrollment.create",
		"device.platform_sso.enrollment.create", "device.password_sync.enrollment.create", "user.credential.enroll")
	add(kind{class: holds.EmergencyAccess, verb: holds.Grant, wide: true}, "user.session.impersonation.grant", "user.session.impersonation.initiate",
		"user.session.impersonation.extend", "user.account.access_support_user_app", "support.org.update")
	add(kind{class: holds.VaultRecovery, verb: holds.Other}, "application.user_membership.show_password")
	add(kind{class: holds.VaultRecovery, verb: holds.Other, wide: true}, "pam.secret.reveal", "pam.server_account.password.reveal",
		"pam.service_account.password.reveal")
	add(kind{class: holds.RemoteAccess, verb: holds.Update, wide: true}, "zone.create", "zone.update", "zone.activate", "zone.deactivate",
		"zone.delete", "zone.remove_blacklist", "security.zone.remove_blacklist", "network_zone.rule.disabled",
		"device.assurance.policy.update", "device.assurance.policy.delete", "security.trusted_origin.create")
	add(kind{class: holds.OtherTakeover, verb: holds.Other, wide: true}, "system.api_token.create", "system.api_token.enable", "system.api_token.update",
		"app.oauth2.client.lifecycle.create", "app.oauth2.client.lifecycle.update", "app.oauth2.credentials.lifecycle.create",
		"app.oauth2.client.read_client_secret", "app.oauth2.admin.consent.grant", "system.idp.lifecycle.create", "system.idp.lifecycle.update",
		"system.idp.lifecycle.activate", "system.idp.lifecycle.read_client_secret", "system.idp.key.create", "application.lifecycle.create",
		"application.lifecycle.update", "system.agent.ad.create", "system.agent.ad.agent_instance_added", "system.agent.register")
	add(kind{class: holds.OtherTakeover, verb: holds.Other}, "user.lifecycle.reactivate")
	add(kind{class: holds.OtherTakeover, verb: holds.Other, echo: holds.UnsuspendAccount}, "user.lifecycle.unsuspend")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.SuspendAccount}, "user.lifecycle.suspend")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.ClearSessions}, "user.session.clear", "user.session.end")
	// Their names look sensitive, but they change nothing for an account.
	add(kind{class: holds.None, verb: holds.Other}, "user.authentication.auth_via_mfa", "user.mfa.okta_verify.deny_push",
		"user.mfa.okta_verify", "user.mfa.promote_enrollment", "user.mfa.attempt_bypass", "system.push.send_factor_verify_push",
		"system.mfa.factor.activate", "system.mfa.preregister.initiate", "system.email.mfa_enroll_notification.sent_message",
		"system.email.mfa_reset_notification.sent_message", "security.breached_credential.detected", "user.session.impersonation.end",
		"user.session.impersonation.revoke", "security.protected_action.attempt", "user.credential.unenroll",
		"system.sms.send_factor_verify_message", "system.voice.send_mfa_challenge_call", "system.email.send_factor_verify_message")
}

// footing are changes to what Countersign itself stands on. Whether they are
// about us is decided by the ids they name.
func footing(add func(kind, ...string)) {
	add(kind{class: holds.Tamper, verb: holds.Update, wide: true}, "event_hook.updated", "event_hook.deactivated", "event_hook.deleted",
		"system.log_stream.lifecycle.deactivate", "system.log_stream.lifecycle.delete")
	add(kind{class: holds.Unclassified, verb: holds.Other, wide: true}, "inline_hook.updated", "inline_hook.deactivated", "inline_hook.deleted",
		"system.hook.key.deleted", "security.protected_action.settings.update")
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "event_hook.created", "event_hook.activated", "event_hook.verified",
		"event_hook.delivery", "policy.rule.add", "policy.rule.activate", "policy.lifecycle.create", "policy.lifecycle.activate")
	add(kind{class: holds.None, verb: holds.Update, wide: true}, "policy.rule.update", "policy.rule.deactivate", "policy.rule.delete",
		"policy.lifecycle.update", "policy.lifecycle.deactivate", "policy.lifecycle.delete", "policy.lifecycle.overwrite")
	add(kind{class: holds.None, verb: holds.Grant}, "group.user_membership.add")
	add(kind{class: holds.None, verb: holds.Revoke}, "group.user_membership.remove")
}

// prefixes are the families of event types that the poller asks the System Log
// for. They cover every type of kinds, and the new members Okta adds to these
// families. Membership of groups is asked for the restraint group alone, since
// group rules write a great many of those.
func prefixes() []string {
	return []string{
		"user.mfa.factor.", "user.account.", "user.lifecycle.", "user.session.clear", "user.session.impersonation.", "user.credential.",
		"user.privileged_account.", "group.privilege.", "iam.", "workflows.user.role.", "app.oauth2.client.", "app.oauth2.credentials.",
		"app.oauth2.admin.", "application.lifecycle.", "application.user_membership.show_password", "application.user_membership.change_password",
		"system.api_token.", "system.idp.", "system.mfa.", "system.agent.", "system.log_stream.", "system.hook.", "event_hook.", "inline_hook.",
		"policy.rule.", "policy.lifecycle.", "zone.", "network_zone.", "device.", "credential.", "security.authenticator.", "security.zone.",
		"security.trusted_origin.", "security.protected_action.settings.", "support.org.update", "pam.secret.reveal",
		"pam.server_account.password.reveal", "pam.service_account.password.reveal",
	}
}

// about are the families in which being named as a target means being changed;
// signing in names its account too.
func about() []string {
	return []string{
		"user.mfa.factor.", "user.account.", "user.lifecycle.", "user.privileged_account.", "user.session.clear", "group.", "iam.", "policy.",
		"app.oauth2.client.", "app.oauth2.credentials.", "application.lifecycle.", "application.user_membership.", "system.api_token.",
		"event_hook.updated", "event_hook.deactivated", "event_hook.deleted", "credential.", "device.user.", "zone.",
	}
}

func hasPrefix(s string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(s, p) })
}

// looksSensitive is for event types that kinds does not list.
func looksSensitive(eventType string) bool {
	t := strings.ToLower(eventType)
	return slices.ContainsFunc([]string{"credential", "factor", "mfa", "privilege", "role", "recovery", "impersonat", "federat"},
		func(word string) bool { return strings.Contains(t, word) })
}
