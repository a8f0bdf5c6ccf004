package providers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes a provider's text fit to be stored and shown: valid UTF-8, no
// control or invisible characters, nothing that turns the direction of writing
// round, at most max characters. What is taken out leaves U+FFFD behind, so
// that a reader sees that something was there; what is cut off leaves "…".
func Plain(s string, max int) string {
	if isSimple(s) && len(s) <= max || isPlain(s) && utf8.RuneCountInString(s) <= max {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == max {
			b.WriteRune('…')
			break
		}
		if !showable(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// isSimple tells of a text in ASCII that can be shown: most are.
func isSimple(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isPlain tells whether a text contains nothing that Plain takes out.
func isPlain(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !showable(r) {
			return false
		}
	}
	return true
}

// showable refuses controls (Cc, so also line breaks), format characters (Cf:
// zero width, direction marks and overrides), line separators, private use and
// unassigned code points.
func showable(r rune) bool { return unicode.IsGraphic(r) }

// Identifier returns a provider's identifier as it is, or "" when it is not one:
// anything but 1 to 128 visible ASCII characters could be shown as one thing and
// compared as another.
func Identifier(s string) string {
	if len(s) > 128 {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}
