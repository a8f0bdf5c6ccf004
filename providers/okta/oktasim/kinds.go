package oktasim

// kind describes an event type the simulator writes.
type kind struct {
	display  string
	legacy   string
	severity string // "" is INFO
	hook     bool   // eligible for event hooks
}

// kinds is the part of Okta's event catalogue that the simulator writes. The
// hook flag follows the catalogue's event-hook-eligible tag
// (https://developer.okta.com/docs/reference/api/event-types/); a test compares it.
func kinds() map[string]kind {
	return map[string]kind{
		"user.lifecycle.activate":   {display: "Activate Okta user", legacy: "core.user.config.user_activated", hook: true},
		"user.lifecycle.deactivate": {display: "Deactivate Okta user", legacy: "core.user.config.user_deactivated", hook: true},
		"user.lifecycle.suspend":    {display: "Suspend Okta user", legacy: "core.user.config.user_status.suspended", hook: true},
		"user.lifecycle.unsuspend":  {display: "Unsuspend Okta user", legacy: "core.user.config.user_status.unsuspended", hook: true},

		"user.account.reset_password":         {display: "Fired when the user's Okta password is reset", legacy: "core.user.config.user_status.password_reset", hook: true},
		"user.account.update_password":        {display: "User update password for Okta", legacy: "core.user.config.password_update.success", hook: true},
		"user.account.expire_password":        {display: "Expire Okta user's password"},
		"user.account.unlock_by_admin":        {display: "Unlock user account by admin", legacy: "core.user.account.unlock_by_admin", hook: true},
		"user.account.update_profile":         {display: "Update user profile for Okta", legacy: "core.user.config.profile_update.success", hook: true},
		"user.account.update_primary_email":   {display: "User primary email updated"},
		"user.account.update_secondary_email": {display: "User secondary email updated"},

		"user.account.privilege.grant":  {display: "Grant user privilege", legacy: "core.user.admin_privilege.granted", hook: true},
		"user.account.privilege.revoke": {display: "Revoke user privilege", legacy: "core.user.admin_privilege.revoked", hook: true},
		"group.privilege.grant":         {display: "Group Privilege granted", legacy: "group.privilege.grant", hook: true},
		"group.privilege.revoke":        {display: "Group Privilege revoked", legacy: "group.privilege.revoke", hook: true},
		"group.user_membership.add":     {display: "Add user to group membership", legacy: "core.user_group_member.user_add", hook: true},
		"group.user_membership.remove":  {display: "Remove user from group membership", legacy: "core.user_group_member.user_remove", hook: true},

		"user.mfa.factor.activate":            {display: "Activate factor or authenticator enrollment method for user", legacy: "core.user.factor.activate", hook: true},
		"user.mfa.factor.deactivate":          {display: "Reset factor or authenticator enrollment method for user", legacy: "core.user.factor.reset", hook: true},
		"user.mfa.factor.reset_all":           {display: "Reset all factors for user", legacy: "core.user.factor.reset_all", hook: true},
		"user.authentication.auth_via_mfa":    {display: "Authentication of user via MFA", legacy: "core.user.factor.attempt_success", hook: true},
		"user.mfa.okta_verify.deny_push":      {display: "User rejected Okta push verify"},
		"system.push.send_factor_verify_push": {display: "Send factor verify push"},
		"device.enrollment.create":            {display: "Create device enrollment", hook: true},
		"device.lifecycle.activate":           {display: "Activate device", hook: true},
		"device.lifecycle.deactivate":         {display: "Deactivate device", hook: true},
		"device.lifecycle.suspend":            {display: "Suspend device", hook: true},
		"device.lifecycle.unsuspend":          {display: "Unsuspend device", hook: true},

		"system.api_token.create":             {display: "Create API token", legacy: "api.token.create", hook: true},
		"system.api_token.revoke":             {display: "Revoke API token", legacy: "api.token.revoke", hook: true},
		"system.idp.lifecycle.create":         {display: "Create identity provider", hook: true},
		"system.idp.lifecycle.activate":       {display: "Activate identity provider", hook: true},
		"system.idp.lifecycle.deactivate":     {display: "Deactivate identity provider", hook: true},
		"user.session.impersonation.grant":    {display: "Enable impersonation grant"},
		"user.session.impersonation.initiate": {display: "Initiate impersonation session"},

		"user.session.start":      {display: "User login to Okta", legacy: "core.user_auth.login_success", hook: true},
		"user.session.end":        {display: "User logout from Okta", legacy: "core.user_auth.logout_success", hook: true},
		"user.session.clear":      {display: "Clear user session", legacy: "core.user_auth.session_clear", hook: true},
		"policy.evaluate_sign_on": {display: "Evaluation of sign-on policy", legacy: "core.policy.evaluate_sign_on"},

		"policy.rule.add":        {display: "Add policy rule", hook: true},
		"policy.rule.update":     {display: "Update policy rule", hook: true},
		"policy.rule.activate":   {display: "Activate policy rule", hook: true},
		"policy.rule.deactivate": {display: "Deactivate policy rule", hook: true},
		"policy.rule.delete":     {display: "Delete policy rule", hook: true},

		"event_hook.created":     {display: "Create event hook"},
		"event_hook.updated":     {display: "Update event hook"},
		"event_hook.activated":   {display: "Activate event hook"},
		"event_hook.deactivated": {display: "Deactivate event hook"},
		"event_hook.deleted":     {display: "Delete event hook"},
		"event_hook.verified":    {display: "Verify event hook"},
		"event_hook.delivery":    {display: "Event hook delivery failed", severity: "ERROR"},

		"app.oauth2.token.grant.access_token": {display: "OAuth2 access token is granted", legacy: "app.oauth2.token.grant.access_token_success"},
	}
}
