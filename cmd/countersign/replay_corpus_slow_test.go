//go:build slow

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// published are the published records of a provider with their labels.
func published(t *testing.T, provider string) (out []sample) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "corpus", provider, "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published records are not beside this repository (" + filepath.Join("..", "shared", "corpus", provider) + ")")
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		t.Fatal("there is no published record")
	}
	return out
}

// TestReplayOfPublishedRecords: every published record that is not ambiguous gets
// the class and the effect of its label from the command, and no record is an error;
// as lines, in an array, in a page, in batches and in hooks alike.
func TestReplayOfPublishedRecords(t *testing.T) {
	for _, provider := range []string{"okta", "entra"} {
		samples := published(t, provider)
		var records []string
		for _, s := range samples {
			records = append(records, string(s.Record))
		}
		wrappings := map[string]string{
			"lines": strings.Join(records, "\n"), "array": "[" + strings.Join(records, ",\n") + "]",
			"page": `{"value":[` + strings.Join(records, ",") + "]}", "batches": `{"records":[` + strings.Join(records, `]}{"records":[`) + "]}",
			"hooks": `{"eventType":"com.okta.event_hook","data":{"events":[` + strings.Join(records, "]}}\n"+`{"eventType":"com.okta.event_hook","data":{"events":[`) + "]}}",
		}
		for wrapping, log := range wrappings {
			out, errs, code := replayOf(t, log, "--provider", provider, "--json", "-")
			list := verdicts(t, out)
			if code != 0 || len(list) != len(samples) {
				t.Fatalf("%s, %s: exit %d, %d lines of %d records; %s", provider, wrapping, code, len(list), len(samples), errs)
			}
			agreed, ambiguous := 0, 0
			for i, s := range samples {
				v := list[i]
				same := v.Class == s.Class && v.TakesEffect == s.Effect
				switch {
				case s.Ambiguous:
					ambiguous++
				case !same:
					t.Errorf("%s, %s: %s is %s, effect %v; labelled %s, %v (%s)", provider, wrapping, s.ID, v.Class, v.TakesEffect, s.Class, s.Effect, v.Reason)
				default:
					agreed++
				}
				if v.Held && (s.Class == "none" || !s.Effect) && !s.Ambiguous {
					t.Errorf("%s: %s (%s, effect %v) is held: %s", provider, s.ID, s.Class, s.Effect, v.Reason)
				}
			}
			t.Logf("%s, %s: %d records as labelled, %d ambiguous", provider, wrapping, agreed, ambiguous)
		}
	}
}
