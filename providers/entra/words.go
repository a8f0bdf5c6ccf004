package entra

import (
	"errors"
	"strconv"
	"strings"

	"github.com/countersign/countersign/providers"
)

// most is how many characters of a foreign text are shown.
const most = 256

// nobody is the id that stands for no directory object.
const nobody = "00000000-0000-0000-0000-000000000000"

func refuse(why string) error { return errors.New(why) }

func ambiguous(name string) error {
	return refuse("The record can be read in two ways: " + shown(name) + " occurs twice or in another case.")
}

func shown(s string) string  { return providers.Plain(s, 60) }
func quoted(s string) string { return strconv.Quote(shown(s)) }

// guid returns a GUID in lower case, or "" for anything else.
func guid(s string) string {
	if len(s) != 36 {
		return ""
	}
	if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ""
	}
	upper := false
	for i := range len(s) {
		c := s[i]
		if !isHex(c) && (c != '-' || i != 8 && i != 13 && i != 18 && i != 23) {
			return ""
		}
		upper = upper || c <= 'F' && c >= 'A'
	}
	if upper {
		return strings.ToLower(s)
	}
	return s
}

// containsGUID tells whether a GUID stands anywhere in a text.
func containsGUID(s string) bool {
	for i := 0; i+36 <= len(s); i++ {
		if s[i+8] == '-' && guid(s[i:i+36]) != "" {
			return true
		}
	}
	return false
}

// objectID is the id of a directory object: a GUID in lower case, or what else is
// written in its place if that could be one thing only. The id of nobody is "".
func objectID(s string) string {
	if g := guid(s); g != "" {
		if g == nobody {
			return ""
		}
		return g
	}
	return providers.Identifier(s)
}
