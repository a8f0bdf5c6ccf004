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
//
// Its steps take the place where they begin and return the one where they end,
// which is also where something is wrong.
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
func (s *scanner) scan(b []byte, from int) (v verdict) {
	s.open, s.data, s.auditFrom, s.auditTo = s.open[:0], false, 0, 0
	s.at, v = s.value(b, from)
	return v
}

func (s *scanner) value(b []byte, i int) (int, verdict) {
	for {
		// A value begins here.
		if i = space(b, i); i == len(b) {
			return i, short
		}
		v, again := whole, false
		switch c := b[i]; c {
		case '"':
			i, v = s.text(b, i)
		case '{', '[':
			i, v, again = s.enter(b, i, c)
		default:
			i, v = s.scalar(b, i, c)
		}
		if v != whole {
			return i, v
		}
		if again {
			continue
		}
		if i, v, again = s.leave(b, i); v != whole || !again {
			return i, v
		}
	}
}

// enter passes an opening bracket; again says that a value follows, and not the
// bracket's end.
func (s *scanner) enter(b []byte, i int, c byte) (int, verdict, bool) {
	if i = space(b, i+1); i == len(b) {
		return i, short, false
	}
	if b[i] == c+2 { // '}' and ']' stand two after '{' and '['
		return i + 1, whole, false
	}
	if len(s.open) == maxOpen {
		return i, s.fail("it is nested too deep"), false
	}
	s.open = append(s.open, c)
	if c == '[' {
		return i, whole, true
	}
	i, v := s.name(b, i)
	return i, v, true
}

// leave passes what follows a value: the ends of the brackets around it and a
// comma. Again says that another value follows.
func (s *scanner) leave(b []byte, i int) (int, verdict, bool) {
	for len(s.open) > 0 {
		last := s.open[len(s.open)-1]
		if s.auditFrom > 0 && s.auditTo == 0 && len(s.open) == 1 {
			s.auditTo = i
		}
		if i = space(b, i); i == len(b) {
			return i, short, false
		}
		switch c := b[i]; {
		case c == ',' && last == '{':
			i, v := s.name(b, i+1)
			return i, v, true
		case c == ',':
			return i + 1, whole, true
		case c == last+2:
			i++
			s.open = s.open[:len(s.open)-1]
		case last == '{':
			return i, s.fail("a comma or } is missing"), false
		default:
			return i, s.fail("a comma or ] is missing"), false
		}
	}
	return i, whole, false
}

// name passes a member's name and the colon, and looks whether it is one that
// wraps records.
func (s *scanner) name(b []byte, i int) (int, verdict) {
	if i = space(b, i); i == len(b) {
		return i, short
	}
	if b[i] != '"' {
		return i, s.fail("a member's name is missing")
	}
	from := i + 1
	i, v := s.text(b, i)
	if v != whole {
		return i, v
	}
	to := i - 1
	if i = space(b, i); i == len(b) {
		return i, short
	}
	if b[i] != ':' {
		return i, s.fail("a colon is missing")
	}
	if i++; s.plain || len(s.open) > 2 || s.open[0] != '{' {
		return i, whole
	}
	return s.notice(b, i, b[from:to])
}

// notice looks at the names of the outermost object, and of its member "data".
func (s *scanner) notice(b []byte, i int, name []byte) (int, verdict) {
	if i = space(b, i); i == len(b) {
		return i, short
	}
	c := b[i]
	if len(s.open) == 2 {
		if s.data && c == '[' && isList(name, true) {
			return i, wrapping
		}
		return i, whole
	}
	if c == '[' && isList(name, false) {
		return i, wrapping
	}
	s.data = c == '{' && string(name) == "data"
	if string(name) == "AuditData" {
		if s.auditFrom > 0 {
			return i, s.fail("AuditData occurs twice")
		}
		s.auditFrom, s.auditTo = i, 0
	}
	return i, whole
}

// isList names the members that are lists of records: of a page or a batch, and
// of an event hook's data.
func isList(name []byte, data bool) bool {
	if data {
		return string(name) == "events"
	}
	return string(name) == "value" || string(name) == "records"
}

// space passes white space.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && isSpace(b[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func (s *scanner) fail(what string) verdict {
	s.what = what
	return wrong
}
