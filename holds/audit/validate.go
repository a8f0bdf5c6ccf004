package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of an entry's parts. They are generous for ids and too small for
// content.
const (
	maxString = 256
	maxPairs  = 32
	hexDigits = 64 // SHA-256 and HMAC-SHA-256 in hex
)

// validate refuses what has no canonical encoding or no place in the log. It
// never repeats a refused value: what is refused may be personal.
func (e Entry) validate() error {
	if e.Seq < 0 {
		return fmt.Errorf("%w: seq is negative", ErrEntry)
	}
	if y := e.Time.UTC().Year(); y < 1970 || y > 9999 {
		return fmt.Errorf("%w: time is not set, or outside the years 1970 to 9999", ErrEntry)
	}
	for _, f := range []struct {
		name, value string
		optional    bool
		ok          func(string) bool
	}{
		{"tenant", e.Tenant, true, isID},
		{"kind", e.Kind, false, isKind},
		{"actor", e.Actor, false, isActor},
		{"hold", e.Hold, true, isID},
		{"connection", e.Connection, true, isID},
	} {
		if f.value == "" && f.optional {
			continue
		}
		if !f.ok(f.value) {
			return fmt.Errorf("%w: %s is missing, too long or has a character that is not allowed there", ErrEntry, f.name)
		}
	}
	if err := validPairs("digests", e.Digests, isHex); err != nil {
		return err
	}
	if err := validPairs("commitments", e.Commitments, isHex); err != nil {
		return err
	}
	return validPairs("facts", e.Facts, isFact)
}

// validPairs checks one of the three maps; its keys are our own words.
func validPairs(field string, pairs map[string]string, ok func(string) bool) error {
	if len(pairs) > maxPairs {
		return fmt.Errorf("%w: %s has %d values and the most is %d", ErrEntry, field, len(pairs), maxPairs)
	}
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		if !isWord(name) {
			return fmt.Errorf("%w: %s has a name that is not lower-case letters, digits, _ . or -", ErrEntry, field)
		}
		if !ok(pairs[name]) {
			return fmt.Errorf("%w: the value of %q in %s is too long or has a character that is not allowed there", ErrEntry, name, field)
		}
	}
	return nil
}

// only reports whether s is between 1 and maxString bytes, each a lower-case
// letter, a digit or one of more.
func only(s, more string) bool {
	if s == "" || len(s) > maxString {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func isWord(s string) bool { return only(s, "_.-") }

// ValidID reports whether s may stand in an entry as a tenant, hold, connection
// or, after its kind, an actor: 1 to 256 bytes of ASCII letters, digits and
// _ . : or -. Whoever takes ids in from outside (a file of people) asks this at
// the door, so that an address used as an id is refused there and not, later,
// by every commit that names that person.
func ValidID(s string) bool { return isID(s) }

// ValidFact reports whether s may be the value of a fact: at most 256 bytes of
// printable ASCII without " \ < > & and @.
func ValidFact(s string) bool { return isFact(s) }

func isID(s string) bool { return only(s, upper+"_.:-") }

func isHex(s string) bool {
	return len(s) == hexDigits && strings.Trim(s, "0123456789abcdef") == ""
}

// isKind reports whether s reads noun.verb.
func isKind(s string) bool {
	noun, verb, found := strings.Cut(s, ".")
	return found && noun != "" && verb != "" && isWord(s)
}

// isActor reports whether s reads kind:id, where the kind is one of our words.
func isActor(s string) bool {
	kind, id, found := strings.Cut(s, ":")
	return found && isWord(kind) && isID(id) && len(s) <= maxString
}

// isFact reports whether s is printable ASCII that no JSON encoder escapes,
// and no address. The empty string is a fact too: a value that was cleared.
func isFact(s string) bool {
	if len(s) > maxString {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || strings.IndexByte(`"\<>&@`, c) >= 0 {
			return false
		}
	}
	return true
}
