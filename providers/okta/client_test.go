package okta

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// newKey makes the key of a service app: private in PKCS#1, public in PKIX.
var newKey = sync.OnceValues(func() (string, string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
})

// appOrg is an organisation that Countersign speaks to as a service app.
func appOrg(t *testing.T, change func(*org, *Options)) *org {
	t.Helper()
	return appOrgWith(t, oktasim.SmallCompany().Apps[0].Scopes, change)
}

// appOrgWith is appOrg with no more than these scopes granted to the service app.
func appOrgWith(t *testing.T, scopes []string, change func(*org, *Options)) *org {
	t.Helper()
	private, public := newKey()
	company := oktasim.SmallCompany()
	company.Apps[0].PublicKey, company.Apps[0].Scopes = public, scopes
	return newOrg(t, oktasim.Options{Company: company}, func(o *org, opt *Options) {
		opt.Token, opt.ClientID, opt.KeyPEM = "", oktasim.ServiceAppID, private
		opt.OwnAccounts, opt.OwnTokens = nil, nil
		if change != nil {
			change(o, opt)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	private, _ := newKey()
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"good token":        {func(*Options) {}, ""},
		"good app":          {func(o *Options) { o.Token, o.ClientID, o.KeyPEM = "", "0oaCountersignApp000", private }, ""},
		"admin address":     {func(o *Options) { o.OrgURL = "https://acme-admin.okta.com" }, "admin console"},
		"plain http":        {func(o *Options) { o.OrgURL = "http://acme.okta.com" }, "https"},
		"no address":        {func(o *Options) { o.OrgURL = "" }, "address"},
		"address with path": {func(o *Options) { o.OrgURL = "https://acme.okta.com/api/v1" }, "path"},
		"no tenant":         {func(o *Options) { o.Tenant = "" }, "tenant"},
		"no group":          {func(o *Options) { o.RestraintGroup = "" }, "restraint group"},
		"a person as group": {func(o *Options) { o.RestraintGroup = "00uIngridSolberg0000" }, "restraint group"},
		"a path as group":   {func(o *Options) { o.RestraintGroup = "00g/../../../users/00" }, "restraint group"},
		"bad hook":          {func(o *Options) { o.HookID = "who" }, "hook id"},
		"bad own account":   {func(o *Options) { o.OwnAccounts = []string{"svc@acme.example"} }, "own accounts"},
		"token as own":      {func(o *Options) { o.OwnTokens = []string{"00secret-token-value"} }, "ids"},
		"nothing own":       {func(o *Options) { o.OwnAccounts = nil }, "our own"},
		"both":              {func(o *Options) { o.ClientID = "0oaCountersignApp000" }, "not both"},
		"neither":           {func(o *Options) { o.Token = "" }, "client id"},
		"no key":            {func(o *Options) { o.Token, o.ClientID = "", "0oaCountersignApp000" }, "missing"},
		"not PEM":           {func(o *Options) { o.Token, o.ClientID, o.KeyPEM = "", "0oaCountersignApp000", "x" }, "PEM"},
		"PKCS#8": {func(o *Options) {
			o.Token, o.ClientID = "", "0oaCountersignApp000"
			o.KeyPEM = strings.ReplaceAll(private, "RSA PRIVATE KEY", "PRIVATE KEY")
		}, "PKCS#8"},
		"broken key": {func(o *Options) {
			o.Token, o.ClientID = "", "0oaCountersignApp000"
			o.KeyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x")}))
		}, "PKCS#1"},
		"long token life": {func(o *Options) { o.TokenLife = 1 << 60 }, "24h"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			c.change(&o)
			_, err := New(o)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v does not say %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "MII") || strings.Contains(err.Error(), "00secret") && name != "token as own") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

// Only our options may count: the SDK reads its environment and files before.
func TestSDKSettings(t *testing.T) {
	for k, v := range map[string]string{
		"OKTA_CLIENT_ORGURL": "https://evil.example", "OKTA_CLIENT_TOKEN": "evil-token", "OKTA_CLIENT_AUTHORIZATIONMODE": "Bearer",
		"OKTA_CLIENT_CACHE_ENABLED": "true", "OKTA_CLIENT_CACHE_DEFAULT_TTL": "300", "OKTA_CLIENT_CACHE_DEFAULT_TTI": "300",
		"OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES": "9", "OKTA_CLIENT_RATE_LIMIT_MAX_BACKOFF": "999", "OKTA_CLIENT_REQUEST_TIMEOUT": "999",
		"OKTA_CLIENT_CONNECTION_TIMEOUT": "999", "OKTA_CLIENT_CLIENTID": "evil", "OKTA_CLIENT_CLIENTASSERTION": "evil", "OKTA_CLIENT_SCOPES": "evil",
		"OKTA_CLIENT_PRIVATEKEY": "evil", "OKTA_CLIENT_PRIVATEKEYID": "evil", "OKTA_CLIENT_PROXY_HOST": "evil", "OKTA_CLIENT_PROXY_PORT": "1",
		"OKTA_CLIENT_PROXY_USERNAME": "evil", "OKTA_CLIENT_PROXY_PASSWORD": "evil", "OKTA_TESTING_DISABLE_HTTPS_CHECK": "true",
	} {
		t.Setenv(k, v)
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.MkdirAll(filepath.Join(home, ".okta"), 0o700); err != nil {
		t.Fatal(err)
	}
	evil := "okta:\n  client:\n    orgUrl: https://evil.example\n    token: evil\n    cache:\n      enabled: true\n"
	if err := os.WriteFile(filepath.Join(home, ".okta", "okta.yaml"), []byte(evil), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newDecoder(t)
	cfg := c.sdk().GetConfig().Okta
	for name, ok := range map[string]bool{
		"address":            cfg.Client.OrgUrl == "https://acme.okta.com",
		"token":              cfg.Client.Token == "00secret-token-value",
		"mode":               cfg.Client.AuthorizationMode == "SSWS",
		"cache off":          !cfg.Client.Cache.Enabled && cfg.Client.Cache.DefaultTtl == 0 && cfg.Client.Cache.DefaultTti == 0,
		"no retries":         cfg.Client.RateLimit.MaxRetries == 0 && cfg.Client.RateLimit.MaxBackoff == 1,
		"timeouts":           cfg.Client.RequestTimeout == 15 && cfg.Client.ConnectionTimeout == 15,
		"no client":          cfg.Client.ClientId == "" && cfg.Client.ClientAssertion == "" && cfg.Client.PrivateKey == "" && cfg.Client.PrivateKeyId == "",
		"scopes":             len(cfg.Client.Scopes) == len(defaultScopes()),
		"no proxy":           cfg.Client.Proxy.Host == "" && cfg.Client.Proxy.Port == 0 && cfg.Client.Proxy.Username == "" && cfg.Client.Proxy.Password == "",
		"https demanded":     !cfg.Testing.DisableHttpsCheck,
		"our own transport":  c.sdk().GetConfig().HttpClient.Transport == http.RoundTripper(c.transport),
		"redirects go no on": c.sdk().GetConfig().HttpClient.CheckRedirect != nil,
	} {
		if !ok {
			t.Errorf("the SDK's settings are not ours: %s", name)
		}
	}
}

func TestServiceApp(t *testing.T) {
	o := appOrg(t, nil)
	if _, err := o.Snapshot(t.Context(), oktasim.FinanceLead); err != nil {
		t.Fatal(err)
	}
	r, err := o.Do(t.Context(), holds.Action{Kind: holds.JoinRestraintGroup, Account: oktasim.FinanceLead})
	if err != nil || r.Status != holds.Applied {
		t.Fatalf("%+v, %v", r, err)
	}
	// What the app did is ours by its id, and one access token served all calls.
	tokens := 0
	for _, e := range o.Journal() {
		if e.Path == "/oauth2/v1/token" {
			tokens++
		}
	}
	if tokens != 1 {
		t.Errorf("%d access tokens were fetched", tokens)
	}
	for _, e := range o.Log() {
		if e.EventType != "group.user_membership.add" {
			continue
		}
		got := decodeSim(t, o, e)
		if !got.Actor.Own || got.Actor.Kind != holds.PartyApp || got.Echo != holds.JoinRestraintGroup || got.Class != holds.None {
			t.Errorf("our own act decodes as %+v", got)
		}
	}
}

// The SDK keeps a refused access token until it would have expired.
func TestG13ARefusedAccessTokenIsForgotten(t *testing.T) {
	refuse := false
	var bearers []string
	o := appOrg(t, func(o *org, opt *Options) {
		opt.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
			if b := r.Header.Get("Authorization"); b != "" {
				bearers = append(bearers, b)
			}
			if refuse && r.URL.Path != "/oauth2/v1/token" {
				refuse = false
				rec := httptest.NewRecorder()
				rec.Header().Set("Www-Authenticate", `Bearer error="invalid_token", error_description="The access token is invalid."`)
				rec.WriteHeader(http.StatusUnauthorized)
				return rec.Result(), nil
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	refuse = true
	if _, err := o.Snapshot(t.Context(), oktasim.FinanceLead); holds.KindOf(err) != holds.Forbidden || !strings.Contains(err.Error(), "401") {
		t.Fatalf("a refused token: %v", err)
	}
	if _, err := o.Snapshot(t.Context(), oktasim.FinanceLead); err != nil {
		t.Fatalf("after the refusal: %v", err)
	}
	if bearers[0] == bearers[1] {
		t.Error("the refused access token was used again")
	}
}

func TestG13MissingRights(t *testing.T) {
	t.Run("scope", func(t *testing.T) {
		o := appOrg(t, func(_ *org, opt *Options) { opt.Scopes = []string{"okta.users.manage", "okta.groups.read"} })
		_, err := o.Snapshot(t.Context(), oktasim.FinanceLead)
		wantForbidden(t, err, "okta.roles.read")
		_, err = o.Enforcement(t.Context(), "")
		wantForbidden(t, err, "okta.policies.read")
		_, err = o.Do(t.Context(), holds.Action{Kind: holds.JoinRestraintGroup, Account: oktasim.FinanceLead})
		wantForbidden(t, err, "okta.groups.manage")
		_, err = o.NewPoller(PollerOptions{Pages: &pages{}}).Once(t.Context())
		wantForbidden(t, err, "okta.logs.read")
	})
	t.Run("unknown key", func(t *testing.T) {
		o := appOrg(t, func(_ *org, opt *Options) { opt.ClientID = "0oaSomebodyElses0000" })
		_, err := o.Snapshot(t.Context(), oktasim.FinanceLead)
		wantForbidden(t, err, "credential")
	})
	t.Run("role", func(t *testing.T) {
		company := oktasim.SmallCompany()
		for i := range company.People {
			if company.People[i].ID == oktasim.ServiceAccount {
				company.People[i].Roles[0].Type = "HELP_DESK_ADMIN"
			}
		}
		o := newOrg(t, oktasim.Options{Company: company}, nil)
		_, err := o.Do(t.Context(), holds.Action{Kind: holds.SuspendAccount, Account: oktasim.ITLead})
		wantForbidden(t, err, "super administrator")
	})
}

func wantForbidden(t *testing.T, err error, word string) {
	t.Helper()
	if holds.KindOf(err) != holds.Forbidden || !strings.Contains(err.Error(), word) {
		t.Errorf("%v (%s) is not a refusal that names %s", err, holds.KindOf(err), word)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes a client whose every call is answered with the same.
func answering(t *testing.T, status int, kind, body string) *Client {
	t.Helper()
	o := options()
	o.Base = roundTrip(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", kind)
		rec.WriteHeader(status)
		_, _ = rec.WriteString(body)
		res := rec.Result()
		res.Request = r
		return res, nil
	})
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Only Okta's own words say that an account is gone: a release or a revert
// would otherwise be called done because of a proxy.
func TestG5GoneOnlyInOktasWords(t *testing.T) {
	gone := `{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: x (User)","errorLink":"E0000007","errorId":"o","errorCauses":[]}`
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       holds.Kind
	}{
		"Okta's":           {404, "application/json", gone, holds.NotFound},
		"another code":     {404, "application/json", strings.ReplaceAll(gone, "E0000007", "E0000008"), holds.Unavailable},
		"no code":          {404, "application/json", `{"message":"no route"}`, holds.Unavailable},
		"no body":          {404, "application/json", ``, holds.Unavailable},
		"a page":           {404, "text/html", `<html>`, holds.Unavailable},
		"not JSON":         {200, "application/json", `{"id":`, holds.Unavailable},
		"another shape":    {200, "application/json", `{"a":1}`, holds.Unavailable},
		"a list":           {200, "application/json", `[]`, holds.Unavailable},
		"another account":  {200, "application/json", `{"id":"00uMallory0000000000","status":"ACTIVE","profile":{}}`, holds.Unavailable},
		"no status":        {200, "application/json", `{"id":"00uIngridSolberg0000","profile":{}}`, holds.Unavailable},
		"plain text":       {200, "text/plain", `hello`, holds.Unavailable},
		"nothing":          {200, "application/json", ``, holds.Unavailable},
		"a redirect":       {302, "application/json", ``, holds.Unavailable},
		"Okta is down":     {503, "application/json", `{}`, holds.Unavailable},
		"too early":        {425, "application/json", `{}`, holds.Unavailable},
		"a refused number": {418, "application/json", `{}`, holds.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			cl := answering(t, c.status, c.kind, c.body)
			s, err := cl.Snapshot(t.Context(), "00uIngridSolberg0000")
			if err == nil || holds.KindOf(err) != c.want {
				t.Errorf("snapshot %+v, %v (%s); want %s", s, err, holds.KindOf(err), c.want)
			}
		})
	}
}

func TestStatusRefusalsAreNotAboutOurCredential(t *testing.T) {
	o := newOrg(t, oktasim.Options{}, nil)
	told, err := o.AdminResetsPassword(oktasim.ITLead, oktasim.FinanceLead)
	story(t, told, err)
	// As if the status had changed between reading and suspending: E0000001.
	resp, err := o.sdk().User.SuspendUser(t.Context(), oktasim.FinanceLead)
	if !inStatus(resp, err) {
		t.Errorf("the refusal is not recognised: %v", err)
	}
	c := answering(t, 403, "application/json", `{"errorCode":"E0000038","errorSummary":"This operation is not allowed in the user's current status."}`)
	resp, err = c.sdk().User.UnsuspendUser(t.Context(), oktasim.FinanceLead)
	if !inStatus(resp, err) {
		t.Errorf("the refusal is not recognised: %v", err)
	}
}
