package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// readTrusting reads as a caller does that checks each record itself: one that it
// cannot read, because it is no JSON or is what wraps records, it asks about again.
func readTrusting(t testing.TB, content string, n int) (out []string, asked int) {
	t.Helper()
	r := NewReader([]Source{file("f", content, n)}, Options{Trusting: true})
	for index := int64(0); ; {
		rec, err := r.Next()
		var broken *FileError
		switch {
		case err == io.EOF: //nolint:errorlint // it is given bare
			return out, asked
		case errors.As(err, &broken):
			out = append(out, "FILE "+broken.Error())
			continue
		case rec.Index != index:
			t.Fatalf("record %d comes as number %d", index, rec.Index)
		case rec.Err != nil:
			out = append(out, "!"+rec.Err.Error())
		case !readable(rec.Raw) && r.Recheck():
			asked++
			continue
		default:
			out = append(out, string(rec.Raw))
		}
		index++
	}
}

func readable(raw []byte) bool {
	if !json.Valid(raw) {
		return false
	}
	for _, word := range []string{`"value"`, `"records"`, `"data"`, `"AuditData"`} {
		if strings.Contains(string(raw), word) {
			return false
		}
	}
	return true
}

// TestTrustedLinesAreReadTheSame: whatever comes behind lines that are alike, each
// record and each error is the same as when every byte is looked at, and counted the
// same.
func TestTrustedLinesAreReadTheSame(t *testing.T) {
	var plain strings.Builder
	for i := range 5 * enough {
		fmt.Fprintf(&plain, "{\"%s\":%d,\"b\":\"x\"}\n", []string{"a", "a", "time"}[i%3], i)
	}
	for name, behind := range map[string]string{
		"nothing":                   "",
		"a line that is none":       "not json\n{\"a\":1}\n",
		"a line that is cut off":    "{\"a\":1,\"b\":\n{\"a\":2}\n{\"a\":3}\n",
		"a line cut off in a text":  "{\"a\":\"x\n{\"a\":2}\n",
		"a line with a mistake":     "{\"a\":tru}\n{\"a\":2}\n",
		"two records on a line":     "{\"a\":1}{\"a\":2}\n{\"a\":3}\n",
		"two records and a comma":   "{\"a\":1},{\"a\":2},\n{\"a\":3}\n",
		"another beginning":         "{\"b\":1}\n{\"a\":2}\n",
		"a page that begins alike":  "{\"a\":1,\"value\":[{\"x\":1},{\"y\":2}]}\n{\"a\":2}\n",
		"a batch":                   "{\"records\":[{\"x\":1}]}\n{\"a\":2}\n",
		"a hook that begins alike":  "{\"a\":1,\"data\":{\"events\":[{\"x\":1}]}}\n{\"a\":2}\n",
		"AuditData":                 "{\"a\":1,\"AuditData\":\"{\\\"x\\\":1}\"}\n{\"a\":2}\n",
		"a printed record":          "{\n  \"a\": 1\n}\n{\"a\":2}\n",
		"an array":                  "[{\"a\":1},\n{\"a\":2}\n]\n{\"a\":3}",
		"space around":              "\r\n  {\"a\":1}  \r\n{\"a\":2} \t\n\n{\"a\":3},\n",
		"the end without a break":   "{\"a\":1}",
		"the end within a record":   "{\"a\":1,",
		"a bracket that is no end":  "{\"a\":1}}\n{\"a\":[1}\n{\"a\":2}\n",
		"a text that ends with one": "{\"a\":\"}\n{\"a\":2}\n",
	} {
		for _, n := range []int{1 << 20, 1, 13} {
			in := plain.String() + behind + plain.String()
			want := readAll(t, NewReader([]Source{file("f", in, n)}, Options{}))
			if got, asked := readTrusting(t, in, n); !slices.Equal(got, want) {
				t.Errorf("%s, %d bytes at once: asked %d times, got\n %q\nwant\n %q", name, n, asked, got, want)
			}
		}
	}
	if _, asked := readTrusting(t, plain.String()+"{\"a\":tru}\n"+plain.String(), 100); asked != 1 {
		t.Errorf("asked %d times about one line", asked)
	}
}

// TestTrustNeedsManyAlike: a line is looked at closely until enough like it were, and
// again after one that was not what it looked like.
func TestTrustNeedsManyAlike(t *testing.T) {
	line, x := "{\"a\":1}\n", newStream(strings.NewReader(strings.Repeat("{\"a\":1}\n", enough)+"{\"a\":tru}\n{\"a\":2}\n"), Options{Limit: 1 << 20, Trusting: true})
	for i := range enough + 1 {
		raw, _, err := x.next()
		if trusted := i == enough; err != nil || x.alike.trusted != trusted || !trusted && string(raw)+"\n" != line {
			t.Fatalf("record %d: %s, %v, trusted %v", i, raw, err, x.alike.trusted)
		}
	}
	if !x.recheck() || x.recheck() {
		t.Fatal("one line can be looked at again, once")
	}
	if _, _, err := x.next(); err == nil {
		t.Fatal("the mistake is not found")
	}
	if raw, _, err := x.next(); err != nil || string(raw) != `{"a":2}` || x.alike.trusted {
		t.Fatalf("%s, %v", raw, err)
	}
}

// TestEnvelopesAreNeverTrusted: a hook's envelope may begin as one of its events.
func TestEnvelopesAreNeverTrusted(t *testing.T) {
	event := `{"eventType":"user.session.start","uuid":"x"}` + "\n"
	in := strings.Repeat(event, 2*enough) + `{"eventType":"com.okta.event_hook","data":{"events":[{"uuid":"a"},{"uuid":"b"}]}}` + "\n"
	r := NewReader([]Source{file("f", in, 100)}, Options{Trusting: true})
	if got := readAll(t, r); len(got) != 2*enough+2 || got[2*enough] != `{"uuid":"a"}` {
		t.Errorf("%d records: %q", len(got), got[2*enough:])
	}
	if r.Recheck() {
		t.Error("there is nothing to look at again")
	}
}
