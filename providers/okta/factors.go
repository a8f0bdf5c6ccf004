package okta

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// factor fills in which authenticator changed. Identity Engine names the
// enrolment as a target; Classic only writes it into the reason, as in "User
// reset FIDO_WEBAUTHN factor". Type is Okta's factorType where the name tells it.
//
// The id is that of the enrolment, which is not always the id the factors API
// uses: a revert compares before-images rather than trusting it.
func factor(e *holds.Event, l *logEvent) {
	enrolments := l.of("AuthenticatorEnrollment")
	slices.SortFunc(enrolments, func(a, b entity) int {
		return strings.Compare(a.id+"\x00"+a.name+"\x00"+a.method, b.id+"\x00"+b.name+"\x00"+b.method)
	})
	switch {
	case len(enrolments) > 0:
		f := enrolments[0]
		e.Factor = holds.Object{Type: factorOfMethod(f.name, f.method), ID: f.id, Name: f.name}
		if f.method != "" && f.method != f.name {
			e.Factor.Name = f.name + ": " + f.method
		}
		if len(slices.CompactFunc(enrolments, func(a, b entity) bool { return a.id == b.id })) > 1 {
			e.Doubts = append(e.Doubts, "The event names several authenticators; the first is shown.")
		}
	default:
		if n := namedInReason(providers.Plain(l.reason.word(), longest)); n != "" {
			e.Factor = holds.Object{Type: factorOfReason(n), Name: providers.Plain(n, 80)}
		}
	}
	if l.kind == "user.mfa.factor.activate" && newAccount(l) && e.Factor.Type == "email" {
		// Creating an account writes an activation of its e-mail factor; nobody had
		// the account before.
		e.Class = holds.None
	}
}

// namedInReason finds the capitals in "User set up EMAIL_FACTOR factor".
func namedInReason(reason string) string {
	words := strings.Fields(strings.TrimSuffix(reason, " factor"))
	if len(words) < 3 || words[0] != "User" {
		return ""
	}
	last := words[len(words)-1]
	if strings.Trim(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return last
}

func newAccount(l *logEvent) bool { return l.uri == "/api/v1/users" }

// factorOfMethod maps Identity Engine's names of authenticator and method to a
// factorType of the factors API.
func factorOfMethod(authenticator, method string) string {
	switch method {
	case "Get a push notification":
		return "push"
	case "Use Okta FastPass":
		return "signed_nonce"
	case "Enter a code":
		return "token:software:totp"
	case "SMS":
		return "sms"
	case "Voice call":
		return "call"
	}
	switch authenticator {
	case "Email":
		return "email"
	case "Security Question":
		return "question"
	case "Google Authenticator":
		return "token:software:totp"
	case "Security Key or Biometric Authenticator", "Security Key or Biometric", "Passkeys (FIDO2 WebAuthn)":
		return "webauthn"
	}
	return ""
}

// factorOfReason maps the names Classic writes into the reason.
func factorOfReason(name string) string {
	switch name {
	case "OKTA_VERIFY_PUSH":
		return "push"
	case "SIGNED_NONCE":
		return "signed_nonce"
	case "OKTA_SOFT_TOKEN", "GOOGLE_AUTHENTICATOR":
		return "token:software:totp"
	case "SMS_FACTOR":
		return "sms"
	case "CALL_FACTOR":
		return "call"
	case "EMAIL_FACTOR":
		return "email"
	case "SECURITY_QUESTION":
		return "question"
	case "FIDO_WEBAUTHN":
		return "webauthn"
	case "FIDO_U2F":
		return "u2f"
	}
	return ""
}
