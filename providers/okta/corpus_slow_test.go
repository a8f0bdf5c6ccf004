//go:build slow

package okta

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/countersign/countersign/holds"
)

// sample is a published Okta event with its label.
type sample struct {
	ID        string          `json:"id"`
	Class     holds.Class     `json:"class"`
	Effect    bool            `json:"takes_effect"`
	Ambiguous bool            `json:"ambiguous"`
	Record    json.RawMessage `json:"record"`
}

func corpus(t *testing.T) []sample {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("there is no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	file := filepath.Join(dir, "..", "shared", "corpus", "okta", "events.jsonl")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published events are not beside this repository (" + filepath.Join("..", "shared", "corpus", "okta") + ")")
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []sample
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// Every published record must decode, alone and in a hook's batch; those of the
// three kinds must get their label's class, and no other record one of the
// three.
func TestCorpus(t *testing.T) {
	c := newDecoder(t)
	three := []holds.Class{holds.MFAChange, holds.RecoveryChange, holds.RoleActivation}
	counts := map[holds.Class]int{}
	for _, s := range corpus(t) {
		page := c.Decode(delivery(holds.FromPoller, slices.Concat([]byte("["), s.Record, []byte("]"))))
		hook := c.Decode(delivery(holds.FromHook, slices.Concat([]byte(`{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","data":{"events":[`), s.Record, []byte("]}}"))))
		if len(page) != 1 || len(hook) != 1 || page[0].ID != hook[0].ID || page[0].Class != hook[0].Class {
			t.Errorf("%s: page and hook differ: %+v, %+v", s.ID, page, hook)
			continue
		}
		e := page[0]
		counts[e.Class]++
		if (slices.Contains(three, s.Class) || slices.Contains(three, e.Class)) && e.Class != s.Class {
			t.Errorf("%s: %s is %s, labelled %s", s.ID, e.Type, e.Class, s.Class)
		}
		if s.Class != holds.None && e.Class == holds.None && !s.Ambiguous {
			t.Errorf("%s: %s, labelled %s, means nothing to us", s.ID, e.Type, s.Class)
		}
		if e.Class == holds.Unclassified {
			t.Errorf("%s: %s could not be classified: %q", s.ID, e.Type, e.Doubts)
		}
		var r struct {
			Outcome *struct{ Result string }
		}
		if err := json.Unmarshal(s.Record, &r); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(three, s.Class) || r.Outcome != nil {
			// An unknown outcome is treated as if the change took effect.
			if took := e.Outcome != holds.Failed; took != s.Effect {
				t.Errorf("%s: %s has outcome %s, labelled takes_effect=%v", s.ID, e.Type, e.Outcome, s.Effect)
			}
		}
	}
	t.Logf("classes of the published records: %v", counts)
}
