package entra

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/providers"
)

func texts() []string {
	return []string{
		`{}`, `[]`, `""`, `0`, `-0.5e+10`, `true`, `null`, ` { "a" : [ 1 , { "b" : "c" } ] } `, `"\u00e9\ud83d\ude00\ud83d"`, `"é"`, "\"\xff\"",
		`{"a":1,"a":2}`, ``, ` `, `{`, `}`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`, `01`, `1.`, `.5`, `+1`, `1e`, `nul`, `nullx`, `truefalse`, `"`, `"a`, "\"a\nb\"", `"\x"`, `"\u12"`,
		"\ufeff{}", `{} x`, `{}{}`, `// comment`, `NaN`, "\x00", "null\x00", `[1 2]`, `{"a":1 "b":2}`, `'a'`, `"\`, "[\x0b]",
		strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat("[", 1_000_000),
		"[" + strings.Repeat("0,", 19_998) + "0]", "[" + strings.Repeat("0,", 19_999) + "0]", `1` + strings.Repeat("0", 100_000), `1e400`,
	}
}

// A document takes and refuses exactly what providers.ReadJSON does, and gives
// the same texts: there is one meaning of a body in this program.
func TestB3B4DocumentsAreReadLikeEverywhereElse(t *testing.T) {
	for _, s := range texts() {
		alike(t, []byte(s))
	}
}

func FuzzDocument(f *testing.F) {
	for _, s := range texts() {
		f.Add([]byte(s[:min(len(s), 500)]))
	}
	f.Add([]byte(audited("Directory_"+ingrid+"_A_1", "Update user", person(ingrid, "OtherMail", `"[\"a\"]"`, "null"))))
	f.Fuzz(func(t *testing.T, raw []byte) { alike(t, raw) })
}

func alike(t *testing.T, raw []byte) {
	t.Helper()
	d, err := readDocument(raw, nil)
	want, bad := providers.ReadJSON(raw)
	if (err == nil) != (bad == nil) {
		t.Fatalf("%.80q: %v; elsewhere %v", raw, err, bad)
	}
	if err != nil {
		return
	}
	sameValue(t, d, 0, want)
}

func sameValue(t *testing.T, d document, i place, want providers.JSON) {
	t.Helper()
	n := d.nodes[i]
	if n.kind != want.Kind || string(d.bytes(i)) != string(want.Raw) {
		t.Fatalf("a value is %v %.40q, elsewhere %v %.40q", n.kind, d.bytes(i), want.Kind, want.Raw)
	}
	if i > 0 && n.kind == providers.String && d.word(i) != want.Text {
		t.Fatalf("a text is %q, elsewhere %q", d.word(i), want.Text)
	}
	values := want.Values()
	for j := i + 1; j < n.next; j = d.nodes[j].next {
		if len(values) == 0 {
			t.Fatalf("%.80q has more values than elsewhere", d.raw)
		}
		sameValue(t, d, j, values[0])
		values = values[1:]
	}
	if len(values) > 0 {
		t.Fatalf("%.80q has fewer values than elsewhere", d.raw)
	}
}

// Members are found whatever their case, and two that are one to some reader are
// none.
func TestB4MembersByAnyCase(t *testing.T) {
	for raw, want := range map[string]string{
		`{"id":"a"}`: "a", `{"ID":"a"}`: "a", `{"Id":"a","other":1,"other":2}`: "a", `{"i\u0064":"a"}`: "a", `{"x":"a"}`: "",
		`{"id":"a","id":"b"}`: "clash", `{"id":"a","Id":"b"}`: "clash", `{"id":"a","\u0130d":"b"}`: "a",
		`{"initiatedBy":"a","\u0131nitiatedBy":"b","id":"c"}`: "c",
		`{"key":"a","\u212aey":"b"}`:                          "clash",
		`{"` + strings.Repeat("i", 100) + `":"a"}`:            "",
	} {
		d, err := readDocument([]byte(raw), nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.members(0)
		got := d.word(m[fID])
		if err != nil {
			got = "clash"
		}
		if got != want {
			t.Errorf("%s: %q, not %q (%v)", raw, got, want, err)
		}
	}
}
