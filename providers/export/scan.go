package export

// verdict is what a look at a value ended with.
type verdict int

const (
	// whole: the value ends before scanner.at.
	whole verdict = iota
	// short: the bytes end before the value does.
	short
	// wrong: this is not JSON, for the reason in what, at scanner.at.
	wrong
	// wrapping: the value is an object around a list of records, which begins with
	// the bracket at scanner.at.
	wrapping
)

// maxOpen is how deep a value may be nested.
const maxOpen = 1000

// scanner finds where a JSON value ends, sees on the way that it is JSON as
// RFC 8259 has it (but for the encoding of its texts, which decoders mend), and
// notices the members that wrap records.
type scanner struct {
	at   int
	what string
	open []byte // the brackets that are open
	data bool   // the member of the value that is being read is its "data"
	// auditFrom and auditTo are where the value of a member AuditData stands.
	auditFrom, auditTo int
	// plain says that the value is all there is: no wrapping is looked for.
	plain bool
}

// scan looks at the value that begins at from, which is no white space.
func (s *scanner) scan(b []byte, from int) verdict {
	s.at, s.open, s.data, s.auditFrom, s.auditTo = from, s.open[:0], false, 0, 0
	for {
		// A value begins here.
		s.space(b)
		if s.at == len(b) {
			return short
		}
		v, again := whole, false
		switch c := b[s.at]; c {
		case '{', '[':
			v, again = s.enter(b, c)
		case '"':
			v = s.text(b)
		default:
			v = s.scalar(b, c)
		}
		if v != whole {
			return v
		}
		if again {
			continue
		}
		if v, again = s.leave(b); v != whole || !again {
			return v
		}
	}
}

// enter passes an opening bracket; again says that a value follows, and not the
// bracket's end.
func (s *scanner) enter(b []byte, c byte) (v verdict, again bool) {
	s.at++
	s.space(b)
	if s.at == len(b) {
		return short, false
	}
	if b[s.at] == c+2 { // '}' and ']' stand two after '{' and '['
		s.at++
		return whole, false
	}
	if len(s.open) == maxOpen {
		return s.fail("it is nested too deep"), false
	}
	s.open = append(s.open, c)
	if c == '{' {
		if v := s.name(b); v != whole {
			return v, false
		}
	}
	return whole, true
}

// leave passes what follows a value: the ends of the brackets around it and a
// comma. Again says that another value follows.
func (s *scanner) leave(b []byte) (v verdict, again bool) {
	for len(s.open) > 0 {
		last := s.open[len(s.open)-1]
		if len(s.open) == 1 && s.auditFrom > 0 && s.auditTo == 0 {
			s.auditTo = s.at
		}
		s.space(b)
		if s.at == len(b) {
			return short, false
		}
		switch c := b[s.at]; {
		case c == last+2:
			s.at++
			s.open = s.open[:len(s.open)-1]
		case c == ',' && last == '[':
			s.at++
			return whole, true
		case c == ',':
			s.at++
			return s.name(b), true
		case last == '{':
			return s.fail("a comma or } is missing"), false
		default:
			return s.fail("a comma or ] is missing"), false
		}
	}
	return whole, false
}

// name passes a member's name and the colon, and looks whether it is one that
// wraps records.
func (s *scanner) name(b []byte) verdict {
	s.space(b)
	if s.at == len(b) {
		return short
	}
	if b[s.at] != '"' {
		return s.fail("a member's name is missing")
	}
	from := s.at + 1
	if v := s.text(b); v != whole {
		return v
	}
	to := s.at - 1
	s.space(b)
	if s.at == len(b) {
		return short
	}
	if b[s.at] != ':' {
		return s.fail("a colon is missing")
	}
	s.at++
	if s.plain || len(s.open) > 2 || s.open[0] != '{' {
		return whole
	}
	return s.notice(b, b[from:to])
}

// notice looks at the names of the outermost object, and of its member "data".
func (s *scanner) notice(b, name []byte) verdict {
	s.space(b)
	if s.at == len(b) {
		return short
	}
	c := b[s.at]
	if len(s.open) == 2 {
		if s.data && c == '[' && isList(name, true) {
			return wrapping
		}
		return whole
	}
	if c == '[' && isList(name, false) {
		return wrapping
	}
	s.data = c == '{' && string(name) == "data"
	if string(name) == "AuditData" {
		if s.auditFrom > 0 {
			return s.fail("AuditData occurs twice")
		}
		s.auditFrom, s.auditTo = s.at, 0
	}
	return whole
}

// isList names the members that are lists of records: of a page or a batch, and
// of an event hook's data.
func isList(name []byte, data bool) bool {
	if data {
		return string(name) == "events"
	}
	return string(name) == "value" || string(name) == "records"
}

func (s *scanner) space(b []byte) {
	for s.at < len(b) && isSpace(b[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func (s *scanner) fail(what string) verdict {
	s.what = what
	return wrong
}
