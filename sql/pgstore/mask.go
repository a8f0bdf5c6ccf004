package pgstore

import (
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// mask is a contact point as screens show it: the first letter of either side
// of an address and its last label (a…@e….com), the last two digits of a
// number (…67), and nothing of anything else.
func mask(kind holds.PointKind, value string) string {
	const hidden = "…"
	switch kind {
	case holds.EmailPoint:
		at := strings.LastIndexByte(value, '@')
		if at < 1 {
			return hidden
		}
		domain := value[at+1:]
		masked := first(value) + hidden + "@" + first(domain) + hidden
		if dot := strings.LastIndexByte(domain, '.'); dot > 0 && len(domain)-dot <= 16 {
			masked += domain[dot:]
		}
		return masked
	case holds.PhonePoint:
		digits := digits(value)
		if len(digits) < 6 {
			return hidden
		}
		return hidden + digits[len(digits)-2:]
	}
	return hidden
}

func first(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || r == utf8.RuneError {
		return ""
	}
	return string(r)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// normal is a contact point's value as two of them are compared.
func normal(kind holds.PointKind, value string) string {
	value = strings.TrimSpace(value)
	switch kind {
	case holds.EmailPoint:
		return strings.ToLower(value)
	case holds.PhonePoint:
		return digits(value)
	}
	return value
}
