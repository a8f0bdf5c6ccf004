package entra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

func TestB4TwoReadingsAreNoReading(t *testing.T) {
	good := audited("Directory_"+ingrid+"_AAAAA_1", "Reset user password", person(ingrid, "", "", ""))
	for name, raw := range map[string]string{
		"activity twice":        strings.Replace(good, `"activityDisplayName":`, `"activityDisplayName":"Update user","activityDisplayName":`, 1),
		"activity in two cases": strings.Replace(good, `"activityDisplayName":`, `"ActivityDisplayName":"Update user","activityDisplayName":`, 1),
		"target id twice":       strings.Replace(good, `{"id":"`+ingrid+`"`, `{"id":"`+tess+`","id":"`+ingrid+`"`, 1),
		"target type in two":    strings.Replace(good, `"type":"User"`, `"type":"User","Type":"Group"`, 1),
		"result in two":         strings.Replace(good, `"result":"success"`, `"result":"success","Result":"failure"`, 1),
		"actor id twice":        strings.Replace(good, `"user":{"id"`, `"user":{"ID":"`+ourSP+`","id"`, 1),
		"actor twice":           strings.Replace(good, `"initiatedBy":{`, `"initiatedBy":{"User":{"id":"x"},`, 1),
		"a key with a Kelvin K": strings.Replace(good, `{"key":"User-Agent"`, "{\"\u212aey\":\"a\",\"key\":\"User-Agent\"", 1),
		"not an object":         `"Reset user password"`,
		"no activity":           strings.Replace(good, `"activityDisplayName":"Reset user password"`, `"activityDisplayName":null`, 1),
		"activity a number":     strings.Replace(good, `"activityDisplayName":"Reset user password"`, `"activityDisplayName":7`, 1),
		"of no shape":           `{"hello":"world"}`,
		"wrapping twice":        `{"category":"AuditLogs","operationName":"x","properties":` + good + `,"Properties":{}}`,
		"no contents":           `{"AuditData":"{}"}`,
		"broken contents":       `{"AuditData":"{\"Operation\":"}`,
		"garbage":               `garbage`,
		"nothing":               ``,
	} {
		t.Run(name, func(t *testing.T) {
			if raw == good {
				t.Fatal("the case changed nothing")
			}
			e := one(t, raw)
			if e.Class != holds.Unclassified || len(e.Doubts) == 0 || len(e.Subjects) != 0 || e.Outcome != holds.Unknown {
				t.Errorf("decided although it can be read in two ways: %+v", e)
			}
			if e.ID != digestID([]byte(raw)) {
				t.Errorf("its id %s would keep the clean copy from being judged", e.ID)
			}
		})
	}
	// What nothing is decided by may be there twice, as exporters' own keys are.
	if e := one(t, strings.Replace(good, `{"id"`, `{"_index":1,"_index":2,"id"`, 1)); e.Class != holds.PasswordReset {
		t.Errorf("an exporter's key twice: %+v", e)
	}
}

func TestB5TextIsMadeFitToShow(t *testing.T) {
	raw := audited("Directory_"+ingrid+"_AAAAA_1", "Admin deleted security info", person(ingrid, "", "", ""))
	raw = strings.Replace(raw, `"displayName":"Ingrid Solberg"`, `"displayName":"Ing\u202erid\u0000`+strings.Repeat("x", 64<<10)+`"`, 1)
	raw = strings.Replace(raw, `"displayName":null,"userPrincipalName":"tess@nordwind.example"`, `"displayName":"\ud83d`+"\xff\xfe"+`\u200b","userPrincipalName":"t"`, 1)
	e := one(t, raw)
	if e.Class != holds.MFAChange || len(e.Subjects) != 1 {
		t.Fatalf("odd text changed the decision: %+v", e)
	}
	out := render(t, []holds.Event{e})
	for _, bad := range []string{"\x00", "\u202e", "\u200b", `\u0000`, strings.Repeat("x", 300)} {
		if bytes.Contains(out, []byte(bad)) {
			t.Errorf("the decoded event contains %.10q", bad)
		}
	}
	if e := one(t, audited("Directory_"+ingrid+"_A_1", strings.Repeat("strong authentication ", 4000), person(ingrid, "", "", ""))); len(e.Type) > 300 || e.Class != holds.Unclassified {
		t.Errorf("a name of %d characters, %s", len(e.Type), e.Class)
	}
}

func TestB15Times(t *testing.T) {
	for in, c := range map[string]struct {
		want  string
		doubt bool
	}{
		"2026-11-20T11:00:00.7088498+00:00": {"2026-11-20T11:00:00.708849Z", false},
		"2026-11-20T11:00:00.727028Z":       {"2026-11-20T11:00:00.727028Z", false},
		"2026-11-21T01:00:00+14:00":         {"2026-11-20T11:00:00Z", false},
		"2026-11-20T11:00:00":               {"2026-11-20T11:00:00Z", true},
		"2026-11-20 11:00:00.049661100":     {"2026-11-20T11:00:00.049661Z", true},
		"1970-01-01T00:00:00Z":              {"2026-11-20T12:00:02Z", true},
		"9999-12-31T23:59:59Z":              {"2026-11-20T12:00:02Z", true},
		"2026-11-22T12:00:03Z":              {"2026-11-20T12:00:02Z", true},
		"yesterday":                         {"2026-11-20T12:00:02Z", true},
		"":                                  {"2026-11-20T12:00:02Z", true},
	} {
		raw := strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), "2026-11-20T11:00:00.1234567Z", in, 1)
		e := one(t, raw)
		if got := e.Occurred.Format(time.RFC3339Nano); got != c.want || len(e.Doubts) > 0 != c.doubt || e.Class != holds.PasswordReset {
			t.Errorf("%q: %s, doubts %q; want %s", in, got, e.Doubts, c.want)
		}
	}
}

func TestC4PoisonHarmsOnlyItself(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for _, at := range []int{0, 49, 99} {
		var parts []string
		for i := range 100 {
			raw := audited(fmt.Sprintf("Directory_%08x-1111-4222-8333-444455556666_A_1", i), "Reset user password", person(ingrid, "", "", ""))
			if i == at {
				raw = `{"activityDisplayName":"Reset user password","x":` + deep + `}`
			}
			parts = append(parts, raw)
		}
		got := NewDecoder(ours()).Decode(delivery(holds.FromPoller, []byte(`{"@odata.context":"c","value":[`+strings.Join(parts, ",")+`],"@odata.nextLink":"https://evil.example"}`)))
		if len(got) != 100 {
			t.Fatalf("%d events", len(got))
		}
		for i, e := range got {
			if want := holds.PasswordReset; i != at && e.Class != want || i == at && e.Class != holds.Unclassified {
				t.Errorf("poison at %d made event %d %s", at, i, e.Class)
			}
		}
	}
	for _, body := range []string{"", "{}", `{"value":7}`, `"x"`, `{"value":[]} x`, `{"value":[],"value":[]}`} {
		got := NewDecoder(ours()).Decode(delivery(holds.FromPoller, []byte(body)))
		if len(got) != 1 || got[0].Class != holds.Unclassified || got[0].ID != digestID([]byte(body)) {
			t.Errorf("%q gave %+v", body, got)
		}
	}
	if got := NewDecoder(ours()).Decode(delivery(holds.FromPoller, []byte(`[]`))); len(got) != 0 {
		t.Errorf("an empty page gave %+v", got)
	}
}

func TestC5UnresolvedTargets(t *testing.T) {
	for name, targets := range map[string]string{
		"none":             ``,
		"only a group":     `{"id":"` + finance + `","type":"Group"}`,
		"only a device":    `{"id":"` + finance + `","type":"Device"}`,
		"unknown type":     `{"id":"` + ingrid + `","type":"Wombat"}`,
		"no type":          `{"id":"` + ingrid + `"}`,
		"person, no id":    `{"type":"User","userPrincipalName":"ingrid@nordwind.example"}`,
		"person, null id":  `{"type":"User","id":null}`,
		"person, zeros":    `{"type":"User","id":"` + nobody + `"}`,
		"person, a bad id": `{"type":"User","id":"` + ingrid + `\u200b"}`,
		"words":            `"x",7,null`,
	} {
		e := one(t, audited("Directory_"+ingrid+"_A_1", "Admin deleted security info", targets))
		if e.Class != holds.MFAChange || len(e.Subjects) != 0 || len(e.Doubts) == 0 {
			t.Errorf("%s: class %s, subjects %v, doubts %q", name, e.Class, e.Subjects, e.Doubts)
		}
	}
	for name, list := range map[string]string{"null": "null", "absent": "", "an object": `{"id":"x"}`, "a word": `"x"`} {
		raw := strings.Replace(audited("Directory_"+ingrid+"_A_1", "Admin deleted security info"), `"targetResources":[]`, `"targetResources":`+list, 1)
		raw = strings.Replace(raw, `"targetResources":,`, ``, 1)
		if e := one(t, raw); e.Class != holds.MFAChange || len(e.Subjects) != 0 || len(e.Doubts) == 0 {
			t.Errorf("targets %s: %s, %v, %q", name, e.Class, e.Subjects, e.Doubts)
		}
	}
}

// Targets are found by type: their order, their place and their repetition change
// nothing, and each account is a subject of its own.
func TestC6OrderAndRepetitionChangeNothing(t *testing.T) {
	targets := []string{
		person(tess, "Role.TemplateId", "null", `"\"62e90394-69f5-4237-9190-012177145e10\""`), person(ingrid, "StrongAuthenticationMethod", `"[]"`, `"[{\"MethodType\":6}]"`),
		strings.Replace(person(tess, "Role.TemplateId", "null", `"\"62e90394-69f5-4237-9190-012177145e10\""`), "ingrid@", "tess@", 1),
		`{"id":"` + finance + `","type":"Group","displayName":"Finance","modifiedProperties":[{"displayName":"StrongAuthenticationUserDetails","oldValue":"[]","newValue":"[]"}]}`,
		`{"id":"62e90394-69f5-4237-9190-012177145e10","type":"Role","displayName":"Global Administrator"}`, `{"id":"f2ef992c-3afb-46b9-b7cf-a126ee74c451","type":"Role","displayName":"Global Reader"}`,
		`{"id":"5e3cb481-2814-4295-b4cc-2440a6d66c86","type":"Other"}`, `{"id":"5e3cb481-2814-4295-b4cc-2440a6d66c87","type":"Request"}`,
		`{"id":"11111111-1111-4111-8111-111111111111","type":"Application","modifiedProperties":[{"displayName":"KeyDescription","oldValue":"[]","newValue":"[\"[KeyIdentifier=59eaeebc-8a6b-44a6-9f24-7d55e64420c9,KeyType=Password]\"]"}]}`,
		`{"id":"22222222-1111-4111-8111-111111111111","type":"Device","displayName":"LAPTOP-7"}`,
	}
	for _, activity := range []string{
		"Admin deleted security info", "Add member to role", "Add member to role completed (PIM activation)", "Add member to group", "Update user", "Consent to application",
		"Update application", "Add registered owner to device", "Change user license",
	} {
		want := one(t, audited("Directory_"+ingrid+"_A_1", activity, targets...))
		if len(want.Subjects) != 2 || want.Subjects[0].ID != ingrid || want.Subjects[1].ID != tess {
			t.Fatalf("%s: subjects %v", activity, want.Subjects)
		}
		for range 40 {
			shuffled := append(slices.Clone(targets), targets[rand.IntN(len(targets))])
			rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := cmp.Diff(want, one(t, audited("Directory_"+ingrid+"_A_1", activity, shuffled...))); diff != "" {
				t.Fatalf("%s: the order of targets matters:\n%s", activity, diff)
			}
		}
	}
}

// The same records in any order are the same events, so that an approval which
// comes before its request is read like one that comes after.
func TestC3ArrivalChangesNothing(t *testing.T) {
	records := mix()
	x := NewDecoder(ours())
	want := map[string]holds.Event{}
	for _, r := range records {
		e := x.one(r, received())
		want[e.ID] = e
	}
	if len(want) != len(records) {
		t.Fatalf("%d events from %d records", len(want), len(records))
	}
	rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	for _, e := range x.Decode(delivery(holds.FromPoller, slices.Concat([]byte("["), bytes.Join(records, []byte(",")), []byte("]")))) {
		if diff := cmp.Diff(want[e.ID], e); diff != "" {
			t.Fatalf("another order, another event:\n%s", diff)
		}
	}
}

func TestC10Outcomes(t *testing.T) {
	for result, want := range map[string]holds.Outcome{
		`"success"`: holds.Succeeded, `"Success"`: holds.Succeeded, `"Succeeded"`: holds.Succeeded, `"True"`: holds.Succeeded, `true`: holds.Succeeded,
		`"PartiallySucceeded"`: holds.Succeeded, `"failure"`: holds.Failed, `"Failed"`: holds.Failed, `"False"`: holds.Failed, `"timeout"`: holds.Unknown,
		`"unknownFutureValue"`: holds.Unknown, `""`: holds.Unknown, `null`: holds.Unknown, `"SUCCESS!"`: holds.Unknown, `{}`: holds.Unknown,
	} {
		raw := strings.Replace(audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), `"success"`, result, 1)
		if e := one(t, raw); e.Outcome != want {
			t.Errorf("%s is %s, not %s", result, e.Outcome, want)
		}
	}
}

// The records of one change have one transaction; zeros are none.
func TestC14TransactionsGroup(t *testing.T) {
	raw := audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", ""))
	twin := audited("SSPR_"+ingrid+"_B_2", "Reset password (self-service)", person(ingrid, "", "", ""))
	if a, b := one(t, raw), one(t, twin); a.Transaction == "" || a.Transaction != b.Transaction || a.ID == b.ID {
		t.Errorf("%q and %q", a.Transaction, b.Transaction)
	}
	for _, none := range []string{nobody, "", "a b"} {
		if e := one(t, strings.Replace(raw, "504a302a-8f2d-418d-b7df-bf77de6ed831", none, 1)); e.Transaction != "" {
			t.Errorf("%q groups: %q", none, e.Transaction)
		}
	}
}

func TestB3ManyRecordsAreReadInTime(t *testing.T) {
	raw := audited("Directory_"+ingrid+"_A_1", "Update user", person(ingrid, "StrongAuthenticationMethod", `"[]"`, inString("["+strings.Repeat(`{"MethodType":6},`, 500)+`{"MethodType":7}]`)))
	body := []byte("[" + strings.Repeat(raw+",", 300) + raw + "]")
	start := time.Now()
	if got := NewDecoder(ours()).Decode(delivery(holds.FromPoller, body)); len(got) != 301 || got[0].Class != holds.MFAChange {
		t.Fatalf("%d events", len(got))
	}
	// Far above what any machine needs, far below what reading again and again takes.
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%d bytes took %v", len(body), took)
	}
}

// render writes events with their fields, which the vocabulary keeps out of JSON.
func render(t testing.TB, events []holds.Event) []byte {
	t.Helper()
	type full struct {
		holds.Event
		Fields []holds.FieldChange `json:"fields,omitempty"`
	}
	var out []full
	for _, e := range events {
		out = append(out, full{e, e.Fields})
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
