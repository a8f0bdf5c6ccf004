package entrasim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// keyPair is a certificate with its key.
type keyPair struct {
	key *rsa.PrivateKey
	der []byte
}

func newKeyPair(t *testing.T) keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: seedDate(), NotAfter: seedDate().AddDate(10, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, der}
}

func (k keyPair) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.der}))
}

// sign makes a client assertion.
func (k keyPair) sign(alg string, claims map[string]any) string {
	one, two := sha1.Sum(k.der), sha256.Sum256(k.der)
	header := map[string]any{"alg": alg, "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(one[:])}
	if alg == "PS256" {
		header = map[string]any{"alg": alg, "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(two[:])}
	}
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString([]byte(jsonText(v))) }
	text := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if alg == "PS256" {
		sig, err = rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, sum[:], nil)
	}
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// withKey gives an application a certificate behind the simulator's back, and
// returns its keyId.
func (r *rig) withKey(app string) string {
	r.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // quick to make; nothing is signed with it
	if err != nil {
		r.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		r.t.Fatal(err)
	}
	id := newGUID()
	r.change(func() {
		a := r.app(app)
		a.Keys = append(a.Keys, Key{ID: id, Name: "CN=test", Certificate: keyPair{der: der}.pem(), Start: seedDate(), End: time.Now().AddDate(1, 0, 0)})
	})
	return id
}

// ask sends a form to the token endpoint.
func (r *rig) ask(tenant string, form url.Values, basic ...string) heard {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/"+tenant+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		req.SetBasicAuth(basic[0], basic[1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(resp.Body)
	return heard{resp.StatusCode, resp.Header, data}
}

func form(pairs ...string) url.Values {
	out := url.Values{"grant_type": {"client_credentials"}, "client_id": {OwnApp}, "scope": {"https://graph.microsoft.com/.default"}}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// TestTokenBySecret: each way to be refused has Entra's own number.
func TestTokenBySecret(t *testing.T) {
	r := newRig(t, Options{})
	secret := r.ClientSecret(OwnApp)
	for _, c := range []struct {
		name, tenant string
		form         url.Values
		basic        []string
		status       int
		code         string
		number       float64
	}{
		{"in the body", Tenant, form("client_secret", secret), nil, 200, "", 0},
		{"by the domain's name", "nordwind.example", form("client_secret", secret), nil, 200, "", 0},
		{"in the header", Tenant, form("client_id", ""), []string{OwnApp, secret}, 200, "", 0},
		{"wrong secret", Tenant, form("client_secret", "guess"), nil, 401, "invalid_client", 7000215},
		{"another app's secret", Tenant, form("client_secret", r.ClientSecret(PayrollApp)), nil, 401, "invalid_client", 7000215},
		{"no secret", Tenant, form(), nil, 401, "invalid_client", 7000218},
		{"unknown app", Tenant, form("client_id", newGUID(), "client_secret", secret), nil, 400, "unauthorized_client", 700016},
		{"no app", Tenant, form("client_id", "", "client_secret", secret), nil, 400, "unauthorized_client", 700016},
		{"another tenant", newGUID(), form("client_secret", secret), nil, 400, "invalid_request", 90002},
		{"another grant", Tenant, form("grant_type", "password", "client_secret", secret), nil, 400, "unsupported_grant_type", 70003},
		{"a scope by name", Tenant, form("scope", "User.Read.All", "client_secret", secret), nil, 400, "invalid_scope", 1002012},
	} {
		got := r.ask(c.tenant, c.form, c.basic...)
		body := got.body()
		if got.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, got.status, got.raw, c.status)
			continue
		}
		if c.status == 200 {
			if body["token_type"] != "Bearer" || body["access_token"] == "" || body["expires_in"] != 3599.0 {
				t.Errorf("%s: %s", c.name, got.raw)
			}
			r.token = "Bearer " + body["access_token"].(string)
			r.call(200, "GET", "/users/"+Engineer, nil)
			continue
		}
		numbers, _ := body["error_codes"].([]any)
		text, _ := body["error_description"].(string)
		if body["error"] != c.code || len(numbers) != 1 || numbers[0] != c.number || !strings.HasPrefix(text, "AADSTS") || body["trace_id"] == nil {
			t.Errorf("%s: %s", c.name, got.raw)
		}
	}
}

func TestExpiredSecret(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	c.pass(20 * 365 * 24 * time.Hour)
	if got := r.ask(Tenant, form("client_secret", r.ClientSecret(OwnApp))); got.status != 401 || !strings.Contains(string(got.raw), "AADSTS7000222") {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// TestTokenByAssertion: signature, thumbprint, issuer, audience, times and the
// one use of an id are all checked.
func TestTokenByAssertion(t *testing.T) {
	company := SmallCompany()
	good, other := newKeyPair(t), newKeyPair(t)
	company.Apps[0].Keys = []Key{{ID: newGUID(), Name: "CN=Countersign", Certificate: good.pem(), Start: seedDate(), End: seedDate().AddDate(10, 0, 0)}}
	r := newRig(t, Options{Company: company})
	host := strings.TrimPrefix(r.url, "http://")
	claims := func(pairs ...any) map[string]any {
		m := map[string]any{
			"iss": OwnApp, "sub": OwnApp, "aud": "http://" + host + "/" + Tenant + tokenPath, "jti": newGUID(),
			"nbf": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(5 * time.Minute).Unix(),
		}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	const once = "the-one-id"
	mangled := good.sign("PS256", claims())
	for _, c := range []struct {
		name, assertion string
		number          string // "" when a token is given
	}{
		{"PS256", good.sign("PS256", claims()), ""},
		{"RS256", good.sign("RS256", claims()), ""},
		{"Microsoft's address", good.sign("PS256", claims("aud", "https://login.microsoftonline.com/"+Tenant+"/v2.0")), ""},
		{"an id for the first time", good.sign("PS256", claims("jti", once)), ""},
		{"an id again", good.sign("PS256", claims("jti", once)), "AADSTS7000214"},
		{"no id", good.sign("PS256", claims("jti", "")), "AADSTS50027"},
		{"a key that is not registered", other.sign("PS256", claims()), "AADSTS700027"},
		{"a mangled signature", mangled[:len(mangled)-8] + "AAAAAAAA", "AADSTS700027"},
		{"a weak algorithm", good.sign("none", claims()), "AADSTS700027"},
		{"another issuer", good.sign("PS256", claims("iss", PayrollApp)), "AADSTS700021"},
		{"another audience", good.sign("PS256", claims("aud", "https://login.elsewhere.example/"+Tenant+tokenPath)), "AADSTS700023"},
		{"another tenant's audience", good.sign("PS256", claims("aud", "http://"+host+"/"+newGUID()+tokenPath)), "AADSTS700023"},
		{"expired", good.sign("PS256", claims("exp", time.Now().Add(-time.Minute).Unix())), "AADSTS700024"},
		{"not yet valid", good.sign("PS256", claims("nbf", time.Now().Add(time.Hour).Unix())), "AADSTS700024"},
		{"no token at all", "abc", "AADSTS50027"},
	} {
		got := r.ask(Tenant, form("client_assertion_type", assertionType, "client_assertion", c.assertion))
		if c.number == "" && got.status != 200 || c.number != "" && (got.status != 401 || !strings.Contains(string(got.raw), c.number)) {
			t.Errorf("%s: %d %s, want %q", c.name, got.status, got.raw, c.number)
		}
	}
	if got := r.ask(Tenant, form("client_assertion_type", "saml", "client_assertion", "a.b.c")); got.status != 401 {
		t.Errorf("another type of assertion: %d", got.status)
	}
}

// TestTokensEnd: a token is refused when it is missing, foreign, expired or revoked.
func TestTokensEnd(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	good := r.token
	refused := func(name, token string) {
		t.Helper()
		r.token = token
		got := r.call(401, "GET", "/users", nil)
		if got.code() != "InvalidAuthenticationToken" || got.header.Get("Www-Authenticate") == "" {
			t.Errorf("%s: %s", name, got.raw)
		}
		r.token = good
	}
	r.call(200, "GET", "/users", nil)
	refused("none", "")
	refused("another scheme", "Basic abc")
	refused("made up", "Bearer abc")
	c.pass(tokenLife)
	refused("expired", good)
	good = "Bearer " + r.AccessToken(OwnApp)
	r.token = good
	r.call(200, "GET", "/users", nil)
	r.RevokeTokens()
	refused("revoked", good)
}

// TestPermissionsAreNeeded: what the application may is decided for each call,
// and can be taken away and given back.
func TestPermissionsAreNeeded(t *testing.T) {
	r := newRig(t, Options{})
	for _, p := range []struct{ permission, method, path string }{
		{"AuditLog.Read.All", "GET", "/auditLogs/directoryAudits"},
		{"UserAuthenticationMethod.ReadWrite.All", "GET", "/users/" + Engineer + "/authentication/methods"},
		{"Policy.Read.All", "GET", "/identity/conditionalAccess/policies"},
		{"Domain-InternalFederation.ReadWrite.All", "DELETE", "/domains/nordwind.example/federationConfiguration/" + newGUID()},
	} {
		if !r.TakePermission(OwnApp, p.permission) || r.TakePermission(OwnApp, p.permission) {
			t.Fatalf("%s was not there once", p.permission)
		}
		if got := r.call(403, p.method, p.path, nil); got.code() != "Authorization_RequestDenied" {
			t.Errorf("%s: %s", p.permission, got.raw)
		}
		r.GivePermission(OwnApp, p.permission)
		if got, err := r.try(p.method, "/v1.0"+p.path, nil); err != nil || got.status == 403 {
			t.Errorf("%s given back: %d %v", p.permission, got.status, err)
		}
	}
	r.token = "Bearer " + r.AccessToken(PayrollApp)
	r.call(200, "GET", "/users", nil)
	r.call(403, "PATCH", "/users/"+Engineer, map[string]any{"accountEnabled": false})
	if len(r.Permissions(PayrollApp)) != 1 || r.Permissions("nobody") != nil {
		t.Errorf("permissions %v", r.Permissions(PayrollApp))
	}
}

// TestNarrowPermissions: one that is for a property does for that alone.
func TestNarrowPermissions(t *testing.T) {
	r := newRig(t, Options{})
	r.TakePermission(OwnApp, "User.ReadWrite.All")
	r.call(204, "PATCH", "/users/"+Engineer, map[string]any{"accountEnabled": false})
	r.call(403, "PATCH", "/users/"+Engineer, map[string]any{"mobilePhone": "+1 5550000"})
	r.TakePermission(OwnApp, "User.EnableDisableAccount.All")
	r.call(403, "PATCH", "/users/"+Engineer, map[string]any{"accountEnabled": true})
	if p, _ := r.Person(Engineer); p.Enabled || p.MobilePhone == "+1 5550000" {
		t.Errorf("%+v", p)
	}
}
