package entra

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

func updated(changes ...string) string {
	return audited("Directory_"+ingrid+"_AAAAA_1", "Update user",
		`{"id":"`+ingrid+`","type":"User","userPrincipalName":"ingrid@nordwind.example","modifiedProperties":[`+strings.Join(changes, ",")+`]}`)
}

// property is one modified property; the values are what they hold, "" is null.
func property(name, old, now string) string {
	value := func(s string) string {
		if s == "" {
			return "null"
		}
		return inString(s)
	}
	return `{"displayName":"` + name + `","oldValue":` + value(old) + `,"newValue":` + value(now) + `}`
}

// An "Update user" means what the properties say.
func TestR27R28UpdateUserByItsProperties(t *testing.T) {
	const phone, other = `[{"PhoneNumber":"+47 90000001","AlternativePhoneNumber":null,"Email":"i@home.example","VoiceOnlyPhoneNumber":null}]`, `[{"PhoneNumber":"+47 90000002","AlternativePhoneNumber":null,"Email":"i@home.example","VoiceOnlyPhoneNumber":null}]`
	longList := `["` + strings.Repeat("ingrid@nordwind.example\",\"", 20) + `i@home.example"]`
	for name, c := range map[string]struct {
		changes []string
		class   holds.Class
		verb    holds.Verb
		echo    holds.ActionKind
		factor  string
	}{
		"a method came":              {[]string{property("StrongAuthenticationMethod", `[]`, `[{"MethodType":6,"Default":true}]`)}, holds.MFAChange, holds.Enrol, "", "microsoftAuthenticator"},
		"a phone came":               {[]string{property("StrongAuthenticationMethod", `[{"MethodType":6}]`, `[{"MethodType":6},{"MethodType":0},{"MethodType":5}]`)}, holds.MFAChange, holds.Enrol, holds.RestoreProfile, "phone"},
		"one for another":            {[]string{property("StrongAuthenticationMethod", `[{"MethodType":6}]`, `[{"MethodType":7}]`)}, holds.MFAChange, holds.Enrol, "", "softwareOath"},
		"another directory's person": {[]string{property("SourceAnchor", `[]`, `["dGFrZW4gb3Zlcg=="]`)}, holds.RecoveryChange, holds.Enrol, holds.RestoreProfile, ""},
		"another's certificate":      {[]string{property("CertificateUserIds", `["X509:<PN>ingrid@nordwind.example"]`, `["X509:<PN>ingrid@nordwind.example","X509:<PN>tess@nordwind.example"]`)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"the last of many addresses": {[]string{property("OtherMail", longList, strings.Replace(longList, "]", `,"mallory@evil.example"]`, 1))}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"a method went":              {[]string{property("StrongAuthenticationMethod", `[{"MethodType":6},{"MethodType":7}]`, `[{"MethodType":7}]`)}, holds.MFAChange, holds.Remove, holds.RemoveFactor, "microsoftAuthenticator"},
		"the last one went":          {[]string{property("StrongAuthenticationMethod", `[{"Default": true,"MethodType": 7}]`, `[]`)}, holds.MFAChange, holds.Remove, holds.RemoveFactor, "softwareOath"},
		"all went":                   {[]string{property("StrongAuthenticationMethod", "[\r\n  {\r\n    \"MethodType\": 6\r\n  },{\"MethodType\":0}]", `[]`)}, holds.MFAChange, holds.Reset, holds.RemoveFactor, ""},
		"one app went":               {[]string{property("StrongAuthenticationMethod", `[{"MethodType":6},{"MethodType":7}]`, `[]`)}, holds.MFAChange, holds.Remove, holds.RemoveFactor, "microsoftAuthenticator"},
		"another default":            {[]string{property("StrongAuthenticationMethod", `[{"MethodType":6,"Default":true},{"MethodType":7}]`, `[{"MethodType":6},{"MethodType":7,"Default":true}]`)}, holds.MFAChange, holds.Update, "", "microsoftAuthenticator"},
		"no longer asked":            {[]string{property("StrongAuthenticationRequirement", `[{"RelyingParty":"*","State":2}]`, `[]`)}, holds.MFAChange, holds.Remove, holds.RemoveFactor, ""},
		"asked from now on":          {[]string{property("StrongAuthenticationRequirement", `[]`, `[{"RelyingParty":"*","State":1}]`)}, holds.MFAChange, holds.Update, "", ""},
		"a phone app":                {[]string{property("StrongAuthenticationPhoneAppDetail", `[]`, `[{"DeviceName":"iPhone","Id":"x"}]`)}, holds.MFAChange, holds.Enrol, "", "microsoftAuthenticator"},
		"another phone app":          {[]string{property("StrongAuthenticationPhoneAppDetail", `[{"DeviceName":"iPhone","Id":"x"}]`, `[{"DeviceName":"Pixel","Id":"y"}]`)}, holds.MFAChange, holds.Enrol, "", "microsoftAuthenticator"},
		"an app was used":            {[]string{property("StrongAuthenticationPhoneAppDetail", `[{"DeviceName":"iPhone","Id":"x","LastAuthenticatedTimestamp":"a"}]`, `[{"DeviceName":"iPhone","Id":"x","LastAuthenticatedTimestamp":"b"}]`)}, holds.None, holds.Update, "", ""},
		"a device key":               {[]string{property("SearchableDeviceKey", `[]`, `[{"Usage":"NGC","KeyIdentifier":"k","DeviceId":"d"}]`)}, holds.MFAChange, holds.Enrol, "", "windowsHelloForBusiness"},
		"a passkey":                  {[]string{property("SearchableDeviceKey", `[]`, `[{"Usage":"FIDO","KeyIdentifier":"k"}]`)}, holds.MFAChange, holds.Enrol, "", "fido2"},
		"a key went":                 {[]string{property("SearchableDeviceKey", `[{"Usage":"FIDO","KeyIdentifier":"k"}]`, `[]`)}, holds.MFAChange, holds.Remove, holds.RemoveFactor, "fido2"},
		"another phone":              {[]string{property("StrongAuthenticationUserDetails", phone, other)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"a first phone":              {[]string{property("StrongAuthenticationUserDetails", `[]`, phone)}, holds.RecoveryChange, holds.Enrol, holds.RestoreProfile, ""},
		"no phone any more":          {[]string{property("StrongAuthenticationUserDetails", phone, `[]`)}, holds.RecoveryChange, holds.Update, holds.RemoveFactor, ""},
		"the same phone":             {[]string{property("StrongAuthenticationUserDetails", phone, phone)}, holds.None, holds.Update, "", ""},
		"another mail":               {[]string{property("OtherMail", `["a@x.example"]`, `["b@x.example"]`)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"a mobile phone":             {[]string{property("MobilePhone", `[]`, `["+47 90000001"]`)}, holds.RecoveryChange, holds.Enrol, holds.RestoreProfile, ""},
		"an office phone":            {[]string{property("TelephoneNumber", `["1"]`, `["2"]`)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"another login":              {[]string{property("UserPrincipalName", `["a@x"]`, `["b@x"]`)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"a phone, enrolled":          {[]string{property("StrongAuthenticationMethod", `[]`, `[{"MethodType":5}]`), property("StrongAuthenticationUserDetails", `[]`, phone)}, holds.MFAChange, holds.Enrol, holds.RestoreProfile, "phone"},
		"a phone, replaced":          {[]string{property("StrongAuthenticationMethod", `[{"MethodType":5}]`, `[{"MethodType":5},{"MethodType":0}]`), property("StrongAuthenticationUserDetails", phone, other)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"a guest no more":            {[]string{property("UserType", `["Guest"]`, `["Member"]`)}, holds.OtherTakeover, holds.Grant, "", ""},
		"a guest now":                {[]string{property("UserType", `["Member"]`, `["Guest"]`)}, holds.None, holds.Update, "", ""},
		"enabled":                    {[]string{property("AccountEnabled", `[false]`, `[true]`)}, holds.OtherTakeover, holds.Other, holds.UnsuspendAccount, ""},
		"disabled":                   {[]string{property("AccountEnabled", `[true]`, `[false]`)}, holds.None, holds.Update, holds.SuspendAccount, ""},
		"a department":               {[]string{property("Department", `["A"]`, `["B"]`), property("Included Updated Properties", "", `"Department"`), property("TargetId.UserType", "", `"Member"`)}, holds.None, holds.Update, "", ""},
		"nothing":                    {nil, holds.None, holds.Update, "", ""},
		"only named":                 {[]string{property("Included Updated Properties", "", `"Department, StrongAuthenticationMethod"`)}, holds.MFAChange, holds.Update, "", ""},
		"only named, phone":          {[]string{property("Included Updated Properties", "", `"StrongAuthenticationUserDetails"`)}, holds.RecoveryChange, holds.Update, holds.RestoreProfile, ""},
		"proxy addresses":            {[]string{property("ProxyAddresses", `["SMTP:a@x"]`, `["SMTP:b@x"]`)}, holds.None, holds.Update, "", ""},
	} {
		e := one(t, updated(c.changes...))
		if e.Class != c.class || e.Verb != c.verb || e.Echo != c.echo || e.Factor.Type != c.factor {
			t.Errorf("%s: %s %s, echo %q, factor %+v", name, e.Class, e.Verb, e.Echo, e.Factor)
		}
		if strings.Contains(name, "named") != (len(e.Doubts) > 0) {
			t.Errorf("%s: doubts %q", name, e.Doubts)
		}
		for _, secret := range []string{"90000001", "90000002", "home.example", "b@x"} {
			if strings.Contains(e.Summary+strings.Join(e.Doubts, ""), secret) {
				t.Errorf("%s: a value stands outside the fields", name)
			}
		}
	}
}

// R76: old and new are both kept, and only in the fields.
func TestR76OldAndNewRecoveryValues(t *testing.T) {
	const was, now = `[{"PhoneNumber":"+47 90000001","Email":"i@home.example"}]`, `[{"PhoneNumber":"+47 90000002","Email":null}]`
	want := []holds.FieldChange{
		{Field: "OtherMail", Old: "a@x.example", New: "b@x.example"},
		{Field: "StrongAuthenticationUserDetails.Email", Old: "i@home.example"},
		{Field: "StrongAuthenticationUserDetails.PhoneNumber", Old: "+47 90000001", New: "+47 90000002"},
	}
	graph := one(t, updated(property("StrongAuthenticationUserDetails", was, now), property("OtherMail", `["a@x.example"]`, `["b@x.example"]`)))
	unified := one(t, unifiedRecord("Update user.", `{"Name":"StrongAuthenticationUserDetails","OldValue":`+inString(strings.ReplaceAll(was, ",", ",\r\n"))+`,"NewValue":`+inString(now)+`},`+
		`{"Name":"OtherMail","OldValue":"a@x.example","NewValue":"b@x.example"}`))
	for name, e := range map[string]holds.Event{"graph": graph, "unified": unified} {
		if diff := cmp.Diff(want, e.Fields); diff != "" || e.Class != holds.RecoveryChange {
			t.Errorf("%s: %s\n%s", name, e.Class, diff)
		}
	}
}

func TestR27MethodsAreTold(t *testing.T) {
	info := func(activity, reason string, changes ...string) string {
		raw := audited("Authentication Methods_"+ingrid+"_A_1", activity, `{"id":"`+ingrid+`","type":"User","modifiedProperties":[`+strings.Join(changes, ",")+`]}`)
		return strings.Replace(raw, `"resultReason":""`, `"resultReason":"`+reason+`"`, 1)
	}
	for name, c := range map[string]struct {
		raw    string
		class  holds.Class
		verb   holds.Verb
		factor string
	}{
		"authenticator":     {info("User registered security info", "User registered Authenticator App with Notification and Code"), holds.MFAChange, holds.Enrol, "microsoftAuthenticator"},
		"codes":             {info("User registered security info", "User registered Authenticator App with Code"), holds.MFAChange, holds.Enrol, "softwareOath"},
		"mobile":            {info("Admin registered security info", "Admin registered mobile phone SMS for user"), holds.MFAChange, holds.Enrol, "phone"},
		"pass":              {info("Admin registered security info", "Admin registered temporary access pass method for user"), holds.MFAChange, holds.Enrol, "temporaryAccessPass"},
		"passkey":           {info("User registered security info", "User registered Passkey (Microsoft Authenticator)"), holds.MFAChange, holds.Enrol, "fido2"},
		"key by name":       {info("Add FIDO2 security key", ""), holds.MFAChange, holds.Enrol, "fido2"},
		"hello":             {info("Delete Windows Hello for Business credential", ""), holds.MFAChange, holds.Remove, "windowsHelloForBusiness"},
		"no word of it":     {info("User registered security info", ""), holds.MFAChange, holds.Enrol, ""},
		"deleted phone":     {info("Admin deleted security info", "Admin deleted Mobile Phone for user"), holds.MFAChange, holds.Remove, "phone"},
		"mail is recovery":  {info("User registered security info", "User registered Email"), holds.RecoveryChange, holds.Enrol, "email"},
		"questions, too":    {info("User registered security info", "User registered Security questions"), holds.RecoveryChange, holds.Enrol, "securityQuestions"},
		"phone changed":     {info("Admin updated security info", "Admin updated phone method for user", property("Phone.PhoneNumber", `"+47 1"`, `"+47 2"`)), holds.RecoveryChange, holds.Update, "phone"},
		"phone, by value":   {info("User updated security info", "", property("Phone.PhoneNumber", `"+47 1"`, `"+47 2"`)), holds.RecoveryChange, holds.Update, "phone"},
		"changed default":   {info("User changed default security info", "User changed the default security info for Phone"), holds.MFAChange, holds.Update, "phone"},
		"updated something": {info("User updated security info", ""), holds.MFAChange, holds.Update, ""},
	} {
		e := one(t, c.raw)
		if e.Class != c.class || e.Verb != c.verb || e.Factor.Type != c.factor {
			t.Errorf("%s: %s %s, factor %+v", name, e.Class, e.Verb, e.Factor)
		}
		if c.factor != "" && (e.Factor.Name == "" || !strings.Contains(e.Summary, e.Factor.Name)) {
			t.Errorf("%s: people are not told which: %q", name, e.Summary)
		}
	}
	for _, prefix := range []string{"TemporaryAccessPass.", "TemporaryAccessPass.TemporaryAccessPass."} { // of 2022 and of today
		e := one(t, info("Admin registered security info", "", property(prefix+"Id", `""`, `"`+finance+`"`), property(prefix+"AccessPassUsage", `""`, `"Multiple"`)))
		if e.Factor.Type != "temporaryAccessPass" || e.Factor.ID != finance || e.Verb != holds.Enrol {
			t.Errorf("a pass by its properties: %+v", e.Factor)
		}
	}
}

// C17: a pass that is issued, a phone that is changed and changed back and a new
// federation are each a change that a chain can be made of.
func TestC17EveryLinkOfAChainIsSeen(t *testing.T) {
	var got []holds.Class
	for _, raw := range []string{
		updated(property("MobilePhone", `["1"]`, `["2"]`)), updated(property("MobilePhone", `["2"]`, `["1"]`)),
		strings.Replace(audited("Authentication Methods_"+ingrid+"_A_1", "Admin registered security info", person(ingrid, "", "", "")), `"resultReason":""`, `"resultReason":"Admin registered temporary access pass method for user"`, 1),
		audited("Directory_"+ingrid+"_A_1", "Set federation settings on domain", `{"id":"x","type":"Domain","displayName":"nordwind.example"}`),
	} {
		e := one(t, raw)
		got = append(got, e.Class)
		if e.Outcome != holds.Succeeded || e.Transaction == "" {
			t.Errorf("%s: %+v", e.Type, e)
		}
	}
	if want := []holds.Class{holds.RecoveryChange, holds.RecoveryChange, holds.MFAChange, holds.OtherTakeover}; !slices.Equal(got, want) {
		t.Errorf("classes %v", got)
	}
}

func TestMethodPolicies(t *testing.T) {
	policy := func(name, value string) string {
		return audited("Directory_"+ingrid+"_A_1", "Authentication Methods Policy Update", `{"id":"`+finance+`","type":"Policy","modifiedProperties":[`+property(name, "", value)+`]}`)
	}
	if e := one(t, policy("OpenIdConnectConfiguration", `{"discoveryUrl":"https://evil.example/.well-known/openid-configuration"}`)); e.Class != holds.OtherTakeover {
		t.Errorf("another provider's word: %s", e.Class)
	}
	if e := one(t, policy("AuthenticationMethodsPolicy", `{"discoveryUrl":"https://evil.example/.well-known/openid-configuration"}`)); e.Class != holds.OtherTakeover {
		t.Errorf("another provider's word, in the whole policy: %s", e.Class)
	}
	if e := one(t, policy("PasswordlessMFAEnabled", `true`)); e.Class != holds.MFAChange || len(e.Subjects) != 0 || len(e.Doubts) != 1 {
		t.Errorf("a method: %s, %q", e.Class, e.Doubts)
	}
}

func TestValuesOfEveryForm(t *testing.T) {
	for in, want := range map[string]string{
		`"Global Administrator"`: "Global Administrator", `[true]`: "true", `[]`: "", `""`: "", `null`: "", ``: "", `DirectorySync`: "DirectorySync", `["a"]`: "a", `[["a"]]`: "a",
		`["a","b"]`: `["a","b"]`, "[\r\n  \"Member\"\r\n]": "Member", `7`: "7", `{"a": 1}`: `{"a": 1}`, `"\"x\""`: `"x"`, "a\u202eb": "a\ufffdb", " Guest ": "Guest",
	} {
		if got := plainValue(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
	if got := len(listValue(`"[{\"a\":1},{\"b\":2}]"`)); got != 2 {
		t.Errorf("a list in a string has %d items", got)
	}
	if got := listValue(`not JSON`); len(got) != 1 || got[0].Text != "not JSON" {
		t.Errorf("bare text is %v", got)
	}
}
