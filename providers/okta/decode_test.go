package okta

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

var update = flag.Bool("update", false, "write the golden files anew")

func received() time.Time { return time.Date(2026, 11, 20, 12, 0, 2, 0, time.UTC) }

func options() Options {
	return Options{
		Tenant: "nordwind", Connection: "okta-main", OrgURL: "https://acme.okta.com", Token: "00secret-token-value",
		RestraintGroup: "00gCountersignHold00", HookID: "whoOurEventHook00000",
		OwnAccounts: []string{"00uCountersignSvc000"}, OwnTokens: []string{"00TCountersignTok000"}, Now: received,
	}
}

func newDecoder(t testing.TB) *Client {
	t.Helper()
	c, err := New(options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func delivery(src holds.Source, body []byte) holds.Delivery {
	return holds.Delivery{
		Tenant: "nordwind", Connection: "okta-main", Source: src, Body: body, Digest: sha256.Sum256(body), Received: received(),
	}
}

// one decodes a single LogEvent made of parts of JSON.
func one(t testing.TB, event string) holds.Event {
	t.Helper()
	got := newDecoder(t).Decode(delivery(holds.FromPoller, []byte("["+event+"]")))
	if len(got) != 1 {
		t.Fatalf("%d events from one", len(got))
	}
	return got[0]
}

// reset is a plausible event with some members replaced or added.
func reset(change map[string]any) string {
	e := map[string]any{
		"eventType": "user.mfa.factor.reset_all", "uuid": "11111111-1111-4111-8111-000000000001", "published": "2026-11-20T11:00:00.000Z",
		"actor":   map[string]any{"id": "00uTessOkafor0000000", "type": "User", "alternateId": "tess@nordwind.example"},
		"outcome": map[string]any{"result": "SUCCESS"}, "transaction": map[string]any{"id": "txn"},
		"target": []any{map[string]any{"id": "00uIngridSolberg0000", "type": "User", "alternateId": "ingrid@nordwind.example"}},
	}
	for k, v := range change {
		if v == nil {
			delete(e, k)
		} else {
			e[k] = v
		}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestGolden(t *testing.T) {
	for name, src := range map[string]holds.Source{
		"mfa": holds.FromPoller, "recovery_and_roles": holds.FromPoller, "hook_tamper": holds.FromHook,
	} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, newDecoder(t).Decode(delivery(src, body)))
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

// render writes events with their fields, which the vocabulary keeps out of JSON.
func render(t testing.TB, events []holds.Event) []byte {
	t.Helper()
	type shown struct {
		holds.Event
		Fields []holds.FieldChange `json:"fields,omitempty"`
	}
	var out []shown
	for _, e := range events {
		out = append(out, shown{e, e.Fields})
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

func TestB4TwoReadingsAreNoReading(t *testing.T) {
	good := reset(nil)
	bad := map[string]string{
		"type twice":              strings.Replace(good, `"eventType":`, `"eventType":"user.session.start","eventType":`, 1),
		"type in two cases":       strings.Replace(good, `"eventType":`, `"EventType":"user.session.start","eventType":`, 1),
		"type in another case":    strings.Replace(good, `"eventType":`, `"EventType":`, 1),
		"target in another case":  strings.Replace(good, `"target":`, `"Target":`, 1),
		"target id twice":         strings.Replace(good, `"id":"00uIngridSolberg0000"`, `"id":"00uIngridSolberg0000","id":"00uMallory0000000000"`, 1),
		"target type in two":      strings.Replace(good, `"type":"User"}]`, `"type":"User","TYPE":"UserGroup"}]`, 1),
		"result in two":           strings.Replace(good, `"result":"SUCCESS"`, `"result":"SUCCESS","Result":"FAILURE"`, 1),
		"actor id twice":          strings.Replace(good, `"actor":{`, `"actor":{"id":"00uCountersignSvc000",`, 1),
		"key with the Kelvin K":   strings.Replace(good, `"uuid":`, `"client":{"ipAddress":"192.0.2.1","IPADDRE\u017fS":"192.0.2.2"},"uuid":`, 1),
		"not an object":           `"user.mfa.factor.reset_all"`,
		"no type":                 reset(map[string]any{"eventType": nil}),
		"a type that is a number": reset(map[string]any{"eventType": 7}),
		"a type with a newline":   reset(map[string]any{"eventType": "user.mfa\nfactor"}),
	}
	for name, raw := range bad {
		t.Run(name, func(t *testing.T) {
			if raw == good {
				t.Fatal("the case changed nothing")
			}
			e := one(t, raw)
			if e.Class != holds.Unclassified || len(e.Doubts) == 0 || len(e.Subjects) != 0 {
				t.Errorf("decided although it can be read in two ways: %+v", e)
			}
			if !strings.HasPrefix(e.ID, "sha256:") {
				t.Errorf("its id %s would keep the clean copy from being judged", e.ID)
			}
		})
	}
}

func TestB4WholeBodies(t *testing.T) {
	event := reset(nil)
	hook := func(events string) string {
		return `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","data":{"events":` + events + `}}`
	}
	for name, c := range map[string]struct {
		src  holds.Source
		body string
	}{
		"byte order mark":  {holds.FromHook, "\ufeff" + hook("["+event+"]")},
		"trailing text":    {holds.FromHook, hook("["+event+"]") + "x"},
		"empty":            {holds.FromHook, ""},
		"array to a hook":  {holds.FromHook, "[" + event + "]"},
		"hook to a poller": {holds.FromPoller, hook("[" + event + "]")},
		"another envelope": {holds.FromHook, strings.Replace(hook("["+event+"]"), "com.okta.event_hook", "com.okta.oauth2.tokens.transform", 1)},
		"data twice":       {holds.FromHook, strings.Replace(hook("["+event+"]"), `"data":`, `"data":{},"Data":{},"data":`, 1)},
		"events twice":     {holds.FromHook, strings.Replace(hook("["+event+"]"), `"events":`, `"events":[],"events":`, 1)},
		"no data":          {holds.FromHook, `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0"}`},
		"events no list":   {holds.FromHook, hook(`{}`)},
		"no source":        {"", hook("[" + event + "]")},
	} {
		t.Run(name, func(t *testing.T) {
			got := newDecoder(t).Decode(delivery(c.src, []byte(c.body)))
			want := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(c.body)))
			if len(got) != 1 || got[0].Class != holds.Unclassified || got[0].ID != want || !got[0].Occurred.Equal(received()) {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := newDecoder(t).Decode(delivery(holds.FromHook, []byte(hook("[]")))); len(got) != 0 {
		t.Errorf("an empty batch gave %+v", got)
	}
}

func TestB5TextIsMadeFitToShow(t *testing.T) {
	e := one(t, `{"eventType":"user.mfa.factor.reset_all","uuid":"11111111-1111-4111-8111-000000000001","published":"2026-11-20T11:00:00Z",
		"outcome":{"result":"SUCCESS"},"displayMessage":"`+strings.Repeat("x", 64<<10)+`","transaction":{"id":"a\u0000b"},
		"actor":{"id":"00uTessOkafor0000000","type":"User","displayName":"Tess\u202e\u0000Okafor","alternateId":"\ud83d"},
		"target":[{"id":"00uIngridSolberg0000","type":"User","displayName":"`+"\xff\xfe"+`zero\u200bwidth"}]}`)
	if e.Class != holds.MFAChange || len(e.Subjects) != 1 {
		t.Fatalf("odd text changed the decision: %+v", e)
	}
	out := render(t, []holds.Event{e})
	for _, bad := range []string{"\x00", "\u202e", "\u200b", `\u0000`, strings.Repeat("x", 300)} {
		if bytes.Contains(out, []byte(bad)) {
			t.Errorf("the decoded event contains %.10q", bad)
		}
	}
	if e.Transaction != "" || e.Actor.Name != "Tess\ufffd\ufffdOkafor" {
		t.Errorf("transaction %q, actor %q", e.Transaction, e.Actor.Name)
	}
	e = one(t, reset(map[string]any{"target": []any{map[string]any{"id": "00uIngridSolberg0000\u200b", "type": "User"}}}))
	if len(e.Subjects) != 0 || len(e.Doubts) == 0 {
		t.Errorf("an id with an invisible character was used: %+v", e)
	}
}

func TestB11UnknownThingsAreKept(t *testing.T) {
	for kind, want := range map[string]holds.Class{
		"user.mfa.factor.teleport":     holds.Unclassified,
		"org.federation.trust.changed": holds.Unclassified,
		"user.account.recovery_x":      holds.Unclassified,
		"user.weather.changed":         holds.None,
	} {
		if e := one(t, reset(map[string]any{"eventType": kind})); e.Class != want || e.Type != kind {
			t.Errorf("%s is %s", kind, e.Class)
		}
	}
	e := one(t, reset(map[string]any{"uuid": nil}))
	if !strings.HasPrefix(e.ID, "sha256:") || e.Class != holds.MFAChange || len(e.Doubts) == 0 {
		t.Errorf("an event without uuid: %+v", e)
	}
	if f := one(t, reset(map[string]any{"uuid": "AbC-123-XyZ"})); !strings.HasPrefix(f.ID, "sha256:") || f.ID == e.ID {
		t.Errorf("a placeholder was taken for a uuid: %s", f.ID)
	}
	body := `{"eventType":"com.okta.event_hook","eventTypeVersion":"2.0","data":{"events":[` + reset(nil) + `,` + reset(map[string]any{"eventType": "user.session.start"}) + `]}}`
	got := newDecoder(t).Decode(delivery(holds.FromHook, []byte(body)))
	if len(got) != 2 || got[0].Class != holds.MFAChange || got[1].Class != holds.Unclassified || len(got[0].Doubts) != 1 {
		t.Errorf("an unknown version of the hook: %+v", got)
	}
}

func TestB15Times(t *testing.T) {
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	for in, c := range map[string]struct {
		want  time.Time
		doubt bool
	}{
		"2026-11-20T11:00:00.123Z":       {utc("2026-11-20T11:00:00.123Z"), false},
		"2026-11-20T11:00:00.123456789Z": {utc("2026-11-20T11:00:00.123456Z"), false},
		"2026-11-21T01:00:00+14:00":      {utc("2026-11-20T11:00:00Z"), false},
		"2020-11-25 21:27:03.496000000":  {utc("2020-11-25T21:27:03.496Z"), true},
		"2026-11-20T11:00:00":            {utc("2026-11-20T11:00:00Z"), true},
		"2016-12-31T23:59:60Z":           {utc("2016-12-31T23:59:59Z"), true},
		"1795172400000":                  {utc("2026-11-20T11:00:00Z"), true},
		"1970-01-01T00:00:00Z":           {received(), true},
		"9999-12-31T23:59:59Z":           {received(), true},
		"2026-11-22T12:00:03Z":           {received(), true},
		"yesterday":                      {received(), true},
		"":                               {received(), true},
		"2026-13-40T99:00:00Z":           {received(), true},
	} {
		e := one(t, reset(map[string]any{"published": in}))
		if !e.Occurred.Equal(c.want) || e.Occurred.Location() != time.UTC || len(e.Doubts) > 0 != c.doubt || e.Class != holds.MFAChange {
			t.Errorf("%q: %v, doubts %q; want %v", in, e.Occurred, e.Doubts, c.want)
		}
	}
	if e := one(t, strings.Replace(reset(nil), `"2026-11-20T11:00:00.000Z"`, "1795172400000", 1)); !e.Occurred.Equal(utc("2026-11-20T11:00:00Z")) {
		t.Errorf("a number of milliseconds: %v", e.Occurred)
	}
	if e := one(t, reset(map[string]any{"published": nil})); !e.Occurred.Equal(received()) || len(e.Doubts) == 0 {
		t.Errorf("no time at all: %v", e.Occurred)
	}
}

func TestC4PoisonHarmsOnlyItself(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for _, at := range []int{0, 49, 99} {
		var parts []string
		for i := range 100 {
			e := reset(map[string]any{"uuid": fmt.Sprintf("11111111-1111-4111-8111-%012d", i)})
			if i == at {
				e = `{"eventType":"user.mfa.factor.reset_all","x":` + deep + `}`
			}
			parts = append(parts, e)
		}
		got := newDecoder(t).Decode(delivery(holds.FromPoller, []byte("["+strings.Join(parts, ",")+"]")))
		if len(got) != 100 {
			t.Fatalf("%d events", len(got))
		}
		for i, e := range got {
			if want := holds.MFAChange; i != at && e.Class != want {
				t.Errorf("poison at %d made event %d %s", at, i, e.Class)
			}
		}
		if got[at].Class != holds.Unclassified {
			t.Errorf("the poison is %s", got[at].Class)
		}
	}
}

func TestC5UnresolvedTargets(t *testing.T) {
	for name, target := range map[string]any{
		"none": nil, "empty": []any{}, "an object": map[string]any{"id": "00uIngridSolberg0000", "type": "User"}, "a word": "x", "words": []any{"x"},
		"only a group":    []any{map[string]any{"id": "00gFinance0000000000", "type": "UserGroup"}},
		"only an app":     []any{map[string]any{"id": "0uaAppUser0000000000", "type": "AppUser"}},
		"unknown type":    []any{map[string]any{"id": "00uIngridSolberg0000", "type": "Wombat"}},
		"type by case":    []any{map[string]any{"id": "00uIngridSolberg0000", "type": "user"}},
		"person, no id":   []any{map[string]any{"type": "User", "alternateId": "ingrid@nordwind.example"}},
		"person, null id": []any{map[string]any{"type": "User", "id": nil, "alternateId": "ingrid@nordwind.example"}},
	} {
		e := one(t, reset(map[string]any{"target": target}))
		if e.Class != holds.MFAChange || len(e.Subjects) != 0 || len(e.Doubts) == 0 {
			t.Errorf("%s: class %s, subjects %v, doubts %q", name, e.Class, e.Subjects, e.Doubts)
		}
	}
	if e := one(t, reset(map[string]any{"target": json.RawMessage("null")})); len(e.Subjects) != 0 || len(e.Doubts) == 0 {
		t.Errorf("target null: %+v", e)
	}
}

func TestC6OrderAndRepetitionChangeNothing(t *testing.T) {
	targets := []any{
		map[string]any{"id": "00uB0000000000000000", "type": "User", "alternateId": "b@x"},
		map[string]any{"id": "00uA0000000000000000", "type": "User", "alternateId": "a@x"},
		map[string]any{"id": "00uB0000000000000000", "type": "User", "alternateId": "b2@x"},
		map[string]any{"id": "pfdB0000000000000000", "type": "AuthenticatorEnrollment", "displayName": "Email"},
		map[string]any{"id": "pfdA0000000000000000", "type": "AuthenticatorEnrollment", "displayName": "Phone", "detailEntry": map[string]any{"methodTypeUsed": "SMS"}},
		map[string]any{"id": "00gFinance0000000000", "type": "UserGroup"},
		map[string]any{"id": "ORG_ADMIN", "type": "ROLE"},
		map[string]any{"id": "APP_ADMIN", "type": "ROLE"},
	}
	for _, kind := range []string{"user.mfa.factor.deactivate", "user.account.privilege.grant", "user.session.start"} {
		want := one(t, reset(map[string]any{"eventType": kind, "target": targets}))
		if len(want.Subjects) != 2 || want.Subjects[0].ID != "00uA0000000000000000" || want.Subjects[1].Login != "b2@x" {
			t.Fatalf("subjects %v", want.Subjects)
		}
		for range 50 {
			shuffled := append(slices.Clone(targets), targets[rand.IntN(len(targets))])
			rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			got := one(t, reset(map[string]any{"eventType": kind, "target": shuffled}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("the order of targets matters:\n%s", diff)
			}
		}
	}
}

func TestC9EveryActorHasAKind(t *testing.T) {
	actor := func(kind string) map[string]any { return map[string]any{"id": "00uTessOkafor0000000", "type": kind} }
	for name, c := range map[string]struct {
		change map[string]any
		want   holds.PartyKind
	}{
		"person":    {map[string]any{"actor": actor("User")}, holds.PartyPerson},
		"system":    {map[string]any{"actor": actor("SystemPrincipal")}, holds.PartySystem},
		"app":       {map[string]any{"actor": actor("PublicClientAppEntity")}, holds.PartyApp},
		"client":    {map[string]any{"actor": actor("PublicClientApp")}, holds.PartyApp},
		"address":   {map[string]any{"actor": actor("IP address")}, holds.PartyUnknown},
		"new":       {map[string]any{"actor": actor("Wombat")}, holds.PartyUnknown},
		"null":      {map[string]any{"actor": json.RawMessage("null")}, holds.PartyUnknown},
		"absent":    {map[string]any{"actor": nil}, holds.PartyUnknown},
		"a word":    {map[string]any{"actor": "root"}, holds.PartyUnknown},
		"api token": {map[string]any{"transaction": map[string]any{"id": "t", "detail": map[string]any{"requestApiTokenId": "00TSomebodyElse00000"}}}, holds.PartyToken},
		"support":   {map[string]any{"eventType": "user.session.impersonation.initiate"}, holds.PartySupport},
	} {
		if e := one(t, reset(c.change)); e.Actor.Kind != c.want || e.Actor.Own {
			t.Errorf("%s: %+v", name, e.Actor)
		}
	}
}

func TestC10Outcomes(t *testing.T) {
	for result, want := range map[string]holds.Outcome{
		"SUCCESS": holds.Succeeded, "ALLOW": holds.Succeeded, "FAILURE": holds.Failed, "DENY": holds.Failed, "SKIPPED": holds.Failed,
		"CHALLENGE": holds.Failed, "UNKNOWN": holds.Unknown, "SOMETHING_NEW": holds.Unknown, "success": holds.Unknown, "": holds.Unknown,
		"DEFERRED": holds.Unknown, "SCHEDULED": holds.Unknown,
	} {
		if e := one(t, reset(map[string]any{"outcome": map[string]any{"result": result}})); e.Outcome != want {
			t.Errorf("%q is %s", result, e.Outcome)
		}
	}
	for _, absent := range []any{nil, json.RawMessage("null"), "SUCCESS", []any{"SUCCESS"}} {
		if e := one(t, reset(map[string]any{"outcome": absent})); e.Outcome != holds.Unknown {
			t.Errorf("outcome %v is %s", absent, e.Outcome)
		}
	}
}

// A login or name that looks like ours, or like anybody's, decides nothing.
func TestC7C11OnlyIdsDecide(t *testing.T) {
	e := one(t, reset(map[string]any{"actor": map[string]any{
		"id": "00uMallory0000000000", "type": "User", "alternateId": "00uCountersignSvc000", "displayName": "00TCountersignTok000",
	}}))
	if e.Actor.Own {
		t.Error("an actor is ours by its login or name")
	}
	e = one(t, reset(map[string]any{"target": []any{map[string]any{"id": "00uIngridSolberg0000", "type": "User", "alternateId": "00uCountersignSvc000", "displayName": "Countersign"}}}))
	if e.Class == holds.Tamper || e.Subjects[0].ID != "00uIngridSolberg0000" {
		t.Errorf("a target is ours by its login: %+v", e)
	}
	e = one(t, reset(map[string]any{"target": []any{map[string]any{"id": "ingrid@nordwind.example", "type": "User"}}}))
	if len(e.Doubts) == 0 {
		t.Error("a login as an id raises no doubt")
	}
}

func TestC13EchoesAreMarkedNotBelieved(t *testing.T) {
	ours := map[string]any{"actor": map[string]any{"id": "00uCountersignSvc000", "type": "User"}, "transaction": map[string]any{"id": "t", "detail": map[string]any{"requestApiTokenId": "00TCountersignTok000"}}}
	group := []any{map[string]any{"id": "00uIngridSolberg0000", "type": "User"}, map[string]any{"id": "00gCountersignHold00", "type": "UserGroup"}}
	for kind, want := range map[string]holds.ActionKind{
		"user.lifecycle.suspend": holds.SuspendAccount, "user.lifecycle.unsuspend": holds.UnsuspendAccount, "user.session.clear": holds.ClearSessions,
		"user.account.privilege.revoke": holds.RemoveRole, "user.account.privilege.grant": holds.RemoveRole, "user.mfa.factor.deactivate": holds.RemoveFactor,
		"group.user_membership.add": holds.JoinRestraintGroup, "group.user_membership.remove": holds.LeaveRestraintGroup,
		"user.mfa.factor.reset_all": "", "user.mfa.factor.activate": "",
	} {
		change := map[string]any{"eventType": kind, "target": group[:1]}
		if strings.HasPrefix(kind, "group.") {
			change["target"] = group
		}
		for k, v := range ours {
			change[k] = v
		}
		if e := one(t, reset(change)); e.Echo != want || !e.Actor.Own || e.Class == holds.Tamper || len(e.Doubts) > 0 {
			t.Errorf("%s: echo %q, own %v, class %s, doubts %q", kind, e.Echo, e.Actor.Own, e.Class, e.Doubts)
		}
	}
	// Our account without our token is ours, with a doubt.
	if e := one(t, reset(map[string]any{"actor": ours["actor"]})); !e.Actor.Own || len(e.Doubts) != 1 {
		t.Errorf("own %v, doubts %q", e.Actor.Own, e.Doubts)
	}
}

func TestC12PolicyChangesOnceTheRulesAreKnown(t *testing.T) {
	c := newDecoder(t)
	raw := "[" + reset(map[string]any{"eventType": "policy.rule.deactivate", "target": []any{map[string]any{"id": "rulRestraintApp00000", "type": "PolicyRule"}}}) + "]"
	class := func() holds.Class { return c.Decode(delivery(holds.FromPoller, []byte(raw)))[0].Class }
	if got := class(); got != holds.Unclassified {
		t.Errorf("before the rules are known: %s", got)
	}
	c.learn([]string{"rulSomeOtherRule0000"})
	if got := class(); got != holds.RemoteAccess {
		t.Errorf("another rule: %s", got)
	}
	c.learn([]string{"rulRestraintApp00000"})
	if got := class(); got != holds.Tamper {
		t.Errorf("our rule: %s", got)
	}
}

// Every event type that means something must be asked for by the poller.
func TestPollerAsksForEveryKind(t *testing.T) {
	for kind, k := range kinds() {
		if k.class != holds.None && !hasPrefix(kind, prefixes()) {
			t.Errorf("%s (%s) is not among the families the poller asks for", kind, k.class)
		}
	}
	for _, echo := range []string{"user.lifecycle.suspend", "user.session.clear", "policy.rule.update", "policy.rule.delete", "user.account.privilege.revoke"} {
		if !hasPrefix(echo, prefixes()) {
			t.Errorf("%s is not asked for", echo)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"mfa", "recovery_and_roles", "hook_tamper"} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, name == "hook_tamper")
	}
	f.Add([]byte("["+reset(nil)+"]"), false)
	f.Add([]byte(`[{"eventType":"user.mfa.factor.activate","target":[{"type":"User","id":"a"},{"type":"User","id":"a"}]}]`), false)
	c := newDecoder(f)
	f.Fuzz(func(t *testing.T, body []byte, hook bool) {
		d := delivery(holds.FromPoller, body)
		if hook {
			d.Source = holds.FromHook
		}
		sound(t, func() []holds.Event { return c.Decode(d) })
	})
}

// sound holds decoded events to what everything behind relies on.
func sound(t *testing.T, decode func() []holds.Event) {
	t.Helper()
	got := decode()
	if diff := cmp.Diff(got, decode()); diff != "" {
		t.Fatalf("decoding twice differs:\n%s", diff)
	}
	for _, e := range got {
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
		out, err := json.Marshal(e)
		if err != nil || bytes.Contains(out, []byte(`\u0000`)) {
			t.Fatalf("the event cannot be stored: %s, %v", out, err)
		}
	}
}

func TestB3ManyEventsAreReadInTime(t *testing.T) {
	one := reset(map[string]any{"debugContext": map[string]any{"debugData": map[string]any{"x": strings.Repeat("y", 500)}}})
	body := []byte("[" + strings.Repeat(one+",", 2000) + one + "]")
	c := newDecoder(t)
	start := time.Now()
	if got := c.Decode(delivery(holds.FromPoller, body)); len(got) != 2001 {
		t.Fatalf("%d events", len(got))
	}
	// Far above what any machine needs, far below what reading again and again takes.
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%d bytes took %v", len(body), took)
	}
}
