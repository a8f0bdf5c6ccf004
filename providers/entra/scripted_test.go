package entra

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/holds"
)

// Ids of tests without a tenant.
const (
	testDirectory = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1b00"
	testApp       = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1b01"
	testService   = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1b02"
	testGroup     = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1b03"
	testAccount   = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1b04"
	testSecret    = "s3cr3t~value.of-the-app"
	tokenPath     = "/" + testDirectory + "/oauth2/v2.0/token"
)

// scripted is Graph and the sign-in service as a test tells them to be. It is
// called without a network, so that time may be a bubble's.
type scripted struct {
	mu    sync.Mutex
	calls []string // "GET /v1.0/…?query", without those for tokens
	token http.HandlerFunc
	graph http.HandlerFunc
}

// RoundTrip answers one request.
func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.Body = http.NoBody
	if r.Body != nil {
		text := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				return nil, err
			}
			text = z
		}
		in.Body = io.NopCloser(text)
	}
	w := httptest.NewRecorder()
	handler := s.graph
	if r.URL.Path == tokenPath {
		handler = s.token
	} else {
		s.mu.Lock()
		s.calls = append(s.calls, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
	}
	handler(w, in)
	return w.Result(), nil
}

func (s *scripted) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

func goodToken(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": "token-1"})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; odata.metadata=minimal")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func graphError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("request-id", "11f0c1de-aaaa-bbbb-cccc-000000000001")
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

func goodOptions() Options {
	return Options{
		Tenant: "nordwind", Connection: "entra-main", DirectoryTenant: testDirectory, ClientID: testApp, Secret: testSecret,
		RestraintGroup: testGroup, OwnAccounts: []string{testService},
	}
}

// newScripted is a client before a scripted Graph.
func newScripted(t *testing.T, graph http.HandlerFunc, change func(*scripted, *Options)) (*Client, *scripted) {
	t.Helper()
	s := &scripted{token: goodToken, graph: graph}
	o := goodOptions()
	o.Base = s
	if change != nil {
		change(s, &o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func wantKind(t *testing.T, err error, want holds.Kind, words string) {
	t.Helper()
	if err == nil || holds.KindOf(err) != want || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v of kind %v; want %v with %q", err, holds.KindOf(err), want, words)
	}
	if err != nil && strings.Contains(err.Error(), testSecret) {
		t.Error("the secret is shown")
	}
}
