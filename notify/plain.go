package notify

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest foreign values shown, in letters.
const (
	longName = 60
	longText = 300
)

// foreign makes a value that somebody else chose fit for a message: one line,
// printable, short, without quotation marks that could end ours, and without
// anything a mail program would turn into a link.
func foreign(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"“”„«»‹›`", r) {
			return '\''
		}
		return r
	}, oneLine(s))
	return clip(defang(s), most)
}

// oneLine keeps what can be printed. Line ends and every kind of space become
// one space; control, format and direction characters go, as does what is not
// UTF-8.
func oneLine(s string) string {
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
	return strings.Join(strings.Fields(b.String()), " ")
}

// defang breaks addresses and links in a way people can still read: evil[.]org,
// http[:]//. Mail programs make links out of bare host names, so that escaping
// markup is not enough.
func defang(s string) string {
	in := []rune(s)
	var b strings.Builder
	for i, r := range in {
		switch {
		case r == ':' && i+1 < len(in) && in[i+1] != ' ':
			b.WriteString("[:]")
		case isDot(r) && i > 0 && isLabel(in[i-1]) && i+2 < len(in) && isLabel(in[i+1]) && isLabel(in[i+2]):
			b.WriteString("[.]")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isDot knows the other dots that programs accept in host names (UTS 46).
func isDot(r rune) bool { return strings.ContainsRune(".。．｡", r) }

func isLabel(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' }

// clip shortens to a number of letters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}

// address is a network address in its plain spelling, empty for anything that
// is not one.
func address(s string) string {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	return a.WithZone("").Unmap().String()
}
