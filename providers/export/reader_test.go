package export

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf16"
)

// file is a source that is read in pieces of n bytes.
func file(name, content string, n int) Source {
	return Source{Name: name, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(&pieces{strings.NewReader(content), n}), nil
	}}
}

type pieces struct {
	in io.Reader
	n  int
}

func (p *pieces) Read(b []byte) (int, error) { return p.in.Read(b[:min(len(b), p.n)]) }

// readAll lists what a reader gives: records bare, errors after a "!".
func readAll(t testing.TB, r *Reader) (out []string) {
	t.Helper()
	for index := int64(0); ; {
		rec, err := r.Next()
		var broken *FileError
		switch {
		case err == io.EOF: //nolint:errorlint // it is given bare
			return out
		case errors.As(err, &broken):
			out = append(out, "FILE "+broken.Error())
			continue
		case err != nil:
			t.Fatalf("an error of another kind: %v", err)
		}
		if rec.Index != index {
			t.Fatalf("record %d comes as number %d", index, rec.Index)
		}
		index++
		if rec.Err != nil {
			out = append(out, "!"+rec.Err.Error())
		} else {
			out = append(out, string(rec.Raw))
		}
	}
}

func records1(t testing.TB, content string) []string {
	t.Helper()
	return readAll(t, NewReader([]Source{file("f", content, 1<<20)}, Options{}))
}

// same compares what was read. Of an error, only its beginning and a part after
// "…" must be as wanted.
func same(t *testing.T, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		begin, part, some := strings.Cut(want[i], "…")
		ok = got[i] == want[i] || some && strings.HasPrefix(got[i], begin) && strings.Contains(got[i], part)
	}
	if !ok {
		t.Fatalf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const hook = `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","cloudEventsVersion":"0.1","eventId":"e","data":{"events":[%s]},"contentType":"application/json"}`

// TestShapes: every wrapping in which logs come is taken off, and nothing but
// the records is left.
func TestShapes(t *testing.T) {
	a, b, c := `{"uuid":"a","target":[{"id":"1"},{"id":"2"}]}`, `{"uuid":"b"}`, `{"uuid":"c","n":[1,-2.5e+3,true,false,null,"\u00e9\n\"]}{"]}`
	three := []string{a, b, c}
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"an array", "[" + a + "," + b + "," + c + "]", three},
		{"an array in lines", "[\n" + a + ",\n" + b + ",\n" + c + "\n]\n", three},
		{"an array with leading commas", "[" + a + "\n," + b + "\r\n, " + c + " ]", three},
		{"lines", a + "\n" + b + "\n" + c + "\n", three},
		{"lines of Windows, with empty ones", "\r\n" + a + "\r\n\r\n" + b + "\r\n" + c, three},
		{"values one after another", a + b + " " + c, three},
		{"lines with commas", a + ",\n" + b + ",\n" + c + ",\n", three},
		{"RFC 7464", "\x1e" + a + "\n\x1e" + b + "\n\x1e" + c + "\n", three},
		{"a byte order mark", "\ufeff[" + a + "]", []string{a}},
		{"a page of Graph", `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#auditLogs/directoryAudits","@odata.nextLink":"https://x","value":[` + a + "," + b + "]}", []string{a, b}},
		{"a page whose list comes first", `{"value":[` + a + `],"@odata.nextLink":"https://x","extra":{"value":[1]}}`, []string{a}},
		{"pages one after another", `{"value":[` + a + `]}` + "\n" + `{"value":[]}` + "\n" + `{"value":[` + b + "," + c + "]}", three},
		{"a batch", `{"records":[` + a + "," + b + `]}`, []string{a, b}},
		{"batches without a break", `{"records":[` + a + `]}{"records":[` + b + `,` + c + `]}`, three},
		{"batches in lines", `{"records":[` + a + `]}` + "\r\n" + `{"records":[` + b + `,` + c + `]}`, three},
		{"an array of batches", `[{"records":[` + a + `]},{"records":[` + b + `]},` + c + `]`, three},
		{"a hook", fmt.Sprintf(hook, a+","+b), []string{a, b}},
		{"hooks in lines", fmt.Sprintf(hook, a+","+b) + "\n" + fmt.Sprintf(hook, c), three},
		{"a hook whose data comes first", `{"data":{"count":{"events":1},"events":[` + a + `],"x":[]},"data2":1,"eventType":"com.okta.event_hook"}`, []string{a}},
		{"arrays of arrays", "[[" + a + "],[" + b + "," + c + "],[]]", three},
		{"two lists in one object", `{"value":[` + a + `],"records":[` + b + `],"data":{"events":[` + c + `]}}`, three},
		{"a text with a record", "[\"{\\\"uuid\\\":\\\"b\\\"}\"," + c + "]", []string{b, c}},
		{"AuditData as a text", `[{"RecordType":1,"AuditData":"{\"uuid\":\"b\"}","Identity":"x"},{"AuditData":" {\"uuid\":\"b\"}\r\n"}]`, []string{b, b}},
		{"AuditData as an object", `{"Operation":"Set-Mailbox","AuditData": ` + a + ` ,"x":1}`, []string{a}},
		{"lists within a record stay there", `{"uuid":"a","x":{"value":[1],"records":[2],"data":{"events":[3]}},"events":[4],"y":{"AuditData":"z"}}`, []string{`{"uuid":"a","x":{"value":[1],"records":[2],"data":{"events":[3]}},"events":[4],"y":{"AuditData":"z"}}`}},
		{"an object with no list is a record", `{"value":{"a":1},"records":null,"data":{"events":{}}}`, []string{`{"value":{"a":1},"records":null,"data":{"events":{}}}`}},
		{"all at once", "[" + a + "]\n{\"records\":[" + b + "]}\n" + c + "\n" + fmt.Sprintf(hook, a) + "{\"value\":[" + b + "]}", []string{a, b, c, a, b}},
		{"nothing", "", nil},
		{"nothing but space", " \n\n\t", nil},
		{"an empty list", "[]\n[ ]", nil},
		{
			"a table", "RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits\r\n1,2026,1,x,u,\"{\"\"uuid\"\":\"\"b\"\",\"\"t\"\":\"\"one,\ntwo\"\"}\",\r\n2,2026,1,x,u,\"{\"\"uuid\"\":\"\"c\"\"}\",\r\n",
			[]string{"!line 2: its AuditData cannot be read: a line break or control character stands within a text at byte 21 of the text", `{"uuid":"c"}`},
		},
		{"a table of Windows PowerShell", "\ufeff#TYPE Deserialized.X\r\n\"RunspaceId\",\"auditdata\"\r\n\"1\",\"{\"\"uuid\"\":\"\"b\"\"}\"\r\n", []string{b}},
		{"a table of Excel", "sep=;\r\nCreationDate;UserIds;AuditData\r\n1;2;\"{\"\"uuid\"\":\"\"b\"\"}\"\r\n", []string{b}},
	} {
		for _, n := range []int{1 << 20, 1, 7} {
			t.Run(fmt.Sprintf("%s/%d", tc.name, n), func(t *testing.T) {
				same(t, readAll(t, NewReader([]Source{file("f", tc.in, n)}, Options{})), tc.want)
			})
		}
	}
}

func zip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

func wideText(s string, order binary.ByteOrder) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], u)
	}
	return string(out)
}

// TestEncodings: what surrounds the text is found by its bytes, not by the name
// of the file.
func TestEncodings(t *testing.T) {
	one, two := `{"name":"Zoë 🔑"}`, `{"b":2}`
	lines := one + "\n" + two + "\n"
	for name, in := range map[string]string{
		"gzip":                        zip(lines),
		"gzip of several members":     zip(one) + zip(two) + zip(""),
		"UTF-16 of PowerShell":        "\xff\xfe" + wideText(lines, binary.LittleEndian),
		"UTF-16, the other way round": "\xfe\xff" + wideText(lines, binary.BigEndian),
		"UTF-16 without a mark":       wideText(lines, binary.LittleEndian),
		"UTF-16 without a mark, too":  wideText(lines, binary.BigEndian),
		"gzip of UTF-16":              zip("\xff\xfe" + wideText(lines, binary.LittleEndian)),
		"gzip of a mark":              zip("\ufeff" + lines),
	} {
		for _, n := range []int{1 << 20, 1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				same(t, readAll(t, NewReader([]Source{file("f", in, n)}, Options{})), []string{one, two})
			})
		}
	}
	same(t, records1(t, "\xff\xfe"+wideText(`{"a":"`, binary.LittleEndian)+"\x3d\xd8"+wideText(`"}`, binary.LittleEndian)+"\n"),
		[]string{"{\"a\":\"\ufffd\"}", "!line 1: …a value is missing"})
}

// TestMalformed: a record that cannot be read is told once, and the others are
// read.
func TestMalformed(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"a line that is none", "{\"a\":1}\nnot json\n{\"b\":2}\n", []string{`{"a":1}`, "!line 2: a word is neither true, false nor null (byte 8 of the text)", `{"b":2}`}},
		{"lines that are none", "oh\nno\n{\"b\":2}\n,;\n", []string{"!line 1: …", "!line 2: …", `{"b":2}`, "!line 4: …"}},
		{"a line cut off in a text", "{\"a\":1}\n{\"b\":\"x\n{\"c\":3}\n{\"d\":4}\n", []string{`{"a":1}`, "!line 2: a line break…", `{"c":3}`, `{"d":4}`}},
		{"a line cut off behind a colon", "{\"a\":1}\n{\"b\":\n{\"c\":3}\n{\"d\":4}\n", []string{`{"a":1}`, "!line 2: …a comma or } is missing", `{"c":3}`, `{"d":4}`}},
		{"the first line cut off behind a comma", "{\"a\":1,\n{\"c\":3}\n{\"d\":4}\n", []string{"!line 1: …a member's name is missing", `{"c":3}`, `{"d":4}`}},
		{"the first line cut off in a list", "{\"a\":[\n{\"c\":3}\n{\"d\":4}\n", []string{"!line 1: …a comma or ] is missing", `{"c":3}`, `{"d":4}`}},
		{"two broken lines behind good ones", "{\"a\":1}\n{\"b\":\nnope\n{\"d\":4}\n", []string{`{"a":1}`, "!line 2: …", "!line 3: …", `{"d":4}`}},
		{"the last line cut off", "{\"a\":1}\n{\"b\":2", []string{`{"a":1}`, "!line 2: the file ends before the record does; it may have been cut off (byte 14 of the text)"}},
		{"in an array, its bracket whole", `[{"a":1},{"b":tru},{"c":3}]`, []string{`{"a":1}`, "!line 1: a word is neither true, false nor null (byte 14 of the text)", `{"c":3}`}},
		{"in an array, no value", `[{"a":1},nope,{"c":3},]`, []string{`{"a":1}`, "!line 1: …", `{"c":3}`}},
		{"in an array, with a quote too many", `[{"a":1},{"b":"x"y"},{"c":3}]` + "\n" + `{"d":4}`, []string{`{"a":1}`, "!…a comma or } is missing", `{"d":4}`}},
		{"in an array of lines", "[\n{\"a\":1},\n{\"b\":},\n{\"c\":3}\n]\n", []string{`{"a":1}`, "!line 3: …", `{"c":3}`}},
		{"in an array of lines, cut off", "[\n{\"a\":1},\n{\"b\":\"\n{\"c\":3},\n{\"d\":4}\n]\n{\"e\":5}", []string{`{"a":1}`, "!line 3: …", `{"c":3}`, `{"d":4}`, `{"e":5}`}},
		{"in a printed array", "[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": ,\n    \"x\": [\n      {\n      }\n    ]\n  },\n  {\n    \"c\": 3\n  }\n]\n", []string{"{\n    \"a\": 1\n  }", "!line 5: …", "{\n    \"c\": 3\n  }"}},
		{"the last of a printed array", "[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": \n  }\n]\n{\"c\":3}", []string{"{\n    \"a\": 1\n  }", "!line 5: …", `{"c":3}`}},
		{"a printed value", "{\n  \"a\": 1\n}\n{\n  \"b\" 2\n}\n{\n  \"c\": 3\n}\n", []string{"{\n  \"a\": 1\n}", "!line 4: …a colon is missing", "{\n  \"c\": 3\n}"}},
		{"a batch, by its own line", `{"records":[{"a":1},{"b":{"c":2},{"d":3}]}` + "\n" + `{"records":[{"e":5}]}`, []string{`{"a":1}`, "!line 1: …", `{"e":5}`}},
		{"behind a list of records", `{"value":[{"a":1}],nope}` + "\n" + `{"value":[{"b":2}],"x":tru}` + "\n" + `{"c":3}`, []string{`{"a":1}`, "!…a member's name is missing behind the list", `{"b":2}`, "!…a word is neither", `{"c":3}`}},
		{"an array cut off between records", `[{"a":1},{"b":2}`, []string{`{"a":1}`, `{"b":2}`, "!…the file ends before its list of records does"}},
		{"a page cut off behind its list", `{"value":[{"a":1}],"x`, []string{`{"a":1}`, "!…the file ends before the record does"}},
		{"no object", "[1,\"x\",null,{\"a\":1}]\n42\n", []string{"!…it is not an object", "!…it is a text, and no record", "!…it is not an object", `{"a":1}`, "!line 2: …it is not an object"}},
		{"a bracket too many", "{\"a\":1}\n]}\n{\"b\":2}\n", []string{`{"a":1}`, "!line 2: …", `{"b":2}`}},
		{
			"AuditData that is none", `[{"AuditData":"{\"a\":"},{"AuditData":7},{"AuditData":"{}","AuditData":"{\"b\":2}"},{"AuditData":""},{"a":1}]`,
			[]string{"!…its AuditData cannot be read: the text ends before the record does", "!…its AuditData cannot be read: it is not a record", "!…AuditData occurs twice", "!…its AuditData cannot be read: it is a text, and no record", `{"a":1}`},
		},
		{"a text with more than a record", `["{\"a\":1} {\"b\":2}"]`, []string{"!…text follows behind the record"}},
		{"a row without its column", "CreationDate,Id,AuditData\n1\n2,3,\"{\"\"a\"\":1}\"\n", []string{"!line 2: the row ends before its column AuditData", `{"a":1}`}},
		{"a row with a stray quote", "CreationDate,AuditData\n1,a\"b\n2,\"{\"\"a\"\":1}\"\n3,\n", []string{"!line 2: the row is no CSV: …", `{"a":1}`, "!line 4: its AuditData cannot be read: it is a text, and no record stands in it"}},
		{"nested too deep", strings.Repeat("[", 100) + "\n{\"a\":1}\n", []string{"!…lists are nested too deep", `{"a":1}`}},
		{"a record nested too deep", `{"a":` + strings.Repeat("[", 2000) + "\n{\"a\":1}\n", []string{"!…it is nested too deep", `{"a":1}`}},
	} {
		for _, n := range []int{1 << 20, 1} {
			t.Run(fmt.Sprintf("%s/%d", tc.name, n), func(t *testing.T) {
				same(t, readAll(t, NewReader([]Source{file("f", tc.in, n)}, Options{})), tc.want)
			})
		}
	}
}

// TestJSONOnly: what RFC 8259 refuses is refused, and nothing else.
func TestJSONOnly(t *testing.T) {
	for _, good := range []string{
		`{}`, `{"a":0}`, `{"a":-0.5e-10}`, `{"a":10E+2}`, `{"a":"\"\\\/\b\f\n\r\t\u12aF"}`, "{ \"a\"\t:\r\n[ ] , \"\":{ } }", "{\"\u007f\":\"\xff\"}", `{"a":[[],[[]],{}]}`,
	} {
		same(t, records1(t, good), []string{good})
		same(t, records1(t, "["+good+"]"), []string{good})
	}
	for _, bad := range []string{
		`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":-}`, `{"a":1e}`, `{"a":NaN}`, `{"a":True}`, `{"a":nulls}`, `{"a":1x}`, `{'a':1}`, `{a:1}`, `{"a":1,}`,
		`{"a":[1,]}`, `{,}`, `{"a"}`, `{"a":1 "b":2}`, `{"a":"\x41"}`, `{"a":"\u12g4"}`, "{\"a\":\"\t\"}", `{"a":[1}`, `{"a":{]}`, `{"a":/**/1}`, `{"a":"` + "\x00" + `"}`,
	} {
		got := records1(t, "[\n{\"x\":1},\n"+bad+",\n{\"y\":2}\n]")
		if len(got) != 3 || got[0] != `{"x":1}` || !strings.HasPrefix(got[1], "!line 3") || got[2] != `{"y":2}` {
			t.Errorf("%s gives %q", bad, got)
		}
	}
}

// TestUnreadableFiles: a file that cannot be read is told apart from a record
// that cannot, and the other files are read.
func TestUnreadableFiles(t *testing.T) {
	missing := Source{Name: "missing", Open: func() (io.ReadCloser, error) {
		return nil, &fs.PathError{Op: "open", Path: "/secret/place/missing", Err: fs.ErrNotExist}
	}}
	breaking := Source{Name: "breaking", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("{\"a\":1}\n{\"b\":"), &broken{})), nil
	}}
	cut := zip(strings.Repeat("{\"a\":1}\n", 3))
	got := readAll(t, NewReader([]Source{
		missing, file("one", `{"a":1}`, 9), breaking, file("archive", "PK\x03\x04....", 99), file("noise", "\x01\x00\x00\x00\x02", 9),
		file("table", "timestamp,event,actor\n1,2,3\n", 99), file("cut", cut[:len(cut)-6], 99), file("header", "\x1f\x8b", 9),
		file("twice", zip(zip("{}")), 99), file("two", `[{"b":2}]`, 9),
	}, Options{}))
	same(t, got, []string{
		"FILE missing: file does not exist", `{"a":1}`, `{"a":1}`, "FILE breaking: the disk is gone", "FILE archive: this is a zip archive…", "FILE noise: this is not a text…",
		"FILE table: this is a table without a column AuditData…", `{"a":1}`, `{"a":1}`, `{"a":1}`, "FILE cut: the compressed file ends too early…", "FILE header: the compressed file…",
		"FILE twice: this is compressed twice…", `{"b":2}`,
	})
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }
