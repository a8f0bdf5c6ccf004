package entra

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// by is a record of Core Directory made by somebody.
func by(initiator string) string {
	raw := audited("Directory_"+ingrid+"_AAAAA_1", "Reset user password", person(ingrid, "", "", ""))
	from, to := strings.Index(raw, `"initiatedBy":`), strings.Index(raw, `,"targetResources"`)
	return raw[:from] + initiator + raw[to:]
}

func TestC9EveryActorHasAKind(t *testing.T) {
	app := func(id, appID, name string) string {
		return `"initiatedBy":{"user":null,"app":{"appId":` + appID + `,"displayName":"` + name + `","servicePrincipalId":` + id + `,"servicePrincipalName":null}}`
	}
	who := func(id, login, name string) string {
		return `"initiatedBy":{"app":null,"user":{"id":` + id + `,"displayName":` + name + `,"userPrincipalName":` + login + `,"ipAddress":null}}`
	}
	for name, c := range map[string]struct {
		initiator string
		kind      holds.PartyKind
		own       bool
		doubts    int
	}{
		"a person":                     {who(`"`+tess+`"`, `"tess@nordwind.example"`, "null"), holds.PartyPerson, false, 0},
		"a person by login":            {who("null", `"tess@nordwind.example"`, "null"), holds.PartyPerson, false, 0},
		"an application":               {app(`"`+finance+`"`, "null", "HR sync"), holds.PartyApp, false, 0},
		"an application by appId":      {app("null", `"`+finance+`"`, "HR sync"), holds.PartyApp, false, 0},
		"ours":                         {app(`"`+ourSP+`"`, "null", "Countersign"), holds.PartyApp, true, 0},
		"ours, in capitals":            {app(`"`+strings.ToUpper(ourSP)+`"`, "null", "Countersign"), holds.PartyApp, true, 0},
		"ours by appId":                {app("null", `"`+ourApp+`"`, "Countersign"), holds.PartyApp, true, 0},
		"named like ours":              {app(`"`+finance+`"`, "null", ourSP), holds.PartyApp, false, 0},
		"PIM by its principal":         {app(`"`+pimSP+`"`, "null", "MS-PIM"), holds.PartyPlatform, false, 0},
		"PIM by its application":       {app("null", `"`+pimApp+`"`, "x"), holds.PartyPlatform, false, 0},
		"an impostor of PIM":           {app(`"`+finance+`"`, "null", "MS-PIM"), holds.PartyApp, false, 1},
		"another impostor":             {app(`"`+finance+`"`, `"`+finance+`"`, "ms-pim"), holds.PartyApp, false, 1},
		"the strong authentication":    {app(`"`+finance+`"`, "null", "Azure MFA StrongAuthenticationService"), holds.PartyPlatform, false, 1},
		"PIM as an account":            {who("null", "null", `"Azure AD PIM"`), holds.PartyPlatform, false, 1},
		"PIM as an account with id":    {who(`"`+finance+`"`, "null", `"Azure AD PIM"`), holds.PartyPlatform, false, 1},
		"a person of that name":        {who(`"`+tess+`"`, `"tess@nordwind.example"`, `"Azure AD PIM"`), holds.PartyPerson, false, 0},
		"the password service":         {who(`"`+nobody+`"`, `"fim_password_service@support.onmicrosoft.com"`, "null"), holds.PartyPlatform, false, 0},
		"the password service with id": {who(`"`+tess+`"`, `"fim_password_service@support.onmicrosoft.com"`, "null"), holds.PartyPerson, false, 1},
		"a name like the password's":   {who(`"`+tess+`"`, `"fim_password_service@support.onmicrosoft.com.evil.example"`, "null"), holds.PartyPerson, false, 0},
		"zeros":                        {who(`"`+nobody+`"`, "null", "null"), holds.PartyUnknown, false, 0},
		"nobody":                       {`"initiatedBy":{}`, holds.PartyUnknown, false, 0},
		"null":                         {`"initiatedBy":null`, holds.PartyUnknown, false, 0},
		"nulls":                        {`"initiatedBy":{"user":null,"app":null}`, holds.PartyUnknown, false, 0},
		"a word":                       {`"initiatedBy":"tess"`, holds.PartyUnknown, false, 0},
		"an id with spaces":            {who(`"a b"`, "null", "null"), holds.PartyUnknown, false, 1},
		"both":                         {`"initiatedBy":{"user":{"id":"` + tess + `"},"app":{"servicePrincipalId":"` + ourSP + `"}}`, holds.PartyPerson, false, 1},
		"from another tenant":          {`"initiatedBy":{"user":{"id":"` + tess + `","userPrincipalName":"t@partner.example","homeTenantId":"` + finance + `"}}`, holds.PartyPerson, false, 1},
	} {
		e := one(t, by(c.initiator))
		if e.Actor.Kind != c.kind || e.Actor.Own != c.own || len(e.Doubts) != c.doubts || e.Class != holds.PasswordReset {
			t.Errorf("%s: %+v, %s, doubts %q", name, e.Actor, e.Class, e.Doubts)
		}
	}
	// Without the principal's id PIM is known by its name, and the event says so.
	got := NewDecoder(DecoderOptions{}).one([]byte(by(app(`"`+pimSP+`"`, "null", "MS-PIM"))), received())
	if got.Actor.Kind != holds.PartyPlatform || len(got.Doubts) != 1 || !strings.Contains(got.Doubts[0], "name alone") {
		t.Errorf("%+v, %q", got.Actor, got.Doubts)
	}
	x := NewDecoder(DecoderOptions{})
	x.SetPlatformPrincipals([]string{strings.ToUpper(pimSP), ""}, []string{"MS-PIM"}, []string{finance})
	if got := x.one([]byte(by(app(`"`+pimSP+`"`, "null", "MS-PIM"))), received()); len(got.Doubts) != 0 {
		t.Errorf("the principal's id was not taken: %q", got.Doubts)
	}
	mfa := "Azure MFA StrongAuthenticationService"
	for id, want := range map[string]holds.PartyKind{finance: holds.PartyApp, ourSet: holds.PartyPlatform} {
		if got := x.one([]byte(by(app(`"`+id+`"`, "null", mfa))), received()); got.Actor.Kind != want || len(got.Doubts) != 1 {
			t.Errorf("C9: %s of that name is %s, want %s: %q", id, got.Actor.Kind, want, got.Doubts)
		}
	}
	// Once the service itself was found, another of its name is none, also one that
	// was made after the lists were read; a record without an id is Microsoft's.
	x.SetPlatformPrincipals([]string{pimSP, ingrid}, []string{"MS-PIM", mfa}, nil)
	for id, want := range map[string]holds.PartyKind{`"` + ourSet + `"`: holds.PartyApp, `"` + ingrid + `"`: holds.PartyPlatform, "null": holds.PartyPlatform} {
		if got := x.one([]byte(by(app(id, "null", strings.ToLower(mfa)))), received()); got.Actor.Kind != want {
			t.Errorf("C9: %s of a name whose service is known is %s, want %s", id, got.Actor.Kind, want)
		}
	}
}

func TestC9ActorsOfTheUnifiedLog(t *testing.T) {
	actor := func(list, user string) string {
		raw := unifiedRecord("Reset user password.", "")
		from, to := strings.Index(raw, `"Actor":`), strings.Index(raw, `,"ActorContextId"`)
		raw = raw[:from] + `"Actor":[` + list + `]` + raw[to:]
		return strings.Replace(raw, `"UserId":"tess@nordwind.example"`, `"UserId":"`+user+`"`, 1)
	}
	for name, c := range map[string]struct {
		raw  string
		kind holds.PartyKind
		id   string
		own  bool
	}{
		"a person":          {unifiedRecord("Reset user password.", ""), holds.PartyPerson, tess, false},
		"a login alone":     {actor(``, "Tess@Nordwind.example"), holds.PartyPerson, "tess@nordwind.example", false},
		"an id alone":       {actor(``, tess), holds.PartyPerson, tess, false},
		"our principal":     {actor(`{"ID":"Countersign","Type":1},{"ID":"`+ourApp+`","Type":2},{"ID":"ServicePrincipal_`+ourSP+`","Type":2},{"ID":"ServicePrincipal","Type":2}`, "ServicePrincipal_"+ourSP), holds.PartyApp, ourSP, true},
		"a principal by id": {actor(``, "ServicePrincipal_"+finance), holds.PartyApp, finance, false},
		"PIM":               {actor(`{"ID":"MS-PIM","Type":1},{"ID":"ServicePrincipal_`+pimSP+`","Type":2}`, "ServicePrincipal_"+pimSP), holds.PartyPlatform, pimSP, false},
		"a service by name": {actor(`{"ID":"Azure MFA StrongAuthenticationService","Type":1}`, "Not Available"), holds.PartyPlatform, "", false},
		"password service":  {actor(`{"ID":"fim_password_service@support.onmicrosoft.com","Type":5},{"ID":"User_`+nobody+`","Type":2}`, "fim_password_service@support.onmicrosoft.com"), holds.PartyPlatform, "", false},
		"Exchange itself":   {actor(``, `NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)`), holds.PartySystem, "", false},
		"nobody":            {actor(``, ""), holds.PartyUnknown, "", false},
		"a login like a kind": {
			actor(`{"ID":"User_smith@nordwind.example","Type":5},{"ID":"User_`+tess+`","Type":2}`, "User_smith@nordwind.example"), holds.PartyPerson, tess, false,
		},
	} {
		e := one(t, c.raw)
		if e.Actor.Kind != c.kind || e.Actor.ID != c.id || e.Actor.Own != c.own {
			t.Errorf("%s: %+v", name, e.Actor)
		}
	}
}

// A login or name decides nothing, whoever's it looks like.
func TestC7C8C11OnlyIdsDecide(t *testing.T) {
	raw := by(`"initiatedBy":{"user":{"id":"` + tess + `","displayName":"` + ourSP + `","userPrincipalName":"` + ourApp + `"}}`)
	if e := one(t, raw); e.Actor.Own || e.Class != holds.PasswordReset {
		t.Errorf("an actor is ours by its name: %+v", e)
	}
	target := strings.Replace(person(ingrid, "", "", ""), "Ingrid Solberg", ourSP, 1)
	if e := one(t, audited("Directory_"+ingrid+"_A_1", "Reset user password", target)); e.Class != holds.PasswordReset || e.Subjects[0].ID != ingrid {
		t.Errorf("a target is ours by its name: %+v", e)
	}
	e := one(t, audited("Directory_"+ingrid+"_A_1", "Reset user password", person("ingrid@nordwind.example", "", "", "")))
	if len(e.Subjects) != 1 || len(e.Doubts) != 1 || !strings.Contains(e.Doubts[0], "not a GUID") {
		t.Errorf("a login as an id: %v, %q", e.Subjects, e.Doubts)
	}
	e = one(t, audited("Directory_"+ingrid+"_A_1", "Reset user password", person(strings.ToUpper(ingrid), "", "", "")))
	if e.Subjects[0].ID != ingrid {
		t.Errorf("one account has two ids: %v", e.Subjects)
	}
}

func TestAddressesOfEveryForm(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:443": "192.0.2.1", "[2001:db8::1]:443": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "2001:db8::1%eth0": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "<null>": "", "": "", "nonsense": "", "192.0.2.1, 192.0.2.2": "", "127.0.0.1<script>": "",
	} {
		if got := address(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
	raw := strings.Replace(by(`"initiatedBy":{"user":{"id":"`+tess+`","ipAddress":null}}`), `{"key":"User-Agent","value":"test"}`, `{"key":"ipaddr","value":"192.0.2.5"}`, 1)
	if e := one(t, raw); e.IP != "192.0.2.5" {
		t.Errorf("the address among the details: %q", e.IP)
	}
}
