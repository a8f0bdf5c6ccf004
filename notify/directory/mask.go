package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// hidden stands for whatever is not shown.
const hidden = "…"

// Mask is a contact point as screens, logs and ledgers show it: a…@p….example
// for a mailbox, …42 for a telephone, and a lone … for anything else. It never
// shows more than the first letter of either side of an address with its last
// label, or the last two digits of a number.
func Mask(p holds.ContactPoint) string {
	switch p.Kind {
	case holds.EmailPoint:
		return maskEmail(p.Value)
	case holds.PhonePoint:
		return maskPhone(p.Value)
	}
	return hidden
}

func maskEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return hidden
	}
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 {
		return initial(local) + "@" + initial(domain)
	}
	return initial(local) + "@" + initial(domain[:dot]) + "." + label(domain[dot+1:])
}

// initial is the first letter or digit followed by the ellipsis.
func initial(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return hidden
	}
	return string(r) + hidden
}

// label shows a domain's last label when it is an ordinary one.
func label(s string) string {
	plain := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' }
	if s == "" || utf8.RuneCountInString(s) > 24 || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return hidden
	}
	return s
}

// maskPhone shows the last two digits, provided that they are a small part.
func maskPhone(s string) string {
	d := digits(s)
	if len(d) < 5 {
		return hidden
	}
	return hidden + d[len(d)-2:]
}
