package export

import (
	"bytes"
	"io"
)

// firstWindow is how much is read at once. A record across its end is looked at
// twice, which is why it is many records large.
const firstWindow = 256 << 10

// window is the part of a text that is in memory: what is at and behind buf[at].
type window struct {
	in    io.Reader
	buf   []byte // what has been read and not given up
	at    int
	max   int
	lines int64 // the line breaks before buf[seen]
	seen  int
	gone  int64 // the bytes before buf
	err   error // io.EOF, or what made reading end
}

func newWindow(in io.Reader, most int) *window {
	return &window{in: in, buf: make([]byte, 0, min(firstWindow, most)), max: most}
}

// more reads on, giving up what is before at. It is false when nothing came: at
// the end, or when the window may not grow further.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	switch {
	case w.at > 0:
		w.lineAt(w.at)
		w.gone += int64(w.at)
		w.buf = w.buf[:copy(w.buf, w.buf[w.at:])]
		w.seen, w.at = 0, 0
	case len(w.buf) == cap(w.buf):
		if cap(w.buf) >= w.max {
			return false
		}
		larger := make([]byte, len(w.buf), min(2*cap(w.buf), w.max))
		copy(larger, w.buf)
		w.buf = larger
	}
	had := len(w.buf)
	w.fill()
	return len(w.buf) > had
}

// fill reads until the window is full or the text ends.
func (w *window) fill() {
	for idle := 0; len(w.buf) < cap(w.buf) && w.err == nil; idle++ {
		n, err := w.in.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf, w.err = w.buf[:len(w.buf)+n], err
		if n > 0 {
			idle = 0
		} else if idle == 100 && err == nil {
			w.err = io.ErrNoProgress
		}
	}
}

// lineAt is the line of buf[i], counted from 1. What is before it is counted
// once: i must not go back behind one that was asked for before.
func (w *window) lineAt(i int) int64 {
	if i > w.seen {
		w.lines += int64(bytes.Count(w.buf[w.seen:i], []byte{'\n'}))
		w.seen = i
	}
	return w.lines + 1
}

// offset is where buf[i] stands in the whole text.
func (w *window) offset(i int) int64 { return w.gone + int64(i) }

// peek is the byte that is n behind at.
func (w *window) peek(n int) (byte, bool) {
	for w.at+n >= len(w.buf) {
		if !w.more() {
			return 0, false
		}
	}
	return w.buf[w.at+n], true
}
