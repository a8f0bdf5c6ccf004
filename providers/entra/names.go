package entra

import (
	"strings"
	"unicode"

	"github.com/countersign/countersign/providers"
)

// longestName is how much of an activity's name tells it; the longest of
// Microsoft's is under 100.
const longestName = 160

// name is an activity's name as it is compared. The documentation, the portal
// and the channels spell the same activity with other capitals ("Update
// Conditional Access policy"), with a dash for a hyphen and a space at the end
// ("Update application – Certificates and secrets management "), and the unified
// audit log with a full stop at the end ("Add member to role.").
type name struct {
	text [longestName]byte
	size int
}

func (n *name) bytes() []byte { return n.text[:n.size] }

func (n *name) add(r rune) {
	if r < 0x80 {
		if n.size < longestName {
			n.text[n.size] = byte(r)
			n.size++
		}
		return
	}
	for _, b := range []byte(string(r)) {
		if n.size < longestName {
			n.text[n.size] = b
			n.size++
		}
	}
}

// put folds one character in: case, kinds of white space and of dashes.
func (n *name) put(r rune) {
	switch {
	case r >= 'A' && r <= 'Z':
		r += 'a' - 'A'
	case r == ' ' || r >= 0x80 && unicode.IsSpace(r) || r < ' ':
		if n.size == 0 || n.text[n.size-1] == ' ' {
			return
		}
		r = ' '
	case r < 0x80:
	case r >= '\u2010' && r <= '\u2015' || r == '\u2212':
		r = '-'
	default:
		r = unicode.ToLower(r)
	}
	n.add(r)
}

// end takes spaces and full stops off the end.
func (n *name) end() {
	for n.size > 0 && (n.text[n.size-1] == ' ' || n.text[n.size-1] == '.') {
		n.size--
	}
}

// nameAt reads a member as an activity's name; an empty one when it is no string.
func (d document) nameAt(i place) name {
	if d.kind(i) != providers.String {
		return name{}
	}
	if n := d.nodes[i]; n.simple {
		var out name
		for _, c := range d.raw[n.from+1 : n.to-1] {
			out.put(rune(c))
		}
		out.end()
		return out
	}
	return nameOf(d.word(i))
}

func nameOf(s string) name {
	var out name
	for _, r := range s {
		out.put(r)
	}
	out.end()
	return out
}

// presentTense writes "added member to role" as "add member to role": the
// Purview portal's exports tell activities in the past tense. It is "" for a name
// that does not begin so.
func presentTense(key string) string {
	for _, first := range []string{"added ", "changed ", "created ", "deleted ", "disabled ", "enabled ", "removed ", "updated "} {
		rest, ok := strings.CutPrefix(key, first)
		if !ok {
			continue
		}
		base := strings.TrimSuffix(first, "ed ")
		if base == "add" {
			return base + " " + rest
		}
		return base + "e " + rest
	}
	return ""
}
