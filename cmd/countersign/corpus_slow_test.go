//go:build slow

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

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

func corpus(t *testing.T) (out []sample) {
	t.Helper()
	file := filepath.Join("..", "..", "..", "shared", "corpus", "okta", "events.jsonl")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published events are not beside this repository (" + filepath.Join("..", "shared", "corpus", "okta") + ")")
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		t.Fatal("there is no published event")
	}
	return out
}

// ofYesterday is the record as if it had been made yesterday, at the same time of
// day and in the same form: what a webhook tells of years ago is not held.
func (s sample) ofYesterday() json.RawMessage {
	day := []byte(`${1}` + time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) + `${2}`)
	return publishedOn.ReplaceAll(s.Record, day)
}

// publishedOn is the day of a record, between what stands before and behind it.
var publishedOn = regexp.MustCompile(`("published":\s*")\d{4}-\d{2}-\d{2}([T ])`)

// judged is what became of a published event.
type judged struct {
	class   holds.Class
	verdict holds.Verdict
	hold    holds.HoldID
}

// Every published Okta event, moved to yesterday and posted to the hook of a
// running `serve` as Okta would, is answered 204, stored and decoded; those of the three kinds that took
// effect are held as what they are, and no other is taken for one of the three.
// Their accounts are not in the simulated organisation, so nothing can be
// restrained: the label must say so.
func TestPublishedEvents(t *testing.T) {
	samples := corpus(t)
	w := newWorld(t, options{notYet: true, slowPoll: true, unaware: true})
	c := w.child()
	o := w.orgs[0]
	url := "http://" + c.public + "/hooks/okta/" + string(o.id)
	for _, s := range samples {
		body := bytes.Replace(envelope(o, s.ofYesterday()), []byte(`"eventId":"`), []byte(`"eventId":"`+s.ID+` `), 1)
		if status, answer := w.knock(url, body, header("Authorization", o.secret)); status != http.StatusNoContent {
			t.Errorf("%s was answered %d: %s", s.ID, status, answer)
		}
	}
	w.until("every delivery to be decided", func() (bool, string) {
		n := w.count("SELECT count(*) FROM deliveries WHERE decided_at IS NULL AND failed_at IS NULL")
		return n == 0, itoa(n) + " wait"
	})
	if n := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook'"); n != len(samples) {
		t.Errorf("%d of %d deliveries are stored", n, len(samples))
	}
	if failed := w.column("SELECT envelope || ': ' || trouble FROM deliveries WHERE failed_at IS NOT NULL"); len(failed) > 0 {
		t.Errorf("some could not be decided: %v", failed)
	}
	w.until("the attempts to restrain to end", func() (bool, string) {
		n := w.count("SELECT count(*) FROM holds WHERE containment = 'requested'")
		return n == 0, itoa(n) + " go on"
	})
	c.kill()
	w.start()

	three := []holds.Class{holds.MFAChange, holds.RecoveryChange, holds.RoleActivation}
	scores := map[string]int{}
	for _, s := range samples {
		got := w.judged(s)
		expected := slices.Contains(three, s.Class) && s.Effect
		isHeld := got.hold != ""
		if s.Ambiguous {
			scores[map[bool]string{true: "ambiguous, as labelled", false: "ambiguous, otherwise"}[isHeld == expected]]++
			continue
		}
		switch {
		case slices.Contains(three, s.Class) != slices.Contains(three, got.class), slices.Contains(three, s.Class) && got.class != s.Class:
			t.Errorf("%s is %s, labelled %s", s.ID, got.class, s.Class)
		case expected && !isHeld:
			t.Errorf("%s (%s) took effect and is not held: %s", s.ID, s.Class, got.verdict)
		case !expected && slices.Contains(three, got.class) && isHeld:
			t.Errorf("%s (%s) did not take effect and is held", s.ID, s.Class)
		case s.Class == holds.None && isHeld:
			t.Errorf("%s means nothing and is held as %s", s.ID, got.class)
		}
		scores[map[bool]string{true: "held", false: "not held"}[isHeld]]++
		if isHeld {
			v := w.view(got.hold)
			if v.Hold.Standing != holds.Observed || len(v.Hold.Doubts) == 0 {
				t.Errorf("%s: %s", s.ID, stands(v))
			}
		}
	}
	t.Logf("of %d published events: %v", len(samples), scores)
}

// judged finds what became of a sample. Anonymised samples share ids: one that
// says the same as an earlier one is the same event, and was judged then.
func (w *world) judged(s sample) (got judged) {
	w.Helper()
	var r struct {
		UUID string `json:"uuid"`
		Type string `json:"eventType"`
	}
	w.must(json.Unmarshal(s.Record, &r))
	const verdicts = `SELECT json_build_array(v.class, v.verdict, coalesce(v.hold_id::text, ''))::text
		FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id) JOIN deliveries d USING (tenant_id, delivery_id) WHERE `
	rows := w.column(verdicts+`d.envelope LIKE $1`, s.ID+" %")
	if len(rows) == 0 && r.UUID != "" {
		rows = w.column(verdicts+`(e.event_id = $1 OR e.event_id LIKE $1 || '#%') AND e.type = $2`, r.UUID, r.Type)
	}
	if len(rows) == 0 {
		w.Errorf("%s was not decoded", s.ID)
		return got
	}
	var parts [3]string
	w.must(json.Unmarshal([]byte(rows[0]), &parts))
	return judged{class: holds.Class(parts[0]), verdict: holds.Verdict(parts[1]), hold: holds.HoldID(parts[2])}
}
