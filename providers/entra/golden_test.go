package entra

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

var update = flag.Bool("update", false, "write the golden files anew")

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"page", "diagnostic", "unified"} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = body
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, body := range samples(t) {
		t.Run(name, func(t *testing.T) {
			x := NewDecoder(ours())
			events := x.Decode(delivery(holds.FromPoller, body))
			if diff := cmp.Diff(events, x.Record(body, received())); diff != "" {
				t.Errorf("a page and a batch differ:\n%s", diff)
			}
			got := render(t, events)
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("decoded events differ from %s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// FuzzRecord: whatever the bytes, the same events come twice, each fit to be
// stored, and never none.
func FuzzRecord(f *testing.F) {
	for _, body := range samples(f) {
		f.Add(body, false)
		raws, err := split(body)
		if err != nil {
			f.Fatal(err)
		}
		for _, raw := range raws {
			f.Add(raw, false)
		}
	}
	f.Add([]byte(audited("Directory_"+ingrid+"_A_1", "Add member to group", person(ingrid, "Group.ObjectID", "null", `"\"`+ourSet+`\""`), person(ingrid, "", "", ""))), true)
	f.Add([]byte(signIn(ingrid)), true)
	f.Add([]byte(`{"value":[{"subscriptionId":"s","changeType":"updated"}]}`), true)
	f.Add([]byte(pimRecord("Add member to role completed (PIM activation)", globalAdmin, "x")), false)
	f.Add([]byte(cmdletRecord("UpdateInboxRules", "a@b", "RuleActions", `[{"ActionType":"Forward"}]`)), false)
	f.Add([]byte(onApp("Consent to application", "ServicePrincipal", property("ConsentAction.Permissions", "", "[] => [[Id: a, PrincipalId: b, ConsentType: Principal, Scope: x ]]"))), false)
	x := NewDecoder(ours())
	f.Fuzz(func(t *testing.T, raw []byte, hook bool) {
		got := x.Record(raw, received())
		if hook {
			got = x.Decode(delivery(holds.FromHook, raw))
		} else if len(got) == 0 {
			t.Fatal("a record gave nothing")
		}
		again := x.Record(raw, received())
		if hook {
			again = x.Decode(delivery(holds.FromHook, raw))
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("decoding twice differs:\n%s", diff)
		}
		for _, e := range got {
			whole(t, e)
		}
	})
}

func whole(t *testing.T, e holds.Event) {
	t.Helper()
	if e.ID == "" || e.Class == "" || e.Verb == "" || e.Outcome == "" || e.Actor.Kind == "" || e.Occurred.IsZero() || e.Summary == "" {
		t.Fatalf("an event lacks something: %+v", e)
	}
	if !slices.IsSortedFunc(e.Subjects, func(a, b holds.Account) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("subjects are not sorted: %v", e.Subjects)
	}
	for i, s := range e.Subjects {
		if s.ID == "" || i > 0 && s.ID == e.Subjects[i-1].ID {
			t.Fatalf("subjects repeat or lack an id: %v", e.Subjects)
		}
	}
	for _, part := range strings.FieldsFunc(e.Undo.Object, func(r rune) bool { return r == ':' || r == '/' }) {
		if assignmentID(part) == "" && part != "application" && part != "servicePrincipal" && part != "delegated" && part != "approle" {
			t.Fatalf("an undo leads elsewhere: %+v", e.Undo)
		}
	}
	out, err := json.Marshal(e)
	if err != nil || bytes.Contains(out, []byte(`\u0000`)) {
		t.Fatalf("the event cannot be stored: %s, %v", out, err)
	}
}
