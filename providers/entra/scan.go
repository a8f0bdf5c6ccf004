package entra

import "encoding/binary"

// text passes a string from its opening quote, and tells whether it is ASCII
// without escapes.
func (s *scanner) text() (simple bool, err error) {
	s.at++
	simple = true
	for {
		s.at += plainBytes(s.in[s.at:])
		switch c := s.peek(); {
		case c == '"':
			s.at++
			return simple, nil
		case c == '\\':
			simple = false
			if err := s.escape(); err != nil {
				return false, err
			}
		case c >= 0x80:
			simple = false
			s.at++
		case s.at == len(s.in):
			return false, s.fail("a text without end")
		default:
			return false, s.fail("a control character in a text")
		}
	}
}

// plainBytes counts the bytes before the first that means something in a string.
// Most of a log is these, so they are looked at eight at a time: the highest bit of a
// byte is set in one of the four words where that byte means something, and in none
// of them before it.
func plainBytes(in []byte) int {
	const each, highest = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(in)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(in[i:])
		quote, escape, control := (w^each*'"')-each, (w^each*'\\')-each, w-each*' '
		if (quote|escape|control|w)&highest != 0 {
			break
		}
	}
	for ; i < len(in); i++ {
		if c := in[i]; c == '"' || c == '\\' || c < ' ' || c >= 0x80 {
			break
		}
	}
	return i
}

// escape passes a backslash and what belongs to it. Half a surrogate pair is
// passed, as one that stands for U+FFFD.
func (s *scanner) escape() error {
	s.at++
	if s.at >= len(s.in) {
		return s.fail("a text without end")
	}
	switch s.in[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		s.at++
		for range 4 {
			if s.at >= len(s.in) || !isHex(s.in[s.at]) {
				return s.fail("an escape without four digits")
			}
			s.at++
		}
		return nil
	}
	return s.fail("an unknown escape")
}

func (s *scanner) literal(word string) error {
	if end := s.at + len(word); end <= len(s.in) && string(s.in[s.at:end]) == word {
		s.at = end
		return s.bounded()
	}
	return s.fail("an unknown word")
}

// number passes a number as RFC 8259 §6 writes it.
func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	switch {
	case s.peek() == '0':
		s.at++
	case !s.digits():
		return s.fail("a value is missing")
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.fail("a digit is missing")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			return s.fail("a digit is missing")
		}
	}
	return s.bounded()
}

func (s *scanner) digits() bool {
	from := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > from
}

// bounded refuses a literal that runs into another character, such as nullx.
func (s *scanner) bounded() error {
	if s.at == len(s.in) {
		return nil
	}
	switch s.in[s.at] {
	case ' ', '\t', '\n', '\r', ',', ']', '}', ':':
		return nil
	}
	return s.fail("an unknown word")
}

func (s *scanner) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek is the byte to be read; NUL at the end, which is no part of JSON.
func (s *scanner) peek() byte {
	if s.at < len(s.in) {
		return s.in[s.at]
	}
	return 0
}

// take passes white space and then c, if it is there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.peek() == c {
		s.at++
		return true
	}
	return false
}

func isHex(c byte) bool {
	return c-'0' <= 9 || (c|0x20)-'a' <= 5 // what is below wraps round to far above
}
