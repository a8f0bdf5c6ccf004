package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// started runs idpsim until the test ends and returns what it printed. The
// second value closes its standard input and returns how it ended.
func started(t *testing.T, args ...string) (Ready, func() error) {
	t.Helper()
	in, hold := io.Pipe()
	out, printed := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(context.WithoutCancel(t.Context()), args, in, printed, io.Discard)
		_ = printed.CloseWithError(io.EOF)
		done <- err
	}()
	var ready Ready
	if err := json.NewDecoder(out).Decode(&ready); err != nil {
		t.Fatalf("no ready line: %v (%v)", err, <-done)
	}
	end := func() error {
		_ = hold.Close()
		select {
		case err := <-done:
			done <- err
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("idpsim did not end when its standard input was closed")
			return nil
		}
	}
	t.Cleanup(func() { _ = end() })
	return ready, end
}

func do(t *testing.T, method, url, auth string, body any) (int, []byte) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", auth)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, got
}

// TestDemonstrationPath does what the demonstration does: register a hook over
// the admin address, play a story, hear of it, act through the API, look at
// the journal, send a mail, and leave.
func TestDemonstrationPath(t *testing.T) {
	ready, end := started(t)
	posts := make(chan []byte, 4)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "the secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if v := r.Header.Get("X-Okta-Verification-Challenge"); v != "" {
			_ = json.NewEncoder(w).Encode(map[string]string{"verification": v})
			return
		}
		body, _ := io.ReadAll(r.Body)
		posts <- body
	}))
	defer hook.Close()

	if status, body := do(t, "POST", ready.AdminURL+"/sim/hook", "", map[string]string{"url": hook.URL, "secret": "the secret"}); status != 200 {
		t.Fatalf("register the hook: %d %s", status, body)
	}
	status, body := do(t, "POST", ready.AdminURL+"/sim/stories/reset-factors", "", map[string]string{"actor": oktasim.HelpDesk, "subject": oktasim.FinanceLead})
	if status != 200 {
		t.Fatalf("story: %d %s", status, body)
	}
	select {
	case got := <-posts:
		if !bytes.Contains(got, []byte("user.mfa.factor.reset_all")) || !bytes.Contains(got, []byte(ready.Okta.URL+"/api/v1/eventHooks/")) {
			t.Errorf("delivery %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the hook heard nothing")
	}
	if status, body := do(t, "POST", ready.Okta.URL+"/api/v1/users/"+oktasim.FinanceLead+"/lifecycle/suspend", "SSWS "+ready.Okta.Token, nil); status != 200 {
		t.Fatalf("suspend: %d %s", status, body)
	}
	if _, body := do(t, "GET", ready.AdminURL+"/sim/effects", "", nil); !bytes.Contains(body, []byte("lifecycle/suspend")) {
		t.Errorf("effects %s", body)
	}
	if _, body := do(t, "GET", ready.AdminURL+"/sim/people/"+oktasim.FinanceLead, "", nil); !bytes.Contains(body, []byte(`"SUSPENDED"`)) {
		t.Errorf("person %s", body)
	}

	send(t, ready.Mail)
	if _, body := do(t, "GET", ready.Mail.URL+"/mails.json", "", nil); !bytes.Contains(body, []byte("Was this you?")) {
		t.Errorf("mails %s", body)
	}
	if err := end(); err != nil {
		t.Errorf("idpsim ended with %v", err)
	}
}

// send mails the sink over STARTTLS, trusting only the certificate it printed.
func send(t *testing.T, m MailReady) {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(m.CertificatePEM)) {
		t.Fatal("the certificate is no PEM")
	}
	c, err := smtp.Dial(m.SMTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.StartTLS(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("notices@nordwind.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("ingrid@home.example"); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "Subject: Was this you?\r\n\r\nhttps://countersign.example/owner\r\n")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestServiceAppKeyWorks gets an access token with the printed key.
func TestServiceAppKeyWorks(t *testing.T) {
	ready, _ := started(t)
	block, _ := pem.Decode([]byte(ready.Okta.ClientKeyPEM))
	if block == nil {
		t.Fatal("the printed key is no PEM")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := ready.Okta.URL + "/oauth2/v1/token"
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"exp":%d}`, ready.Okta.ClientID, ready.Okta.ClientID, endpoint, time.Now().Add(time.Minute).Unix())
	unsigned := encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(unsigned))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm(endpoint, url.Values{
		"grant_type": {"client_credentials"}, "scope": {"okta.logs.read"}, "client_assertion": {unsigned + "." + encode(signature)},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.AccessToken == "" {
		t.Fatalf("status %d, no access token: %v", resp.StatusCode, err)
	}
	if status, body := do(t, "GET", ready.Okta.URL+"/api/v1/logs", "Bearer "+token.AccessToken, nil); status != 200 {
		t.Errorf("logs with the token: %d %s", status, body)
	}
}

// TestEndsWithItsContext: SIGTERM cancels the context that main passes.
func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, hold := io.Pipe()
	defer func() { _ = hold.Close() }()
	out, printed := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, nil, in, printed, io.Discard) }()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("idpsim did not end")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"an address others can reach", []string{"--admin", "0.0.0.0:0"}, "not a loopback address"},
		{"a name others can have", []string{"--listen", "example.com:80"}, "not a loopback address"},
		{"a Graph others can reach", []string{"--entra-listen", "0.0.0.0:0"}, "--entra-listen"},
		{"a directory that is not there", []string{"--entra-company", "missing.json"}, "read the directory's company"},
		{"an unknown engine", []string{"--engine", "steam"}, `the engine is "steam"`},
		{"a company that is not there", []string{"--company", "missing.json"}, "read the company"},
		{"an unexpected argument", []string{"now"}, `unexpected argument "now"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args, strings.NewReader(""), io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestOtherSitesAreKeptOut: pages open in the newcomer's browser must not play
// stories or read mails.
func TestOtherSitesAreKeptOut(t *testing.T) {
	h := localOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		name, method, host, site string
		want                     int
	}{
		{"a program", "POST", "127.0.0.1:9000", "", 204},
		{"the browser's address bar", "GET", "localhost:9000", "none", 204},
		{"a page of elsewhere posting", "POST", "127.0.0.1:9000", "cross-site", 403},
		{"a rebound name", "GET", "evil.example:9000", "none", 421},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			r.Host = c.host
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("status %d, want %d", w.Code, c.want)
			}
		})
	}
}
