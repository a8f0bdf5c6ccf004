package okta

import "github.com/countersign/countersign/holds"

// What is done to an organisation: administrators' roles, who is let in and from
// where, other ways in, and what Countersign itself stands on.

func roles(add func(kind, ...string)) {
	const c = holds.RoleActivation
	add(kind{class: c, verb: holds.Grant}, "user.account.privilege.grant", "user.privileged_account.privilege.grant",
		"workflows.user.role.user.add", "iam.resourceset.bindings.add")
	add(kind{class: c, verb: holds.Grant, wide: true}, "group.privilege.grant", "app.oauth2.client.privilege.grant", "workflows.user.role.group.add")
	add(kind{class: c, verb: holds.Update, wide: true}, "iam.role.update", "iam.role.permissions.add", "iam.role.permission.conditions.delete",
		"iam.resourceset.update", "iam.resourceset.resources.add", "iam.resourceset.resources.update",
		"iam.policy.assignee_configuration.update", "iam.policy.configuration.update", "security.protected_action.settings.update",
		"pam.workload_role.create", "pam.workload_role.update")
	// Taking a role away hands nothing to anybody.
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.RemoveRole}, "user.account.privilege.revoke")
	add(kind{class: holds.None, verb: holds.Revoke}, "group.privilege.revoke", "app.oauth2.client.privilege.revoke",
		"user.privileged_account.privilege.revoke", "iam.resourceset.bindings.delete", "iam.resourceset.bindings.remove",
		"workflows.user.role.user.remove", "workflows.user.role.group.remove", "iam.role.delete", "iam.role.permissions.delete")
	// A new role or set of resources is nobody's until it is bound.
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "iam.role.create", "iam.resourceset.create")
}

// accesses: memberships name their account with the group or app, which a policy may
// watch; policies, rules and zones decide about everybody.
func accesses(add func(kind, ...string)) {
	const c = holds.RemoteAccess
	add(kind{class: c, verb: holds.Grant, undo: holds.LeaveGroup}, "group.user_membership.add")
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.LeaveGroup}, "group.user_membership.remove")
	add(kind{class: c, verb: holds.Grant}, "application.user_membership.add", "application.user_membership.approve",
		"application.user_membership.provision", "application.user_membership.restore", "application.user_membership.change_username",
		"directory.external.group.membership.add", "group.user_membership.rule.add_exclusion", "pam.member.add")
	add(kind{class: c, verb: holds.Grant, wide: true}, "group.application_assignment.add")
	add(kind{class: c, verb: holds.Update, wide: true},
		"policy.lifecycle.create", "policy.lifecycle.update", "policy.lifecycle.activate", "policy.lifecycle.deactivate", "policy.lifecycle.delete",
		"policy.lifecycle.overwrite", "policy.rule.add", "policy.rule.update", "policy.rule.activate", "policy.rule.deactivate", "policy.rule.delete",
		"policy.rule.invalidate", "policy.mapping.create", "policy.branch.lifecycle.promote", "policy.branch.lifecycle.rollback",
		"zone.create", "zone.update", "zone.activate", "zone.deactivate", "zone.delete", "zone.remove_blacklist",
		"security.zone.remove_blacklist", "network_zone.rule.disabled", "security.device.remove_request_blacklist_policy",
		"security.device.temporarily_disable_blacklisting", "security.trusted_origin.create", "security.trusted_origin.update",
		"security.trusted_origin.activate", "security.threat.configuration.update", "security.behavior.settings.update",
		"security.behavior.settings.delete", "security.session_protection.status.update",
		"application.policy.sign_on.update", "application.policy.sign_on.rule.create", "application.policy.sign_on.rule.delete",
		"app.policy.sign_on.update", "application.configuration.enable_fed_broker_mode",
		"device.assurance.policy.add", "device.assurance.policy.update", "device.assurance.policy.delete",
		"device.posture.check.add", "device.posture.check.update", "device.posture.check.delete",
		"device.platform.add", "device.integration.endpoint_security.deactivate", "pki.ca.add")
}

// takeovers: keys, trust in other parties, and what everybody's passwords and mails
// pass through. Of Okta's two types "credentials.lifecycle", the catalogue's words
// for "activate" tell of a key being added, so both count.
func takeovers(add func(kind, ...string)) {
	const c = holds.OtherTakeover
	add(kind{class: c, verb: holds.Other, wide: true, undo: holds.RevokeToken}, "system.api_token.create")
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.RevokeToken, wide: true}, "system.api_token.revoke")
	add(kind{class: holds.None, verb: holds.Suspend, echo: holds.DeactivateIDP, wide: true}, "system.idp.lifecycle.deactivate")
	add(kind{class: c, verb: holds.Other, wide: true}, "system.api_token.enable", "system.api_token.update")
	add(kind{class: c, verb: holds.Other, wide: true, undo: holds.DeactivateIDP}, "system.idp.lifecycle.create", "system.idp.lifecycle.activate")
	add(kind{class: c, verb: holds.Other, wide: true}, "system.idp.lifecycle.update", "system.idp.lifecycle.read_client_secret",
		"system.idp.key.create", "system.idp.key.update",
		"app.office365.api.set.domain.federation.success", "app.office365.api.change.domain.federation.success",
		"pam.incoming_federation.approve", "pam.workload_connection.create", "pam.workload_connection.update", "account.org.add")
	add(kind{class: c, verb: holds.Other, wide: true},
		"app.oauth2.client.lifecycle.create", "app.oauth2.client.lifecycle.update", "app.oauth2.client.lifecycle.activate",
		"app.oauth2.credentials.lifecycle.create", "app.oauth2.credentials.lifecycle.activate", "app.oauth2.client.read_client_secret",
		"application.configuration.read_client_secret", "app.oauth2.admin.consent.grant", "integration.api_service.lifecycle.authorize",
		"app.oauth2.trusted_server.add", "app.cross_app_access.connection.create", "app.cross_app_access.connection.update",
		"app.interclient_mapping.create", "workload_principal.register", "workload_principal.ai_agent.register",
		"workload_principal.ai_agent.credential.create", "workload_principal.ai_agent.credential.activate",
		"workload_principal.delegation_link.create", "application.lifecycle.create", "application.lifecycle.update")
	add(kind{class: c, verb: holds.Other, wide: true}, "system.agent.ad.create", "system.agent.ad.agent_instance_added", "system.agent.register",
		"system.custom_email_server.lifecycle.create", "system.custom_email_server.lifecycle.update", "system.custom_email_server.lifecycle.activate",
		"system.custom_signin.update")
	add(kind{class: holds.EmergencyAccess, verb: holds.Grant, wide: true}, "user.session.impersonation.grant", "user.session.impersonation.initiate",
		"user.session.impersonation.extend", "user.account.access_support_user_app", "support.org.update",
		"system.directory.debugger.grant", "system.directory.debugger.extend")
}

// footing are changes to what Countersign itself stands on. Whether they are
// about us is decided by the ids they name.
func footing(add func(kind, ...string)) {
	add(kind{class: holds.Tamper, verb: holds.Update, wide: true}, "event_hook.updated", "event_hook.deactivated", "event_hook.deleted",
		"inline_hook.updated", "inline_hook.deactivated", "inline_hook.deleted", "system.hook.key.deleted", "system.hook.key.updated",
		"system.log_stream.lifecycle.deactivate", "system.log_stream.lifecycle.delete", "system.log_stream.lifecycle.update")
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "event_hook.created", "event_hook.activated", "event_hook.verified", "event_hook.delivery")
}
