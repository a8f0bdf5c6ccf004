package export

import "encoding/binary"

// text passes a string, from its opening to behind its closing quote.
func (s *scanner) text(b []byte) verdict {
	i := s.at + 1
	for {
		for i+8 <= len(b) && allPlain(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
			i++
		}
		if i == len(b) {
			return short
		}
		switch b[i] {
		case '"':
			s.at = i + 1
			return whole
		case '\\':
			size, v := s.escape(b[i:])
			if v != whole {
				s.at = i
				return v
			}
			i += size
		default:
			s.at = i
			return s.fail("a line break or control character stands within a text")
		}
	}
}

// allPlain tells of eight bytes at once that none is a quote, a backslash or a
// control character: a byte is zero, or less than another one, if taking that
// from it borrows from its top bit, and its top bit was not set before.
func allPlain(x uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, back := x^(ones*'"'), x^(ones*'\\')
	return ((x-ones*' ')&^x|(quote-ones)&^quote|(back-ones)&^back)&tops == 0
}

// escape measures one escape.
func (s *scanner) escape(b []byte) (size int, v verdict) {
	if len(b) < 2 {
		return 0, short
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, whole
	case 'u':
		for i := 2; i < 6; i++ {
			if i == len(b) {
				return 0, short
			}
			if !isHex(b[i]) {
				return 0, s.fail("an escape lacks its four digits")
			}
		}
		return 6, whole
	}
	return 0, s.fail("an escape is not known")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// scalar passes a number, true, false or null.
func (s *scanner) scalar(b []byte, c byte) verdict {
	word := ""
	switch c {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return s.number(b)
	}
	for i := range len(word) {
		if s.at+i == len(b) {
			return short
		}
		if b[s.at+i] != word[i] {
			return s.fail("a word is neither true, false nor null")
		}
	}
	s.at += len(word)
	return s.bounded(b)
}

// number passes a number as RFC 8259 §6 writes it.
func (s *scanner) number(b []byte) verdict {
	i := s.at
	if b[i] == '-' {
		i++
	}
	first := i
	i = digits(b, i)
	if i == first || b[first] == '0' && i > first+1 {
		if i == len(b) {
			return short
		}
		return s.fail("a value is missing or is no JSON")
	}
	if i < len(b) && b[i] == '.' {
		if from := i + 1; digits(b, from) > from {
			i = digits(b, from)
		} else if from == len(b) {
			return short
		} else {
			return s.fail("a number lacks its digits")
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		from := i + 1
		if from < len(b) && (b[from] == '+' || b[from] == '-') {
			from++
		}
		if from == len(b) {
			return short
		}
		if i = digits(b, from); i == from {
			return s.fail("a number lacks its digits")
		}
	}
	s.at = i
	return s.bounded(b)
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// bounded refuses a word or number that runs into the next character. At the end
// of the bytes it cannot be known whether it goes on.
func (s *scanner) bounded(b []byte) verdict {
	if s.at == len(b) {
		return short
	}
	if c := b[s.at]; isSpace(c) || c == ',' || c == ']' || c == '}' {
		return whole
	}
	return s.fail("a value is missing or is no JSON")
}
