//go:build slow

package okta

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	var out []sample
	lines := bufio.NewScanner(bytes.NewReader(published(t, "corpus", "okta", "events.jsonl")))
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

// effect is what a record says of itself: its own outcome, and where it has none,
// that a change took effect and that what is no change did not.
func effect(e holds.Event) bool {
	return e.Outcome == holds.Succeeded || e.Outcome == holds.Unknown && e.Class != holds.None
}

// Every published record must decode alike alone, in a page and in a hook's batch;
// every one whose label is certain must get its class and its effect. The others
// are listed.
func TestCorpus(t *testing.T) {
	x := offline()
	counts, unsure := map[holds.Class]int{}, 0
	for _, s := range corpus(t) {
		page := x.Decode(delivery(holds.FromPoller, slices.Concat([]byte("["), s.Record, []byte("]"))))
		hook := x.Decode(delivery(holds.FromHook, slices.Concat([]byte(`{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","data":{"events":[`), s.Record, []byte("]}}"))))
		alone := x.Record(s.Record, received())
		if diff := cmp.Diff(page, hook); diff != "" || len(page) != 1 {
			t.Errorf("%s: page and hook differ:\n%s", s.ID, diff)
			continue
		}
		if diff := cmp.Diff(page, alone); diff != "" {
			t.Errorf("%s: page and record differ:\n%s", s.ID, diff)
		}
		e := page[0]
		counts[e.Class]++
		switch right := e.Class == s.Class && effect(e) == s.Effect; {
		case s.Ambiguous:
			unsure++
			t.Logf("ambiguous: %s of %s is %s, effect %v; labelled %s, %v", s.ID, e.Type, e.Class, effect(e), s.Class, s.Effect)
		case !right:
			t.Errorf("%s of %s is %s, effect %v; labelled %s, %v (%q)", s.ID, e.Type, e.Class, effect(e), s.Class, s.Effect, e.Doubts)
		}
		if e.Class == holds.Unclassified {
			t.Errorf("%s: %s could not be classified: %q", s.ID, e.Type, e.Doubts)
		}
	}
	t.Logf("classes of the published records: %v; %d labels are not certain", counts, unsure)
}
