package directory

import (
	"strings"
	"unicode"
)

// leastDigits is how many digits two numbers must share at their end to be
// taken for the same telephone.
const leastDigits = 7

// Same tells whether two contact values reach the same place, erring towards
// yes, because a wrong yes only costs one way to reach somebody. Addresses are
// compared without regard to case; dots and plus parts are left alone, since
// what they mean is the receiving server's affair. Telephone numbers are
// compared by their digits, with or without the country's prefix.
func Same(a, b string) bool {
	a, b = fold(a), fold(b)
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	da, db := digits(a), digits(b)
	if len(da) < leastDigits || len(db) < leastDigits {
		return false
	}
	return strings.HasSuffix(da, db) || strings.HasSuffix(db, da)
}

// fold brings spellings that differ only in case together, also those that
// lower-casing keeps apart (the Kelvin sign and the letter k).
func fold(s string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return unicode.ToLower(least)
	}, s)
}

// digits are the digits of a telephone number without leading zeros, empty for
// anything that is not one.
func digits(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "tel:"), "(0)", "") // +44 (0)20 …
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("+-./() \u00a0", r):
		default:
			return ""
		}
	}
	return strings.TrimLeft(b.String(), "0")
}
