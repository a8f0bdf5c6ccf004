package providers

import (
	"regexp"
	"strings"
)

const redacted = "[redacted]"

// shapes are texts that look like a credential wherever they stand: a value
// after an authorization scheme, a JWT, and the secrets of a query or form.
func shapes() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?i)\b(ssws|bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`),
		regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`),
		regexp.MustCompile(`(?i)\b(client_assertion|client_secret|access_token|refresh_token|id_token|code|password)=[^&\s"']+`),
		regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`),
	}
}

// Redact removes the given secrets, and everything shaped like one, from a text
// that is about to be logged.
func Redact(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= 4 {
			text = strings.ReplaceAll(text, s, redacted)
		}
	}
	for _, re := range shapes() {
		text = re.ReplaceAllString(text, redacted)
	}
	return text
}
