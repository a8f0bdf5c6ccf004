package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/countersign/countersign/providers/entra/entrasim"
)

// TestDemonstrationPathAtEntra does what the demonstration does: get a token with
// the printed secret, subscribe through a handshake, play a story over the admin
// address, hear of it, read the audit log, act, and look at the effects.
func TestDemonstrationPathAtEntra(t *testing.T) {
	ready, end := started(t)
	e := ready.Entra
	posts := make(chan []byte, 4)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.URL.Query().Get("validationToken"); token != "" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, token)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		posts <- body
	}))
	defer hook.Close()

	bearer := "Bearer " + accessToken(t, e)
	status, body := do(t, "POST", e.URL+"/v1.0/subscriptions", bearer, map[string]any{
		"changeType": "updated", "notificationUrl": hook.URL + "/nonce", "resource": "users", "clientState": "the state",
		"expirationDateTime": time.Now().Add(time.Hour).UTC(),
	})
	if status != http.StatusCreated {
		t.Fatalf("subscribe: %d %s", status, body)
	}
	story := ready.AdminURL + "/entra/sim/stories/reset-methods"
	if status, body := do(t, "POST", story, "", map[string]string{"actor": entrasim.HelpDesk, "subject": entrasim.Engineer}); status != http.StatusOK {
		t.Fatalf("story: %d %s", status, body)
	}
	select {
	case got := <-posts:
		if !bytes.Contains(got, []byte("the state")) || !bytes.Contains(got, []byte(entrasim.Engineer)) || !bytes.Contains(got, []byte(e.TenantID)) {
			t.Errorf("notification %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was notified")
	}
	if status, body := do(t, "GET", ready.AdminURL+"/entra/sim/log?wait=10s", "", nil); status != http.StatusOK || !bytes.Contains(body, []byte("deleted security info")) {
		t.Errorf("log: %d %s", status, body)
	}
	if status, body := do(t, "GET", e.URL+"/v1.0/auditLogs/directoryAudits", bearer, nil); status != http.StatusOK || !bytes.Contains(body, []byte(entrasim.Engineer)) {
		t.Errorf("the audit log: %d %s", status, body)
	}
	if status, body := do(t, "POST", e.URL+"/v1.0/users/"+entrasim.Engineer+"/revokeSignInSessions", bearer, nil); status != http.StatusOK {
		t.Errorf("revoke: %d %s", status, body)
	}
	if _, body := do(t, "GET", ready.AdminURL+"/entra/sim/effects", "", nil); !bytes.Contains(body, []byte("revokeSignInSessions")) {
		t.Errorf("effects %s", body)
	}
	// The two companies do not share a state.
	if _, body := do(t, "GET", ready.AdminURL+"/sim/effects", "", nil); bytes.Contains(body, []byte("revokeSignInSessions")) {
		t.Errorf("Okta's effects %s", body)
	}
	if err := end(); err != nil {
		t.Errorf("idpsim ended with %v", err)
	}
}

// accessToken proves the application by its client secret.
func accessToken(t *testing.T, e EntraReady) string {
	t.Helper()
	res, err := http.PostForm(e.URL+"/"+e.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {e.ClientID}, "client_secret": {e.ClientSecret},
		"scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.AccessToken == "" {
		t.Fatalf("status %d, no access token: %v", res.StatusCode, err)
	}
	return token.AccessToken
}

// TestDirectoryOfAFile: another directory than the small company's.
func TestDirectoryOfAFile(t *testing.T) {
	c := entrasim.SmallCompany()
	c.Name = "Another"
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "directory.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	ready, _ := started(t, "--entra-company", file)
	e := ready.Entra
	if e.Company.Name != "Another" || e.ClientID != entrasim.OwnApp || e.Principal != entrasim.OwnPrincipal || e.ClientSecret == "" {
		t.Errorf("ready with %q, client %q, principal %q", e.Company.Name, e.ClientID, e.Principal)
	}
}
