package entra

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// kind is what an activity's name alone tells.
type kind struct {
	class holds.Class
	verb  holds.Verb
	// echo is the action of ours that causes such a record.
	echo holds.ActionKind
	// wide is set where the change is made to the organisation, a group or an
	// application, so that it cannot name an account.
	wide bool
	// pending is set for a request, an approval and the end of either: what was asked
	// for has not come into effect, and a record of its own will tell when it does.
	pending bool
	// way is the door of the platform that a role came through, where the name
	// tells it.
	way holds.Way
	// more says what of the record besides its name decides.
	more detail
	// push is set for a change of an account or group itself, of which our
	// subscriptions should have told.
	push bool
}

// detail is a part of a record that is read to know what it means.
type detail uint8

const (
	nothingMore detail = iota
	userDetail
	methodDetail
	roleDetail
	groupDetail
	credentialDetail
	consentDetail
	deviceDetail
	policyDetail
	methodPolicyDetail
)

// kinds lists the activities that matter, by Microsoft's own names as name folds
// them, after
// https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
func kinds() map[string]kind {
	table := map[string]kind{}
	add := func(k kind, names ...string) {
		for _, n := range names {
			table[n] = k
		}
	}
	passwords(add)
	methodKinds(add)
	users(add)
	pim(add)
	directoryRoles(add)
	policies(add)
	groups(add)
	devices(add)
	applications(add)
	directories(add)
	harmless(add)
	for _, n := range notified() {
		k, ok := table[n]
		if !ok {
			k = kind{class: holds.None, verb: holds.Other} // as what is not in the table
		}
		k.push = true
		table[n] = k
	}
	return table
}

// notified are the activities after which Graph notifies a subscription to
// accounts or to groups, for certain: an account or group comes, goes or is
// switched on or off, or a group's members change. "Update user" is not among them:
// most of what it tells, such as somebody's methods, is no property that is watched
// (https://learn.microsoft.com/graph/change-notifications-overview).
func notified() []string {
	return []string{
		"add user", "delete user", "disable account", "enable account", "add group", "delete group",
		"add member to group", "remove member from group",
	}
}

type adder = func(kind, ...string)

func passwords(add adder) {
	const c = holds.PasswordReset
	add(kind{class: c, verb: holds.Reset}, "reset password", "reset user password", "reset password (self-service)", "reset password (by admin)",
		"user password reset")
	add(kind{class: c, verb: holds.Update}, "change user password", "change password (self-service)", "set force change user password")
	// These tell of steps on the way and of what surrounds them. What changes a
	// password is one of the above.
	add(kind{class: c, verb: holds.Other}, "unlock user account (self-service)", "blocked from self-service password reset",
		"self-service password reset flow activity progress", "security info saved for self-service password reset",
		"admin started password reset", "user started password reset", "user started password change", "user password registration")
}

func methodKinds(add adder) {
	const c = holds.MFAChange
	add(kind{class: c, verb: holds.Enrol, more: methodDetail}, "user registered security info", "admin registered security info",
		"add fido2 security key", "add windows hello for business credential", "add passwordless phone sign-in credential", "add platform credential",
		"add users strong authentication phone app detail", "create application password for user", "assign hardware oath token",
		"register totp secret")
	add(kind{class: c, verb: holds.Remove, echo: holds.RemoveFactor, more: methodDetail}, "user deleted security info", "admin deleted security info",
		"delete fido2 security key(s)", "delete fido2 security key", "delete windows hello for business credential",
		"delete passwordless phone sign-in credential", "delete platform credential", "remove users strong authentication phone app detail",
		"delete application password for user", "disable strong authentication")
	add(kind{class: c, verb: holds.Reset, more: methodDetail}, "delete all available strong authentication devices")
	add(kind{class: c, verb: holds.Update, more: methodDetail}, "user updated security info", "admin updated security info",
		"user changed default security info", "patch userauthmethod.patchsigninpreferencesasync", "enable strong authentication",
		"set user oath token metadata enabled")
	add(kind{class: c, verb: holds.Other}, "user registered all required security info", "user started security info registration",
		"user canceled security info registration", "get passkey creation options", "fraud reported - user is blocked for mfa",
		"suspicious activity reported")
	add(kind{class: c, verb: holds.Other, wide: true}, "create hardware oath token", "update hardware oath token", "delete hardware oath token",
		"bulk upload hardware oath token")
	add(kind{class: c, verb: holds.Update, wide: true, more: methodPolicyDetail}, "authentication methods policy update",
		"update authentication methods policy", "authentication methods policy reset")
	add(kind{class: c, verb: holds.Update, wide: true}, "authentication strength policy create", "authentication strength policy update",
		"authentication strength policy delete", "authentication strength combination configuration create",
		"authentication strength combination configuration update", "authentication strength combination configuration delete",
		"post tenant.createbypasseduser", "add bypass user", "clear block on user", "post tenant.removeblockeduser",
		"update user risk and mfa registration policy", "update sign-in risk policy")
}

// users are activities about an account whose properties decide, and those
// that end or begin its use.
func users(add adder) {
	add(kind{class: holds.None, verb: holds.Update, more: userDetail}, "update user")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.SuspendAccount}, "disable account")
	add(kind{class: holds.None, verb: holds.Other, echo: holds.ClearSessions}, "update stsrefreshtokenvalidfrom timestamp", "update stsrefreshtokenvalidfrom")
	add(kind{class: holds.OtherTakeover, verb: holds.Other, echo: holds.UnsuspendAccount}, "enable account")
	add(kind{class: holds.OtherTakeover, verb: holds.Other}, "restore user", "convert federated user to managed")
	add(kind{class: holds.OtherTakeover, verb: holds.Grant}, "invite external user", "invite internal user", "invite internal user to b2b collaboration",
		"invite external user with reset invitation status", "redeem external user invite", "redeem extern user invite", "viral user creation",
		"assign user as external sponsor", "assign user as internal sponsor")
}

func directoryRoles(add adder) {
	const c = holds.RoleActivation
	add(kind{class: c, verb: holds.Grant, way: holds.WayOutside, more: roleDetail}, "add member to role", "add scoped member to role",
		"add role assignment to role definition", "add member to role scoped over restricted management administrative unit",
		"user has elevated their access to user access administrator for their azure resources", "microsoft.authorization/elevateaccess/action",
		"microsoft.authorization/roleassignments/write", "create role assignment", "add role assignment")
	add(kind{class: c, verb: holds.Grant, way: holds.WayEligibility, more: roleDetail}, "add eligible member to role",
		"add eligibleroleassignment to roledefinition")
	add(kind{class: c, verb: holds.Update, wide: true, more: roleDetail}, "add role definition", "update role definition", "update role",
		"role definition created")
	// Taking a role away hands nothing to anybody.
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.RemoveRole, more: roleDetail}, "remove member from role", "remove eligible member from role",
		"remove role assignment from role definition", "remove eligibleroleassignment from roledefinition", "remove scoped member from role")
	add(kind{class: holds.None, verb: holds.Revoke, more: roleDetail}, "remove member from role scoped over restricted management administrative unit",
		"remove role assignment", "delete role assignment", "microsoft.authorization/roleassignments/delete", "delete role definition")
}

func policies(add adder) {
	const c = holds.RemoteAccess
	add(kind{class: c, verb: holds.Update, wide: true, more: policyDetail}, "add conditional access policy", "update conditional access policy",
		"add policy", "update policy")
	add(kind{class: c, verb: holds.Remove, wide: true, more: policyDetail}, "delete conditional access policy", "delete policy")
	add(kind{class: c, verb: holds.Update, wide: true}, "add named location", "update named location", "delete named location", "update security defaults",
		"update continuous access evaluation", "add authenticationcontextclassreference", "update authenticationcontextclassreference",
		"delete authenticationcontextclassreference", "update authorization policy", "add owner to policy", "add policy to service principal",
		"remove policy from service principal", "add policy to application", "remove policy from application",
		"add a partner to cross-tenant access setting", "update a partner cross-tenant access setting", "delete partner specific cross-tenant access setting",
		"reset the cross-tenant access default setting", "update the company default cross-tenant access setting",
		"migrated partner cross-tenant access settings to the scalable model", "create a partner cross-tenant identity sync setting",
		"update a partner cross-tenant identity sync setting", "delete a partner cross-tenant identity sync setting",
		"enable application proxy", "disable application proxy", "register connector", "add a connector to connector group", "add application ssl certificate",
		"create forwarding policy", "update forwarding policy", "update forwarding options policy", "update forwarding profile", "create branch", "update branch",
		"create filtering policy", "update filtering policy", "delete filtering policy", "create filtering policy profile", "update filtering policy profile",
		"delete filtering policy profile", "update filtering profile", "update adaptive access policy", "update mobility management policy",
		"update identityprotectionpolicy")
}

// groups open doors when access is given by them; which of them do, the policy
// knows. Membership of the restraint group is ours to change.
func groups(add adder) {
	add(kind{class: holds.RemoteAccess, verb: holds.Grant, more: groupDetail}, "add member to group", "add owner to group", "group_addmember", "group_addowner",
		"approve a pending request to join a group")
	add(kind{class: holds.None, verb: holds.Revoke, echo: holds.LeaveGroup, more: groupDetail}, "remove member from group", "group_removemember")
	add(kind{class: holds.None, verb: holds.Revoke, more: groupDetail}, "remove owner from group", "group_removeowner")
	add(kind{class: holds.None, verb: holds.Update, wide: true, more: groupDetail}, "update group", "delete group", "hard delete group", "restore group",
		"set group to be managed by user", "add group", "group_update", "group_delete", "set group license")
}

func devices(add adder) {
	const c = holds.DeviceRegistration
	add(kind{class: c, verb: holds.Enrol, more: deviceDetail}, "register device", "add device", "add registered owner to device", "add registered users to device",
		"pre-create device", "add device from devicetemplate")
	add(kind{class: c, verb: holds.Update, wide: true}, "set device registration policies")
	add(kind{class: holds.EmergencyAccess, verb: holds.Other, wide: true}, "recover device local administrator password", "reveal local administrator password",
		"read bitlocker key")
	add(kind{class: holds.None, verb: holds.Update}, "update device", "delete device", "unregister device", "update local administrator password",
		"device no longer compliant", "device no longer managed", "remove registered owner from device", "remove registered users from device",
		"add bitlocker key", "delete bitlocker key", "disable device", "enable device")
}

func applications(add adder) {
	const c = holds.OtherTakeover
	add(kind{class: c, verb: holds.Grant, wide: true, more: consentDetail}, "consent to application", "add delegated permission grant",
		"add oauth2permissiongrant", "add app role assignment to service principal", "grant contextual consent to application", "restore consent",
		"update delegated permission grant")
	add(kind{class: c, verb: holds.Grant, more: groupDetail}, "add app role assignment grant to user", "add app role assignment to user")
	add(kind{class: c, verb: holds.Grant, wide: true, more: groupDetail}, "add app role assignment to group", "add app role assignment grant to group")
	add(kind{class: c, verb: holds.Grant, wide: true, more: credentialDetail}, "add service principal credentials",
		"update application - certificates and secrets management", "update external secrets")
	add(kind{class: holds.None, verb: holds.Update, wide: true, more: credentialDetail}, "update application", "update service principal",
		"update application with safe rollout", "remove service principal credentials")
	add(kind{class: c, verb: holds.Grant}, "add owner to application", "add owner to service principal")
	add(kind{class: c, verb: holds.Update, wide: true}, "add permission grant policy", "update permission grant policy", "restore application",
		"restore service principal", "add partner to company", "set partnership", "promote company to partner")
	add(kind{class: holds.None, verb: holds.Revoke, wide: true}, "remove delegated permission grant", "remove app role assignment from service principal",
		"remove app role assignment from user", "remove app role assignment from group", "remove owner from application",
		"remove owner from service principal", "delete permission grant policy", "remove oauth2permissiongrant")
	add(kind{class: holds.None, verb: holds.Other, wide: true}, "add application", "delete application", "hard delete application", "add service principal",
		"remove service principal", "hard delete service principal", "set verified publisher", "unset verified publisher")
}

// directories are changes to how the whole organisation signs in.
func directories(add adder) {
	const c = holds.OtherTakeover
	add(kind{class: c, verb: holds.Update, echo: holds.DeactivateIDP, wide: true}, "set federation settings on domain", "set domain authentication")
	add(kind{class: c, verb: holds.Update, wide: true}, "add unverified domain", "add verified domain", "verify domain", "verify email verified domain",
		"update domain", "promote sub domain to root domain", "set dirsyncenabled flag", "set dirsync feature", "set company information",
		"add certificationbasedauthconfiguration", "delete certificationbasedauthconfiguration", "update publickeyinfrastructure",
		"enable passthrough authentication", "enable desktop sso", "enable desktop sso for a specific domain", "add kerberos domain", "update kerberos domain",
		"create identity provider", "update identity provider", "create custom identity provider", "update custom identity provider",
		"create customauthenticationextension", "update customauthenticationextension", "add user to feature rollout", "add a group to feature rollout",
		"enable password writeback for directory", "create a multitenantorg", "add multitenantorg tenant")
	// Whoever's certificates are trusted signs in as anybody. A certificate authority
	// belongs to an infrastructure, and each writes its own record.
	add(kind{class: c, verb: holds.Update, wide: true}, "create publickeyinfrastructure", "restore publickeyinfrastructure",
		"initiate publickeyinfrastructure file upload", "create certificateauthorityentity", "update certificateauthorityentity",
		"restore certificateauthorityentity")
	// Such a unit keeps the organisation's help desk from those in it.
	add(kind{class: c, verb: holds.Update}, "remove member from restricted management administrative unit")
	// Microsoft's support asks for, and is given, access to the organisation's data.
	add(kind{class: holds.EmergencyAccess, verb: holds.Grant, wide: true}, "approval approved")
	// The diagnostic settings are where the log that we live by is sent.
	add(kind{class: holds.Tamper, verb: holds.Update, wide: true}, "microsoft.aadiam/diagnosticsettings/write", "microsoft.aadiam/diagnosticsettings/delete")
}

// harmless are activities whose names look sensitive, but which change nothing
// for an account.
func harmless(add adder) {
	add(kind{class: holds.None, verb: holds.Other}, "sign-in activity", "userloggedin", "userloginfailed", "add user", "delete user", "hard delete user",
		"user reviewed security info", "fraud reported - no action taken", "confirmcompromised", "confirmaccountcompromised", "confirmsafe", "dismissuser",
		"confirmserviceprincipalcompromised", "dismissserviceprincipal", "disable password writeback for directory", "disable passthrough authentication",
		"disable desktop sso", "disable desktop sso for a specific domain", "add blocked user", "remove bypassed user", "post tenant.createblockeduser",
		"post tenant.removebypasseduser", "post tenantremovebypasseduser", "delete policy key", "user_getownedobjects", "group_getowners",
		"download role assignments - finished (bulk)", "remove owner from policy", "remove policy credentials", "set password policy",
		"revoke credential", "update provisioning setting or credentials", "add entitlement management role assignment",
		"remove entitlement management role assignment", "get available strong authentication devices", "validate client credentials",
		"federate with an identity provider", "delete consent", "add role from template", "remove unverified domain", "remove verified domain",
		"delete publickeyinfrastructure", "hard delete publickeyinfrastructure", "delete certificateauthorityentity",
		"hard delete certificateauthorityentity",
		"delete identity provider", "delete custom identity provider", "demote partner", "remove partner from company",
		"add app role assignment to administrative unit", "add member to restricted management administrative unit")
}

// sensitive are the words that make an activity that kinds does not list look as
// if it could hand an account to somebody.
func looksSensitive(key string) bool {
	if strings.HasPrefix(key, "get ") || strings.HasPrefix(key, "dsr ") || strings.HasPrefix(key, "download ") {
		return false
	}
	return slices.ContainsFunc([]string{
		"credential", "password", "strong auth", "security info", "authentication method", "mfa", "multifactor", "multi-factor", "role", "privilege", "elevat",
		"recovery", "federat", "consent", "permission", "impersonat", "access pass", "passkey", "fido", "secret", "owner", "conditional access", "identity provider",
		"certificateauthorit", "certificate authorit", "publickeyinfra", "restricted management",
	}, func(word string) bool { return strings.Contains(key, word) })
}
