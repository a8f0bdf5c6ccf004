package console

import (
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// masked hides a contact point, whether the store did so already or not: of a
// number the last two digits are shown, of an address the first letter of
// either side and its last label, of anything else nothing.
func masked(kind holds.PointKind, value string) string {
	const hidden = "…"
	value = page.Line(value, 200)
	if kind == holds.EmailPoint {
		return maskedAddress(value)
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, value)
	short := len(digits) < 6 && !strings.Contains(value, hidden)
	if kind != holds.PhonePoint || len(digits) < 2 || short {
		return hidden
	}
	return hidden + digits[len(digits)-2:]
}

func maskedAddress(value string) string {
	const hidden = "…"
	at := strings.LastIndexByte(value, '@')
	if at < 1 {
		return hidden
	}
	domain := value[at+1:]
	out := firstLetter(value) + hidden + "@" + firstLetter(domain) + hidden
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 && len(domain)-dot <= 16 {
		out += domain[dot:]
	}
	return out
}

func firstLetter(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError || r == '…' {
		return ""
	}
	return string(r)
}
