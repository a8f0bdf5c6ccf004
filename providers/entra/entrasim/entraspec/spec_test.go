package entraspec

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// listener is a test that only notes what is reported to it.
type listener struct {
	testing.TB
	heard []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.heard = append(l.heard, fmt.Sprintf(format, args...))
}

// canned answers every request the same way.
type canned struct {
	status     int
	kind, body string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}, Request: r,
		Body: io.NopCloser(strings.NewReader(c.body)),
	}, nil
}

// TestTransportReports shows that the checker hears what it should hear and
// lets the documented exceptions pass.
func TestTransportReports(t *testing.T) {
	spec := Load(t)
	const json, graph = "application/json", "application/json;odata.metadata=minimal;charset=utf-8"
	const instances, policies = "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", "/v1.0/identity/conditionalAccess/policies"
	const request = `{"action":"adminAssign","principalId":"a","scheduleInfo":{"expiration":{"type":"%s"}}}`
	for _, c := range []struct {
		name, method, path, body string
		answer                   canned
		want                     string // part of the report, "" for none
	}{
		{"a right answer", "GET", "/v1.0/users/a", "", canned{200, graph, `{"id":"a","accountEnabled":true,"jobTitle":null}`}, ""},
		{"a text where a truth belongs", "GET", "/v1.0/users/a", "", canned{200, graph, `{"id":"a","accountEnabled":"yes"}`}, "answer 200"},
		{"a list where a person belongs", "GET", "/v1.0/users/a", "", canned{200, json, `[]`}, "answer 200"},
		{"a collection without value", "GET", policies, "", canned{200, json, `{}`}, "answer 200"},
		{"a state Graph does not have", "GET", policies, "", canned{200, json, `{"value":[{"id":"a","state":"sometimes"}]}`}, "answer 200"},
		{"a wrong request", "PATCH", "/v1.0/users/a", `{"businessPhones":"1"}`, canned{204, "", ""}, "request PATCH"},
		{"a right request", "PATCH", "/v1.0/users/a", `{"businessPhones":["1"]}`, canned{204, "", ""}, ""},
		{"a limit that is no number", "GET", "/v1.0/users/a/memberOf?$top=many", "", canned{200, json, `{"value":[]}`}, "request GET"},
		{"an expiration in other case", "POST", "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests", fmt.Sprintf(request, "AfterDuration"), canned{201, json, `{"id":"a","status":"Granted"}`}, ""},
		{"an expiration nobody has", "POST", "/v1.0/roleManagement/directory/roleAssignmentScheduleRequests", fmt.Sprintf(request, "sometime"), canned{201, json, `{"id":"a","status":"Granted"}`}, "request POST"},
		{"a path the subset leaves out", "GET", instances, "", canned{200, json, `{"value":[{"id":"a","memberType":"Direct"}]}`}, ""},
		{"the same, with a wrong item", "GET", instances, "", canned{200, json, `{"value":[{"id":"a"},{"id":"b","memberType":7}]}`}, "no unifiedRoleEligibilityScheduleInstance"},
		{"a path without a schema", "GET", "/v1.0/applications", "", canned{200, json, `{"value":[{"anything":1}]}`}, ""},
		{"beta, by the schema of v1.0", "GET", "/beta/users/a", "", canned{200, json, `{"id":7}`}, "no user"},
		{"beta's own", "GET", "/beta/roleManagement/directory/roleAssignmentApprovals/a", "", canned{200, json, `{"id":"a","steps":{}}`}, "answer 200"},
		{"a path nobody has, answered", "GET", "/v1.0/usres", "", canned{200, json, `{}`}, "no GET"},
		{"a path nobody has, refused", "GET", "/v1.0/usres", "", canned{400, json, `{"error":{"code":"BadRequest","message":"no"}}`}, ""},
		{"an error of another shape", "GET", "/v1.0/users/a", "", canned{404, json, `{"message":"no"}`}, "not Graph's error"},
		{"no JSON", "GET", "/v1.0/users/a", "", canned{200, json, `{`}, "not JSON"},
		{"a server error", "GET", "/v1.0/users/a", "", canned{500, json, `[]`}, ""},
		{"a sign-in page", "GET", "/v1.0/users/a", "", canned{200, "text/html", `<html>`}, ""},
		{"the token endpoint", "POST", "/tenant/oauth2/v2.0/token", "a=b", canned{200, json, `[]`}, ""},
	} {
		for _, packed := range []bool{false, true} {
			l := &listener{TB: t}
			body := []byte(c.body)
			if packed {
				body = pack(c.body)
			}
			req, err := http.NewRequestWithContext(t.Context(), c.method, "http://127.0.0.1:1"+c.path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if c.body != "" {
				req.Header.Set("Content-Type", json)
			}
			if packed {
				req.Header.Set("Content-Encoding", "gzip")
			}
			resp, err := spec.Transport(l, c.answer).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if string(got) != c.answer.body {
				t.Errorf("%s: the body handed back is %q, want it untouched", c.name, got)
			}
			said := strings.Join(l.heard, "\n")
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("%s (packed %v): reported %q, want %q", c.name, packed, said, c.want)
			}
		}
	}
}

func pack(s string) []byte {
	if s == "" {
		return nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return out.Bytes()
}

// TestCheck reports what differs from a schema, and a schema that is not there.
func TestCheck(t *testing.T) {
	spec := Load(t)
	for _, c := range []struct {
		schema string
		value  any
		fits   bool
	}{
		{"directoryAudit", map[string]any{"id": "a", "activityDisplayName": "x", "result": "success"}, true},
		{"directoryAudit", map[string]any{"id": "a", "result": "perhaps"}, false},
		{"directoryAudit", map[string]any{"targetResources": map[string]any{}}, false},
		{"nonsense", map[string]any{}, false},
		{"user", func() {}, false},
	} {
		if err := spec.Check(c.schema, c.value); (err == nil) != c.fits {
			t.Errorf("%s: %v", c.schema, err)
		}
	}
}
