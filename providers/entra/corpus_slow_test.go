//go:build slow

package entra

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

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// sample is a published record with its label.
type sample struct {
	ID        string          `json:"id"`
	Class     holds.Class     `json:"class"`
	Effect    bool            `json:"takes_effect"`
	Shape     string          `json:"shape"`
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
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "corpus", "entra", "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published records are not beside this repository (" + filepath.Join("..", "shared", "corpus", "entra") + ")")
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

// tookEffect is what the labels call taking effect: a change of which nothing is
// known counts, and what changes nothing needs to have succeeded.
func tookEffect(e holds.Event) bool {
	if e.Class == holds.None {
		return e.Outcome == holds.Succeeded
	}
	return e.Outcome != holds.Failed
}

// Every published record of one meaning gets the class of its label and its
// outcome, alone and in a page, and none is lost or undecided. Those whose label
// says that people could read them differently are listed.
func TestCorpus(t *testing.T) {
	x := NewDecoder(DecoderOptions{})
	counts := map[holds.Class]int{}
	for i, s := range corpus(t) {
		alone := x.Record(s.Record, received())
		page := x.Decode(delivery(holds.FromPoller, slices.Concat([]byte(`{"value":[`), s.Record, []byte("]}"))))
		if diff := cmp.Diff(alone, page); diff != "" || len(alone) != 1 {
			t.Errorf("record %d %s: alone and in a page differ:\n%s", i, s.ID, diff)
			continue
		}
		e := alone[0]
		counts[e.Class]++
		right := e.Class == s.Class && tookEffect(e) == s.Effect
		switch {
		case s.Ambiguous:
			t.Logf("record %d (%s): %q is %s, effect %v; labelled %s, %v", i, s.Shape, e.Type, e.Class, tookEffect(e), s.Class, s.Effect)
		case !right:
			t.Errorf("record %d (%s) %s: %q is %s, effect %v; labelled %s, %v; doubts %q", i, s.Shape, s.ID, e.Type, e.Class, tookEffect(e), s.Class, s.Effect, e.Doubts)
		}
		if e.Class != holds.None && e.Actor.Kind == holds.PartyUnknown && bytes.Contains(s.Record, []byte(`"initiatedBy"`)) {
			t.Errorf("record %d: nobody made %q: %+v", i, e.Type, e.Actor)
		}
	}
	t.Logf("classes of the published records: %v", counts)
}
