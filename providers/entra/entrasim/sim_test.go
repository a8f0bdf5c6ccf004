package entrasim

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rig is a simulator behind a real server, with a caller that holds an access
// token of Countersign's application.
type rig struct {
	*Sim
	t     *testing.T
	url   string
	token string
	via   http.RoundTripper

	within context.Context // of the next calls; nil: the test's
}

func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	if opt.AuditDelay == 0 {
		opt.AuditDelay = -1
	}
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
	return &rig{Sim: s, t: t, url: srv.URL, token: "Bearer " + s.AccessToken(OwnApp), via: http.DefaultTransport}
}

// heard is an answer read whole.
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

// body is the answer as decoded JSON.
func (r heard) body() map[string]any {
	var m map[string]any
	_ = json.Unmarshal(r.raw, &m)
	return m
}

// values are the items of a list.
func (r heard) values() []map[string]any {
	var page struct{ Value []map[string]any }
	_ = json.Unmarshal(r.raw, &page)
	return page.Value
}

// code and message are Graph's.
func (r heard) code() string    { return r.error("code") }
func (r heard) message() string { return r.error("message") }

func (r heard) error(key string) string {
	v, _ := lookup(r.body(), "error/"+key).(string)
	return v
}

// try sends a request, its body gzip-encoded as Microsoft's SDK does it, and
// returns a transport error instead of failing.
func (r *rig) try(method, path string, body any) (heard, error) {
	r.t.Helper()
	parent := r.t.Context()
	if r.within != nil {
		parent = r.within
	}
	ctx, cancel := context.WithTimeout(parent, 10*time.Second)
	defer cancel()
	var packed bytes.Buffer
	if body != nil {
		w := gzip.NewWriter(&packed)
		if err := json.NewEncoder(w).Encode(body); err != nil {
			r.t.Fatal(err)
		}
		_ = w.Close()
	}
	req, err := http.NewRequestWithContext(ctx, method, r.url+strings.ReplaceAll(path, " ", "%20"), &packed)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", r.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := (&http.Client{Transport: r.via}).Do(req)
	if err != nil {
		return heard{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return heard{resp.StatusCode, resp.Header, data}, err
}

// call sends a request to v1.0 and demands a status.
func (r *rig) call(want int, method, path string, body any) heard {
	r.t.Helper()
	return r.send(want, method, "/v1.0"+path, body)
}

// send sends a request to a whole path and demands a status.
func (r *rig) send(want int, method, path string, body any) heard {
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

// last returns the names of the newest n records written, oldest first.
func (r *rig) last(n int) []string {
	r.t.Helper()
	log := r.Written()
	if len(log) < n {
		r.t.Fatalf("the log has %d records, want at least %d", len(log), n)
	}
	var out []string
	for _, e := range log[len(log)-n:] {
		out = append(out, e.ActivityDisplayName)
	}
	return out
}
