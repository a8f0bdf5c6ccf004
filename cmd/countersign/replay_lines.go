package main

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/countersign/countersign/holds/replay"
)

// printLine prints the line of one record. A log has millions of them, so that it
// is put together by hand; a test compares it with what encoding/json makes of it.
func (r *replaying) printLine(v replay.Verdict) error {
	r.line = appendLine(r.line[:0], v)
	_, err := r.out.Write(r.line)
	return err
}

// appendLine appends a verdict as a line of JSON.
func appendLine(b []byte, v replay.Verdict) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, v.Index, 10)
	b = appendText(b, `,"file":`, v.File)
	if v.Err != "" {
		b = appendText(b, `,"error":`, v.Err)
		return append(b, "}\n"...)
	}
	b = appendText(b, `,"id":`, v.ID)
	b = appendText(b, `,"class":`, string(v.Class))
	b = strconv.AppendBool(append(b, `,"takes_effect":`...), v.TakesEffect)
	b = appendText(b, `,"change":`, v.Change)
	b = strconv.AppendBool(append(b, `,"held":`...), v.Held)
	b = appendText(b, `,"tier":`, string(v.Tier))
	b = appendText(b, `,"mode":`, v.Mode)
	b = append(b, `,"subjects":[`...)
	for i, s := range v.Subjects {
		sep := ""
		if i > 0 {
			sep = ","
		}
		b = appendText(b, sep, s)
	}
	b = appendText(append(b, ']'), `,"actor":`, v.Actor)
	b = appendText(b, `,"reason":`, v.Reason)
	return append(b, "}\n"...)
}

// appendText appends a key and a text.
func appendText(b []byte, key, s string) []byte {
	b = append(b, key...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil { // which no text can cause
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
