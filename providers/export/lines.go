package export

import "bytes"

const (
	// enough is how many records must have stood one to a line, and begun alike,
	// before the next line like them is trusted.
	enough = 16
	// mostKinds is how many beginnings are followed; a file has records of few kinds.
	mostKinds = 8
)

// alike follows whether the records of a file stand one to a line and begin with the
// same few members, as those that programs write do.
type alike struct {
	trusting bool
	kinds    []beginning
	// given is where the line begins that was taken on trust, when one was.
	given   int
	trusted bool
}

// beginning is how records begin, up to their first colon, and how many did.
type beginning struct {
	text  []byte
	count int
}

// saw takes in a record that was looked at closely. Plain says that it stood on a
// line of its own with nothing around it; one that did not ends all trust.
func (a *alike) saw(raw []byte, plain bool) {
	if !a.trusting {
		return
	}
	colon := bytes.IndexByte(raw[:min(len(raw), 64)], ':')
	if !plain || colon < 0 {
		a.kinds = a.kinds[:0]
		return
	}
	begin := raw[:colon+1]
	if bytes.Contains(begin, []byte("eventType")) {
		return // the envelope of a hook begins as one of its events may
	}
	for i := range a.kinds {
		if bytes.Equal(a.kinds[i].text, begin) {
			a.kinds[i].count++
			return
		}
	}
	if len(a.kinds) < mostKinds {
		a.kinds = append(a.kinds, beginning{bytes.Clone(begin), 1})
	}
}

// trusts tells whether a line begins as enough records have.
func (a *alike) trusts(line []byte) bool {
	for _, k := range a.kinds {
		if k.count >= enough && bytes.HasPrefix(line, k.text) {
			return true
		}
	}
	return false
}

// line takes the line that begins here for a record, if it looks like those before
// it; nil when it must be looked at closely.
func (x *stream) line() (raw []byte, line int64) {
	w, a := x.w, &x.alike
	if !x.fresh || x.indent > 0 || !a.trusts(w.buf[w.at:]) {
		return nil, 0
	}
	end := bytes.IndexByte(w.buf[w.at:], '\n')
	for end < 0 {
		if !w.more() {
			return nil, 0
		}
		end = bytes.IndexByte(w.buf[w.at:], '\n')
	}
	raw = bytes.TrimRight(w.buf[w.at:w.at+end], " \t\r,")
	if raw[len(raw)-1] != '}' {
		return nil, 0
	}
	line = w.lineAt(w.at)
	a.given, a.trusted = w.at, true
	w.at += end
	x.fresh = false
	return raw, line
}

// recheck goes back to the line that was taken on trust.
func (x *stream) recheck() bool {
	a := &x.alike
	if !a.trusted {
		return false
	}
	x.w.at, x.fresh, x.indent = a.given, true, 0
	a.trusted, a.kinds = false, a.kinds[:0] // so that it is looked at closely
	return true
}
