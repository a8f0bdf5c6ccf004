package entrasim

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
)

// TestErrorsHaveGraphsShape: code, message, and the ids of the request.
func TestErrorsHaveGraphsShape(t *testing.T) {
	r := newRig(t, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		code, says   string
	}{
		{"GET", "/v1.0/users/" + newGUID(), 404, "Request_ResourceNotFound", "does not exist or one of its queried reference-property"},
		{"GET", "/v1.0/groups/nonsense", 400, "Request_BadRequest", "Invalid object identifier 'nonsense'"},
		{"GET", "/v1.0/devices/nonsense", 400, "Request_BadRequest", "Invalid object identifier"},
		{"GET", "/v1.0/applications/nonsense", 400, "Request_BadRequest", "Invalid object identifier"},
		{"GET", "/v1.0/servicePrincipals/" + newGUID(), 404, "Request_ResourceNotFound", ""},
		{"DELETE", "/v1.0/groups/" + RestraintGroup + "/members/nonsense/$ref", 400, "Request_BadRequest", ""},
		{"DELETE", "/v1.0/groups/" + RestraintGroup + "/members/" + Engineer + "/$ref", 404, "Request_ResourceNotFound", ""},
		{"GET", "/v1.0/identity/conditionalAccess/policies/nonsense", 400, "BadRequest", ""},
		{"GET", "/v1.0/identity/conditionalAccess/policies/" + newGUID(), 404, "ResourceNotFound", ""},
		{"GET", "/v1.0/subscriptions/" + newGUID(), 404, "ResourceNotFound", ""},
		{"GET", "/v1.0/users/" + Engineer + "/authentication/phoneMethods/" + MobilePhone, 404, "ResourceNotFound", ""},
		{"DELETE", "/v1.0/roleManagement/directory/roleAssignments/nothing", 404, "Request_ResourceNotFound", ""},
		{"GET", "/v1.0/roleManagement/directory/roleAssignmentApprovals/" + newGUID(), 400, "BadRequest", "Resource not found for the segment 'roleAssignmentApprovals'."},
		{"GET", "/v1.0/roleManagement/directory/nonsense", 400, "BadRequest", "'nonsense'"},
		{"GET", "/v1.0/users/" + Engineer + "/nonsense/deeper", 400, "BadRequest", "'nonsense'"},
		{"GET", "/v2.0/users", 400, "BadRequest", "'v2.0'"},
		{"PUT", "/v1.0/users/" + Engineer, 405, "Request_BadRequest", "method"},
		{"DELETE", "/v1.0/users/" + Engineer + "/authentication/passwordMethods/" + PasswordMethod, 405, "Request_BadRequest", ""},
		{"PATCH", "/v1.0/users/" + Engineer, 400, "BadRequest", "Empty Payload"},
	} {
		got := r.send(c.status, c.method, c.path, nil)
		if got.code() != c.code || !strings.Contains(got.message(), c.says) {
			t.Errorf("%s %s: %s", c.method, c.path, got.raw)
		}
		for _, key := range []string{"date", "request-id", "client-request-id"} {
			if got.error("innerError/"+key) == "" {
				t.Errorf("%s %s: no %s: %s", c.method, c.path, key, got.raw)
			}
		}
		if got.error("innerError/request-id") != got.header.Get("Request-Id") {
			t.Errorf("%s %s: the header names another request", c.method, c.path)
		}
	}
}

// TestBodiesAreBounded: gzip or not, in size and after decompression.
func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, Options{})
	zip := func(data []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write(data)
		_ = w.Close()
		return out.Bytes()
	}
	bomb := []byte(`{"jobTitle":"` + strings.Repeat("a", 4<<20) + `"}`)
	for _, c := range []struct {
		name, encoding string
		body           []byte
		want           int
	}{
		{"plain", "", []byte(`{"jobTitle":"x"}`), 204},
		{"gzip", "gzip", zip([]byte(`{"jobTitle":"y"}`)), 204},
		{"not gzip at all", "gzip", []byte(`{"jobTitle":"x"}`), 400},
		{"gzip cut short", "gzip", zip([]byte(`{"jobTitle":"x"}`))[:20], 400},
		{"too large", "", bomb, 413},
		{"too large when opened", "gzip", zip(bomb), 413},
		{"no JSON", "", []byte(`{"jobTitle"`), 400},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, r.url+"/v1.0/users/"+Engineer, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", r.token)
		req.Header.Set("Content-Encoding", c.encoding)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
	}
	if p, _ := r.Person(Engineer); p.JobTitle != "y" {
		t.Errorf("the title is %q", p.JobTitle)
	}
}

// TestCallersRequestIDComesBack, so that a caller's log and Graph's can be joined.
func TestCallersRequestIDComesBack(t *testing.T) {
	r := newRig(t, Options{})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/v1.0/nonsense", nil)
	req.Header.Set("Client-Request-Id", "mine")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Header.Get("Client-Request-Id") != "mine" || resp.Header.Get("Request-Id") == "" {
		t.Errorf("headers %v", resp.Header)
	}
}
