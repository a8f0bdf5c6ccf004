package export

import (
	"encoding/json"
	"fmt"
	"io"
)

// where is what surrounds the next record.
type where int

const (
	// top: the text itself, one value after another.
	top where = iota
	// list: an array of records.
	list
	// wrapper: an object whose list of records has been read.
	wrapper
	// wrapperData: the member "data" of such an object.
	wrapperData
)

// frame is one of the things that surround the next record.
type frame struct {
	kind where
	// oneLine is set while its records stand one to a line.
	oneLine bool
}

// maxFrames is how deep lists of records may lie in one another.
const maxFrames = 64

// stream is a text of JSON values. The walk enters lists and what wraps them, so
// that only the record itself has to be in memory.
type stream struct {
	w      *window
	scan   scanner
	inner  scanner
	around []frame
	// fresh says that only white space, indent bytes of it, stands between the
	// beginning of the line and the next record.
	fresh  bool
	indent int
	// troubled is set once a record could not be read: where the lists around it
	// end is not certain then.
	troubled bool
	alike    alike
}

func newStream(in io.Reader, o Options) *stream {
	return &stream{w: newWindow(in, o.Limit), around: []frame{{kind: top}}, fresh: true, alike: alike{trusting: o.Trusting}}
}

func (x *stream) frame() *frame { return &x.around[len(x.around)-1] }

// next returns the next record.
func (x *stream) next() ([]byte, int64, error) {
	x.alike.trusted = false
	for {
		c, more := x.between()
		if !more {
			return nil, 0, x.end()
		}
		kind := x.frame().kind
		switch {
		case kind == wrapper || kind == wrapperData:
			if err := x.member(c); err != nil {
				return nil, 0, err
			}
		case c == ']' && kind == list:
			x.pop()
		case c == '[' && len(x.around) == maxFrames:
			return nil, 0, x.bad(x.w.at, "lists are nested too deep")
		case c == '[':
			x.w.at++
			x.push(list)
		case len(x.alike.kinds) > 0 && len(x.around) == 1:
			if raw, line := x.line(); raw != nil {
				return raw, line, nil
			}
			fallthrough
		default:
			raw, line, err := x.element()
			if raw != nil || err != nil {
				return raw, line, err
			}
		}
	}
}

// between passes what may stand between two values: white space, a comma, and
// the record separator of RFC 7464. Two values may also follow each other bare.
func (x *stream) between() (byte, bool) {
	w := x.w
	for {
		for w.at < len(w.buf) {
			switch c := w.buf[w.at]; c {
			case '\n':
				x.fresh, x.indent = true, 0
			case ' ', '\t':
				x.indent++
			case '\r':
			case ',', 0x1e:
				x.fresh = x.fresh && c != ','
			default:
				return c, true
			}
			w.at++
		}
		if !w.more() {
			return 0, false
		}
	}
}

// end is what the end of the text means here.
func (x *stream) end() error {
	if x.w.err != nil && x.w.err != io.EOF { //nolint:errorlint // readers return it bare
		return x.w.err
	}
	if len(x.around) > 1 && !x.troubled {
		return x.blame(x.w.at, "the file ends before its list of records does; it may have been cut off")
	}
	return io.EOF
}

func (x *stream) push(k where) {
	x.around = append(x.around, frame{kind: k})
	x.fresh = false
}

// pop passes the end of what surrounds the next record.
func (x *stream) pop() {
	x.around = x.around[:len(x.around)-1]
	x.w.at++
	x.fresh = false
}

// element reads the value that begins here: a record, or what wraps records, in
// which case both results are nil.
func (x *stream) element() (raw []byte, line int64, err error) {
	w := x.w
	for {
		switch x.scan.scan(w.buf, w.at) {
		case whole:
			return x.record(w.at, x.scan.at)
		case wrapping:
			if len(x.around)+3 > maxFrames {
				return nil, 0, x.bad(w.at, "lists are nested too deep")
			}
			w.at = x.scan.at + 1
			x.push(wrapper)
			if len(x.scan.open) == 2 {
				x.push(wrapperData)
			}
			x.push(list)
			return nil, 0, nil
		case wrong:
			return nil, 0, x.bad(x.scan.at, x.scan.what)
		case short:
			if w.more() {
				continue
			}
			return nil, 0, x.unfinished()
		}
	}
}

// unfinished is a value whose end did not come.
func (x *stream) unfinished() error {
	w := x.w
	switch {
	case w.err == nil:
		return x.bad(len(w.buf), fmt.Sprintf("it is larger than %d bytes, which no record is", w.max))
	case w.err != io.EOF: //nolint:errorlint // readers return it bare
		return w.err
	}
	e := x.blame(len(w.buf), "the file ends before the record does; it may have been cut off")
	x.resume() // what was taken for a part of it may be the next one
	return e
}

// record takes the value out of the window.
func (x *stream) record(from, to int) ([]byte, int64, error) {
	w, f := x.w, x.frame()
	line := w.lineAt(from)
	raw := w.buf[from:to]
	w.at = to
	f.oneLine = x.fresh && w.lineAt(to) == line && x.lineEnds()
	x.fresh = false
	inner, what := x.unwrap(raw)
	x.alike.saw(raw, f.oneLine && f.kind == top && len(inner) == len(raw))
	if what != "" {
		return nil, 0, &malformed{line, fmt.Sprintf("line %d: %s (byte %d of the text)", line, what, w.offset(from))}
	}
	return inner, line, nil
}

// lineEnds tells whether nothing but a comma follows on this line, as far as is
// in memory.
func (x *stream) lineEnds() bool {
	for _, c := range x.w.buf[x.w.at:] {
		switch c {
		case '\n':
			return true
		case ' ', '\t', '\r', ',':
		default:
			return false
		}
	}
	return true
}

// unwrap takes a record out of a text or out of its member AuditData; what says
// what is wrong with it.
func (x *stream) unwrap(raw []byte) (inner []byte, what string) {
	switch {
	case raw[0] == '"':
		return within(&x.inner, raw)
	case raw[0] != '{':
		return nil, "it is not an object, as every record is"
	case x.scan.auditTo == 0:
		return raw, ""
	}
	inner = x.w.buf[x.scan.auditFrom:x.scan.auditTo]
	if inner[0] == '{' {
		return inner, ""
	}
	if inner, what = within(&x.inner, inner); what != "" {
		what = "its AuditData cannot be read: " + what
	}
	return inner, what
}

// within reads a record that is written as a JSON text.
func within(s *scanner, text []byte) (inner []byte, what string) {
	var decoded string
	if text[0] != '"' || json.Unmarshal(text, &decoded) != nil {
		return nil, "it is not a record and not a text with one"
	}
	return onlyRecord(s, []byte(decoded))
}

// onlyRecord checks that a text is one JSON object and nothing more.
func onlyRecord(s *scanner, text []byte) (record []byte, what string) {
	from, to := 0, len(text)
	for from < to && isSpace(text[from]) {
		from++
	}
	for to > from && isSpace(text[to-1]) {
		to--
	}
	text = text[from:to]
	if len(text) == 0 || text[0] != '{' {
		return nil, "it is a text, and no record stands in it"
	}
	s.plain = true
	switch s.scan(text, 0) {
	case whole:
		if s.at < len(text) {
			return nil, "text follows behind the record"
		}
		return text, ""
	case wrong:
		return nil, fmt.Sprintf("%s at byte %d of the text", s.what, s.at)
	case short, wrapping:
	}
	return nil, "the text ends before the record does"
}

// member passes a member of a wrapper behind its list of records. Another list
// of records is entered.
func (x *stream) member(c byte) error {
	w := x.w
	if c == '}' {
		x.pop()
		return nil
	}
	data := x.frame().kind == wrapperData
	name, err := x.name(c)
	if err != nil {
		return err
	}
	c, more := x.between()
	switch {
	case !more:
		return x.unfinished()
	case c == '[' && isList(name, data):
		w.at++
		x.push(list)
		return nil
	case c == '{' && !data && string(name) == "data":
		w.at++
		x.push(wrapperData)
		return nil
	}
	x.inner.plain = true
	for {
		switch x.inner.scan(w.buf, w.at) {
		case whole:
			w.at = x.inner.at
			return nil
		case short:
			if !w.more() {
				return x.unfinished()
			}
		case wrong, wrapping:
			return x.bad(x.inner.at, x.inner.what)
		}
	}
}

// name passes a member's name and colon.
func (x *stream) name(c byte) ([]byte, error) {
	w := x.w
	if c != '"' {
		return nil, x.bad(w.at, "a member's name is missing behind the list of records")
	}
	to, v := x.inner.text(w.buf, w.at)
	for v == short {
		if !w.more() {
			return nil, x.unfinished()
		}
		to, v = x.inner.text(w.buf, w.at)
	}
	if v == wrong {
		return nil, x.bad(to, x.inner.what)
	}
	name := append([]byte(nil), w.buf[w.at+1:to-1]...)
	w.at = to
	c, more := x.between()
	if !more {
		return nil, x.unfinished()
	}
	if c != ':' {
		return nil, x.bad(w.at, "a colon is missing")
	}
	w.at++
	return name, nil
}
