package export

import (
	"bytes"
	"fmt"
)

// bad is the error of the record that begins where the window is; what is wrong
// shows at buf[p]. It moves the walk to where the next record begins.
func (x *stream) bad(p int, what string) error {
	e := x.blame(p, what)
	if !x.resume() {
		e.what += "; what follows cannot be told apart from it and is left out"
	}
	return e
}

// blame makes the error, with where it shows.
func (x *stream) blame(p int, what string) *malformed {
	w := x.w
	x.troubled = true
	line := w.lineAt(w.at)
	return &malformed{line, fmt.Sprintf("line %d: %s (byte %d of the text)", line, what, w.offset(p))}
}

// resume looks for the next record behind one that cannot be read. Where records
// begin on lines of their own, that is a line which begins as this one did; where
// they stand in a row, behind the brackets that this one opened. It is false when
// the rest of the file had to be given up.
func (x *stream) resume() bool {
	f := x.frame()
	switch {
	case f.kind == wrapper || f.kind == wrapperData:
		return x.abandon()
	case x.fresh && (f.oneLine || !opens(x.w.buf[x.w.at])):
		x.nextLine()
		return true
	case x.fresh:
		return x.lineLike(x.indent)
	}
	return x.balance() || x.abandon()
}

func opens(c byte) bool { return c == '{' || c == '[' }

// abandon leaves all lists and goes on with the next line that begins with a
// value of its own.
func (x *stream) abandon() bool {
	x.around = x.around[:1]
	return x.lineLike(0)
}

// nextLine goes to the beginning of the next line; false at the end.
func (x *stream) nextLine() bool {
	w := x.w
	for {
		if i := bytes.IndexByte(w.buf[w.at:], '\n'); i >= 0 {
			w.at += i + 1
			x.fresh, x.indent = true, 0
			return true
		}
		w.at = len(w.buf)
		if !w.more() {
			return false
		}
	}
}

// lineLike goes to the next line that begins as one with a record does here, that
// ends this list, or that begins a value outside of every list.
func (x *stream) lineLike(indent int) bool {
	for x.nextLine() {
		n := 0
		c, more := x.w.peek(n)
		for more && (c == ' ' || c == '\t') && n <= indent {
			n++
			c, more = x.w.peek(n)
		}
		switch {
		case opens(c) && n == indent, c == ']' && n <= indent && x.frame().kind == list:
			return true
		case opens(c) && n == 0:
			x.around = x.around[:1]
			return true
		}
	}
	return false
}

// balance goes behind the brackets of the record, without regard to what stands
// within them. It is false when they do not match.
func (x *stream) balance() bool {
	var open []byte
	inText := false
	for first := true; ; first = false {
		c, more := x.w.peek(0)
		switch {
		case !more:
			return len(open) == 0 && !inText
		case c == '\n' && (inText || len(open) > 0 && x.newValue()):
			return false // no text goes on in the next line, and another value begins there
		case inText && c == '\\':
			if _, more := x.w.peek(1); more {
				x.w.at++
			}
		case c == '"':
			inText = !inText
		case inText:
		case len(open) == 0 && !first && x.starts(c):
			return true
		case opens(c):
			open = append(open, c)
		case c == '}' || c == ']':
			if len(open) > 0 && open[len(open)-1]+2 == c {
				open = open[:len(open)-1]
			} else if len(open) > 0 || x.frame().kind == list {
				return false
			}
		}
		x.w.at++
	}
}

// newValue tells whether the line behind this line break begins with a value of
// its own.
func (x *stream) newValue() bool {
	c, more := x.w.peek(1)
	return more && opens(c)
}

// starts tells whether, outside of all brackets, the next record may begin at c or
// behind it.
func (x *stream) starts(c byte) bool {
	if x.frame().kind == list {
		return c == ',' || c == ']'
	}
	return opens(c) || c == '\n'
}
