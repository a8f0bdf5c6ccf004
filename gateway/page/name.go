package page

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how many letters of a name are shown.
const longest = 120

// Name is a word that somebody else chose, fit to be shown. Templates show it
// with {{template "name" .}}, which keeps its direction of writing to itself.
type Name struct {
	Text string
	// Mixed is set when the letters come from scripts that are not written
	// together: somebody may imitate another name.
	Mixed bool
}

// Named makes a name fit to be shown. Whether it mixes scripts is asked of all
// of it, not of what is shown.
func Named(s string) Name { return Name{Text: Line(s, longest), Mixed: Mixed(s)} }

// Line is a text in one line of at most so many letters. Every kind of space
// becomes one space; control characters, characters without a shape and those
// that turn the direction of writing go, as does what is not UTF-8.
func Line(s string, most int) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		}
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	if utf8.RuneCountInString(out) > most {
		return string([]rune(out)[:most-1]) + "…"
	}
	return out
}

// Mixed tells whether a text has letters of scripts that are not written
// together. It is a hint for readers and decides nothing: a name wholly in
// another script is not found, which is why the immutable id is always shown.
func Mixed(s string) bool {
	seen := map[string]bool{}
	for _, r := range s {
		if unicode.IsLetter(r) {
			seen[scriptOf(r)] = true
		}
	}
	delete(seen, "Common")
	if seen["Han"] { // written together with one of these
		for _, with := range [][]string{{"Hiragana", "Katakana"}, {"Hangul"}, {"Bopomofo"}} {
			if has(seen, with) {
				delete(seen, "Han")
				break
			}
		}
	}
	if seen["Hiragana"] && seen["Katakana"] {
		delete(seen, "Katakana")
	}
	return len(seen) > 1
}

func has(seen map[string]bool, any []string) bool {
	for _, s := range any {
		if seen[s] {
			return true
		}
	}
	return false
}

// scriptOf is the Unicode script of a letter; letters of no script in
// particular are Common.
func scriptOf(r rune) string {
	if r < utf8.RuneSelf || unicode.Is(unicode.Latin, r) {
		return "Latin"
	}
	for name, table := range unicode.Scripts {
		if name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return "Common"
}
