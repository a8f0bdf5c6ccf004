package audit_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds/audit"
)

// TestEntryEncoding pins the encoding: a log written today has to verify in
// ten years, so a change here is a new version and not an edit.
func TestEntryEncoding(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		entry audit.Entry
		want  string
	}{
		"everything": {
			entry: audit.Entry{
				Seq: 7, Time: time.Date(2026, 11, 2, 10, 30, 15, 123456999, time.FixedZone("CET", 3600)),
				Tenant: "t-1", Kind: "decision.recorded", Actor: "person:p-17", Hold: "h-9", Connection: "c-2",
				Digests:     map[string]string{"terms": digest, "body": digest},
				Commitments: map[string]string{"reason": digest},
				Facts:       map[string]string{"version": "3", "decision": "deny", "cleared": ""},
			},
			want: `{"v":1,"seq":7,"time":"2026-11-02T09:30:15.123456Z","tenant":"t-1","kind":"decision.recorded",` +
				`"actor":"person:p-17","hold":"h-9","connection":"c-2",` +
				`"digests":{"body":"` + digest + `","terms":"` + digest + `"},` +
				`"commitments":{"reason":"` + digest + `"},` +
				`"facts":{"cleared":"","decision":"deny","version":"3"}}`,
		},
		"the least": {
			entry: audit.Entry{Time: time.Unix(0, 0), Kind: "service.started", Actor: "system:serve", Facts: map[string]string{}},
			want:  `{"v":1,"seq":0,"time":"1970-01-01T00:00:00.000000Z","kind":"service.started","actor":"system:serve"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.entry.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Fatalf("encoding (-want +got):\n%s", diff)
			}
			back, err := audit.ParseEntry(got)
			if err != nil {
				t.Fatal(err)
			}
			again, err := back.Encode()
			if err != nil || string(again) != c.want {
				t.Fatalf("parsed and encoded again: %s, %v", again, err)
			}
		})
	}
}

func TestEntryRefused(t *testing.T) {
	for name, spoil := range map[string]func(*audit.Entry){
		"negative seq":                 func(e *audit.Entry) { e.Seq = -1 },
		"no time":                      func(e *audit.Entry) { e.Time = time.Time{} },
		"a year of five digits":        func(e *audit.Entry) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no kind":                      func(e *audit.Entry) { e.Kind = "" },
		"kind of one word":             func(e *audit.Entry) { e.Kind = "opened" },
		"kind in capitals":             func(e *audit.Entry) { e.Kind = "Hold.Opened" },
		"no actor":                     func(e *audit.Entry) { e.Actor = "" },
		"actor without its type":       func(e *audit.Entry) { e.Actor = "p-17" },
		"actor is an address":          func(e *audit.Entry) { e.Actor = "person:ann@example.com" },
		"actor is a name":              func(e *audit.Entry) { e.Actor = "person:Ann Lee" },
		"tenant with a quote":          func(e *audit.Entry) { e.Tenant = `t"1` },
		"hold with a newline":          func(e *audit.Entry) { e.Hold = "h\n1" },
		"connection too long":          func(e *audit.Entry) { e.Connection = strings.Repeat("c", 257) },
		"digest in capitals":           func(e *audit.Entry) { e.Digests["body"] = strings.Repeat("AB", 32) },
		"digest too short":             func(e *audit.Entry) { e.Digests["body"] = "ab" },
		"commitment that is the value": func(e *audit.Entry) { e.Commitments = map[string]string{"reason": "she called"} },
		"fact is an address":           func(e *audit.Entry) { e.Facts["to"] = "ann@example.com" },
		"fact that needs escaping":     func(e *audit.Entry) { e.Facts["x"] = `a\b` },
		"fact that HTML escapes":       func(e *audit.Entry) { e.Facts["x"] = "a<b" },
		"fact outside ASCII":           func(e *audit.Entry) { e.Facts["x"] = "Zoë" },
		"fact with invalid UTF-8":      func(e *audit.Entry) { e.Facts["x"] = "\xff" },
		"fact too long":                func(e *audit.Entry) { e.Facts["x"] = strings.Repeat("x", 257) },
		"name of a fact":               func(e *audit.Entry) { e.Facts["The State"] = "x" },
		"too many facts": func(e *audit.Entry) {
			for i := range 40 {
				e.Facts[strings.Repeat("n", i+1)] = "x"
			}
		},
		"too large altogether": func(e *audit.Entry) {
			for i := range 30 {
				e.Facts[strings.Repeat("n", 100+i)] = strings.Repeat("x", 250)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := someEntry(0)
			spoil(&e)
			body, err := e.Encode()
			if !errors.Is(err, audit.ErrEntry) {
				t.Fatalf("encoded to %s, %v; want it refused", body, err)
			}
			for _, secret := range []string{"ann@", "Ann Lee", "she called", "Zoë"} {
				if strings.Contains(err.Error(), secret) {
					t.Fatalf("the error repeats the personal value: %v", err)
				}
			}
		})
	}
}

// TestValidAtTheDoor: what the exported questions allow is what Encode allows.
func TestValidAtTheDoor(t *testing.T) {
	for value, want := range map[string]struct{ id, fact bool }{
		"p-17":                   {true, true},
		"0c9a:Ab_1.x":            {true, true},
		"":                       {false, true},
		"rule 4, second":         {false, true},
		"ann@example.com":        {false, false},
		"a\"b":                   {false, false},
		strings.Repeat("x", 257): {false, false},
	} {
		if audit.ValidID(value) != want.id || audit.ValidFact(value) != want.fact {
			t.Errorf("%.20q: id %t, fact %t; want %+v", value, audit.ValidID(value), audit.ValidFact(value), want)
		}
		e := someEntry(0)
		e.Hold, e.Facts["x"] = "h-1", value
		if _, err := e.Encode(); (err == nil) != want.fact {
			t.Errorf("%.20q as a fact: %v", value, err)
		}
		e = someEntry(0)
		e.Tenant, e.Actor = value, "person:"+value
		if _, err := e.Encode(); (err == nil) != want.id {
			t.Errorf("%.20q as an id: %v", value, err)
		}
	}
}

func TestParseEntryRefused(t *testing.T) {
	const good = `{"v":1,"seq":0,"time":"2026-11-02T09:30:15.000000Z","kind":"a.b","actor":"s:k","facts":{"a":"1","b":"2"}}`
	if _, err := audit.ParseEntry([]byte(good)); err != nil {
		t.Fatalf("the good one is refused: %v", err)
	}
	for name, change := range map[string][2]string{
		"unknown field":        {`"kind"`, `"why":"x","kind"`},
		"repeated field":       {`"seq":0`, `"seq":0,"seq":0`},
		"other order":          {`"v":1,"seq":0`, `"seq":0,"v":1`},
		"other order of facts": {`"a":"1","b":"2"`, `"b":"2","a":"1"`},
		"repeated fact":        {`"a":"1",`, `"a":"1","a":"1",`},
		"field in capitals":    {`"seq"`, `"SEQ"`},
		"space":                {`"seq":0`, `"seq": 0`},
		"needless escape":      {`"a.b"`, `"\u0061.b"`},
		"empty optional field": {`"kind"`, `"tenant":"","kind"`},
		"null":                 {`"facts":{"a":"1","b":"2"}`, `"facts":null`},
		"number as exponent":   {`"seq":0`, `"seq":0e0`},
		"no version":           {`"v":1,`, ``},
		"a later version":      {`"v":1`, `"v":2`},
		"nanoseconds":          {`15.000000Z`, `15.000000000Z`},
		"comma for the point":  {`15.000000Z`, `15,000000Z`},
		"an offset":            {`15.000000Z`, `15.000000+00:00`},
		"cut off":              {`"2"}}`, `"2"}`},
		"something after":      {`"2"}}`, `"2"}} {}`},
		"a newline after":      {`"2"}}`, "\"2\"}}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatal("the case changes nothing")
			}
			if e, err := audit.ParseEntry([]byte(bad)); !errors.Is(err, audit.ErrEntry) {
				t.Fatalf("%s was read as %+v, %v", bad, e, err)
			}
		})
	}
	if _, err := audit.ParseEntry([]byte(good + strings.Repeat(" ", audit.MaxBody))); !errors.Is(err, audit.ErrEntry) {
		t.Fatalf("too large: %v", err)
	}
}

func FuzzParseEntry(f *testing.F) {
	for i := range 3 {
		body, err := someEntry(i).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"v":1,"seq":0,"time":"2026-11-02T09:30:15.000000Z","kind":"a.b","actor":"s:k"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := audit.ParseEntry(body)
		if err != nil {
			if !errors.Is(err, audit.ErrEntry) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := e.Encode()
		if err != nil || string(again) != string(body) {
			t.Fatalf("two spellings of one entry: %q and %q, %v", body, again, err)
		}
	})
}

// TestJ8 proves that erasing salt and value leaves an intact log that says
// nothing any more.
func TestJ8CommitmentSurvivesErasure(t *testing.T) {
	salt := audit.NewSalt()
	committed := audit.Commit(salt, "she called from her desk")
	if !audit.CheckCommitment(salt, "she called from her desk", committed) {
		t.Fatal("the commitment to the value does not check")
	}
	for name, wrong := range map[string]bool{
		"another value":    audit.CheckCommitment(salt, "she wrote", committed),
		"another salt":     audit.CheckCommitment(audit.NewSalt(), "she called from her desk", committed),
		"not hex":          audit.CheckCommitment(salt, "she called from her desk", "zz"),
		"no commitment":    audit.CheckCommitment(salt, "she called from her desk", ""),
		"a shorter prefix": audit.CheckCommitment(salt, "she called from her desk", committed[:62]),
	} {
		if wrong {
			t.Errorf("%s: accepted", name)
		}
	}
	if audit.Commit(salt, "x") == audit.Commit(audit.NewSalt(), "x") {
		t.Error("the same value commits to the same under two salts")
	}

	e := someEntry(0)
	e.Commitments = map[string]string{"reason": committed}
	m := &memory{}
	leaves, err := audit.Append(0, []audit.Entry{e}, m)
	if err != nil {
		t.Fatal(err)
	}
	m.write(leaves)
	if r := verify(t, m); !r.OK() {
		t.Fatalf("with the salt gone: %s", r)
	}
}

func TestParseSalt(t *testing.T) {
	salt := audit.NewSalt()
	if back, err := audit.ParseSalt(salt[:]); err != nil || back != salt {
		t.Fatalf("%v, %v", back, err)
	}
	for _, short := range [][]byte{nil, salt[:31], append(salt[:], 0)} {
		if _, err := audit.ParseSalt(short); err == nil {
			t.Errorf("a salt of %d bytes is accepted", len(short))
		}
	}
}

// TestUnnumberedIsTheEncodingAroundItsNumber, for numbers of every length, and it
// refuses what Encode refuses.
func TestUnnumberedIsTheEncodingAroundItsNumber(t *testing.T) {
	e := someEntry(3)
	head, tail, err := e.Unnumbered()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 7, 10, 987654321, math.MaxInt64} {
		e.Seq = n
		want, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(head) + strconv.FormatInt(n, 10) + string(tail); got != string(want) {
			t.Errorf("numbered %d: %s, want %s", n, got, want)
		}
	}
	e.Actor = "person:anna@example.org"
	if _, _, err := e.Unnumbered(); !errors.Is(err, audit.ErrEntry) {
		t.Errorf("an address was taken: %v", err)
	}
}
