package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds/replay"
)

// replayOf runs the command with something on standard input.
func replayOf(t testing.TB, in string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(context.Background(), append([]string{"replay"}, args...), streams{in: strings.NewReader(in), out: &out, err: &errs})
	var exit exitCode
	switch {
	case errors.As(err, &exit):
		code = int(exit)
	case err != nil:
		code = 1
		fmt.Fprintln(&errs, "countersign:", err)
	}
	return out.String(), errs.String(), code
}

// exactly compares with a golden file to the letter.
func exactly(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "replay", "golden", name)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (write it anew with -update):\n%s", file, diff)
	}
}

// export names files of a stranger's export.
func strange(names ...string) []string {
	var out []string
	for _, n := range names {
		out = append(out, filepath.Join("testdata", "replay", n))
	}
	return out
}

func oktaExport() []string {
	return strange("okta-array.json", "okta-hooks.json", "okta-lines.jsonl", "okta-values.json")
}

func entraExport() []string {
	return strange("entra-page.json", "entra-batches.json", "entra-unified.json", "entra-unified.csv")
}

// verdicts reads the lines the command printed.
func verdicts(t testing.TB, out string) []replay.Verdict {
	t.Helper()
	var list []replay.Verdict
	for line := range strings.Lines(out) {
		var v replay.Verdict
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, v)
	}
	return list
}

// TestReplayOfAStrangersExport: files of every shape, mixed as people have them,
// give one line for each record within, counted across the files.
func TestReplayOfAStrangersExport(t *testing.T) {
	for provider, files := range map[string][]string{"okta": oktaExport(), "entra": entraExport()} {
		out, errs, code := replayOf(t, "", append([]string{"--provider", provider, "--json"}, files...)...)
		if code != 0 || errs != "" {
			t.Errorf("%s: exit %d, %s", provider, code, errs)
		}
		exactly(t, provider+".jsonl", out)
		for i, v := range verdicts(t, out) {
			if v.Index != int64(i) {
				t.Errorf("%s: line %d is of record %d", provider, i, v.Index)
			}
		}
	}
}

// TestReplayKeys: a line has exactly the promised keys, in their order, and one of
// a record that cannot be read has its place and what is wrong.
func TestReplayKeys(t *testing.T) {
	out, _, code := replayOf(t, "", append([]string{"--provider=okta", "--json"}, strange("okta-broken.jsonl")...)...)
	if code != 1 {
		t.Errorf("exit %d, want 1 where a record could not be read", code)
	}
	exactly(t, "broken.jsonl", out)
	for line := range strings.Lines(out) {
		var keys []string
		d := json.NewDecoder(strings.NewReader(line))
		for depth := 0; ; {
			token, err := d.Token()
			if err == io.EOF { //nolint:errorlint // it is given bare
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
			case json.Delim('}'), json.Delim(']'):
				depth--
			default:
				if depth == 1 {
					keys = append(keys, fmt.Sprint(token))
					var skip json.RawMessage
					if err := d.Decode(&skip); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		want := "index file id class takes_effect change held tier mode subjects actor reason"
		if strings.Contains(line, `"error"`) {
			want = "index file error"
		}
		if got := strings.Join(keys, " "); got != want {
			t.Errorf("the keys are %s", got)
		}
	}
}

// TestReplayLineIsJSON: what is put together by hand is what encoding/json would
// make of it, whatever stands in a record.
func TestReplayLineIsJSON(t *testing.T) {
	for _, s := range []string{"", "plain", `quote " and back \`, "line\nbreak\tand \x00", "Zoë 🔑", "bad \xff bytes", "<script>&", "\u2028\u202e"} {
		v := replay.Verdict{Index: 7, File: s, ID: s, Class: "mfa_change", TakesEffect: true, Change: s, Held: true, Tier: "high", Mode: "contain", Subjects: []string{s, s}, Actor: s, Reason: s}
		var got, want map[string]any
		line := appendLine(nil, v)
		raw, err := json.Marshal(v)
		if err = errors.Join(err, json.Unmarshal(line, &got), json.Unmarshal(raw, &want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
	if got := string(appendLine(nil, replay.Verdict{})); !strings.Contains(got, `"subjects":[]`) {
		t.Errorf("nobody is %s", got)
	}
}

// TestReplayOfEveryWrapping: the same records give the same lines in every wrapping
// that the command reads.
func TestReplayOfEveryWrapping(t *testing.T) {
	lines := func(provider string, files []string) (list []json.RawMessage) {
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(bytes.NewReader(raw))
			for d.More() {
				var one json.RawMessage
				if err := d.Decode(&one); err != nil {
					t.Fatal(provider, err)
				}
				list = append(list, one)
			}
		}
		return list
	}
	unified := lines("entra", strange("entra-unified.json"))[0]
	var records []json.RawMessage
	if err := json.Unmarshal(unified, &records); err != nil {
		t.Fatal(err)
	}
	wrapEach(t, "entra", append(records, compact(t, records[0], "b2000000", "b3000000")), true)
	events := lines("okta", strange("okta-lines.jsonl", "okta-values.json"))
	wrapEach(t, "okta", events, false)
}

// compact is a copy of a record on one line, mended.
func compact(t *testing.T, raw json.RawMessage, old, with string) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, bytes.ReplaceAll(raw, []byte(old), []byte(with))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wrapEach(t *testing.T, provider string, records []json.RawMessage, unified bool) {
	t.Helper()
	var texts []string
	for _, r := range records {
		texts = append(texts, string(compact(t, r, "", "")))
	}
	inLines, inList := strings.Join(texts, "\n"), strings.Join(texts, ",")
	want := want(t, provider, inLines)
	wrappings := map[string]string{
		"an array": "[" + inList + "]", "a printed array": "[\n  " + strings.Join(texts, ",\n  ") + "\n]\n", "values in a row": strings.Join(texts, ""),
		"a page": `{"@odata.context":"x","value":[` + inList + `],"@odata.nextLink":"y"}`, "a batch": `{"records":[` + inList + `]}`,
		"two batches": `{"records":[` + texts[0] + `]}{"records":[` + strings.Join(texts[1:], ",") + `]}`,
		"a hook":      `{"eventType":"com.okta.event_hook","data":{"events":[` + inList + `]},"eventTypeVersion":"1.0"}`,
		"gzip":        zipped(t, inLines), "gzip in two parts": zipped(t, texts[0]) + zipped(t, "\n"+strings.Join(texts[1:], "\n")), "UTF-16": wide(inLines), "a byte order mark": "\ufeff" + inLines,
	}
	if unified {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"CreationDate", "UserIds", "Operations", "AuditData"})
		for _, s := range texts {
			_ = w.Write([]string{"2026-09-13", "u", "o", s})
		}
		w.Flush()
		quoted, err := json.Marshal(texts)
		if err != nil {
			t.Fatal(err)
		}
		wrappings["a table"], wrappings["a table in UTF-16"], wrappings["an array of texts"] = b.String(), wide(b.String()), string(quoted)
	}
	for name, in := range wrappings {
		if got := wantOf(t, provider, in, name); !slices.Equal(got, want) {
			t.Errorf("%s, %s:\n got %v\nwant %v", provider, name, got, want)
		}
	}
}

func want(t *testing.T, provider, in string) []string {
	t.Helper()
	return wantOf(t, provider, in, "lines")
}

// wantOf is what the lines say, through a pipe and from a file alike.
func wantOf(t *testing.T, provider, in, name string) []string {
	t.Helper()
	piped, errs, code := replayOf(t, in, "--provider", provider, "--json", "-")
	if code != 0 {
		t.Fatalf("%s, %s: exit %d, %s", provider, name, code, errs)
	}
	file := filepath.Join(t.TempDir(), "export")
	if err := os.WriteFile(file, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	read, _, _ := replayOf(t, "", "--provider", provider, "--json", file)
	if got, want := strings.ReplaceAll(read, file, "-"), piped; got != want {
		t.Errorf("%s, %s: a file gives\n%sand a pipe\n%s", provider, name, got, want)
	}
	var out []string
	for _, v := range verdicts(t, piped) {
		out = append(out, fmt.Sprintf("%d %s %s %v %v", v.Index, v.ID, v.Class, v.TakesEffect, v.Held))
	}
	return out
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wide(s string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// TestReplayExitCodes: what is wrong with a record, a file and the command line is
// told apart, and what can be read is.
func TestReplayExitCodes(t *testing.T) {
	good, broken := strange("okta-lines.jsonl")[0], strange("okta-broken.jsonl")[0]
	dir := t.TempDir()
	settings := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(settings, []byte("watched_groups:\n  - 00gVPN\nnetwork: [x]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		args  []string
		code  int
		lines int
		says  string
	}{
		{"all read", []string{"--provider=okta", "--json", good}, 0, 3, ""},
		{"a record not", []string{"--provider=okta", "--json", broken, good}, 1, 9, ""},
		{"a file not", []string{"--provider=okta", "--json", good, filepath.Join(dir, "missing.json"), good}, 2, 6, "missing.json: no such file"},
		{"a directory", []string{"--provider=okta", "--json", dir, good}, 2, 3, "is a directory"},
		{"a file and a record not", []string{"--provider=okta", "--json", broken, dir}, 2, 6, "is a directory"},
		{"a summary of a record that is not", []string{"--provider=okta", broken}, 1, -1, ""},
		{"another provider's log", []string{"--provider=entra", "--json", good}, 1, 3, "is --provider right?"},
		{"no file", []string{"--provider=okta"}, 2, 0, "<file>"},
		{"no provider", []string{good}, 2, 0, "--provider"},
		{"an unknown provider", []string{"--provider=ldap", good}, 2, 0, "ldap"},
		{"both forms", []string{"--provider=okta", "--json", "--summary", good}, 2, 0, "--summary"},
		{"standard input twice", []string{"--provider=okta", "-", "-"}, 2, 0, "only once"},
		{"fewer than no people", []string{"--provider=okta", "--people=-3", good}, 2, 0, "--people"},
		{"no such settings", []string{"--provider=okta", "--policy=" + filepath.Join(dir, "none.yaml"), good}, 2, 0, "none.yaml"},
		{"settings with a mistake", []string{"--provider=okta", "--policy=" + settings, good}, 2, 0, "policy.yaml:3:1"},
		{"a page that cannot be written", []string{"--provider=okta", "--html=" + filepath.Join(dir, "no", "x.html"), good}, 1, 0, "x.html"},
	} {
		out, errs, code := replayOf(t, "", tc.args...)
		if code != tc.code || !strings.Contains(errs, tc.says) || (tc.says == "") != (errs == "") {
			t.Errorf("%s: exit %d, %q", tc.name, code, errs)
		}
		if n := strings.Count(out, "\n"); tc.lines >= 0 && n != tc.lines {
			t.Errorf("%s: %d lines", tc.name, n)
		}
	}
}

// TestReplayOfNewestFirst: a log as a console exports it, with the newest record
// first, is judged as one in order; through a pipe it cannot be, and says so.
func TestReplayOfNewestFirst(t *testing.T) {
	var list []json.RawMessage
	for _, f := range oktaExport() {
		if strings.HasSuffix(f, "hooks.json") {
			continue
		}
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		for d.More() {
			var one json.RawMessage
			if err := d.Decode(&one); err != nil {
				t.Fatal(err)
			}
			var many []json.RawMessage
			if json.Unmarshal(one, &many) != nil {
				many = []json.RawMessage{one}
			}
			list = append(list, many...)
		}
	}
	held := func(in []json.RawMessage) map[string]string {
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "log.json")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := replayOf(t, "", "--provider=okta", "--json", file)
		if code != 0 || errs != "" {
			t.Fatalf("exit %d, %s", code, errs)
		}
		got := map[string]string{}
		for _, v := range verdicts(t, out) {
			got[v.ID] = fmt.Sprint(v.Held, v.Tier, v.Reason)
		}
		return got
	}
	forward := held(list)
	slices.Reverse(list)
	if diff := cmp.Diff(forward, held(list)); diff != "" {
		t.Error(diff)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if out, errs, code := replayOf(t, string(raw), "--provider=okta", "-"); code != 0 || !strings.Contains(errs, "newest records come first") || !strings.Contains(out, "The newest records came first") {
		t.Errorf("through a pipe: exit %d, %s", code, errs)
	}
}

// TestReplayWithSettings: what an organisation says about itself counts.
func TestReplayWithSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("joiner_days: 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	joiner := "0f000012-0000-4000-8000-000000000000"
	find := func(args ...string) replay.Verdict {
		out, errs, code := replayOf(t, "", append(append(args, "--provider=okta", "--json"), strange("okta-values.json")...)...)
		if code != 0 {
			t.Fatal(errs)
		}
		for _, v := range verdicts(t, out) {
			if v.ID == joiner {
				return v
			}
		}
		t.Fatal("the joiner's record is missing")
		return replay.Verdict{}
	}
	if v := find(); v.Held || v.Tier != "low" {
		t.Errorf("as shipped, a joiner's first enrolment is told: %+v", v)
	}
	if v := find("--policy", file); !v.Held {
		t.Errorf("with no joiners it is held: %+v", v)
	}
}

// TestReplayStops: told to stop, it stops, and what was judged has been printed; a
// reader that goes away ends it, too.
func TestReplayStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	var out bytes.Buffer
	in := &stopping{mix: mix{n: 1 << 30}, after: 100, stop: stop}
	err := run(ctx, []string{"replay", "--provider=okta", "--json", "-"}, streams{in: in, out: &out, err: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "stopped after ") || !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("%v after %d bytes", err, out.Len())
	}
	if n := len(verdicts(t, out.String())); n < 1000 {
		t.Errorf("%d lines were printed", n)
	}
	gone := errors.New("nobody reads any more")
	err = run(context.Background(), []string{"replay", "--provider=okta", "--json", "-"}, streams{in: &mix{n: 1 << 30}, out: closed{gone}, err: io.Discard})
	if !errors.Is(err, gone) {
		t.Errorf("without a reader: %v", err)
	}
}

// stopping tells the command to stop after some reads.
type stopping struct {
	mix
	after int
	stop  func()
}

func (s *stopping) Read(p []byte) (int, error) {
	if s.after--; s.after == 0 {
		s.stop()
	}
	return s.mix.Read(p)
}

type closed struct{ err error }

func (c closed) Write([]byte) (int, error) { return 0, c.err }
