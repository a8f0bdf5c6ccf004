package entra

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// tokenServer counts fetches and keeps the forms.
type tokenServer struct {
	mu    sync.Mutex
	forms []url.Values
	gate  chan struct{} // when set, a fetch waits for it
}

func (s *tokenServer) serve(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	s.mu.Lock()
	s.forms = append(s.forms, r.PostForm)
	n := len(s.forms)
	s.mu.Unlock()
	if s.gate != nil {
		<-s.gate
	}
	answer(w, 200, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": "token-" + string(rune('0'+n))})
}

func (s *tokenServer) fetched() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values{}, s.forms...)
}

func TestTokenBySecret(t *testing.T) {
	s := &tokenServer{}
	c, _ := newScripted(t, nil, func(x *scripted, _ *Options) { x.token = s.serve })
	if got, err := c.tokens.get(t.Context()); err != nil || got != "token-1" {
		t.Fatalf("%q, %v", got, err)
	}
	want := url.Values{"grant_type": {"client_credentials"}, "client_id": {testApp}, "client_secret": {testSecret}, "scope": {"https://graph.microsoft.com/.default"}}
	if got := s.fetched()[0]; got.Encode() != want.Encode() {
		t.Errorf("asked with %v", got)
	}
}

// The assertion must verify against the certificate that Entra knows.
func TestTokenByCertificate(t *testing.T) {
	key, cert := newPair()
	s := &tokenServer{}
	now := time.Now().Truncate(time.Second)
	c, _ := newScripted(t, nil, func(x *scripted, o *Options) {
		x.token = s.serve
		o.Secret, o.KeyPEM, o.CertPEM, o.Now = "", key, cert, func() time.Time { return now }
	})
	for range 2 {
		if _, err := c.tokens.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.tokens.drop("Bearer " + c.tokens.token)
	}
	forms := s.fetched()
	if forms[0].Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || forms[0].Has("client_secret") {
		t.Errorf("asked with %v", forms[0])
	}
	parts := strings.Split(forms[0].Get("client_assertion"), ".")
	block, _ := pem.Decode([]byte(cert))
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil || len(parts) != 3 {
		t.Fatalf("%v, %d parts", err, len(parts))
	}
	sig, _ := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPSS(parsed.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], sig, &rsa.PSSOptions{SaltLength: 32}); err != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
	var header, claims map[string]any
	decode := func(s string, v any) {
		raw, _ := base64.RawURLEncoding.DecodeString(s)
		if err := json.Unmarshal(raw, v); err != nil {
			t.Error(err)
		}
	}
	decode(parts[0], &header)
	decode(parts[1], &claims)
	thumb := sha256.Sum256(block.Bytes)
	if header["alg"] != "PS256" || header["x5t#S256"] != base64.RawURLEncoding.EncodeToString(thumb[:]) {
		t.Errorf("header %v", header)
	}
	if claims["aud"] != worldLogin+tokenPath || claims["iss"] != testApp || claims["sub"] != testApp || claims["exp"] != float64(now.Add(5*time.Minute).Unix()) {
		t.Errorf("claims %v", claims)
	}
	if forms[0].Get("client_assertion") == forms[1].Get("client_assertion") {
		t.Error("an assertion was used twice")
	}
}

// The platform renews the file: each fetch reads it anew.
func TestTokenByFederatedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	s := &tokenServer{}
	c, _ := newScripted(t, nil, func(x *scripted, o *Options) {
		x.token = s.serve
		o.Secret, o.TokenFile = "", file
	})
	_, err := c.tokens.get(t.Context())
	wantKind(t, err, holds.Forbidden, "token file")
	for _, text := range []string{"a.b.c\n", "d.e.f"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.tokens.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.tokens.drop("Bearer " + c.tokens.token)
	}
	if f := s.fetched(); len(f) != 2 || f[0].Get("client_assertion") != "a.b.c" || f[1].Get("client_assertion") != "d.e.f" {
		t.Errorf("fetched with %v", f)
	}
	for _, bad := range []string{"", "one part", "a.b.c d", strings.Repeat("x", 70<<10) + ".b.c"} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := c.tokens.get(t.Context())
		wantKind(t, err, holds.Forbidden, "token file")
	}
}

func TestTokensAreCachedUntilShortlyBeforeTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{}
		c, _ := newScripted(t, nil, func(x *scripted, _ *Options) { x.token = s.serve })
		for _, after := range []time.Duration{0, time.Minute, 57 * time.Minute, 2 * time.Minute} {
			time.Sleep(after)
			if _, err := c.tokens.get(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(s.fetched()); n != 2 {
			t.Errorf("%d fetches in an hour, want 2", n)
		}
	})
}

func TestOneFetchIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{gate: make(chan struct{})}
		c, _ := newScripted(t, nil, func(x *scripted, _ *Options) { x.token = s.serve })
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := c.tokens.get(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			_, err := c.tokens.get(ctx)
			wantKind(t, err, holds.Unavailable, "stopped")
		})
		synctest.Wait()
		cancel() // whoever waits may give up
		synctest.Wait()
		close(s.gate)
		wg.Wait()
		if n := len(s.fetched()); n != 1 {
			t.Errorf("%d fetches for twenty callers", n)
		}
	})
}

// A token that Graph refuses is dropped and fetched anew, once.
func TestG13ARefusedTokenIsDropped(t *testing.T) {
	s := &tokenServer{}
	var mu sync.Mutex
	good, refuse := "Bearer token-1", false
	c, x := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if refuse || r.Header.Get("Authorization") != good {
			graphError(w, 401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
			return
		}
		answer(w, 200, map[string]any{"value": []any{}})
	}, func(x *scripted, _ *Options) { x.token = s.serve })
	look := func() error { _, err := c.policies(t.Context()); return err }
	if err := look(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	good = "Bearer token-2"
	mu.Unlock()
	if err := look(); err != nil {
		t.Errorf("a token that ended early was not replaced: %v", err)
	}
	mu.Lock()
	refuse = true
	mu.Unlock()
	before := len(x.called())
	err := look()
	wantKind(t, err, holds.Forbidden, "InvalidAuthenticationToken")
	if n := len(x.called()) - before; n != 2 {
		t.Errorf("%d calls with a refused credential, want 2", n)
	}
	// The next call begins with a fetch of its own, and is not made twice.
	before = len(x.called())
	wantKind(t, look(), holds.Forbidden, "401")
	if n := len(x.called()) - before; n != 1 {
		t.Errorf("%d calls with a fresh token that is refused, want 1", n)
	}
}

func TestG13WhyThereIsNoToken(t *testing.T) {
	for name, c := range map[string]struct {
		token http.HandlerFunc
		kind  holds.Kind
		words string
	}{
		"wrong secret": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 401, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided for app '" + testApp + "'. Trace ID: x"})
		}, holds.Forbidden, "invalid_client, AADSTS7000215"},
		"no such app": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 400, map[string]any{"error": "unauthorized_client", "error_description": "AADSTS700016: Application not found"})
		}, holds.Forbidden, "AADSTS700016"},
		"down": {func(w http.ResponseWriter, _ *http.Request) { answer(w, 503, map[string]any{}) }, holds.Unavailable, "503"},
		"web page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(200)
		}, holds.Unavailable, "web page"},
		"not JSON": {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, "token") }, holds.Unavailable, ""},
		"no token": {func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"token_type": "Bearer"}) }, holds.Unavailable, ""},
		"other type": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"token_type": "pop", "access_token": "x"})
		}, holds.Unavailable, "access token"},
		"limited": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); answer(w, 429, nil) }, holds.Unavailable, "wait"},
		"elsewhere": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example")
			w.WriteHeader(302)
		}, holds.Unavailable, "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := newScripted(t, nil, func(x *scripted, _ *Options) { x.token = c.token })
			_, err := client.Snapshot(t.Context(), testAccount)
			wantKind(t, err, c.kind, c.words)
			if err != nil && strings.Contains(err.Error(), "Trace ID") {
				t.Error("the answer's words are repeated")
			}
		})
	}
}

func TestScopeIsThatOfTheCloud(t *testing.T) {
	for graph, want := range map[string]string{
		worldGraph: "https://graph.microsoft.com/.default", "https://graph.microsoft.us": "https://graph.microsoft.us/.default",
		"http://127.0.0.1:8080": "https://graph.microsoft.com/.default",
	} {
		if got := scopeOf(graph); got != want {
			t.Errorf("%s: %s", graph, got)
		}
	}
}
