package oktasim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTokenActsAsItsOwner: how the product recognises its own calls.
func TestTokenActsAsItsOwner(t *testing.T) {
	r := newRig(t, Options{})
	r.call(200, "POST", "/api/v1/users/"+Engineer+"/lifecycle/suspend", nil)
	e := r.Log()[0]
	if e.Actor.ID != ServiceAccount || e.Actor.Type != "User" || e.Transaction.Detail["requestApiTokenId"] != ServiceToken {
		t.Errorf("actor %+v, transaction %+v", e.Actor, e.Transaction)
	}
	var me struct{ ID string }
	r.call(200, "GET", "/api/v1/users/me", nil).decode(t, &me)
	if me.ID != ServiceAccount {
		t.Errorf("me is %s", me.ID)
	}
}

func TestUnauthorized(t *testing.T) {
	company := SmallCompany()
	for _, owner := range []string{Engineer, HelpDesk, OrgAdmin} {
		company.Tokens = append(company.Tokens, APIToken{ID: "00T" + owner, Owner: owner, Value: "token of " + owner})
	}
	r := newRig(t, Options{Company: company})
	for _, header := range []string{"", "SSWS", "SSWS wrong", "Bearer wrong", "Basic dTpw"} {
		r.token = header
		if got := r.call(401, "GET", "/api/v1/users/"+Engineer, nil).code(); got != "E0000011" {
			t.Errorf("%q: code %s", header, got)
		}
	}
	suspend := "/lifecycle/suspend"
	for _, c := range []struct {
		owner, method, path string
		want                int
	}{
		{Engineer, "GET", "/api/v1/users", 403}, // no administrator
		{HelpDesk, "GET", "/api/v1/users", 200},
		{HelpDesk, "POST", "/api/v1/users/" + Engineer + "/lifecycle/reset_factors", 200},
		{HelpDesk, "POST", "/api/v1/users/" + Engineer + suspend, 403},
		{HelpDesk, "POST", "/api/v1/users/" + ITLead + "/lifecycle/reset_factors", 403}, // on an administrator
		{HelpDesk, "GET", "/api/v1/logs", 403},
		{HelpDesk, "POST", "/api/v1/users/" + Engineer + "/roles", 403},
		{OrgAdmin, "GET", "/api/v1/logs", 200},
		{OrgAdmin, "POST", "/api/v1/users/" + Engineer + suspend, 200},
		{OrgAdmin, "POST", "/api/v1/users/" + HelpDesk + "/lifecycle/reset_factors", 200},
		{OrgAdmin, "POST", "/api/v1/users/" + BreakGlass + suspend, 403},                // on a super administrator
		{OrgAdmin, "PUT", "/api/v1/groups/" + HelpDeskGroup + "/users/" + Payroll, 403}, // grants a role
		{OrgAdmin, "POST", "/api/v1/eventHooks", 403},
	} {
		r.token = "SSWS token of " + c.owner
		if got, err := r.try(c.method, c.path, nil); err != nil || got.status != c.want {
			t.Errorf("%s %s as %s: %d %v, want %d", c.method, c.path, c.owner, got.status, err, c.want)
		}
	}
	t.Run("a suspended owner's token is dead", func(t *testing.T) {
		r.token = "SSWS token of " + OrgAdmin
		if _, err := r.Suspends(ITLead, OrgAdmin); err != nil {
			t.Fatal(err)
		}
		r.call(401, "GET", "/api/v1/users", nil)
	})
}

// signer makes client assertions.
type signer struct {
	t   *testing.T
	key *rsa.PrivateKey
}

func (s signer) sign(alg string, claims map[string]any) string {
	s.t.Helper()
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			s.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(map[string]string{"alg": alg}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// TestPrivateKeyJWT covers the service app's way in.
func TestPrivateKeyJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	company := SmallCompany()
	company.Apps[0].PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	clock := newClock()
	r := newRig(t, Options{Company: company, Now: clock.now})
	mine := signer{t, key}
	claims := func(change func(map[string]any)) map[string]any {
		c := map[string]any{"iss": ServiceAppID, "sub": ServiceAppID, "aud": r.url + tokenPath, "exp": clock.now().Add(time.Minute).Unix()}
		if change != nil {
			change(c)
		}
		return c
	}
	ask := func(assertion, scope string) (int, map[string]any) {
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
		resp, err := http.PostForm(r.url+tokenPath, form)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var body map[string]any
		_ = json.NewDecoder(resp.Body).Decode(&body)
		return resp.StatusCode, body
	}
	for _, c := range []struct {
		name, assertion, scope string
		want                   int
		code                   string
	}{
		{"another key", signer{t, other}.sign("RS256", claims(nil)), "okta.logs.read", 401, "invalid_client"},
		{"alg none", mine.sign("none", claims(nil)), "okta.logs.read", 401, "invalid_client"},
		{"HS256", mine.sign("HS256", claims(nil)), "okta.logs.read", 401, "invalid_client"},
		{"no JWT", "x.y", "okta.logs.read", 401, "invalid_client"},
		{"another audience", mine.sign("RS256", claims(func(c map[string]any) { c["aud"] = "https://elsewhere.example/oauth2/v1/token" })), "okta.logs.read", 401, "invalid_client"},
		{"expired", mine.sign("RS256", claims(func(c map[string]any) { c["exp"] = clock.now().Add(-time.Second).Unix() })), "okta.logs.read", 401, "invalid_client"},
		{"too long", mine.sign("RS256", claims(func(c map[string]any) { c["exp"] = clock.now().Add(2 * time.Hour).Unix() })), "okta.logs.read", 401, "invalid_client"},
		{"issuer is not the subject", mine.sign("RS256", claims(func(c map[string]any) { c["iss"] = "0oaother" })), "okta.logs.read", 401, "invalid_client"},
		{"an unknown app", mine.sign("RS256", claims(func(c map[string]any) { c["iss"], c["sub"] = "0oaother", "0oaother" })), "okta.logs.read", 401, "invalid_client"},
		{"a scope not granted", mine.sign("RS256", claims(nil)), "okta.apps.manage", 400, "invalid_scope"},
		{"no scope", mine.sign("RS256", claims(nil)), "", 400, "invalid_scope"},
		{"used once", mine.sign("RS256", claims(func(c map[string]any) { c["jti"] = "one" })), "okta.logs.read", 200, ""},
		{"used again", mine.sign("RS256", claims(func(c map[string]any) { c["jti"] = "one" })), "okta.logs.read", 401, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := ask(c.assertion, c.scope)
			if code, _ := body["error"].(string); status != c.want || code != c.code {
				t.Errorf("%d %v, want %d %s", status, body, c.want, c.code)
			}
		})
	}
	_, body := ask(mine.sign("RS256", claims(nil)), "okta.users.manage")
	token, _ := body["access_token"].(string)
	r.token = "Bearer " + token
	t.Run("the app is the actor, within its scopes", func(t *testing.T) {
		r.call(200, "POST", "/api/v1/users/"+Engineer+"/lifecycle/suspend", nil)
		r.call(200, "GET", "/api/v1/users/"+Engineer, nil)
		log := r.Log()
		if e := log[len(log)-1]; e.Actor.Type != "PublicClientAppEntity" || e.Actor.ID != ServiceAppID || len(e.Transaction.Detail) != 0 {
			t.Errorf("actor %+v, transaction %+v", e.Actor, e.Transaction)
		}
		got := r.call(403, "GET", "/api/v1/logs", nil)
		if !strings.Contains(got.header.Get("Www-Authenticate"), "insufficient_scope") {
			t.Errorf("headers %v", got.header)
		}
	})
	t.Run("the parameters may be in the query, and do not reach log or journal", func(t *testing.T) {
		q := url.Values{
			"grant_type": {"client_credentials"}, "scope": {"okta.logs.read"}, "client_assertion_type": {assertionType},
			"client_assertion": {mine.sign("RS256", claims(nil))},
		}
		r.call(200, "POST", tokenPath+"?"+q.Encode(), nil)
		journal := r.Journal()
		log := r.Log()
		if !strings.Contains(journal[len(journal)-1].Query, "client_assertion=redacted") || strings.Contains(jsonText(log[len(log)-1]), "eyJ") {
			t.Error("the assertion was kept")
		}
	})
	t.Run("the token ends", func(t *testing.T) {
		clock.pass(tokenLife)
		r.call(401, "GET", "/api/v1/users/"+Engineer, nil)
	})
}
