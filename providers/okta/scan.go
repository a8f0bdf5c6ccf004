package okta

import (
	"encoding/binary"
	"math/bits"
)

// The limits of a record, those of providers.ReadJSON: what no honest event
// comes near.
const (
	maxDepth  = 64
	maxValues = 20_000
)

// scanner passes over JSON without building anything. It takes and refuses
// exactly what providers.ReadJSON does (a fuzz target compares the two), so that a
// record of millions costs one walk over its bytes and still has one meaning only.
type scanner struct {
	in     []byte
	at     int
	values int
}

// skip passes one value that stands in depth arrays and objects, and reports
// whether it is JSON.
func (s *scanner) skip(depth int) bool {
	var open [maxDepth + 1]byte // the brackets that close what is open
	n := 0
	for {
		if s.values++; s.values > maxValues || depth+n > maxDepth {
			return false
		}
		switch c := s.next(); c {
		case '{', '[':
			s.at++
			if s.take(c + 2) { // '}' and ']' stand two after '{' and '['
				break
			}
			open[n] = c + 2
			n++
			if c == '{' && !s.name() {
				return false
			}
			continue
		case '"':
			if !s.text() {
				return false
			}
		default:
			if !s.scalar(c) {
				return false
			}
		}
		for n > 0 && s.take(open[n-1]) {
			n--
		}
		if n == 0 {
			return true
		}
		if !s.take(',') || open[n-1] == '}' && !s.name() {
			return false
		}
	}
}

// next passes white space and is the byte after it, 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.in) {
		c := s.in[s.at]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.at++
	}
	return 0
}

// take passes white space and then c, if it is there.
func (s *scanner) take(c byte) bool {
	if s.next() != c || s.at == len(s.in) {
		return false
	}
	s.at++
	return true
}

// ended tells whether nothing but white space is left.
func (s *scanner) ended() bool { return s.next() == 0 && s.at == len(s.in) }

// name passes a member's name and the colon after it.
func (s *scanner) name() bool { return s.next() == '"' && s.text() && s.take(':') }

// text passes a string from its opening quote, eight bytes at a time while
// nothing in them ends it.
func (s *scanner) text() bool {
	in, at := s.in, s.at+1
	for {
		for ; at+8 <= len(in); at += 8 {
			if n := plainBytes(binary.LittleEndian.Uint64(in[at:])); n < 8 {
				at += n
				break
			}
		}
		for at < len(in) && in[at] >= ' ' && in[at] != '"' && in[at] != '\\' {
			at++
		}
		switch {
		case at == len(in) || in[at] < ' ':
			return false
		case in[at] == '"':
			s.at = at + 1
			return true
		}
		n := escape(in[at+1:])
		if n == 0 {
			return false
		}
		at += 1 + n
	}
}

// plainBytes counts the bytes of a word before the first that is a quote, a
// backslash or a control character. A byte is zero where subtracting one borrows
// into its high bit; only bytes behind the first such one can be told so wrongly.
func plainBytes(w uint64) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, back := w^('"'*ones), w^('\\'*ones)
	ends := ((quote-ones)&^quote | (back-ones)&^back | (w-' '*ones)&^w) & highs
	return bits.TrailingZeros64(ends) / 8
}

// escape is the length of an escape behind its backslash, 0 when it is none.
func escape(in []byte) int {
	if len(in) == 0 {
		return 0
	}
	switch in[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(in) < 5 {
			return 0
		}
		for _, c := range in[1:5] {
			if !isHex(c) {
				return 0
			}
		}
		return 5
	}
	return 0
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// scalar passes true, false, null or a number. What runs into another word is
// found by whoever looks for the comma or bracket after it.
func (s *scanner) scalar(c byte) bool {
	word := ""
	switch c {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return s.number()
	}
	if len(s.in)-s.at < len(word) || string(s.in[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// number passes a number as RFC 8259 §6 writes it.
func (s *scanner) number() bool {
	s.one("-")
	if !s.one("0") && !s.digits() {
		return false
	}
	if s.one(".") && !s.digits() {
		return false
	}
	if s.one("eE") {
		s.one("+-")
		return s.digits()
	}
	return true
}

// one passes a single byte of a set, if it is there.
func (s *scanner) one(set string) bool {
	if s.at < len(s.in) {
		for i := range len(set) {
			if s.in[s.at] == set[i] {
				s.at++
				return true
			}
		}
	}
	return false
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
