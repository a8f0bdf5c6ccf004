package okta

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// documents are JSON and nearly JSON, for the two readers to agree about.
func documents() []string {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	return []string{
		"", " ", "{}", " {} ", "{}{}", "{} x", "{", "}", "[", "]", "[]", "[1,2]", "[1,]", "[,1]", "[1 2]", `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`,
		`{"a":[1}]`, `{"a":{"b":[true,false,null]}}`, `{"a":"b" "c":1}`, "\ufeff{}", "\x00", "{}\x00", "[\"a\nb\"]", `["\x"]`, `["\u00"]`, `["\u00e9\ud83d\ude00\ud800"]`,
		`["\ud800\u00"]`, `["\\"]`, `["\\\"]`, `["a`, `["\`, `[nullx]`, `[null]`, `[nul]`, `[tru`, `[01]`, `[+1]`, `[-]`, `[-0]`, `[1.]`, `[1.5e]`, `[1.5e+3]`, `[1E-3]`, `[.5]`, `[0.1]`,
		`[NaN]`, "{/**/}", `{'a':1}`, "[\"\xff\"]", `["aaaaaaaa","bbbbbbb\"b","cccccccc\\"]`, "[\"aaaaaaaaa\taa\"]", "[\"aaaaaaaaaaaaaaa\x1f\"]", `["€€€€€€€€€€"]`,
		deep(64), deep(65), deep(66), `{"a":` + deep(63) + "}", `{"a":` + deep(64) + "}", `{"a":` + deep(65) + "}",
		"[" + strings.Repeat("0,", 19_997) + "0]", "[" + strings.Repeat("0,", 19_998) + "0]", "[" + strings.Repeat("0,", 19_999) + "0]", `1`, `"a"`, `null`, `"a" "b"`,
	}
}

// agree holds the scanner to what providers.ReadJSON takes and refuses.
func agree(t *testing.T, raw []byte) {
	t.Helper()
	s := scanner{in: raw}
	v, err := providers.ReadJSON(raw)
	if ok := s.skip(0) && s.ended(); ok != (err == nil) {
		t.Fatalf("the scanner says %v to %.200q, the reader %v", ok, raw, err)
	}
	var l logEvent
	switch werr := l.walk(raw); {
	case err != nil && werr == nil, err == nil && v.Kind != providers.Object && werr == nil:
		t.Fatalf("a record was made of %.200q", raw)
	case err == nil && v.Kind == providers.Object && werr != nil && l.clash == "":
		t.Fatalf("%.200q: %v", raw, werr)
	case err == nil && werr == nil:
		for name, got := range map[string]value{"eventType": l.eventType, "uuid": l.uuid, "detail": l.detail, "debugContext": l.debug} {
			if want := v.Field(name); !bytes.Equal(got, want.Raw) || got.word() != v.Word(name) || got.kind() != want.Kind {
				t.Fatalf("%s of %.200q is %q, want %q", name, raw, got, want.Raw)
			}
		}
	}
}

func TestB3B4ScannerAgreesWithTheReader(t *testing.T) {
	for i, doc := range documents() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			agree(t, []byte(doc))
			agree(t, []byte(`{"eventType":`+doc+`,"uuid":"a\u0062c", "detail" : {"x":[1]} , "debugContext":null}`))
			agree(t, []byte(`{"target":[`+doc+`],"actor":`+doc+`,"client":{"ipAddress":`+doc+`}}`))
		})
	}
}

func TestB4WhatIsNotReadMayDoAsItLikes(t *testing.T) {
	good := reset(nil)
	want := one(t, good)
	for name, raw := range map[string]string{
		"an unknown member twice":       strings.Replace(good, "{", `{"_time":1,"_time":2,`, 1),
		"an unknown member in two ways": strings.Replace(good, "{", `{"Severity":"INFO","severity":"WARN",`, 1),
		"inside what means nothing":     strings.Replace(good, "{", `{"debugContext":{"debugData":{"a":1,"A":2}},`, 1),
		"in the actor":                  strings.Replace(good, `"actor":{`, `"actor":{"x":1,"X":2,`, 1),
	} {
		if e := one(t, raw); e.ID != want.ID || e.Class != want.Class {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, doc := range documents() {
		if len(doc) < 1000 {
			f.Add([]byte(doc))
		}
	}
	for _, name := range []string{"mfa", "recovery_and_roles", "hook_tamper"} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add(lengthy(f, "user.session.start", 0))
	f.Fuzz(agree)
}

// FuzzRecord: any bytes make events that can be stored, and the same ones again.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(reset(nil)))
	f.Add([]byte(`{"detail":` + reset(nil) + `}`))
	f.Add(lengthy(f, "user.account.update_profile", 0))
	x := NewDecoder(DecoderOptions{OwnAccounts: []string{"00uCountersignSvc000"}, RestraintGroup: "00gCountersignHold00"})
	f.Fuzz(func(t *testing.T, raw []byte) { sound(t, func() []holds.Event { return x.Record(raw, received()) }) })
}
