package export

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestALargeRecordIsOneError: what is larger than the limit is told, wherever it
// stands, and the records around it are read.
func TestALargeRecordIsOneError(t *testing.T) {
	large := `{"big":"` + strings.Repeat("x", 5000) + `","n":{"a":"]}"}}`
	small := func(i int) string { return fmt.Sprintf(`{"n":%d}`, i) }
	row := func(s string) string { return `1,"` + strings.ReplaceAll(s, `"`, `""`) + "\"\n" }
	for name, in := range map[string]string{
		"lines":             small(1) + "\n" + large + "\n" + small(2) + "\n",
		"an array":          "[" + small(1) + "," + large + "," + small(2) + "]",
		"an array in lines": "[\n" + small(1) + ",\n" + large + ",\n" + small(2) + "\n]",
		"printed":           "[\n  {\n \"n\":1}  ,\n  " + large + ",\n  " + small(2) + "\n]",
		"a page":            `{"value":[` + small(1) + "," + large + "," + small(2) + "]}",
		"values in a row":   small(1) + large + small(2),
	} {
		got := readAll(t, NewReader([]Source{file("f", in, 100)}, Options{Limit: 1000}))
		if len(got) != 3 || !strings.Contains(got[1], "larger than 1000 bytes") || got[2] != small(2) {
			t.Errorf("%s: %.300q", name, got)
		}
	}
	// Of a table, what follows a row without end is not known; a row that is
	// merely large ends.
	open := "A,AuditData\n" + row(small(1)) + `1,"{""n"":` + strings.Repeat("{\"\"n\"\":2}\n", 20_000)
	got := readAll(t, NewReader([]Source{file("f", open, 4096)}, Options{Limit: 1000}))
	if len(got) != 2 || got[0] != small(1) || !strings.HasPrefix(got[1], "!line 3: a row does not end within") {
		t.Errorf("a row without end: %d records, %.300q", len(got), got)
	}
}

// endless is a stream of many records that exists only while it is read.
type endless struct {
	head, record, tail string
	left               int
	ready              string
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.ready) == 0 {
		switch {
		case e.head != "":
			e.ready, e.head = e.head, ""
		case e.left > 0:
			e.left--
			e.ready = e.record
		case e.tail != "":
			e.ready, e.tail = e.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// TestMemoryIsBounded: a stream a hundred times as long takes no more memory,
// whether its records stand in lines, in one list, or behind an error.
func TestMemoryIsBounded(t *testing.T) {
	record := `{"uuid":"x","pad":"` + strings.Repeat("y", 1000) + `"}`
	for name, shape := range map[string]endless{
		"lines":             {record: record + "\n"},
		"one page":          {head: `{"value":[` + record, record: "," + record, tail: "]}"},
		"one printed batch": {head: "{\n  \"records\": [\n    " + record, record: ",\n    " + record, tail: "\n  ]\n}"},
		"one line":          {head: record, record: record},
		"a text without end": {
			head: `[{"uuid":"`, record: record, tail: "",
		},
		"broken lines": {record: "{\"uuid\": tru\n"},
	} {
		t.Run(name, func(t *testing.T) {
			peak := func(records int) uint64 {
				s := shape
				s.left = records
				r := NewReader([]Source{{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(&s), nil }}}, Options{Limit: 1 << 20})
				var most uint64
				var m runtime.MemStats
				for n := 0; ; n++ {
					if n%max(1, records/20) == 0 {
						runtime.GC()
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapAlloc)
					}
					if _, err := r.Next(); err != nil {
						return most
					}
				}
			}
			short, long := peak(500), peak(50_000)
			if long > short+2<<20 {
				t.Fatalf("the heap grew from %d to %d bytes", short, long)
			}
		})
	}
}

// FuzzReader: whatever the bytes, reading ends, gives only JSON objects, and does
// not depend on how the bytes arrive; and a list of objects is given as it is.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"[{\"a\":1},{\"b\":[1,2,{\"c\":null}]}]", "{\"value\":[{\"a\":1}],\"x\":1}\n{\"records\":[{}]}", "{\"data\":{\"events\":[{\"a\":\"\\u00e9\"}]}}", "{\"a\":\n{\"b\":2}\n",
		"a,AuditData\n1,\"{\"\"x\"\":1}\"\n", "\xff\xfe{\x00}\x00", "[\n  {\"a\":tru},\n  {}\n]", "{\"AuditData\":\"{\\\"a\\\":1}\"}", zip("{}"), "\x1e{}\x1e{}", "[{\"a\":\"x\"y\"},{}]\n{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := readAll(t, NewReader([]Source{file("f", string(data), 1<<20)}, Options{}))
		pieces := readAll(t, NewReader([]Source{file("f", string(data), 1)}, Options{}))
		if !slices.Equal(whole, pieces) {
			t.Fatalf("whole: %q\nin pieces: %q", whole, pieces)
		}
		behind := strings.Repeat("{\"a\":1}\n", enough) + string(data)
		if trusted, _ := readTrusting(t, behind, 1<<20); !slices.Equal(trusted, records1(t, behind)) {
			t.Fatalf("trusted: %q\nchecked: %q", trusted, records1(t, behind))
		}
		if len(whole) > len(data) {
			t.Fatalf("%d records of %d bytes", len(whole), len(data))
		}
		for _, rec := range whole {
			if rec[0] != '!' && !strings.HasPrefix(rec, "FILE ") && (!json.Valid([]byte(rec)) || rec[0] != '{') {
				t.Fatalf("given as a record: %q", rec)
			}
		}
		readAll(t, NewReader([]Source{file("f", string(data), 3)}, Options{Limit: 16})) // also ends when everything is too large
		var list []map[string]any
		if json.Unmarshal(data, &list) == nil && data[0] == '[' && !strings.Contains(string(data), "a") {
			if want := len(list); want != len(whole) && !strings.Contains(strings.ToLower(string(data)), "null") {
				t.Fatalf("%d records of a list of %d: %q", len(whole), want, whole)
			}
		}
	})
}

// BenchmarkReader reads records as large as those of real logs, looking at every
// byte, and trusting their lines.
func BenchmarkReader(b *testing.B) {
	b.Run("checked", func(b *testing.B) { readMany(b, Options{}) })
	b.Run("trusted", func(b *testing.B) { readMany(b, Options{Trusting: true}) })
}

func readMany(b *testing.B, o Options) {
	b.Helper()
	record := `{"actor":{"id":"00u1","type":"User","alternateId":"ada@example.com","displayName":"Ada"},"client":{"userAgent":{"rawUserAgent":"` + strings.Repeat("Mozilla/5.0 ", 8) +
		`","os":"Windows"},"zone":"null","geographicalContext":{"city":"Springfield","geolocation":{"lat":20.5,"lon":-25.25}}},"target":[` +
		strings.Repeat(`{"id":"00u2","type":"User","alternateId":"bob@example.com","displayName":"Bob","detailEntry":null},`, 6) + `{}],"published":"2026-09-01T10:00:00.000Z","uuid":"5f0e2b9a-0000-4000-8000-000000000000"}` + "\n"
	s := endless{record: record, left: b.N}
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	r := NewReader([]Source{{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(&s), nil }}}, o)
	n := 0
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if rec.Err != nil {
			b.Fatal(rec.Err)
		}
		n++
	}
	if n != b.N {
		b.Fatalf("%d of %d", n, b.N)
	}
}
