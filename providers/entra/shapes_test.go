package entra

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// inString is a value as JSON in a JSON string.
func inString(raw string) string {
	out, err := json.Marshal(raw)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// asRow writes a directoryAudit as Log Analytics does.
func asRow(raw string) string {
	var in map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		panic(err)
	}
	out := map[string]json.RawMessage{"TenantId": []byte(`"` + nobody + `"`), "TimeGenerated": []byte(`"2026-11-20T11:00:09Z"`), "Type": []byte(`"AuditLogs"`)}
	for name, v := range in {
		if v[0] == '[' || v[0] == '{' {
			v = []byte(inString(string(v)))
		}
		out[strings.ToUpper(name[:1])+name[1:]] = v
	}
	row, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return string(row)
}

// wrapped writes a record as diagnostic settings do.
func wrapped(level, properties string) string {
	return `{"time":"2026-11-20T11:00:09Z","resourceId":"/tenants/x/providers/Microsoft.aadiam","operationName":"Reset user password","category":"AuditLogs",` +
		level + `,"callerIpAddress":"<null>","correlationId":"` + nobody + `","properties":` + properties + `}`
}

// The same change says the same through every channel.
func TestEveryShapeSaysTheSame(t *testing.T) {
	bare := audited("Directory_"+ingrid+"_AAAAA_1", "Reset user password", person(ingrid, "TargetId.UserType", "null", `"\"Member\""`))
	want := one(t, bare)
	if want.Class != holds.PasswordReset || len(want.Subjects) != 1 || want.Actor.ID != tess || want.IP != "198.51.100.7" {
		t.Fatalf("%+v", want)
	}
	for name, raw := range map[string]string{
		"diagnostic":                     wrapped(`"Level":"4"`, bare),
		"a number as level":              wrapped(`"Level":4`, bare),
		"a word as level":                wrapped(`"level":"Informational"`, bare),
		"properties in a string":         wrapped(`"Level":4`, inString(bare)),
		"log analytics":                  asRow(bare),
		"log analytics, lists as values": strings.Replace(bare, `"activityDisplayName"`, `"OperationName":"Reset user password","ActivityDisplayName"`, 1),
		"spaces":                         strings.ReplaceAll(strings.ReplaceAll(bare, `":`, "\" :\n "), `,"`, ",\t\""),
		"escaped":                        strings.ReplaceAll(bare, "activityDisplayName", `\u0061ctivityDisplayName`),
		"lower case":                     lowerNames(bare),
		"members the other way round":    reversed(t, bare),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, one(t, raw)); diff != "" {
				t.Errorf("it says something else:\n%s", diff)
			}
			got := NewDecoder(ours()).Record([]byte(`{"records":[`+raw+`]}`), received())
			if diff := cmp.Diff([]holds.Event{want}, got); diff != "" {
				t.Errorf("in a batch it says something else:\n%s", diff)
			}
		})
	}
}

func lowerNames(raw string) string {
	for _, n := range []string{"correlationId", "resultReason", "activityDisplayName", "activityDateTime", "loggedByService", "initiatedBy", "targetResources", "userPrincipalName", "ipAddress", "displayName", "modifiedProperties", "oldValue", "newValue", "additionalDetails"} {
		raw = strings.ReplaceAll(raw, `"`+n+`"`, `"`+strings.ToLower(n)+`"`)
	}
	return raw
}

func reversed(t *testing.T, raw string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for k, v := range m {
		parts = append(parts, fmt.Sprintf("%q:%s", k, v))
	}
	slices.Sort(parts)
	slices.Reverse(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

// unifiedRecord is a record of Entra in the unified audit log.
func unifiedRecord(operation, changes string) string {
	return `{"CreationTime":"2026-11-20T11:00:00","Id":"11111111-2222-4333-8444-555555555555","Operation":"` + operation + `","OrganizationId":"` + finance + `",` +
		`"RecordType":8,"ResultStatus":"Success","UserKey":"10032000AAAA@nordwind.example","UserType":0,"Version":1,"Workload":"AzureActiveDirectory",` +
		`"ClientIP":"198.51.100.7:50012","ObjectId":"ingrid@nordwind.example","UserId":"tess@nordwind.example","AzureActiveDirectoryEventType":1,` +
		`"ExtendedProperties":[{"Name":"additionalDetails","Value":"{\"UserType\":\"Member\"}"}],"ModifiedProperties":[` + changes + `],` +
		`"Actor":[{"ID":"tess@nordwind.example","Type":5},{"ID":"10032000AAAA","Type":3},{"ID":"User_` + tess + `","Type":2},{"ID":"` + tess + `","Type":2},{"ID":"User","Type":2}],` +
		`"ActorContextId":"` + finance + `","InterSystemsId":"504a302a-8f2d-418d-b7df-bf77de6ed831","IntraSystemId":"x",` +
		`"Target":[{"ID":"User_` + ingrid + `","Type":2},{"ID":"` + ingrid + `","Type":2},{"ID":"User","Type":2},{"ID":"ingrid@nordwind.example","Type":5},{"ID":"10037FFE","Type":3}]}`
}

func TestTheUnifiedLogSaysTheSame(t *testing.T) {
	raw := unifiedRecord("Reset user password.", "")
	e := one(t, raw)
	want := one(t, audited("Directory_"+ingrid+"_AAAAA_1", "Reset user password", person(ingrid, "", "", "")))
	want.ID, want.Type, want.Summary, want.Occurred = "11111111-2222-4333-8444-555555555555", "Reset user password.", "Reset user password.", e.Occurred
	want.Subjects[0].Name = ""
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("it says something else:\n%s", diff)
	}
	if e.Occurred.Format("15:04:05Z07:00") != "11:00:00Z" || len(e.Doubts) > 0 {
		t.Errorf("CreationTime is UTC: %v, %q", e.Occurred, e.Doubts)
	}
	lower := raw
	for _, n := range []string{"CreationTime", "Id", "Operation", "OrganizationId", "RecordType", "ResultStatus", "UserKey", "UserType", "Workload", "ClientIP", "ObjectId", "UserId", "ExtendedProperties", "ModifiedProperties", "Actor", "InterSystemsId", "Target"} {
		lower = strings.ReplaceAll(lower, `"`+n+`":`, `"`+strings.ToLower(n)+`":`)
	}
	for name, other := range map[string]string{
		"lower case":       lower,
		"AuditData":        `{"RecordType":"AzureActiveDirectory","CreationDate":"11/20/2026 11:00:00 AM","UserIds":"x","Operations":"Reset user password.","AuditData":` + inString(raw) + `}`,
		"diagnostic":       `{"category":"AuditLogs","operationName":"x","properties":` + raw + `}`,
		"lists in strings": strings.Replace(raw, `"ModifiedProperties":[]`, `"ModifiedProperties":"[]"`, 1),
		"an address in v6": strings.Replace(raw, "198.51.100.7:50012", "[::ffff:198.51.100.7]:50012", 1),
	} {
		if diff := cmp.Diff(e, one(t, other)); diff != "" {
			t.Errorf("%s says something else:\n%s", name, diff)
		}
	}
	if e := one(t, strings.Replace(raw, `"ModifiedProperties":[]`, `"ModifiedProperties":["StrongAuthenticationMethod"]`, 1)); e.Class != holds.PasswordReset {
		t.Errorf("properties that are names: %+v", e)
	}
}

// What is inside wins, and that outside says something else is told.
func TestWrappingsThatDisagree(t *testing.T) {
	bare := audited("Directory_"+ingrid+"_AAAAA_1", "Change user license", person(ingrid, "", "", ""))
	if e := one(t, wrapped(`"Level":4`, bare)); e.Class != holds.Unclassified || len(e.Doubts) != 1 || e.Type != "Change user license" {
		t.Errorf("a reset outside, nothing inside: %s, %q", e.Class, e.Doubts)
	}
	bare = audited("Directory_"+ingrid+"_AAAAA_1", "Admin deleted security info", person(ingrid, "", "", ""))
	if e := one(t, wrapped(`"Level":4`, bare)); e.Class != holds.MFAChange || len(e.Doubts) != 1 {
		t.Errorf("a deletion inside: %s, %q", e.Class, e.Doubts)
	}
	if e := one(t, strings.Replace(wrapped(`"Level":4`, bare), `"Reset user password"`, `"admin deleted security info. "`, 1)); len(e.Doubts) != 0 {
		t.Errorf("another spelling is no disagreement: %q", e.Doubts)
	}
	// A sign-in's category does not hide a change.
	hidden := strings.Replace(wrapped(`"Level":4`, bare), `"AuditLogs"`, `"SignInLogs"`, 1)
	if e := one(t, hidden); e.Class != holds.MFAChange {
		t.Errorf("hidden in the category of sign-ins: %s", e.Class)
	}
	// Result, time and address outside stand in for those that are missing inside.
	inner := `{"activityDisplayName":"Reset user password","targetResources":[` + person(ingrid, "", "", "") + `]}`
	raw := strings.Replace(wrapped(`"result":"FAILURE"`, inner), "<null>", "192.0.2.9", 1)
	if e := one(t, raw); e.Outcome != holds.Failed || e.IP != "192.0.2.9" || e.Occurred.Second() != 9 {
		t.Errorf("%+v", e)
	}
}

func TestLogsThatAreNotAboutChanges(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want holds.Outcome
	}{
		"sign-in":             {signIn(ingrid), holds.Succeeded},
		"refused sign-in":     {strings.Replace(signIn(ingrid), `"resultType":"0"`, `"resultType":"50126"`, 1), holds.Failed},
		"Graph's own sign-in": {`{"id":"` + tess + `","createdDateTime":"2026-11-20T11:00:00Z","userId":"` + ingrid + `","userPrincipalName":"i@x","status":{"errorCode":0}}`, holds.Succeeded},
		"Graph's refused":     {`{"id":"` + tess + `","createdDateTime":"2026-11-20T11:00:00Z","userId":"` + ingrid + `","status":{"errorCode":50053}}`, holds.Failed},
		"no word of it":       {`{"category":"NonInteractiveUserSignInLogs","operationName":"Sign-in activity","properties":{"userId":"x"}}`, holds.Unknown},
		"an alert":            {`{"id":"a","title":"Password Spray","description":"reset credentials","category":"PasswordSpray","severity":"high","createdDateTime":"2026-11-20T11:00:00Z"}`, holds.Unknown},
		"a risk":              {`{"id":"` + tess + `","riskState":"atRisk","riskEventType":"leakedCredentials","detectedDateTime":"2026-11-20T11:00:00Z"}`, holds.Unknown},
		"risky accounts":      {`{"category":"RiskyUsers","operationName":"Risky user","properties":{"riskState":"atRisk","userPrincipalName":"i@x"}}`, holds.Unknown},
		"a provisioning run":  {`{"category":"ProvisioningLogs","operationName":"Provisioning activity","properties":{"id":"x","provisioningAction":"update"}}`, holds.Unknown},
		"network traffic":     {`{"category":"NetworkAccessTrafficLogs","operationName":"x","properties":{}}`, holds.Unknown},
		"unified sign-in":     {`{"Operation":"UserLoggedIn","Workload":"AzureActiveDirectory","ResultStatus":"Success","UserId":"i@x"}`, holds.Succeeded},
		"unified, refused":    {`{"Operation":"UserLoginFailed","Workload":"AzureActiveDirectory","ResultStatus":"Success","UserId":"i@x"}`, holds.Failed},
		"a file was shared":   {`{"Operation":"SharingSet","Workload":"SharePoint","ObjectId":"https://x/secret credentials.docx","UserId":"i@x"}`, holds.Unknown},
	} {
		if e := one(t, c.raw); e.Class != holds.None || e.Outcome != c.want || len(e.Doubts) > 0 || e.Type == "" || e.Summary == "" {
			t.Errorf("%s: %s, outcome %s, type %q, doubts %q", name, e.Class, e.Outcome, e.Type, e.Doubts)
		}
	}
	e := one(t, signIn(ingrid))
	if e.Actor.ID != ingrid || e.Actor.Kind != holds.PartyPerson || e.IP != "192.0.2.7" || e.ID != ingrid || e.Occurred.Hour() != 11 {
		t.Errorf("who signed in from where: %+v", e)
	}
}

// A notification is a hint and says nothing; everything else that comes by the
// hook is somebody's mistake, and kept.
func TestNotificationsAreHints(t *testing.T) {
	item := `{"subscriptionId":"s","subscriptionExpirationDateTime":"2026-12-01T00:00:00Z","clientState":"x","changeType":"updated","resource":"Users/` + ingrid + `","tenantId":"t","resourceData":{"id":"` + ingrid + `"}}`
	life := `{"subscriptionId":"s","tenantId":"t","clientState":"x","lifecycleEvent":"reauthorizationRequired"}`
	x := NewDecoder(ours())
	for _, body := range []string{`{"value":[` + item + `]}`, `{"value":[` + life + `,` + item + `],"validationTokens":[]}`, `{"value":[]}`} {
		if got := x.Decode(delivery(holds.FromHook, []byte(body))); len(got) != 0 {
			t.Errorf("%s gave %+v", body, got)
		}
	}
	for _, body := range []string{"", "garbage", `{}`, `[1]`, `{"value":{}}`, `{"value":[{}]}`, `{"value":[` + item + `,{"eventType":"x"}]}`, `{"value":[],"Value":[]}`, item, "\ufeff" + `{"value":[]}`} {
		got := x.Decode(delivery(holds.FromHook, []byte(body)))
		if len(got) != 1 || got[0].Class != holds.Unclassified || got[0].ID != digestID([]byte(body)) || !got[0].Occurred.Equal(received()) {
			t.Errorf("%s gave %+v", body, got)
		}
	}
}

// The unified log lists ids of one target after those of another, and may leave
// the list out.
func TestC6TargetsOfTheUnifiedLog(t *testing.T) {
	raw := unifiedRecord("Reset user password.", "")
	from, to := strings.Index(raw, `"Target":`), len(raw)-1
	with := func(list string) holds.Event { return one(t, raw[:from]+`"Target":[`+list+`]`+raw[to:]) }
	first := `{"ID":"User_` + ingrid + `","Type":2},{"ID":"` + ingrid + `","Type":2},{"ID":"User","Type":2},{"ID":"ingrid@nordwind.example","Type":5},{"ID":"10037FFE","Type":3}`
	second := `{"ID":"User_` + tess + `","Type":2},{"ID":"tess@nordwind.example","Type":5}`
	group := `{"ID":"Group_` + finance + `","Type":2},{"ID":"Finance","Type":1}`
	raw = unifiedRecord("Update user.", `{"Name":"StrongAuthenticationMethod","OldValue":"[]","NewValue":"[{\"MethodType\":6}]"}`)
	from, to = strings.Index(raw, `"Target":`), len(raw)-1
	if e := with(group + "," + first); e.Class != holds.MFAChange {
		t.Errorf("what changed is the account's, wherever it stands: %s", e.Class)
	}
	raw = unifiedRecord("Reset user password.", "")
	from, to = strings.Index(raw, `"Target":`), len(raw)-1
	want := with(first + "," + second + "," + group)
	if len(want.Subjects) != 2 || want.Subjects[0] != (holds.Account{ID: ingrid, Login: "ingrid@nordwind.example"}) || want.Subjects[1].Login != "tess@nordwind.example" {
		t.Errorf("subjects %v", want.Subjects)
	}
	if len(want.Objects) != 1 || want.Objects[0] != (holds.Object{Type: "Group", ID: finance, Name: "Finance"}) {
		t.Errorf("objects %v", want.Objects)
	}
	for _, order := range []string{second + "," + group + "," + first, group + "," + second + "," + first + "," + second} {
		if diff := cmp.Diff(want, with(order)); diff != "" {
			t.Errorf("the order of targets matters:\n%s", diff)
		}
	}
	if e := with(``); len(e.Subjects) != 0 || len(e.Doubts) == 0 || e.Class != holds.PasswordReset {
		t.Errorf("only ObjectId: %v, %q", e.Subjects, e.Doubts)
	}
	if e := with(`{"ID":"User_` + nobody + `","Type":2}`); len(e.Subjects) != 0 || len(e.Doubts) == 0 {
		t.Errorf("zeros: %v, %q", e.Subjects, e.Doubts)
	}
	for _, broken := range []string{`{"ID":"a","Id":"b"}`, `{"ID":"User_` + ingrid + `","Type":2,"type":5}`} {
		if e := with(broken); e.Class != holds.Unclassified || len(e.Subjects) != 0 {
			t.Errorf("%s: %s", broken, e.Class)
		}
	}
}
