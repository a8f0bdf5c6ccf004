package entra

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
)

const ourPolicy = "5e3cb481-2814-4295-b4cc-2440a6d66c86"

// byUs is the same record made by our own service principal.
func byUs(raw string) string {
	from, to := strings.Index(raw, `"initiatedBy":`), strings.Index(raw, `,"targetResources"`)
	return raw[:from] + `"initiatedBy":{"user":null,"app":{"appId":null,"displayName":"Countersign","servicePrincipalId":"` + ourSP + `"}}` + raw[to:]
}

func inGroup(activity, group string) string {
	return audited("Directory_"+ingrid+"_A_1", activity, person(ingrid, "Group.ObjectID", "null", `"\"`+group+`\""`), `{"id":"`+group+`","type":"Group","displayName":"held"}`)
}

func policyRecord(activity, id, old, now string) string {
	return audited("IPCGraph_"+ingrid, activity, `{"id":"`+id+`","displayName":"Hold","type":"Policy","modifiedProperties":[`+property("ConditionalAccessPolicy", old, now)+`]}`)
}

func TestC12TamperWithOurFooting(t *testing.T) {
	policy := `{"state":"enabled","conditions":{"users":{"includeGroups":["` + strings.ToUpper(ourSet) + `"]}}}`
	onOurs := func(activity string) string {
		return audited("Directory_"+ingrid+"_A_1", activity, `{"id":"`+ourSP+`","type":"ServicePrincipal","displayName":"Countersign"}`)
	}
	for name, c := range map[string]struct {
		raw  string
		want holds.Class
	}{
		"somebody joins":                   {inGroup("Add member to group", ourSet), holds.Tamper},
		"somebody leaves":                  {inGroup("Remove member from group", ourSet), holds.Tamper},
		"an owner of it":                   {inGroup("Add owner to group", ourSet), holds.Tamper},
		"it is deleted":                    {audited("Directory_"+ingrid+"_A_1", "Delete group", `{"id":"`+ourSet+`","type":"Group"}`), holds.Tamper},
		"it is changed":                    {audited("Directory_"+ingrid+"_A_1", "Update group", `{"id":"`+ourSet+`","type":"Group"}`), holds.Tamper},
		"it gets a role":                   {inGroup("Add member to role", ourSet), holds.Tamper},
		"another group":                    {inGroup("Remove member from group", finance), holds.None},
		"a group of that name":             {strings.ReplaceAll(inGroup("Remove member from group", finance), `"held"`, `"`+ourSet+`"`), holds.None},
		"the policy loosened":              {policyRecord("Update conditional access policy", finance, policy, `{"state":"disabled"}`), holds.Tamper},
		"the policy deleted":               {policyRecord("Delete conditional access policy", finance, policy, ""), holds.Tamper},
		"the group excluded":               {policyRecord("Update policy", finance, `{}`, `["{\"Users\":{\"Exclude\":[\"`+ourSet+`\"]}}"]`), holds.Tamper},
		"another policy":                   {policyRecord("Update conditional access policy", finance, `{}`, `{}`), holds.RemoteAccess},
		"the policy, by its id":            {policyRecord("Update conditional access policy", ourPolicy, `{}`, `{}`), holds.Tamper},
		"our principal disabled":           {onOurs("Update service principal"), holds.Tamper},
		"our principal removed":            {onOurs("Remove service principal"), holds.Tamper},
		"our permissions":                  {onOurs("Remove app role assignment from service principal"), holds.Tamper},
		"our credentials":                  {audited("Directory_"+ingrid+"_A_1", "Update application – Certificates and secrets management ", `{"id":"`+ourApp+`","type":"Application"}`), holds.Tamper},
		"our owner":                        {audited("Directory_"+ingrid+"_A_1", "Add owner to application", person(ingrid, "", "", ""), `{"id":"`+ourApp+`","type":"Application"}`), holds.Tamper},
		"our permissions, as Graph writes": {onApp("Remove app role assignment from service principal", "ServicePrincipal", property("ServicePrincipal.ObjectID", `"`+ourSP+`"`, "")), holds.Tamper},
		"another's permissions":            {onApp("Remove app role assignment from service principal", "ServicePrincipal", property("ServicePrincipal.ObjectID", `"`+finance+`"`, "")), holds.None},
		"our role":                         {audited("Directory_"+ingrid+"_A_1", "Remove member from role", `{"id":"`+ourSP+`","type":"ServicePrincipal"}`), holds.Tamper},
		"where the log is sent":            {`{"time":"2026-11-20T11:00:00Z","operationName":"MICROSOFT.AADIAM/DIAGNOSTICSETTINGS/DELETE","category":"Administrative","resultType":"Success","properties":{"eventCategory":"Administrative"}}`, holds.Tamper},
	} {
		x := NewDecoder(ours())
		x.SetRestraintPolicies([]string{strings.ToUpper(ourPolicy)})
		e := x.one([]byte(c.raw), received())
		if e.Class != c.want || e.Verb == "" || e.Class == holds.Tamper && e.Undo != (holds.Action{}) {
			t.Errorf("%s: %s, undo %+v, doubts %q", name, e.Class, e.Undo, e.Doubts)
		}
	}
}

// Which policies restrain is learned while the program runs.
func TestC12PoliciesOnceTheyAreKnown(t *testing.T) {
	x := NewDecoder(ours())
	raw := []byte(policyRecord("Update conditional access policy", ourPolicy, `{}`, `{}`))
	if e := x.one(raw, received()); e.Class != holds.RemoteAccess || !strings.Contains(strings.Join(e.Doubts, ""), "not known yet") {
		t.Errorf("before they are known: %s, %q", e.Class, e.Doubts)
	}
	x.SetRestraintPolicies([]string{finance})
	if e := x.one(raw, received()); e.Class != holds.RemoteAccess || strings.Contains(strings.Join(e.Doubts, ""), "not known yet") {
		t.Errorf("another one: %s, %q", e.Class, e.Doubts)
	}
	x.SetRestraintPolicies([]string{ourPolicy})
	if e := x.one(raw, received()); e.Class != holds.Tamper {
		t.Errorf("ours: %s", e.Class)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			x.SetRestraintPolicies([]string{fmt.Sprintf("%08x-2814-4295-b4cc-2440a6d66c86", i), ourPolicy})
			if e := x.one(raw, received()); e.Class != holds.Tamper {
				t.Errorf("while they are replaced: %s", e.Class)
			}
		})
	}
	all.Wait()
}

// What we do ourselves is marked with the action that causes it, and with whose it
// is; whether we meant it is decided by the intents.
func TestC13EchoesAreMarkedNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want holds.ActionKind
	}{
		"join":           {inGroup("Add member to group", ourSet), holds.JoinRestraintGroup},
		"leave":          {inGroup("Remove member from group", ourSet), holds.LeaveRestraintGroup},
		"leave another":  {inGroup("Remove member from group", finance), holds.LeaveGroup},
		"sessions":       {audited("Directory_"+ingrid+"_A_1", "Update StsRefreshTokenValidFrom Timestamp", person(ingrid, "", "", "")), holds.ClearSessions},
		"disable":        {audited("Directory_"+ingrid+"_A_1", "Disable account", person(ingrid, "", "", "")), holds.SuspendAccount},
		"disable, twin":  {audited("Directory_"+ingrid+"_A_1", "Update user", person(ingrid, "AccountEnabled", `"[true]"`, `"[false]"`)), holds.SuspendAccount},
		"enable":         {audited("Directory_"+ingrid+"_A_1", "Enable account", person(ingrid, "", "", "")), holds.UnsuspendAccount},
		"role":           {audited("Directory_"+ingrid+"_A_1", "Remove member from role", coreRole(`"\"Global Administrator\""`, "null")), holds.RemoveRole},
		"role in PIM":    {pimRecord("Remove member from role in PIM completed (permanent)", globalAdmin, "x"), holds.RemoveRole},
		"method":         {audited("Authentication Methods_"+ingrid+"_A_1", "Admin deleted security info", person(ingrid, "", "", "")), holds.RemoveFactor},
		"method, twin":   {updated(property("StrongAuthenticationMethod", `[{"MethodType":6}]`, `[]`)), holds.RemoveFactor},
		"profile":        {updated(property("MobilePhone", `["2"]`, `["1"]`)), holds.RestoreProfile},
		"phone set back": {strings.Replace(audited("Authentication Methods_"+ingrid+"_A_1", "Admin updated security info", person(ingrid, "", "", "")), `"resultReason":""`, `"resultReason":"Admin updated phone for user"`, 1), holds.RestoreProfile},
		"reset":          {audited("Directory_"+ingrid+"_A_1", "Reset user password", person(ingrid, "", "", "")), ""},
		"grant":          {coreAdd(), ""},
	} {
		e := one(t, byUs(c.raw))
		if e.Echo != c.want || !e.Actor.Own || e.Class == holds.Tamper || len(e.Subjects) != 1 || e.Subjects[0].ID != ingrid {
			t.Errorf("%s: echo %q, own %v, %s, subjects %v", name, e.Echo, e.Actor.Own, e.Class, e.Subjects)
		}
		if other := one(t, c.raw); other.Actor.Own {
			t.Errorf("%s: somebody else's is ours", name)
		}
	}
}
