package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestB4OneMeaningOnly(t *testing.T) {
	refused := map[string]string{
		"byte order mark":   "\ufeff{}",
		"trailing text":     `{} x`,
		"second document":   `{}{}`,
		"comment":           `{/**/}`,
		"NaN":               `{"a":NaN}`,
		"single quotes":     `{'a':1}`,
		"trailing comma":    `[1,]`,
		"leading zero":      `[01]`,
		"plus":              `[+1]`,
		"bare dot":          `[1.]`,
		"word run on":       `[nullx]`,
		"control character": "[\"a\nb\"]",
		"unknown escape":    `["\x"]`,
		"open text":         `["a`,
		"open escape":       `["\`,
		"short escape":      `["\u00"]`,
		"open object":       `{"a":1`,
		"missing colon":     `{"a" 1}`,
		"nothing":           ``,
		"NUL":               "\x00",
		"mixed brackets":    `{"a":[1}]`,
	}
	for name, in := range refused {
		t.Run(name, func(t *testing.T) {
			for how, read := range map[string]func([]byte) (JSON, error){"read": ReadJSON, "split": SplitJSON} {
				if v, err := read([]byte(in)); !errors.Is(err, ErrJSON) {
					t.Errorf("%s(%q) = %v, %v; want ErrJSON", how, in, v, err)
				}
			}
		})
	}
}

func TestB4Clash(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":2}`:                 "",
		`{"a":1,"a":2}`:                 "a",
		`{"eventType":1,"EventType":2}`: "EventType",
		`{"EventType":1}`:               "eventType",
		`{"\u212A":1,"k":2}`:            "k", // the Kelvin sign, as Go's decoder matches it
	} {
		v, err := ReadJSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Clash("eventType"); got != want {
			t.Errorf("Clash of %s = %q, want %q", in, got, want)
		}
	}
	v, _ := ReadJSON([]byte(`{"a":1,"a":2}`))
	if got := v.Field("a"); got.Kind != Absent {
		t.Errorf("one of two equal members was chosen: %v", got)
	}
}

func TestB5StringsThatAreNotUnicode(t *testing.T) {
	for in, want := range map[string]string{
		`"\ud83d\ude00"`:           "😀",
		`"\ud83d"`:                 "\ufffd",
		`"\ude00\ud83dx"`:          "\ufffd\ufffdx",
		`"\ud83d\u0041"`:           "\ufffdA",
		`"a\u0000b"`:               "a\x00b",
		"\"\xc0\xafx\"":            "\ufffd\ufffdx",
		`"\"\\\/\b\f\n\r\t\u00e9"`: "\"\\/\b\f\n\r\té",
	} {
		v, err := ReadJSON([]byte(in))
		if err != nil || v.Text != want {
			t.Errorf("ReadJSON(%s) = %q, %v; want %q", in, v.Text, err, want)
		}
	}
}

// A poison element must not hide its neighbours, and no size or depth may cost
// more than a pass over the bytes.
func TestB3DepthAndCount(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	v, err := SplitJSON([]byte(`[1,` + deep + `,{"a":` + deep + `}]`))
	if err != nil || len(v.Items) != 3 {
		t.Fatalf("splitting around a deep element: %d items, %v", len(v.Items), err)
	}
	for _, raw := range [][]byte{v.Items[1].Raw, v.Items[2].Raw, []byte("[" + strings.Repeat("1,", 30_000) + "1]")} {
		if _, err := ReadJSON(raw); !errors.Is(err, ErrJSON) {
			t.Errorf("a value beyond the limits was read: %v", err)
		}
	}
	start := time.Now()
	if _, err := SplitJSON([]byte("[" + strings.Repeat(`{"a":[1,"x"]},`, 200_000) + "1]")); err != nil {
		t.Fatal(err)
	}
	// A pass takes well under a second; what reads its bytes again and again takes
	// many minutes, on any machine.
	if took := time.Since(start); took > time.Minute {
		t.Errorf("splitting 2.8 MB took %v", took)
	}
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}],"c":"\u00e9"}`, `[]`, `"\ud83d\ude00"`, `-1.5e+3`, `{"a":1,"A":2}`, "\ufeff", `["\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 10_000 {
			return // beyond the depth that encoding/json itself takes
		}
		v, err := ReadJSON(in)
		_, splitErr := SplitJSON(in)
		if err == nil {
			if !json.Valid(in) {
				t.Fatalf("%q was read although encoding/json refuses it", in)
			}
			if !bytes.Equal(bytes.TrimSpace(in), v.Raw) {
				t.Fatalf("raw is %q of %q", v.Raw, in)
			}
		}
		// Whatever the library takes, Split takes: it has no limits.
		if json.Valid(in) != (splitErr == nil) {
			t.Fatalf("SplitJSON of %q: %v, but json.Valid is %v", in, splitErr, json.Valid(in))
		}
	})
}
