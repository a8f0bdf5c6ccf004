package oktasim

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestStoriesByName tells every story there is over the admin address and
// checks the first event each writes.
func TestStoriesByName(t *testing.T) {
	r, _, hookID := hooked(t, Options{})
	admin := httptest.NewServer(r.Admin())
	t.Cleanup(admin.Close)
	told := map[string]bool{}
	for _, c := range []struct {
		name string
		q    StoryRequest
		want string
	}{
		{"reset-factors", StoryRequest{Actor: HelpDesk, Subject: Payroll}, "user.mfa.factor.reset_all"},
		{"enrol-factor", StoryRequest{Subject: Payroll, Kind: "webauthn", Device: "Blue key", From: "elsewhere"}, "user.mfa.factor.activate"},
		{"remove-factor", StoryRequest{Actor: HelpDesk, Subject: Engineer, Factor: factorOf(t, r, Engineer, "token:software:totp")}, "user.mfa.factor.deactivate"},
		{"grant-role", StoryRequest{Actor: ITLead, Subject: Engineer, Role: "ORG_ADMIN"}, "user.account.privilege.grant"},
		{"revoke-role", StoryRequest{Actor: ITLead, Subject: Engineer, Role: "ORG_ADMIN"}, "user.account.privilege.revoke"},
		{"grant-group-role", StoryRequest{Actor: ITLead, Group: FinanceGroup, Role: "APP_ADMIN"}, "group.privilege.grant"},
		{"join-group", StoryRequest{Actor: ITLead, Subject: Engineer, Group: HelpDeskGroup}, "group.user_membership.add"},
		{"leave-group", StoryRequest{Actor: ITLead, Subject: Engineer, Group: HelpDeskGroup}, "group.user_membership.remove"},
		{"change-recovery-email", StoryRequest{Subject: Engineer, Email: "z@elsewhere.example"}, "user.account.update_profile"},
		{"change-profile", StoryRequest{Actor: OrgAdmin, Subject: Engineer, Profile: map[string]any{"email": "z@nordwind.example"}}, "user.account.update_profile"},
		{"reset-password", StoryRequest{Actor: HelpDesk, Subject: Engineer}, "user.account.reset_password"},
		{"choose-password", StoryRequest{Subject: Engineer}, "user.account.update_password"},
		{"expire-password", StoryRequest{Actor: HelpDesk, Subject: EngineerTwo}, "user.account.expire_password"},
		{"sign-in", StoryRequest{Subject: Manager}, "user.session.start"},
		{"sign-out", StoryRequest{Subject: Manager}, "user.session.end"},
		{"suspend", StoryRequest{Actor: OrgAdmin, Subject: Manager}, "user.lifecycle.suspend"},
		{"unsuspend", StoryRequest{Actor: OrgAdmin, Subject: Manager}, "user.lifecycle.unsuspend"},
		{"make-token", StoryRequest{Actor: OrgAdmin, Name: "ci"}, "system.api_token.create"},
		{"add-idp", StoryRequest{Actor: OrgAdmin, Name: "Partner", Issuer: "https://partner.example"}, "system.idp.lifecycle.create"},
		{"move-device", StoryRequest{Actor: OrgAdmin, Device: deviceOf(t, r, Engineer), Step: "suspend"}, "device.lifecycle.suspend"},
		{"activate-idp", StoryRequest{Actor: OrgAdmin, IDP: PartnerIDP}, "system.idp.lifecycle.activate"},
		{"grant-support-access", StoryRequest{Actor: ITLead}, "user.session.impersonation.grant"},
		{"support-signs-in", StoryRequest{Subject: Engineer}, "user.session.impersonation.initiate"},
		{"exclude-from-rule", StoryRequest{Actor: OrgAdmin, Subject: Engineer, Policy: AppPolicy, Rule: AppRule}, "policy.rule.update"},
		{"deactivate-rule", StoryRequest{Actor: OrgAdmin, Policy: AppPolicy, Rule: AppRule}, "policy.rule.deactivate"},
		{"deactivate-hook", StoryRequest{Actor: ITLead, Hook: hookID}, "event_hook.deactivated"},
		{"answer-push", StoryRequest{Subject: CEO, Approve: true}, "user.authentication.auth_via_mfa"},
	} {
		if c.name == "activate-idp" {
			r.call(200, "POST", "/api/v1/idps/"+PartnerIDP+"/lifecycle/deactivate", nil)
		}
		if c.name == "answer-push" {
			r.call(201, "POST", "/api/v1/users/"+CEO+"/factors/"+factorOf(t, r, CEO, "push")+"/verify", nil)
		}
		status, body := postJSON(t, admin.URL+"/sim/stories/"+c.name, c.q)
		var got Told
		if err := json.Unmarshal(body, &got); err != nil || status != 200 || len(got.Events) == 0 || got.Events[0].EventType != c.want {
			t.Errorf("%s: %d %.300s, want %s first", c.name, status, body, c.want)
		}
		told[c.name] = true
	}
	for _, name := range r.Stories() {
		if !told[name] {
			t.Errorf("the story %s is not told here", name)
		}
	}
}

func postJSON(t *testing.T, url string, body any) (int, []byte) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url, "application/json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var buf bytes.Buffer
	_, _ = buf.ReadFrom(resp.Body)
	return resp.StatusCode, buf.Bytes()
}

// TestFailingStoryChangesNothing: only the events tell, as FAILURE.
func TestFailingStoryChangesNothing(t *testing.T) {
	r, _, hookID := hooked(t, Options{})
	before := jsonText(r.Company())
	for name, tell := range map[string]func() (Told, error){
		"reset": func() (Told, error) { return r.HelpDeskResetsFactors(HelpDesk, Payroll, Failing("no")) },
		"role":  func() (Told, error) { return r.GrantsRole(ITLead, Payroll, "SUPER_ADMIN", Failing("no")) },
		"email": func() (Told, error) { return r.ChangesRecoveryEmail(Payroll, Payroll, "x@y.example", Failing("no")) },
		"hook":  func() (Told, error) { return r.DeactivatesHook(ITLead, hookID, Failing("no")) },
	} {
		told, err := tell()
		if err != nil || len(told.Events) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, e := range told.Events {
			if e.Outcome.Result != "FAILURE" || *e.Outcome.Reason != "no" {
				t.Errorf("%s: outcome %+v", name, e.Outcome)
			}
		}
	}
	if jsonText(r.Company()) != before || !r.hooks[0].active {
		t.Error("a failing story changed the company")
	}
}

// TestStoryRefusals: an actor needs a role, an account that works, and a way in.
func TestStoryRefusals(t *testing.T) {
	r := newRig(t, Options{})
	refused := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, err := r.HelpDeskResetsFactors(Engineer, Payroll)
	refused("an engineer resets", err, "E0000006")
	_, err = r.HelpDeskResetsFactors(HelpDesk, ITLead)
	refused("help desk on a super administrator", err, "E0000006")
	_, err = r.GrantsRole(OrgAdmin, Payroll, "ORG_ADMIN")
	refused("an organisation administrator grants", err, "E0000006")
	_, err = r.GrantsRole(Engineer, Engineer, "SUPER_ADMIN")
	refused("an engineer grants themselves a role", err, "E0000006")
	_, err = r.DeactivatesHook(Engineer, "who1")
	refused("an engineer tampers", err, "E0000006")
	_, err = r.SignsIn("nobody")
	refused("nobody", err, "no person")
	_, err = r.SignsIn(Engineer, From("the moon"))
	refused("nowhere", err, "no place")
	_, err = r.Tell("fairy-tale", StoryRequest{})
	refused("no such story", err, "no story")
	r.call(200, "POST", "/api/v1/users/"+HelpDesk+"/lifecycle/suspend", nil)
	_, err = r.HelpDeskResetsFactors(HelpDesk, Payroll)
	refused("a suspended agent", err, "E0000038")
	_, err = r.SignsIn(HelpDesk)
	refused("a suspended agent signs in", err, "E0000038")
	var oktas *Error
	if !errors.As(err, &oktas) {
		t.Error("a refusal does not carry Okta's error")
	}
}

func TestAdminAddress(t *testing.T) {
	r, e, _ := hooked(t, Options{})
	admin := httptest.NewServer(r.Admin())
	t.Cleanup(admin.Close)
	get := func(path string) (int, string) {
		resp, err := http.Get(admin.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var buf bytes.Buffer
		_, _ = buf.ReadFrom(resp.Body)
		return resp.StatusCode, buf.String()
	}
	if status, body := postJSON(t, admin.URL+"/sim/switches", map[string]any{"hookDuplicates": 1, "logDelay": "0s"}); status != 200 || !strings.Contains(string(body), `"hookDuplicates":1`) {
		t.Errorf("switches: %d %s", status, body)
	}
	if status, body := postJSON(t, admin.URL+"/sim/stories/suspend", StoryRequest{Actor: ITLead, Subject: Engineer}); status != 200 {
		t.Fatalf("story: %d %s", status, body)
	}
	if status, body := get("/sim/deliveries?wait=5s"); status != 200 || strings.Count(body, "eventId") != 2 || len(e.heard()) != 2 {
		t.Errorf("deliveries: %d %s", status, body)
	}
	if status, _ := postJSON(t, admin.URL+"/sim/faults", Fault{Path: "/api/v1/**", When: FailBefore, How: FailStatus}); status != 204 {
		t.Errorf("faults: %d", status)
	}
	r.call(500, "GET", "/api/v1/logs", nil)
	if status, _ := postJSON(t, admin.URL+"/sim/rate-limit", map[string]any{"calls": 1, "reset": "2s"}); status != 204 {
		t.Errorf("rate-limit: %d", status)
	}
	r.call(429, "GET", "/api/v1/logs", nil)
	for path, want := range map[string]string{
		"/sim/state": `"restraintGroup":"` + RestraintGroup, "/sim/people/" + Engineer: `"status":"SUSPENDED"`, "/sim/access/" + Engineer: `"ALLOW"`,
		"/sim/log": "user.lifecycle.suspend", "/sim/journal": `"fault":"before applying: status"`, "/sim/effects": "[", "/sim/stories": "reset-factors",
		"/sim/switches": "hookDelay", "/sim/hooks": `"active":true,"verified":true`,
	} {
		if status, body := get(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s, want %s", path, status, body, want)
		}
	}
	for _, c := range []struct {
		path string
		body any
		want int
	}{
		{"/sim/stories/nothing", map[string]any{}, 400},
		{"/sim/stories/suspend", map[string]any{"who": 1}, 400},
		{"/sim/switches", map[string]any{"hookDelay": 5}, 400},
		{"/sim/faults", map[string]any{"path": "/x"}, 400},
		{"/sim/rate-limit", map[string]any{"n": 1}, 400},
		{"/sim/hook", map[string]any{"url": "http://hooks.example/"}, 400},
	} {
		if status, body := postJSON(t, admin.URL+c.path, c.body); status != c.want || !strings.Contains(string(body), `"error"`) {
			t.Errorf("%s: %d %s", c.path, status, body)
		}
	}
	if status, _ := get("/sim/people/nobody"); status != 404 {
		t.Errorf("nobody: %d", status)
	}
	r.call(204, "PUT", "/api/v1/groups/"+RestraintGroup+"/users/"+Payroll, nil)
	r.call(204, "DELETE", "/api/v1/users/"+Payroll+"/sessions", nil)
	if status, _ := postJSON(t, admin.URL+"/sim/stories/sign-in", StoryRequest{Subject: Payroll}); status != 403 {
		t.Errorf("a denied story: %d, want 403", status)
	}
}

// TestHookTypesAreNarrow keeps sign-in noise out of the subscription.
func TestHookTypesAreNarrow(t *testing.T) {
	types := newRig(t, Options{}).HookTypes()
	if !slices.Contains(types, "user.mfa.factor.reset_all") || slices.Contains(types, "user.session.start") || slices.Contains(types, "event_hook.deactivated") {
		t.Errorf("types %v", types)
	}
}
