package entra

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

const (
	appObject = "11b49e19-2326-4be6-93cb-7f37439bbd81"
	keyOne    = "59eaeebc-8a6b-44a6-9f24-7d55e64420c9"
	keyTwo    = "0d2f5969-011b-460d-ac74-3291d227d49f"
)

func key(id string) string {
	return `[KeyIdentifier=` + id + `,KeyType=Password,KeyUsage=Verify,DisplayName=backup]`
}

func onApp(activity, kind string, changes ...string) string {
	return audited("Directory_"+ingrid+"_A_1", activity, `{"id":"`+appObject+`","type":"`+kind+`","displayName":"Payroll","modifiedProperties":[`+strings.Join(changes, ",")+`]}`)
}

func TestCredentialsOfApplications(t *testing.T) {
	const certificates = "Update application – Certificates and secrets management "
	both := `["` + key(keyOne) + `","` + key(keyTwo) + `"]`
	for name, c := range map[string]struct {
		raw    string
		class  holds.Class
		undo   string
		doubts int
	}{
		"a secret":             {onApp(certificates, "Application", property("KeyDescription", `[]`, `["`+key(keyOne)+`"]`)), holds.OtherTakeover, "application:" + appObject + "/" + keyOne, 1},
		"a second one":         {onApp(certificates, "Application", property("KeyDescription", `["`+key(keyOne)+`"]`, both)), holds.OtherTakeover, "application:" + appObject + "/" + keyTwo, 1},
		"two at once":          {onApp(certificates, "Application", property("KeyDescription", `[]`, both)), holds.OtherTakeover, "", 1},
		"taken away":           {onApp(certificates, "Application", property("KeyDescription", both, `["`+key(keyOne)+`"]`)), holds.None, "", 0},
		"of a principal":       {onApp("Add service principal credentials", "ServicePrincipal", property("KeyDescription", `[]`, `["`+key(keyOne)+`"]`)), holds.OtherTakeover, "servicePrincipal:" + appObject + "/" + keyOne, 1},
		"no id told":           {onApp("Add service principal credentials", "ServicePrincipal", property("KeyDescription", ``, `"Client Secret for API Access"`)), holds.OtherTakeover, "", 1},
		"nothing told":         {onApp("Add service principal credentials", "ServicePrincipal"), holds.OtherTakeover, "", 2},
		"a plain update":       {onApp("Update application", "Application", property("DisplayName", `["a"]`, `["b"]`)), holds.None, "", 0},
		"wished permissions":   {onApp("Update application", "Application", property("RequiredResourceAccess", `[]`, `[{"ResourceAppId":"x"}]`)), holds.None, "", 0},
		"another issuer":       {onApp("Update application", "Application", property("FederatedIdentityCredentials", `[]`, `[{"Name":"n","Issuer":"https://evil.example","Subject":"s"}]`)), holds.OtherTakeover, "", 1},
		"no issuer any more":   {onApp("Update application", "Application", property("FederatedIdentityCredentials", `[{"Name":"n"}]`, `[]`)), holds.None, "", 0},
		"a key, plain update":  {onApp("Update service principal", "ServicePrincipal", property("KeyDescription", `[]`, `["`+key(keyOne)+`"]`)), holds.OtherTakeover, "servicePrincipal:" + appObject + "/" + keyOne, 1},
		"the same keys":        {onApp("Update application", "Application", property("KeyDescription", both, both)), holds.None, "", 0},
		"an id that is no key": {onApp(certificates, "Application", property("KeyDescription", `[]`, `["[KeyIdentifier=../../users,KeyType=Password]"]`)), holds.OtherTakeover, "", 1},
	} {
		e := one(t, c.raw)
		if e.Class != c.class || e.Undo.Object != c.undo || len(e.Doubts) != c.doubts || len(e.Subjects) != 0 {
			t.Errorf("%s: %s, undo %+v, doubts %q", name, e.Class, e.Undo, e.Doubts)
		}
		if (c.undo != "") != (e.Undo.Kind == holds.RemoveCredential) || e.Undo.Account != "" {
			t.Errorf("%s: undo %+v", name, e.Undo)
		}
		if out := string(render(t, []holds.Event{e})); strings.Contains(out, "Client Secret") || strings.Contains(out, "KeyIdentifier") || strings.Contains(out, "evil.example") {
			t.Errorf("%s: a credential's value is shown: %s", name, out)
		}
	}
}

func TestConsents(t *testing.T) {
	const grantOne = "aVkvDRsBDUasdDKR0ifUnwbZHUBP6kFNt2J-k21yI2g"
	permissions := func(before, after string) string { return `"` + before + " => " + after + `; "` }
	entry := func(id, principal, kind, scope string) string {
		return "[[Id: " + id + ", ClientId: " + keyTwo + ", PrincipalId: " + principal + ", ResourceId: " + finance + ", ConsentType: " + kind + ", Scope: " + scope + ", CreatedDateTime: , LastModifiedDateTime ]]"
	}
	for name, c := range map[string]struct {
		raw      string
		subjects int
		undo     string
		fields   []holds.FieldChange
	}{
		"a person's own": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentContext.IsAdminConsent", "", `"False"`), property("ConsentAction.Permissions", "", permissions("[]", entry(grantOne, tess, "Principal", "User.Read Mail.Read")))),
			1, "delegated:" + grantOne,
			[]holds.FieldChange{{Field: "ConsentContext.IsAdminConsent", New: "False"}, {Field: "ConsentType", New: "Principal"}, {Field: "Scope", New: "User.Read Mail.Read"}},
		},
		"for everybody": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentContext.IsAdminConsent", "", `"True"`), property("ConsentAction.Permissions", "", permissions("[]", entry(grantOne, "", "AllPrincipals", "Mail.Read")))),
			0, "delegated:" + grantOne,
			[]holds.FieldChange{{Field: "ConsentContext.IsAdminConsent", New: "True"}, {Field: "ConsentType", New: "AllPrincipals"}, {Field: "Scope", New: "Mail.Read"}},
		},
		"what was there before is not undone": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentAction.Permissions", "", permissions(entry("b"+grantOne, "", "AllPrincipals", "x"), entry("b"+grantOne, "", "AllPrincipals", "x")+entry(grantOne, "", "AllPrincipals", "y")))),
			0, "delegated:" + grantOne,
			[]holds.FieldChange{{Field: "ConsentType", New: "AllPrincipals"}, {Field: "Scope", New: "y"}},
		},
		"a grant that was there is widened: revoking it would take what it allowed before": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentAction.Permissions", "", permissions(entry(grantOne, "", "AllPrincipals", "User.Read"), entry(grantOne, "", "AllPrincipals", "User.Read Mail.Read")))),
			0, "",
			[]holds.FieldChange{{Field: "ConsentType", New: "AllPrincipals"}, {Field: "Scope", New: "User.Read Mail.Read"}},
		},
		"two at once": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentAction.Permissions", "", permissions("[]", entry(grantOne, "", "AllPrincipals", "x")+entry("b"+grantOne, "", "AllPrincipals", "y")))),
			0, "",
			[]holds.FieldChange{{Field: "ConsentType", New: "AllPrincipals"}, {Field: "Scope", New: "x"}, {Field: "Scope", New: "y"}},
		},
		"an id that leads elsewhere": {
			onApp("Consent to application", "ServicePrincipal", property("ConsentAction.Permissions", "", permissions("[]", entry("../../users/x/y/z/0000", "", "AllPrincipals", "x")))),
			0, "",
			[]holds.FieldChange{{Field: "ConsentType", New: "AllPrincipals"}, {Field: "Scope", New: "x"}},
		},
		"a grant for one": {
			onApp("Add delegated permission grant", "ServicePrincipal", property("DelegatedPermissionGrant.Scope", `""`, `"User.Read"`), property("DelegatedPermissionGrant.ConsentType", `""`, `"Principal"`), property("ServicePrincipal.ObjectID", "", `"`+keyTwo+`"`)),
			1, "",
			[]holds.FieldChange{{Field: "ConsentType", New: "Principal"}, {Field: "Scope", New: "User.Read"}},
		},
		"a role of another application": {
			onApp("Add app role assignment to service principal", "ServicePrincipal", property("AppRole.Value", `""`, `"RoleManagement.ReadWrite.Directory"`), property("ServicePrincipal.ObjectID", "", `"`+keyTwo+`"`)),
			0, "",
			[]holds.FieldChange{{Field: "Scope", New: "RoleManagement.ReadWrite.Directory"}},
		},
		"a grave one behind a harmless one": {
			onApp("Consent to application", "ServicePrincipal", property("DelegatedPermissionGrant.Scope", `""`, `"User.Read"`), property("ConsentAction.Permissions", "", permissions("[]", entry(grantOne, tess, "Principal", "User.Read")+entry("b"+grantOne, tess, "Principal", "EWS.AccessAsUser.All")))),
			1, "",
			[]holds.FieldChange{{Field: "ConsentType", New: "Principal"}, {Field: "Scope", New: "EWS.AccessAsUser.All"}, {Field: "Scope", New: "User.Read"}},
		},
		"nothing told": {onApp("Consent to application", "ServicePrincipal"), 0, "", nil},
	} {
		e := one(t, c.raw)
		if e.Class != holds.OtherTakeover || e.Verb != holds.Grant || len(e.Subjects) != c.subjects || e.Undo.Object != c.undo {
			t.Errorf("%s: %s %s, subjects %v, undo %+v", name, e.Class, e.Verb, e.Subjects, e.Undo)
		}
		if c.subjects == 1 && e.Subjects[0].ID != tess {
			t.Errorf("%s: %v", name, e.Subjects)
		}
		if diff := cmp.Diff(c.fields, e.Fields); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	e := one(t, onApp("Add app role assignment to service principal", "ServicePrincipal", property("ServicePrincipal.ObjectID", "", `"`+keyTwo+`"`), property("ServicePrincipal.DisplayName", "", `"Robot"`)))
	if len(e.Objects) != 2 || len(e.Held()) != 1 || e.Held()[0].ID != tess {
		t.Errorf("whose account is judged for a permission of an application: %v of %v", e.Held(), e.Objects)
	}
}

func TestGroupsDevicesAndOwners(t *testing.T) {
	member := `{"id":"` + ingrid + `","type":"User","modifiedProperties":[` + property("Group.ObjectID", "", `"`+finance+`"`) + `,` + property("Group.DisplayName", "", `"Finance"`) + `]}`
	device := `{"id":"` + appObject + `","type":"Device","displayName":"LAPTOP-7"}`
	for name, c := range map[string]struct {
		raw      string
		class    holds.Class
		undo     holds.Action
		subjects int
	}{
		"a member":              {audited("Directory_"+ingrid+"_A_1", "Add member to group", member, `{"id":"`+finance+`","type":"Group"}`), holds.RemoteAccess, holds.Action{Kind: holds.LeaveGroup, Object: finance}, 1},
		"a member, as property": {audited("Directory_"+ingrid+"_A_1", "Add member to group", member), holds.RemoteAccess, holds.Action{Kind: holds.LeaveGroup, Object: finance}, 1},
		"a device in a group":   {audited("Directory_"+ingrid+"_A_1", "Add member to group", device, `{"id":"`+finance+`","type":"Group"}`), holds.RemoteAccess, holds.Action{}, 0},
		"an owner":              {audited("Directory_"+ingrid+"_A_1", "Add owner to group", member, `{"id":"`+finance+`","type":"Group"}`), holds.RemoteAccess, holds.Action{}, 1},
		"a group with no GUID":  {audited("Directory_"+ingrid+"_A_1", "Add member to group", person(ingrid, "", "", ""), `{"id":"../x","type":"Group"}`), holds.RemoteAccess, holds.Action{}, 1},
		"a device":              {audited("Directory_"+ingrid+"_A_1", "Add registered owner to device", person(ingrid, "Device.ObjectID", "null", `"\"`+appObject+`\""`), device), holds.DeviceRegistration, holds.Action{Kind: holds.DisableDevice, Object: appObject}, 1},
		"a device by itself":    {audited("Directory_"+ingrid+"_A_1", "Add device", device), holds.DeviceRegistration, holds.Action{Kind: holds.DisableDevice, Object: appObject}, 1},
		"by the service's id":   {strings.Replace(audited("DRS_"+ingrid+"_A_1", "Register device", device), "Core Directory", "Device Registration Service", 1), holds.DeviceRegistration, holds.Action{}, 1},
		"an owner of an app":    {audited("Directory_"+ingrid+"_A_1", "Add owner to application", person(ingrid, "", "", ""), `{"id":"`+appObject+`","type":"Application"}`), holds.OtherTakeover, holds.Action{}, 1},
		"a guest":               {audited("Invited Users_"+ingrid+"_A_1", "Invite external user", person(ingrid, "", "", "")), holds.OtherTakeover, holds.Action{}, 1},
		"a key of a device":     {audited("Directory_"+ingrid+"_A_1", "Read BitLocker key", device), holds.EmergencyAccess, holds.Action{}, 0},
		"a password of one":     {audited("Directory_"+ingrid+"_A_1", "Recover device local administrator password", device), holds.EmergencyAccess, holds.Action{}, 0},
		"the unified log": {
			unifiedRecord("Add member to group.", `{"Name":"Group.ObjectID","NewValue":"`+finance+`","OldValue":""},{"Name":"Group.DisplayName","NewValue":"Finance","OldValue":""}`),
			holds.RemoteAccess,
			holds.Action{Kind: holds.LeaveGroup, Object: finance},
			1,
		},
	} {
		e := one(t, c.raw)
		if e.Class != c.class || e.Undo != c.undo || len(e.Subjects) != c.subjects {
			t.Errorf("%s: %s, undo %+v, subjects %v, doubts %q", name, e.Class, e.Undo, e.Subjects, e.Doubts)
		}
		if c.class == holds.EmergencyAccess && (len(e.Held()) != 1 || e.Held()[0].ID != tess) {
			t.Errorf("%s: whoever read it is judged: %v", name, e.Held())
		}
	}
}
