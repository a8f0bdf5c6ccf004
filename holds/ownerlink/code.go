package ownerlink

import (
	"crypto/hmac"
	"strings"
)

// alphabet is Douglas Crockford's base 32 (https://www.crockford.com/base32.html):
// no I, L, O (they look like 1 and 0) and no U (words).
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength characters of 5 bits are 40 bits: enough for something that is
// asked for with a signed link and a limit on wrong answers, as it must be.
const codeLength = 8

// Code returns the code of a notice for typing, like K7QF-2M9D. It is derived
// from the key and the notice, so that it is stored nowhere and a message that
// has to be sent again carries the same one.
func (m *Minter) Code(notice string) string { return m.keys[0].codeOf(notice) }

// codeOf spells the first 40 bits of an HMAC-SHA-256 of the notice.
func (k keyPair) codeOf(notice string) string {
	raw := sum(k.code, fields(notice))[:codeLength]
	for i := range raw {
		raw[i] = alphabet[raw[i]%byte(len(alphabet))] // 32 divides 256: no character is likelier
	}
	return group(string(raw))
}

// Normalize reads a code as people type it: in any case, with spaces and dashes
// anywhere, O for 0, I or L for 1. It returns the code as [Minter.Code] writes it,
// and false for what is no code.
func Normalize(typed string) (code string, ok bool) {
	if len(typed) > 64 {
		return "", false
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '\t', '\r', '\n', '\u00a0', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212':
			continue // spaces and what programs make of a dash
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(alphabet, r) {
			return "", false
		}
		b.WriteRune(r)
	}
	if b.Len() != codeLength {
		return "", false
	}
	return group(b.String()), true
}

func group(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }

// CodeMatches reports whether what somebody typed is the code of this notice
// under any of the keys, in a time that does not depend on how near it is.
func (m *Minter) CodeMatches(notice, typed string) bool {
	normal, ok := Normalize(typed)
	matches := false
	for _, k := range m.keys {
		matches = hmac.Equal([]byte(k.codeOf(notice)), []byte(normal)) || matches
	}
	return matches && ok && notice != ""
}
