package providers

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scalar passes true, false, null or a number.
func (p *parser) scalar() error {
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(string(p.in[p.at:min(len(p.in), p.at+5)]), word) {
			p.at += len(word)
			return p.bounded()
		}
	}
	return p.number()
}

// bounded refuses a literal that runs into another character, such as nullx.
func (p *parser) bounded() error {
	switch p.peek() {
	case 0, ' ', '\t', '\n', '\r', ',', ']', '}', ':':
		if p.at < len(p.in) && p.in[p.at] == 0 {
			return p.fail("a NUL byte")
		}
		return nil
	}
	return p.fail("an unknown word")
}

// number passes a number as RFC 8259 §6 writes it.
func (p *parser) number() error {
	if p.peek() == '-' {
		p.at++
	}
	switch {
	case p.peek() == '0':
		p.at++
	case !p.digits():
		return p.fail("a value is missing")
	}
	if p.peek() == '.' {
		p.at++
		if !p.digits() {
			return p.fail("a digit is missing")
		}
	}
	if p.peek() == 'e' || p.peek() == 'E' {
		p.at++
		if p.peek() == '+' || p.peek() == '-' {
			p.at++
		}
		if !p.digits() {
			return p.fail("a digit is missing")
		}
	}
	return p.bounded()
}

func (p *parser) digits() bool {
	from := p.at
	for p.peek() >= '0' && p.peek() <= '9' {
		p.at++
	}
	return p.at > from
}

// text reads a string from its opening quote. What is not Unicode (bad UTF-8,
// half a surrogate pair) becomes U+FFFD.
func (p *parser) text() (string, error) {
	p.at++
	from := p.at
	for p.at < len(p.in) && p.in[p.at] != '"' && p.in[p.at] != '\\' && p.in[p.at] >= ' ' {
		p.at++
	}
	if p.peek() == '"' && p.at < len(p.in) {
		p.at++
		return validText(p.in[from : p.at-1]), nil
	}
	out := []byte(validText(p.in[from:p.at]))
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case c == '"':
			p.at++
			return string(out), nil
		case c < ' ':
			return "", p.fail("a control character in a text")
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		default:
			r, size := utf8.DecodeRune(p.in[p.at:])
			p.at += size
			out = utf8.AppendRune(out, r)
		}
	}
	return "", p.fail("a text without end")
}

// escape reads one escape, or the two that make a surrogate pair.
func (p *parser) escape() (rune, error) {
	p.at++
	if p.at >= len(p.in) {
		return 0, p.fail("a text without end")
	}
	c := p.in[p.at]
	p.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, p.fail("an unknown escape")
	}
	r, ok := p.hex()
	if !ok {
		return 0, p.fail("an escape without four digits")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.at+1 < len(p.in) && p.in[p.at] == '\\' && p.in[p.at+1] == 'u' {
		back := p.at
		p.at += 2
		if low, ok := p.hex(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, nil
			}
		}
		p.at = back // the second half is a character of its own, or an error of its own
	}
	return utf8.RuneError, nil
}

func (p *parser) hex() (rune, bool) {
	if p.at+4 > len(p.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}
