package export

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// wide reads UTF-16 as UTF-8. What is no character becomes U+FFFD.
type wide struct {
	in    io.Reader
	order binary.ByteOrder
	chunk []byte // what has been read and not decoded
	out   []byte
	ready []byte // the part of out that has not been given
	err   error
}

func (w *wide) Read(p []byte) (int, error) {
	for len(w.ready) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.refill()
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

func (w *wide) refill() {
	if w.chunk == nil {
		w.chunk = make([]byte, 0, 32<<10)
	}
	had := len(w.chunk) // bytes of a character that had not come whole
	n, err := w.in.Read(w.chunk[had:cap(w.chunk)])
	chunk, out := w.chunk[:had+n], w.out[:0]
	w.err = err
	for len(chunk) >= 2 {
		size, r := 2, rune(w.order.Uint16(chunk))
		if utf16.IsSurrogate(r) {
			if len(chunk) < 4 && err == nil {
				break // its other half comes with the next bytes
			}
			if len(chunk) >= 4 {
				if pair := utf16.DecodeRune(r, rune(w.order.Uint16(chunk[2:]))); pair != utf8.RuneError {
					r, size = pair, 4
				}
			}
		}
		out = utf8.AppendRune(out, r)
		chunk = chunk[size:]
	}
	if err == io.EOF && len(chunk) > 0 { //nolint:errorlint // readers return it bare
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	w.chunk = w.chunk[:copy(w.chunk[:cap(w.chunk)], chunk)]
	w.out, w.ready = out, out
}
