package entra

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// securityInfo fills in which method was registered, changed or deleted. The
// reason names it in words, the properties by their prefix; its type is the one
// that the API of authentication methods has for it.
func securityInfo(e *holds.Event, r *record) {
	said := strings.ToLower(r.activity + " " + r.reason)
	e.Factor = holds.Object{Type: methodOf(said)}
	for _, t := range r.targets {
		for _, c := range t.changes {
			if kind := methodOf(c.key); e.Factor.Type == "" && kind != "" {
				e.Factor.Type = kind
			}
			if id := guid(plainValue(cmp.Or(c.new(), c.old()))); strings.HasSuffix(c.key, ".id") && id != "" {
				e.Factor.ID = id
			}
			if contactProperty(c.key) {
				e.Fields = append(e.Fields, recoveryParts(c)...)
			}
		}
	}
	tidyFields(e)
	if e.Factor.Type != "" {
		e.Factor.Name = methodTitle(e.Factor.Type)
		e.Summary += ": " + e.Factor.Name
	}
	if e.Echo == "" && (e.Factor.Type == "phone" || e.Factor.Type == "email") {
		e.Echo = holds.RestoreProfile // a contact that we set back is one of these
	}
	// An address for codes is how an account is recovered; that of a mail, and a
	// question, is good for nothing else.
	switch {
	case e.Factor.Type == "email" || e.Factor.Type == "securityQuestions":
		e.Class = holds.RecoveryChange
	case e.Verb == holds.Update && (e.Factor.Type == "phone" || len(e.Fields) > 0) && !strings.Contains(said, "default"):
		e.Class = holds.RecoveryChange
	}
}

// contactProperty tells of properties, by their names in lower case, that carry an
// address.
func contactProperty(n string) bool {
	return strings.HasPrefix(n, "phone.") || strings.HasPrefix(n, "email") || strings.HasSuffix(n, "phonenumber") || strings.HasSuffix(n, "emailaddress")
}

// methods are words by which a text tells a method, the more telling first, and
// the method's type in https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview.
func methodWords() [][2]string {
	return [][2]string{
		{"temporary access pass", "temporaryAccessPass"},
		{"temporaryaccesspass", "temporaryAccessPass"},
		{"windows hello", "windowsHelloForBusiness"},
		{"platform credential", "platformCredential"},
		{"passkey", "fido2"},
		{"fido", "fido2"},
		{"hardware oath", "hardwareOath"},
		{"passwordless phone sign-in", "microsoftAuthenticator"},
		{"phone app", "microsoftAuthenticator"},
		{"authenticator app with code", "softwareOath"},
		{"oath", "softwareOath"},
		{"totp", "softwareOath"},
		{"authenticator", "microsoftAuthenticator"},
		{"app password", "appPassword"},
		{"application password", "appPassword"},
		{"security question", "securityQuestions"},
		{"qr code", "qrCodePin"},
		{"qrcode", "qrCodePin"},
		{"external authentication method", "external"},
		{"certificate", "x509Certificate"},
		{"phone", "phone"},
		{"sms", "phone"},
		{"e-mail", "email"},
		{"email", "email"},
	}
}

// methodOf finds a method's type in a text in lower case; "" when it names none.
func methodOf(text string) string {
	for _, w := range methodWords() {
		if strings.Contains(text, w[0]) {
			return w[1]
		}
	}
	return ""
}

func methodTitle(kind string) string {
	titles := map[string]string{
		"temporaryAccessPass": "temporary access pass", "windowsHelloForBusiness": "Windows Hello for Business", "platformCredential": "platform credential",
		"fido2": "passkey or security key", "hardwareOath": "hardware token", "softwareOath": "authenticator app with codes",
		"microsoftAuthenticator": "Microsoft Authenticator", "appPassword": "app password", "securityQuestions": "security questions",
		"qrCodePin": "QR code", "external": "external method", "x509Certificate": "certificate", "phone": "phone", "email": "e-mail",
	}
	return titles[kind]
}

// strongMethods are the types of StrongAuthenticationMethod by number, in the
// words of the older API (StrongAuthenticationMethodType).
func strongMethods() []string {
	return []string{
		"TwoWayVoiceMobile", "TwoWaySms", "TwoWayVoiceOffice", "TwoWayVoiceOtherMobile", "TwoWaySmsOtherMobile", "OneWaySms", "PhoneAppNotification", "PhoneAppOTP",
	}
}

// strongList are the methods that a value lists, by name, in order and each once.
func strongList(value string) []string {
	var out []string
	for _, v := range listValue(value) {
		t := memberOf(v, "MethodType")
		name := providers.Plain(t.Text, 60)
		if n, err := strconv.Atoi(t.Text); err == nil && n >= 0 && n < len(strongMethods()) {
			name = strongMethods()[n]
		}
		if name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func methodNames(value string) string { return strings.Join(strongList(value), ", ") }

// methodDiff tells what became of the methods from the lists before and after:
// what came is an enrolment, even where something else went.
func methodDiff(c change) (holds.Verb, holds.Object) {
	before, after := strongList(c.old()), strongList(c.new())
	added := without(after, before)
	removed := without(before, after)
	switch {
	case len(added) > 0:
		return holds.Enrol, strongFactor(added)
	case len(after) == 0 && strongFactor(removed).Type == "" && len(removed) > 1:
		return holds.Reset, holds.Object{} // methods of several kinds went, and nothing is left
	case len(removed) > 0:
		return holds.Remove, strongFactor(removed)
	}
	return holds.Update, strongFactor(after)
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// strongFactor is one method for several numbers: a phone has one for calls and
// one for texts.
func strongFactor(names []string) holds.Object {
	if len(names) == 0 {
		return holds.Object{}
	}
	f := holds.Object{Name: strings.Join(names, ", ")}
	switch {
	case !slices.ContainsFunc(names, func(s string) bool { return !strings.HasPrefix(s, "PhoneApp") }):
		f.Type = "microsoftAuthenticator"
		if len(names) == 1 && names[0] == "PhoneAppOTP" {
			f.Type = "softwareOath"
		}
	case !slices.ContainsFunc(names, func(s string) bool { return !strings.Contains(s, "Way") }):
		f.Type = "phone"
	}
	return f
}

// methodPolicy is a change to which methods the organisation accepts. Trusting
// another OpenID provider's word for a second factor is trusting it with accounts.
func methodPolicy(e *holds.Event, r *record) {
	for _, t := range r.targets {
		for _, c := range t.changes {
			n := strings.ToLower(c.name + c.new())
			if strings.Contains(n, "openidconnect") || strings.Contains(n, "openid-configuration") {
				e.Class = holds.OtherTakeover
			}
		}
	}
}
