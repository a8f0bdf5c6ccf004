package entra

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// Every activity of Microsoft's reference that matters, by class and verb, made
// on the account of somebody else.
func TestR26toR34EveryActivityHasItsClass(t *testing.T) {
	rows := map[holds.Class]map[holds.Verb][]string{
		holds.PasswordReset: {
			holds.Reset: {"Reset password", "Reset user password", "Reset password (self-service)", "Reset password (by admin)", "User Password Reset"},
			holds.Update: {
				"Change user password", "Set force change user password", "Change password (self-service)",
			},
			holds.Other: {
				"Unlock user account (self-service)", "Blocked from self-service password reset", "Self-service password reset flow activity progress",
				"Security info saved for self-service password reset", "Admin started password reset", "user started password reset", "User started password change",
			},
		},
		holds.MFAChange: {
			holds.Enrol: {
				"User registered security info", "Admin registered security info", "Add FIDO2 security key", "Add Windows Hello for Business credential",
				"Add passwordless phone sign-in credential", "Add platform credential", "Add users strong authentication phone app detail",
				"Create application password for user", "Assign Hardware Oath Token",
			},
			holds.Remove: {
				"User deleted security info", "Admin deleted security info", "Delete FIDO2 security key(s)", "Delete Windows Hello for Business credential",
				"Delete passwordless phone sign-in credential", "Delete platform credential", "Remove users strong authentication phone app detail",
				"Delete application password for user", "Disable Strong Authentication",
			},
			holds.Update: {
				"User updated security info", "Admin updated security info", "User changed default security info", "Enable Strong Authentication",
				"PATCH UserAuthMethod.PatchSignInPreferencesAsync", "Authentication Methods Policy Update", "Authentication Methods Policy Reset",
				"Authentication Strength Policy Create", "Authentication Strength Policy Update", "Authentication Strength Policy Delete",
				"POST Tenant.CreateBypassedUser", "Add bypass user", "Clear block on user", "Update User Risk and MFA Registration Policy",
			},
			holds.Other: {
				"User registered all required security info", "User started security info registration", "User canceled security info registration",
				"Get passkey creation options", "Create Hardware Oath Token", "Delete Hardware Oath Token", "Update Hardware Oath Token",
				"Fraud reported - user is blocked for MFA", "Suspicious activity reported",
			},
		},
		holds.RoleActivation: {
			holds.Grant: {
				"Add member to role", "Add eligible member to role", "Add scoped member to role", "Add role assignment to role definition",
				"Add EligibleRoleAssignment to RoleDefinition", "Add member to role completed (PIM activation)",
				"Add member to role outside of PIM (permanent)", "Add member to role in PIM completed (permanent)", "Add member to role in PIM completed (timebound)",
				"Add eligible member to role in PIM completed (renew)", "Add eligible member to role in PIM completed (timebound)",
				"Restore member from role", "Restore eligible member from role in PIM completed", "Update member in PIM approved by admin (extend/renew)",
				"User has elevated their access to User Access Administrator for their Azure Resources",
			},
			holds.Other: {
				"Add member to role requested (PIM activation)", "Add member to role approval requested (PIM activation)",
				"Add member to role request approved (PIM activation)", "Add member to role request denied (PIM activation)",
				"Add member to role canceled (PIM activation)", "PIM activation request expired", "Add member to role in PIM requested (permanent)",
				"Add member to role in PIM requested (renew)", "Add eligible member to role in PIM requested (timebound)",
			},
			holds.Update: {
				"Add role definition", "Update role definition", "Update role setting in PIM", "PIM policy removed", "Disable PIM alert",
			},
		},
		holds.RemoteAccess: {
			holds.Update: {
				"Add Conditional Access policy", "Update Conditional Access policy", "Add named location", "Update named location", "Delete named location",
				"Update security defaults", "Update continuous access evaluation", "Add AuthenticationContextClassReference", "Add policy", "Update policy",
				"Add a partner to cross-tenant access setting", "Update a partner cross-tenant access setting",
				"Update the company default cross-tenant access setting", "Update authorization policy", "Enable application proxy", "Register connector",
				"Create Forwarding Policy", "Update Forwarding Policy", "Create Branch", "Update Filtering Policy",
			},
			holds.Remove: {"Delete Conditional Access policy", "Delete policy"},
			holds.Grant:  {"Add member to group", "Add owner to group"},
		},
		holds.DeviceRegistration: {
			holds.Enrol:  {"Register device", "Add device", "Add registered owner to device", "Add registered users to device"},
			holds.Update: {"Set device registration policies"},
		},
		holds.EmergencyAccess: {
			holds.Other: {"Recover device local administrator password", "Reveal local administrator password", "Read BitLocker key"},
		},
		holds.OtherTakeover: {
			holds.Grant: {
				"Consent to application", "Add delegated permission grant", "Add app role assignment to service principal", "Add service principal credentials",
				"Update application – Certificates and secrets management ", "Add owner to application", "Add owner to service principal",
				"Invite external user", "Redeem external user invite", "Assign user as external sponsor", "Assign user as internal sponsor",
				"Add app role assignment grant to user",
			},
			holds.Update: {
				"Set federation settings on domain", "Set domain authentication", "Add unverified domain", "Add verified domain", "Set DirSyncEnabled flag",
				"Set Company Information", "Add partner to company", "Add CertificationBasedAuthConfiguration", "Enable passthrough authentication",
				"Create PublicKeyInfrastructure", "Update PublicKeyInfrastructure", "Restore PublicKeyInfrastructure", "Create CertificateAuthorityEntity",
				"Remove member from restricted management administrative unit",
			},
			holds.Other: {"Enable account", "Restore user"},
		},
		holds.None: {
			holds.Other: {
				"Disable account", "Update StsRefreshTokenValidFrom Timestamp", "Sign-in activity", "Add user", "Delete user", "ConfirmCompromised",
				"ConfirmAccountCompromised", "DismissUser", "Add application", "Add service principal", "Fraud reported - no action taken", "User reviewed security info",
				"GroupLifecyclePolicies_Get", "Change user license", "Export", "Enable PIM alert",
			},
			holds.Update: {"Update user", "Update application", "Update service principal", "Update device", "Update group"},
			holds.Revoke: {
				"Remove member from role", "Remove eligible member from role", "Remove member from role (PIM activation expired)",
				"Remove member from role in PIM completed (permanent)", "Remove member from group", "Remove delegated permission grant",
				"Remove app role assignment from service principal", "Delete role assignment", "Remove role assignment",
			},
		},
		holds.Tamper: {holds.Update: {"MICROSOFT.AADIAM/DIAGNOSTICSETTINGS/DELETE"}},
	}
	for class, verbs := range rows {
		for verb, names := range verbs {
			for _, name := range names {
				for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name), name + ".", "  " + name + " ", strings.ReplaceAll(name, " - ", " \u2013 ")} {
					e := NewDecoder(DecoderOptions{}).one([]byte(audited("Directory_"+ingrid+"_AAAAA_1", spelt, person(ingrid, "", "", ""))), received())
					if e.Class != class || e.Verb != verb {
						t.Errorf("%q is %s %s, not %s %s", spelt, e.Class, e.Verb, class, verb)
					}
					if verb == holds.Other && class == holds.RoleActivation != (e.Outcome == holds.Failed) {
						t.Errorf("%q has outcome %s", spelt, e.Outcome)
					}
				}
			}
		}
	}
}

func TestB11UnknownActivitiesAreKept(t *testing.T) {
	for name, want := range map[string]holds.Class{
		"Delegate strong authentication to a stranger": holds.Unclassified,
		"Add recovery contact for user":                holds.Unclassified,
		"Create federated trust":                       holds.Unclassified,
		"Transfer application ownership":               holds.Unclassified,
		"Import PublicKeyInfrastructure":               holds.Unclassified,
		"Hard Delete CertificateAuthorityEntity":       holds.None,
		"Get role definitions":                         holds.None,
		"Paint the bicycle shed":                       holds.None,
		"Features_GetFeaturesAsync":                    holds.None,
	} {
		e := one(t, audited("Directory_"+ingrid+"_AAAAA_1", name, person(ingrid, "", "", "")))
		if e.Class != want || e.Type != name || (want != holds.None) != (len(e.Doubts) > 0) || len(e.Subjects) != 1 {
			t.Errorf("%q is %s, doubts %q, subjects %v", name, e.Class, e.Doubts, e.Subjects)
		}
	}
	for what, raw := range map[string]string{
		"another result":    strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), `"success"`, `"pondering"`, 1),
		"no result":         strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), `"result":"success",`, ``, 1),
		"more members":      strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), `{"id"`, `{"agentic":{"a":[1,2]},"id"`, 1),
		"another service":   strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), "Core Directory", "Fleet Directory", 1),
		"the Purview past":  audited("Directory_"+ingrid+"_A_1", "Changed user password", person(ingrid, "", "", "")),
		"no id":             strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), `"id":"Directory_`+ingrid+`_A_1",`, ``, 1),
		"a placeholder id":  audited("id", "Reset user password", person(ingrid, "", "", "")),
		"an id with a line": audited("Directory_"+ingrid+`\n`, "Reset user password", person(ingrid, "", "", "")),
	} {
		e := one(t, raw)
		if e.Class != holds.PasswordReset || len(e.Subjects) != 1 || e.Outcome == holds.Failed {
			t.Errorf("%s: %s, outcome %s, subjects %v", what, e.Class, e.Outcome, e.Subjects)
		}
		if named := strings.Contains(what, "id"); named != strings.HasPrefix(e.ID, "sha256:") {
			t.Errorf("%s: the event is named %s", what, e.ID)
		}
	}
}

// No name may be listed under two meanings, and every one must be in the form in
// which names are compared.
func TestActivitiesAreListedAsTheyAreCompared(t *testing.T) {
	seen := map[string]kind{}
	add := func(k kind, names ...string) {
		for _, n := range names {
			if old, ok := seen[n]; ok && old != k {
				t.Errorf("%q is listed twice, as %s %s and as %s %s", n, old.class, old.verb, k.class, k.verb)
			}
			seen[n] = k
			if folded := nameOf(n); string(folded.bytes()) != n {
				t.Errorf("%q can never be met: it is compared as %q", n, folded.bytes())
			}
			if k.class == "" || k.verb == "" {
				t.Errorf("%q has no class or verb", n)
			}
		}
	}
	for _, list := range []func(adder){
		passwords, methodKinds, users, pim, directoryRoles, policies, groups, devices, applications, directories, harmless,
	} {
		list(add)
	}
	if len(seen) != len(kinds()) {
		t.Errorf("%d names, %d kinds", len(seen), len(kinds()))
	}
	for n := range cmdlets() {
		if _, ok := seen[n]; ok {
			t.Errorf("%q is both an activity and a cmdlet", n)
		}
	}
}

func TestNamesAreComparedWhateverTheirSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"Update application – Certificates and secrets management ": "update application - certificates and secrets management",
		"Add member to role.":             "add member to role",
		"  Add\u00a0member \t to   role ": "add member to role",
		"ÄNDERN":                          "ändern",
		"a — b":                           "a - b",
		" . ":                             "",
	} {
		if n := nameOf(in); string(n.bytes()) != want {
			t.Errorf("%q is compared as %q, not %q", in, n.bytes(), want)
		}
	}
	long := nameOf(strings.Repeat("ö", 1000))
	if long.size > longestName {
		t.Errorf("a long name has %d bytes", long.size)
	}
	for in, want := range map[string]string{
		"added member to role": "add member to role", "deleted user": "delete user", "updated policy": "update policy", "add user": "",
		"enabled account": "enable account", "reset user password": "", "added": "",
	} {
		if got := presentTense(in); got != want {
			t.Errorf("%q in the present is %q, not %q", in, got, want)
		}
	}
}
