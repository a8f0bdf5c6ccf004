package export

import "bytes"

// enough is how many records must have stood one to a line, and begun alike, before
// the next line like them is trusted.
const enough = 16

// alike follows whether the records of a file stand one to a line and begin with the
// same member, as those that a program writes do.
type alike struct {
	trusting bool
	begin    []byte // of the last record, up to its first colon
	count    int
	// given is where the line begins that was taken on trust, when one was.
	given   int
	trusted bool
}

// many tells whether the next line may be trusted.
func (a *alike) many() bool { return a.trusting && a.count >= enough }

// saw takes in a record that was looked at closely. Plain says that it stood on a
// line of its own with nothing around it.
func (a *alike) saw(raw []byte, plain bool) {
	colon := bytes.IndexByte(raw[:min(len(raw), 64)], ':')
	// The envelope of a hook begins as one of its events may.
	if !a.trusting || !plain || colon < 0 || bytes.Contains(raw[:colon], []byte("eventType")) {
		a.count = 0
		return
	}
	if !bytes.Equal(a.begin, raw[:colon+1]) {
		a.begin, a.count = append(a.begin[:0], raw[:colon+1]...), 0
	}
	a.count++
}

// line takes the line that begins here for a record, if it looks like those before
// it; nil when it must be looked at closely.
func (x *stream) line() (raw []byte, line int64) {
	w, a := x.w, &x.alike
	if !x.fresh || x.indent > 0 {
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
	if !bytes.HasPrefix(raw, a.begin) || raw[len(raw)-1] != '}' {
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
	a.trusted, a.count = false, 0 // and it is looked at closely
	return true
}
