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
	// undo is the action that undoes the change when the event names what came
	// into being.
	undo holds.ActionKind
	// wide is set where the change is made to the organisation, a group or an
	// app, so that it cannot name an account.
	wide bool
	// self is set where an event that names no account is about its actor.
	self bool
	// push is what our event hook tells of it.
	push holds.Push
}

// kinds lists the event types that matter, by Okta's own names, after its
// catalogue of release 2026.08.1
// (https://developer.okta.com/docs/reference/api/event-types/), and those whose
// names look as if they did. What Okta may send by its hooks and what only its log
// tells makes no difference here. The golden file of the tests shows the table.
func kinds() map[string]kind {
	table := map[string]kind{}
	add := func(k kind, types ...string) {
		for _, t := range types {
			table[t] = k
		}
	}
	passwords(add)
	mfa(add)
	recovery(add)
	devices(add)
	secrets(add)
	roles(add)
	accesses(add)
	takeovers(add)
	footing(add)
	lifecycle(add)
	harmless(add)
	everyday(add)
	for _, t := range hookEvents() {
		k := table[t]
		k.push = holds.PushedWhole
		table[t] = k
	}
	return table
}

// kindOf is the kind of an event type. What is new to this program is none, unless
// it belongs to a family all of whose members matter, or its name looks sensitive.
func (x *Decoder) kindOf(eventType string) (k kind, known bool) {
	if k, known = x.kinds[eventType]; known {
		return k, true
	}
	for _, f := range x.families {
		if strings.HasPrefix(eventType, f.prefix) {
			return f.kind, true
		}
	}
	if looksSensitive(eventType) {
		return kind{class: holds.Unclassified, verb: holds.Other}, false
	}
	return kind{class: holds.None, verb: holds.Other}, true
}

type family struct {
	prefix string
	kind   kind
}

// families are those whose every member changes who is let in; members that do
// not are listed by name. Okta adds to them.
func families() []family {
	door := kind{class: holds.RemoteAccess, verb: holds.Update, wide: true}
	return []family{
		{"zone.", door},
		{"application.policy.sign_on.", door},
		{"app.policy.sign_on.", door},
		{"device.assurance.policy.", door},
		{"device.posture.check.", door},
		{"pam.security_policy.", door},
	}
}

// prefixes are the families of event types that the poller asks the System Log
// for. They cover every type of kinds that means something, and the new members
// Okta adds to these families. What an organisation writes at each sign-in is left
// out, though it be of the same family, but for the sign-in itself: it shows from
// which networks somebody works, without which every enrolment at home would seem to
// come from an unknown one.
func prefixes() []string {
	return []string{
		"user.mfa.factor.", "user.mfa.attempt_bypass", "user.account.", "user.lifecycle.", "user.import.password", "user.session.start", "user.session.clear",
		"user.session.impersonation.", "user.credential.", "user.privileged_account.", "group.privilege.", "group.user_membership.add",
		"group.user_membership.remove", "group.user_membership.rule.add_exclusion", "group.application_assignment.add",
		"directory.external.group.membership.add", "iam.", "workflows.user.role.",
		"app.oauth2.client.", "app.oauth2.credentials.", "app.oauth2.admin.", "app.oauth2.trusted_server.", "app.cross_app_access.",
		"app.interclient_mapping.", "app.office365.api.set.domain.federation.success", "app.office365.api.change.domain.federation.success",
		"app.policy.sign_on.", "integration.api_service.", "workload_principal.", "account.org.add", "application.lifecycle.",
		"application.policy.sign_on.update", "application.policy.sign_on.rule.", "application.configuration.", "application.user_membership.",
		"system.api_token.", "system.idp.", "system.mfa.", "system.agent.ad.create", "system.agent.ad.agent_instance_added",
		"system.agent.ad.reset_user_password", "system.agent.ad.unlock_user_account", "system.agent.ldap.reset_user_password",
		"system.agent.ldap.change_user_password", "system.agent.ldap.update_user_password", "system.agent.ldap.unlock_user_account",
		"system.agent.register", "system.log_stream.", "system.hook.", "system.custom_email_server.", "system.custom_signin.",
		"system.directory.debugger.", "event_hook.", "inline_hook.updated", "inline_hook.deactivated", "inline_hook.deleted",
		"policy.rule.", "policy.lifecycle.", "policy.mapping.", "policy.branch.lifecycle.", "zone.", "network_zone.",
		"device.enrollment.", "device.user.", "device.lifecycle.", "device.token.", "device.desktop_mfa.enrollment.",
		"device.desktop_mfa.configuration.", "device.desktop_mfa.recovery_pin.generate", "device.platform_sso.enrollment.",
		"device.password_sync.enrollment.", "device.assurance.", "device.posture.check.", "device.platform.add", "device.integration.",
		"pki.ca.add", "credential.", "security.authenticator.", "security.zone.", "security.device.", "security.trusted_origin.",
		"security.protected_action.settings.", "security.attack_protection.", "security.behavior.", "security.threat.configuration.",
		"security.session_protection.", "support.org.update", "pam.secret.reveal", "pam.server_account.password.reveal",
		"pam.server_account.password_change.out_of_band", "pam.service_account.password.", "pam.password.", "pam.member.add",
		"pam.security_policy.", "pam.workload_", "pam.incoming_federation.approve",
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

// looksSensitive is for event types that kinds does not list. Types that tell of
// somebody proving who they are, of a message sent, of a job or of its failure
// change nothing, whatever words are in their names.
func looksSensitive(eventType string) bool {
	if hasPrefix(eventType, []string{
		"user.authentication.", "user.session.", "user.mfa.okta_verify", "user.identity_verification", "app.office365.", "app.oauth2.token.",
		"app.oauth2.as.", "system.email.", "system.sms.", "system.voice.", "system.push.", "system.import.", "device.desktop_mfa.device_logout.",
	}) && !strings.Contains(eventType, "impersonat") {
		return false
	}
	t := strings.ToLower(eventType)
	return slices.ContainsFunc([]string{"credential", "factor", "mfa", "privilege", "role", "recovery", "impersonat", "federat", "takeover"},
		func(word string) bool { return strings.Contains(t, word) })
}
