package oktasim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// rig is a simulator behind a real server, with a caller that holds the
// service account's token.
type rig struct {
	*Sim
	t     *testing.T
	url   string
	token string
	via   http.RoundTripper
}

func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	s.SetOrgURL(srv.URL)
	return &rig{Sim: s, t: t, url: srv.URL, token: "SSWS " + s.Token(ServiceToken), via: http.DefaultTransport}
}

// reply is an answer read whole.
type heard struct {
	status int
	header http.Header
	raw    []byte
}

func (r heard) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.raw, v); err != nil {
		t.Fatalf("decode %s: %v", r.raw, err)
	}
}

// code is Okta's error code.
func (r heard) code() string {
	var e Error
	_ = json.Unmarshal(r.raw, &e)
	return e.Code
}

// try sends a request and returns a transport error instead of failing.
func (r *rig) try(method, path string, body any) (heard, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url+path, reader)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", r.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := (&http.Client{Transport: r.via}).Do(req)
	if err != nil {
		return heard{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return heard{resp.StatusCode, resp.Header, raw}, err
}

// call sends a request and demands a status.
func (r *rig) call(want int, method, path string, body any) heard {
	r.t.Helper()
	got, err := r.try(method, path, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != want {
		r.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, want, got.raw)
	}
	return got
}

// status is a person's status as the API tells it.
func (r *rig) status(person string) string {
	r.t.Helper()
	var u struct{ Status string }
	r.call(200, "GET", "/api/v1/users/"+person, nil).decode(r.t, &u)
	return u.Status
}

// last returns the newest n events' types, oldest first.
func (r *rig) last(n int) []string {
	r.t.Helper()
	log := r.Log()
	if len(log) < n {
		r.t.Fatalf("the log has %d events, want at least %d", len(log), n)
	}
	var out []string
	for _, e := range log[len(log)-n:] {
		out = append(out, e.EventType)
	}
	return out
}
