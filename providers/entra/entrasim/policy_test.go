package entrasim

import (
	"errors"
	"testing"
)

func restrain(r *rig, person string) {
	r.call(204, "POST", "/groups/"+RestraintGroup+"/members/$ref", ref(person))
}

// TestRestraintGroupRestrains is what a containment relies on: a member is
// denied sign-in and registering methods and devices, and no longer once out.
func TestRestraintGroupRestrains(t *testing.T) {
	r := newRig(t, Options{})
	var denied *Denied
	restrain(r, Engineer)
	if _, err := r.RegistersMethod(Engineer, "fido2", "key"); !errors.As(err, &denied) || denied.Access.Policy != InfoPolicy {
		t.Errorf("registering with the old session: %v", err)
	}
	if _, err := r.RegistersDevice(Engineer, "laptop", "Windows"); !errors.As(err, &denied) || denied.Access.Policy != DevicePolicy {
		t.Errorf("registering a device: %v", err)
	}
	if _, err := r.ChangesRecoveryPhone(Engineer, "+1 5550001"); !errors.As(err, &denied) {
		t.Errorf("changing the number: %v", err)
	}
	if _, err := r.RemovesMethod(Engineer, Engineer, "softwareOath"); err != nil {
		t.Errorf("the old session is not revoked yet, but: %v", err)
	}
	r.call(200, "POST", "/users/"+Engineer+"/revokeSignInSessions", nil)
	if _, err := r.RemovesMethod(Engineer, Engineer, "microsoftAuthenticator"); !errors.As(err, &denied) || denied.Access.Policy != SignInPolicy {
		t.Errorf("without a session: %v", err)
	}
	if _, err := r.SignsIn(Engineer); !errors.As(err, &denied) {
		t.Errorf("sign-in: %v", err)
	}
	r.call(204, "DELETE", "/groups/"+RestraintGroup+"/members/"+Engineer+"/$ref", nil)
	if _, err := r.SignsIn(Engineer); err != nil {
		t.Errorf("after the release: %v", err)
	}
	restrain(r, BreakGlass)
	if a := r.SignIn(BreakGlass); a.Access != "ALLOW" {
		t.Errorf("break-glass: %+v", a)
	}
	if a := r.SignIn("nobody"); a.Access != "DENY" {
		t.Errorf("nobody: %+v", a)
	}
}

// TestRestraintUndone lists the ways an administrator makes the restraint
// ineffective; each must really let the person in, and be told by two services.
func TestRestraintUndone(t *testing.T) {
	patch := func(body map[string]any) func(*rig) error {
		return func(r *rig) error {
			r.call(204, "PATCH", "/identity/conditionalAccess/policies/"+SignInPolicy, body)
			return nil
		}
	}
	conditions := func(m map[string]any) map[string]any { return map[string]any{"conditions": m} }
	users := func(m map[string]any) map[string]any { return conditions(map[string]any{"users": m}) }
	for name, undo := range map[string]func(*rig) error{
		"switched off":       func(r *rig) error { _, err := r.SetsPolicyState(ITLead, SignInPolicy, "disabled"); return err },
		"report only":        patch(map[string]any{"state": "enabledForReportingButNotEnforced"}),
		"subject excluded":   func(r *rig) error { _, err := r.ExcludesFromPolicy(ITLead, SignInPolicy, Engineer); return err },
		"deleted":            func(r *rig) error { _, err := r.DeletesPolicy(ITLead, SignInPolicy); return err },
		"group taken out":    patch(users(map[string]any{"includeGroups": []string{}})),
		"group excluded":     patch(users(map[string]any{"excludeGroups": []string{VPNGroup}})),
		"some apps only":     patch(conditions(map[string]any{"applications": map[string]any{"includeApplications": []string{"Office365"}}})),
		"an app excluded":    patch(conditions(map[string]any{"applications": map[string]any{"excludeApplications": []string{PayrollApp}}})),
		"some places only":   patch(conditions(map[string]any{"locations": map[string]any{"includeLocations": []string{"AllTrusted"}}})),
		"some clients only":  patch(conditions(map[string]any{"clientAppTypes": []string{"exchangeActiveSync"}})),
		"some risk only":     patch(conditions(map[string]any{"userRiskLevels": []string{"high"}})),
		"asks for MFA":       patch(map[string]any{"grantControls": map[string]any{"builtInControls": []string{"mfa"}}}),
		"everybody excluded": patch(users(map[string]any{"excludeUsers": []string{"All"}})),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			restrain(r, Engineer)
			if a := r.SignIn(Engineer); a.Access != "DENY" {
				t.Fatalf("before: %+v", a)
			}
			n := len(r.Written())
			if err := undo(r); err != nil {
				t.Fatal(err)
			}
			if a := r.SignIn(Engineer); a.Access != "ALLOW" {
				t.Errorf("after: %+v", a)
			}
			records := r.Written()[n:]
			if len(records) != 2 || records[0].LoggedByService != coreDirectory || records[1].LoggedByService != condAccess {
				t.Fatalf("records %q", told(records))
			}
			if m := records[1].TargetResources[0].ModifiedProperties[0]; m.DisplayName != "ConditionalAccessPolicy" || (*m.OldValue)[0] != '{' {
				t.Errorf("the policy is told as %+v", m)
			}
		})
	}
}

// TestPolicyChangesThatAreNone or not allowed leave the policy alone.
func TestPolicyChangesThatAreNone(t *testing.T) {
	r := newRig(t, Options{})
	path := "/identity/conditionalAccess/policies/" + SignInPolicy
	r.call(204, "PATCH", path, map[string]any{"state": "enabled", "id": newGUID()})
	r.call(400, "PATCH", path, map[string]any{"state": "sometimes"})
	if n := len(r.Written()); n != 0 {
		t.Errorf("%d records", n)
	}
	before := r.call(200, "GET", path, nil).body()
	r.call(204, "PATCH", path, map[string]any{"displayName": "Other", "something": "new"})
	after := r.call(200, "GET", path, nil).body()
	if after["something"] != "new" || after["modifiedDateTime"] == nil || jsonText(after["conditions"]) != jsonText(before["conditions"]) {
		t.Errorf("after %v", after)
	}
}

// TestPoliciesByRoleAndGuest.
func TestPoliciesByRoleAndGuest(t *testing.T) {
	c := SmallCompany()
	c.Policies = []Policy{
		seedPolicy(newGUID(), "administrators", "block", map[string]any{"includeRoles": []any{UserAdministrator}}, []any{"All"}, []any{}),
		seedPolicy(newGUID(), "guests", "block", map[string]any{"includeUsers": []any{"GuestsOrExternalUsers"}}, []any{"All"}, []any{}),
	}
	r := newRig(t, Options{Company: c})
	if a := r.SignIn(OrgAdmin); a.Access != "DENY" {
		t.Errorf("an administrator: %+v", a)
	}
	got, err := r.InvitesGuest(Engineer, "friend@elsewhere.example", "A Friend")
	if err != nil {
		t.Fatal(err)
	}
	if a := r.SignIn(got.Made); a.Access != "DENY" {
		t.Errorf("a guest: %+v", a)
	}
	if a := r.SignIn(Engineer); a.Access != "ALLOW" {
		t.Errorf("anybody else: %+v", a)
	}
}
