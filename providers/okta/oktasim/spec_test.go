package oktasim

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
)

// TestConversationFitsOktasDescription drives every endpoint through a
// transport that checks both directions, on both engines.
func TestConversationFitsOktasDescription(t *testing.T) {
	spec := oktaspec.Load(t)
	for _, engine := range []Engine{IdentityEngine, Classic} {
		t.Run(string(engine), func(t *testing.T) {
			r := newRig(t, Options{Engine: engine})
			r.via = spec.Transport(t, nil)
			everyEndpoint(t, r)
		})
	}
}

// everyEndpoint makes at least one call to each endpoint.
func everyEndpoint(t *testing.T, r *rig) {
	const u, g = "/api/v1/users/" + Engineer, "/api/v1/groups/" + RestraintGroup
	type object struct{ ID string }
	var made object
	r.call(200, "GET", "/api/v1/org", nil)
	r.call(200, "GET", "/.well-known/okta-organization", nil)
	r.call(200, "GET", "/api/v1/users?limit=3", nil)
	r.call(200, "GET", "/api/v1/users/me", nil)
	r.call(200, "GET", u, nil)
	r.call(404, "GET", "/api/v1/users/nobody@nordwind.example", nil)
	r.call(200, "POST", u, map[string]any{"profile": map[string]any{"title": "Principal Engineer"}})
	r.call(200, "GET", u+"/groups", nil)

	r.call(200, "GET", u+"/factors", nil)
	r.call(200, "POST", u+"/factors", map[string]any{"factorType": "sms", "provider": "OKTA", "profile": map[string]any{"phoneNumber": "+15550101234"}}).decode(t, &made)
	r.call(200, "POST", u+"/factors/"+made.ID+"/lifecycle/activate", map[string]any{"passCode": "123456"})
	r.call(200, "GET", u+"/factors/"+made.ID, nil)
	r.call(204, "DELETE", u+"/factors/"+made.ID+"?removeRecoveryEnrollment=true", nil)
	push := factorOf(t, r, Engineer, "push")
	var waiting struct {
		Links struct{ Poll struct{ Href string } } `json:"_links"`
	}
	r.call(201, "POST", u+"/factors/"+push+"/verify", map[string]any{"useNumberMatchingChallenge": true}).decode(t, &waiting)
	r.call(200, "GET", waiting.Links.Poll.Href[len(r.url):], nil)
	if _, err := r.AnswersPush(Engineer, false, 0); err != nil {
		t.Fatal(err)
	}
	r.call(200, "GET", waiting.Links.Poll.Href[len(r.url):], nil)

	r.call(201, "POST", u+"/roles", map[string]any{"type": "READ_ONLY_ADMIN"}).decode(t, &made)
	r.call(409, "POST", u+"/roles", map[string]any{"type": "READ_ONLY_ADMIN"})
	r.call(200, "GET", u+"/roles", nil)
	r.call(200, "GET", u+"/roles/"+made.ID, nil)
	r.call(204, "DELETE", u+"/roles/"+made.ID, nil)
	r.call(200, "GET", "/api/v1/users/"+HelpDesk+"/roles", nil)

	r.call(200, "GET", "/api/v1/groups?q=Counter", nil)
	r.call(200, "GET", g, nil)
	r.call(204, "PUT", g+"/users/"+Engineer, nil)
	r.call(200, "GET", g+"/users", nil)
	r.call(204, "DELETE", g+"/users/"+Engineer, nil)
	r.call(201, "POST", g+"/roles", map[string]any{"type": "REPORT_ADMIN"}).decode(t, &made)
	r.call(200, "GET", g+"/roles", nil)
	r.call(204, "DELETE", g+"/roles/"+made.ID, nil)

	r.call(200, "GET", "/api/v1/idps/"+PartnerIDP, nil)
	r.call(200, "POST", "/api/v1/idps/"+PartnerIDP+"/lifecycle/deactivate", nil)
	r.call(200, "POST", "/api/v1/idps/"+PartnerIDP+"/lifecycle/activate", nil)
	r.call(404, "GET", "/api/v1/idps/0oaNobody00000000000", nil)
	told, err := r.MakesToken(OrgAdmin, "ci")
	if err != nil {
		t.Fatal(err)
	}
	r.call(200, "GET", "/api/v1/api-tokens", nil)
	r.call(200, "GET", "/api/v1/api-tokens/"+told.Events[0].Target[0].ID, nil)
	r.call(204, "DELETE", "/api/v1/api-tokens/"+told.Events[0].Target[0].ID, nil)
	r.call(404, "GET", "/api/v1/api-tokens/"+told.Events[0].Target[0].ID, nil)
	if r.Engine() == IdentityEngine {
		d := "/api/v1/devices/" + deviceOf(t, r, Engineer)
		r.call(200, "GET", u+"/devices", nil)
		for _, step := range []string{"suspend", "unsuspend", "deactivate", "activate"} {
			r.call(204, "POST", d+"/lifecycle/"+step, nil)
			r.call(200, "GET", d, nil)
		}
		r.call(404, "GET", "/api/v1/devices/guoNobody00000000000", nil)
	}

	r.call(200, "GET", "/api/v1/policies?type=OKTA_SIGN_ON", nil)
	policyEndpoints(t, r, SignOnPolicy, SignOnRule)
	if r.Engine() == IdentityEngine {
		policyEndpoints(t, r, AccountPolicy, AccountRule)
	}
	hookEndpoints(t, r)

	for _, step := range []string{"suspend", "unsuspend", "expire_password", "reset_password?sendEmail=false", "expire_password_with_temp_password?revokeSessions=true", "reset_factors"} {
		r.call(200, "POST", u+"/lifecycle/"+step, nil)
	}
	r.call(400, "POST", u+"/lifecycle/suspend", nil)
	r.call(204, "DELETE", u+"/sessions?oauthTokens=true", nil)
	r.call(200, "GET", "/api/v1/logs?sortOrder=ASCENDING&limit=1000", nil)
	r.call(200, "GET", "/api/v1/users?limit=10&search="+url.QueryEscape(`profile.login eq "aiko.tanaka@nordwind.example"`), nil)
	r.call(200, "GET", "/api/v1/logs?limit=1000&sortOrder=ASCENDING&since=2025-03-03T09:00:00Z&until=2100-01-01T00:00:00Z&filter="+
		url.QueryEscape(`actor.id eq "`+Engineer+`" or target.id eq "`+Engineer+`"`), nil)
	r.RateLimit(TooMany{Calls: 1})
	r.call(429, "GET", "/api/v1/logs", nil)
}

func policyEndpoints(t *testing.T, r *rig, policy, rule string) {
	t.Helper()
	p := "/api/v1/policies/" + policy
	r.call(200, "GET", p, nil)
	r.call(200, "GET", p+"/rules", nil)
	var before map[string]any
	r.call(200, "GET", p+"/rules/"+rule, nil).decode(t, &before)
	r.call(200, "PUT", p+"/rules/"+rule, before)
	r.call(204, "POST", p+"/rules/"+rule+"/lifecycle/deactivate", nil)
	r.call(204, "POST", p+"/rules/"+rule+"/lifecycle/activate", nil)
	before["name"] = "Another"
	var made struct{ ID string }
	r.call(200, "POST", p+"/rules", before).decode(t, &made)
	r.call(204, "DELETE", p+"/rules/"+made.ID, nil)
}

func hookEndpoints(t *testing.T, r *rig) {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = w.Write([]byte(`{"verification":"` + q.Header.Get("X-Okta-Verification-Challenge") + `"}`))
	}))
	t.Cleanup(target.Close)
	body := hookJSON(target.URL, "user.lifecycle.suspend")
	var made struct{ ID string }
	r.call(200, "POST", "/api/v1/eventHooks", body).decode(t, &made)
	h := "/api/v1/eventHooks/" + made.ID
	r.call(200, "POST", h+"/lifecycle/verify", nil)
	r.call(200, "GET", "/api/v1/eventHooks", nil)
	r.call(200, "GET", h, nil)
	r.call(200, "PUT", h, body)
	r.call(200, "POST", h+"/lifecycle/deactivate", nil)
	r.call(200, "POST", h+"/lifecycle/activate", nil)
	r.call(200, "POST", h+"/lifecycle/deactivate", nil)
	r.call(204, "DELETE", h, nil)
}

func hookJSON(url string, types ...string) map[string]any {
	return map[string]any{
		"name": "Countersign", "events": map[string]any{"type": "EVENT_TYPE", "items": types},
		"channel": map[string]any{"type": "HTTP", "version": "1.0.0", "config": map[string]any{
			"uri": url, "authScheme": map[string]any{"type": "HEADER", "key": "Authorization", "value": "a secret"},
			"headers": []any{map[string]any{"key": "X-Tenant", "value": "nordwind"}},
		}},
	}
}

// factorOf finds the id of a person's factor of a type.
func factorOf(t *testing.T, r *rig, person, factorType string) string {
	t.Helper()
	p, _ := r.Person(person)
	for _, f := range p.Factors {
		if f.Type == factorType {
			return f.ID
		}
	}
	t.Fatalf("%s has no %s factor", person, factorType)
	return ""
}
