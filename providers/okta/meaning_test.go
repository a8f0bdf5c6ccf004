package okta

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// target is one of an event's targets.
func target(kind, id, name string) map[string]any {
	return map[string]any{"type": kind, "id": id, "alternateId": name, "displayName": name}
}

func ingrid() map[string]any {
	return target("User", "00uIngridSolberg0000", "ingrid@nordwind.example")
}

// event is a successful event of a type with targets, as an administrator makes it.
func event(t *testing.T, kind string, targets ...any) holds.Event {
	t.Helper()
	return one(t, reset(map[string]any{"eventType": kind, "target": targets}))
}

func TestR29RanksOfRoles(t *testing.T) {
	role := func(kind string) any { return target("ROLE", kind, kind) }
	for name, c := range map[string]struct {
		kind    string
		targets []any
		granted string
		want    holds.Rank
	}{
		"super":                          {"user.account.privilege.grant", []any{ingrid(), role("SUPER_ADMIN")}, "", holds.RankTop},
		"organisation":                   {"user.account.privilege.grant", []any{ingrid(), role("ORG_ADMIN")}, "", holds.RankPrivileged},
		"group administrator":            {"user.account.privilege.grant", []any{ingrid(), role("USER_ADMIN")}, "", holds.RankPrivileged},
		"access requests":                {"user.account.privilege.grant", []any{ingrid(), role("ACCESS_REQUESTS_ADMIN")}, "", holds.RankPrivileged},
		"read only":                      {"user.account.privilege.grant", []any{ingrid(), role("READ_ONLY_ADMIN")}, "", holds.RankOrdinary},
		"report":                         {"group.privilege.grant", []any{target("UserGroup", "00gFinance0000000000", "Finance"), role("REPORT_ADMIN")}, "", holds.RankOrdinary},
		"the furthest of several":        {"user.account.privilege.grant", []any{ingrid(), role("REPORT_ADMIN"), role("APP_ADMIN")}, "", holds.RankPrivileged},
		"unknown":                        {"user.account.privilege.grant", []any{ingrid(), target("ROLE", "WOMBAT_ADMIN", "Wombat")}, "", ""},
		"unknown beside ordinary":        {"user.account.privilege.grant", []any{ingrid(), role("REPORT_ADMIN"), target("ROLE", "WOMBAT_ADMIN", "Wombat")}, "", ""},
		"none named":                     {"user.account.privilege.grant", []any{ingrid()}, "", ""},
		"one listed":                     {"user.account.privilege.grant", []any{ingrid()}, "Super administrator", holds.RankTop},
		"listed, super among them":       {"user.account.privilege.grant", []any{ingrid()}, "Super administrator, Read only admin", holds.RankTop},
		"listed, none of them super":     {"user.account.privilege.grant", []any{ingrid()}, "Organization administrator, Application administrator (all)", holds.RankPrivileged},
		"listed with a comma in a name":  {"user.account.privilege.grant", []any{ingrid()}, "Group administrator (Sales, Finance), Read-only Administrator", holds.RankPrivileged},
		"listed, one of them not known":  {"user.account.privilege.grant", []any{ingrid()}, "Read only admin, Payroll helper", ""},
		"an app":                         {"app.oauth2.client.privilege.grant", []any{target("PublicClientAppEntity", "0oaRobot000000000000", "Robot"), role("SUPER_ADMIN")}, "", holds.RankTop},
		"made of permissions":            {"iam.resourceset.bindings.add", []any{ingrid(), target("ROLE", "cr0CustomRole0000000", "Payroll helper")}, "", holds.RankPrivileged},
		"made of permissions, not named": {"iam.resourceset.bindings.add", []any{ingrid()}, "", holds.RankPrivileged},
		"of Workflows":                   {"workflows.user.role.user.add", []any{ingrid(), target("Workflows Role", "1", "Administrator")}, "", holds.RankPrivileged},
		"rules about administrators":     {"iam.policy.configuration.update", nil, "", ""},
		"guard of administrators' acts":  {"security.protected_action.settings.update", nil, "", ""},
		"what a role may do":             {"iam.role.permissions.add", nil, "", holds.RankPrivileged},
		"taken away":                     {"user.account.privilege.revoke", []any{ingrid(), role("SUPER_ADMIN")}, "", ""},
	} {
		e := one(t, reset(map[string]any{
			"eventType": c.kind, "target": c.targets, "debugContext": map[string]any{"debugData": map[string]any{"privilegeGranted": c.granted}},
		}))
		if e.Rank != c.want || (e.Class == holds.RoleActivation) != (name != "taken away") {
			t.Errorf("%s: rank %q of class %s, want %q", name, e.Rank, e.Class, c.want)
		}
	}
}

func TestWhatTheEventNamesIsUndone(t *testing.T) {
	for name, c := range map[string]struct {
		kind    string
		targets []any
		want    holds.Action
	}{
		"token":                     {"system.api_token.create", []any{target("Token", "00TNewToken000000000", "ci")}, holds.Action{Kind: holds.RevokeToken, Object: "00TNewToken000000000"}},
		"token of another type":     {"system.api_token.create", []any{target("ApiToken", "00TNewToken000000000", "ci")}, holds.Action{Kind: holds.RevokeToken, Object: "00TNewToken000000000"}},
		"token that changed":        {"system.api_token.update", []any{target("Token", "00TNewToken000000000", "ci")}, holds.Action{}},
		"token without id":          {"system.api_token.create", []any{target("Token", "", "ci")}, holds.Action{}},
		"token with a bad id":       {"system.api_token.create", []any{target("Token", "../../users/00u00000", "ci")}, holds.Action{}},
		"two tokens":                {"system.api_token.create", []any{target("Token", "00TNewToken000000000", "a"), target("Token", "00TNewToken000000001", "b")}, holds.Action{}},
		"the same token twice":      {"system.api_token.create", []any{target("Token", "00TNewToken000000000", "a"), target("Token", "00TNewToken000000000", "a")}, holds.Action{Kind: holds.RevokeToken, Object: "00TNewToken000000000"}},
		"identity provider":         {"system.idp.lifecycle.create", []any{target("IdentityProvider", "0oaNewProvider000000", "Evil")}, holds.Action{Kind: holds.DeactivateIDP, Object: "0oaNewProvider000000"}},
		"identity provider, on":     {"system.idp.lifecycle.activate", []any{ingrid(), target("Idp", "0oaNewProvider000000", "Evil")}, holds.Action{Kind: holds.DeactivateIDP, Object: "0oaNewProvider000000"}},
		"identity provider changed": {"system.idp.lifecycle.update", []any{target("IdentityProvider", "0oaNewProvider000000", "Old")}, holds.Action{}},
		"device":                    {"device.enrollment.create", []any{target("UDDevice", "guoNewPhone000000000", "Pixel"), ingrid()}, holds.Action{Kind: holds.DisableDevice, Object: "guoNewPhone000000000"}},
		"device, on again":          {"device.lifecycle.unsuspend", []any{target("UDDevice", "guoNewPhone000000000", "Pixel")}, holds.Action{Kind: holds.DisableDevice, Object: "guoNewPhone000000000"}},
		"group":                     {"group.user_membership.add", []any{target("UserGroup", "00gFinance0000000000", "Finance"), ingrid()}, holds.Action{Kind: holds.LeaveGroup, Object: "00gFinance0000000000"}},
		"the restraint group":       {"group.user_membership.add", []any{target("UserGroup", "00gCountersignHold00", "Hold"), ingrid()}, holds.Action{}},
		"left group":                {"group.user_membership.remove", []any{target("UserGroup", "00gFinance0000000000", "Finance"), ingrid()}, holds.Action{}},
		"app":                       {"application.user_membership.add", []any{target("AppInstance", "0oaPayroll0000000000", "Payroll"), ingrid()}, holds.Action{}},
	} {
		if e := event(t, c.kind, c.targets...); e.Undo != c.want {
			t.Errorf("%s: undone by %+v, want %+v", name, e.Undo, c.want)
		}
	}
}

func TestR32MembershipsNameTheirGroupOrApp(t *testing.T) {
	for _, c := range []struct{ kind, object, id string }{
		{"group.user_membership.add", "UserGroup", "00gFinance0000000000"},
		{"application.user_membership.add", "AppInstance", "0oaPayroll0000000000"},
		{"application.user_membership.change_username", "AppInstance", "0oaPayroll0000000000"},
	} {
		e := event(t, c.kind, target(c.object, c.id, "x"), ingrid())
		if e.Class != holds.RemoteAccess || e.Verb != holds.Grant || len(e.Subjects) != 1 || !slices.Contains(e.Objects, holds.Object{Type: c.object, ID: c.id, Name: "x"}) {
			t.Errorf("%s: %+v", c.kind, e)
		}
	}
	e := event(t, "group.application_assignment.add", target("UserGroup", "00gFinance0000000000", "f"), target("AppInstance", "0oaPayroll0000000000", "p"))
	if e.Class != holds.RemoteAccess || len(e.Subjects) != 0 || len(e.Objects) != 2 {
		t.Errorf("an app given to a group: %+v", e)
	}
}

func TestR76OldAndNewValues(t *testing.T) {
	provider := target("IdentityProvider", "0oaProvider000000000", "Partner")
	provider["changeDetails"] = map[string]any{
		"from": map[string]any{"issuer": "https://partner.example", "status": "ACTIVE", "scopes": []any{"openid"}, "gone": true, "null": nil},
		"to":   map[string]any{"issuer": "https://evil.example", "status": "ACTIVE", "scopes": []any{"openid", "admin"}, "count": 3, "null": nil},
	}
	e := event(t, "system.idp.lifecycle.update", provider)
	want := []holds.FieldChange{
		{Field: "count", New: "3"},
		{Field: "gone", Old: "true"},
		{Field: "issuer", Old: "https://partner.example", New: "https://evil.example"},
		{Field: "scopes", Old: `["openid"]`, New: `["openid","admin"]`},
	}
	if diff := cmp.Diff(want, e.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if said := strings.Join(append(e.Doubts, e.Summary), " "); strings.Contains(said, "evil") {
		t.Errorf("a value is shown outside the fields: %s", said)
	}
	for name, odd := range map[string]any{"a word": "x", "a list": []any{"x"}, "no objects": map[string]any{"from": "a", "to": 1}, "null": nil} {
		provider["changeDetails"] = odd
		if e := event(t, "system.idp.lifecycle.update", provider); len(e.Fields) != 0 || e.Class != holds.OtherTakeover {
			t.Errorf("%s: %+v", name, e.Fields)
		}
	}
	e = one(t, reset(map[string]any{"eventType": "application.lifecycle.update", "outcome": map[string]any{"result": "SUCCESS", "reason": "Pushing user passwords"}}))
	if !slices.Contains(e.Fields, holds.FieldChange{Field: "reason", New: "Pushing user passwords"}) {
		t.Errorf("what an application now gets is not told: %+v", e.Fields)
	}
}

func TestR33DevicesBelongToWhoEnrolsThem(t *testing.T) {
	phone := target("UDDevice", "guoNewPhone000000000", "Pixel")
	for name, c := range map[string]struct {
		kind    string
		targets []any
		want    string
	}{
		"named":              {"device.enrollment.create", []any{phone, ingrid()}, "00uIngridSolberg0000"},
		"not named":          {"device.enrollment.create", []any{phone}, "00uTessOkafor0000000"},
		"named without id":   {"device.enrollment.create", []any{phone, target("User", "", "ingrid")}, ""},
		"switched on by one": {"device.lifecycle.activate", []any{phone}, ""},
	} {
		e := event(t, c.kind, c.targets...)
		got := ""
		if len(e.Subjects) > 0 {
			got = e.Subjects[0].ID
		}
		if got != c.want || e.Class != holds.DeviceRegistration {
			t.Errorf("%s: subject %q of class %s, want %q", name, got, e.Class, c.want)
		}
	}
	system := reset(map[string]any{"eventType": "device.enrollment.create", "target": []any{phone}, "actor": map[string]any{"id": "00oNordwind000000000", "type": "SystemPrincipal"}})
	if e := one(t, system); len(e.Subjects) != 0 {
		t.Errorf("a system enrolled a device for itself: %+v", e.Subjects)
	}
}

// What Okta writes beside a change, or by itself, is not a change.
func TestNoise(t *testing.T) {
	email := func(uri string) map[string]any {
		return map[string]any{
			"eventType": "user.mfa.factor.activate", "outcome": map[string]any{"result": "SUCCESS", "reason": "User set up EMAIL_FACTOR factor"},
			"debugContext": map[string]any{"debugData": map[string]any{"requestUri": uri}},
		}
	}
	for name, c := range map[string]struct {
		change map[string]any
		want   holds.Class
	}{
		"mail factor of a new account":       {email("/api/v1/users"), holds.None},
		"mail factor of an old one":          {email("/api/v1/users/00uIngridSolberg0000/factors"), holds.MFAChange},
		"phone factor of a new account":      {map[string]any{"eventType": "user.mfa.factor.activate", "outcome": map[string]any{"result": "SUCCESS", "reason": "User set up SMS_FACTOR factor"}, "debugContext": map[string]any{"debugData": map[string]any{"requestUri": "/api/v1/users"}}}, holds.MFAChange},
		"new account":                        {map[string]any{"eventType": "user.lifecycle.create"}, holds.None},
		"new account in use":                 {map[string]any{"eventType": "user.lifecycle.activate"}, holds.None},
		"PIN secret that changes every week": {map[string]any{"eventType": "device.desktop_mfa.recovery_pin.rotate_secret"}, holds.None},
		"mail factor answered":               {map[string]any{"eventType": "system.email.challenge_factor_redeemed"}, holds.None},
		"failed federation":                  {map[string]any{"eventType": "app.office365.api.error.set.domain.federation.failure"}, holds.None},
		"denied at an app's door":            {map[string]any{"eventType": "application.policy.sign_on.deny_access"}, holds.None},
		"new member of a known family":       {map[string]any{"eventType": "zone.teleport"}, holds.RemoteAccess},
		"somebody's own stored password":     {map[string]any{"eventType": "application.user_membership.show_password", "actor": ingrid()}, holds.None},
		"somebody else's stored password":    {map[string]any{"eventType": "application.user_membership.show_password"}, holds.VaultRecovery},
	} {
		e := one(t, reset(c.change))
		if e.Class != c.want || e.Type != c.change["eventType"] || len(e.Subjects) != 1 {
			t.Errorf("%s: %s of %s with subjects %v, want %s", name, e.Class, e.Type, e.Subjects, c.want)
		}
	}
}

func TestWhosePasswordIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		id, login string
		want      holds.Class
	}{
		"one's own":                  {"00uIngridSolberg0000", "ingrid@nordwind.example", holds.None},
		"one's own by another login": {"00uIngridSolberg0000", "i.solberg@nordwind.example", holds.None},
		"another's":                  {"00uTessOkafor0000000", "tess@nordwind.example", holds.VaultRecovery},
		"another's of the same name": {"00uTessOkafor0000000", "ingrid@nordwind.example", holds.VaultRecovery},
		"masked, the same login":     {"XXXXXXXX", "Ingrid@nordwind.example", holds.None},
		"masked, another login":      {"XXXXXXXX", "tess@nordwind.example", holds.VaultRecovery},
		"masked, no login":           {"XXXXXXXX", "unknown", holds.VaultRecovery},
	} {
		e := one(t, reset(map[string]any{"eventType": "application.user_membership.show_password", "actor": target("User", c.id, c.login), "target": []any{ingrid()}}))
		if e.Class != c.want {
			t.Errorf("%s: %s, want %s", name, e.Class, c.want)
		}
	}
}

func TestInlineHooksAndKeysAreTamper(t *testing.T) {
	for _, kind := range []string{"inline_hook.deactivated", "system.hook.key.deleted", "system.log_stream.lifecycle.update"} {
		if e := event(t, kind, target("InlineHook", "calSomeInlineHook000", "Token")); e.Class != holds.Tamper {
			t.Errorf("%s is %s", kind, e.Class)
		}
	}
}
