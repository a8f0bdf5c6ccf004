package export

import (
	"encoding/binary"
	"math/bits"
)

// text passes a string, from its opening to behind its closing quote.
func (s *scanner) text(b []byte, i int) (int, verdict) {
	for i++; ; {
		i = plainUntil(b, i)
		if i == len(b) {
			return i, short
		}
		switch b[i] {
		case '"':
			return i + 1, whole
		case '\\':
			size, v := s.escape(b[i:])
			if v != whole {
				return i, v
			}
			i += size
		default:
			return i, s.fail("a line break or control character stands within a text")
		}
	}
}

// plainUntil is where the next quote, backslash or control character stands, or
// the end. It looks at eight bytes at once: a byte is zero, or less than another
// one, if taking that from it borrows from its top bit and that was not set
// before; the lowest byte that is marked so is marked rightly.
func plainUntil(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, back := x^(ones*'"'), x^(ones*'\\')
		if m := ((x-ones*' ')&^x | (quote-ones)&^quote | (back-ones)&^back) & tops; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
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
func (s *scanner) scalar(b []byte, i int, c byte) (int, verdict) {
	word := ""
	switch c {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return s.number(b, i)
	}
	for k := range len(word) {
		if i+k == len(b) {
			return i, short
		}
		if b[i+k] != word[k] {
			return i, s.fail("a word is neither true, false nor null")
		}
	}
	return s.bounded(b, i+len(word))
}

// number passes a number as RFC 8259 §6 writes it.
func (s *scanner) number(b []byte, i int) (int, verdict) {
	first := i
	if b[first] == '-' {
		first++
	}
	to := digits(b, first)
	if to == first || b[first] == '0' && to > first+1 {
		if to == len(b) {
			return i, short
		}
		return i, s.fail("a value is missing or is no JSON")
	}
	if to < len(b) && b[to] == '.' {
		from := to + 1
		if to = digits(b, from); to == from {
			return s.noDigits(b, from)
		}
	}
	if to < len(b) && (b[to] == 'e' || b[to] == 'E') {
		from := to + 1
		if from < len(b) && (b[from] == '+' || b[from] == '-') {
			from++
		}
		if to = digits(b, from); to == from {
			return s.noDigits(b, from)
		}
	}
	return s.bounded(b, to)
}

func (s *scanner) noDigits(b []byte, i int) (int, verdict) {
	if i == len(b) {
		return i, short
	}
	return i, s.fail("a number lacks its digits")
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// bounded refuses a word or number that runs into the next character. At the end
// of the bytes it cannot be known whether it goes on.
func (s *scanner) bounded(b []byte, i int) (int, verdict) {
	if i == len(b) {
		return i, short
	}
	if c := b[i]; isSpace(c) || c == ',' || c == ']' || c == '}' {
		return i, whole
	}
	return i, s.fail("a value is missing or is no JSON")
}
