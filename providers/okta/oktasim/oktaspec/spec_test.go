package oktaspec

import (
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
	const json = "application/json"
	for _, c := range []struct {
		name, method, path, body string
		answer                   canned
		want                     string // part of the report, "" for none
	}{
		{"a right answer", "GET", "/api/v1/users/00u1", "", canned{200, json, `{"id":"00u1","status":"ACTIVE","profile":{"login":"a@example.com"}}`}, ""},
		{"a status Okta does not have", "GET", "/api/v1/users/00u1", "", canned{200, json, `{"id":"00u1","status":"FROZEN"}`}, "answer 200"},
		{"a list where a person belongs", "GET", "/api/v1/users/00u1", "", canned{200, json, `[]`}, "answer 200"},
		{"null where a text belongs", "GET", "/api/v1/logs", "", canned{200, json, `[{"legacyEventType":null,"target":null}]`}, ""},
		{"a FastPass factor", "GET", "/api/v1/users/00u1/factors", "", canned{200, json, `[{"id":"pfd1","factorType":"signed_nonce","provider":"OKTA"}]`}, ""},
		{"an unknown factor", "GET", "/api/v1/users/00u1/factors", "", canned{200, json, `[{"id":"x1","factorType":"telepathy"}]`}, "answer 200"},
		{"a role without its type", "POST", "/api/v1/users/00u1/roles", `{}`, canned{201, json, `{"id":"ra1","type":"ORG_ADMIN"}`}, "request POST"},
		{"a limit that is no number", "GET", "/api/v1/logs?limit=many", "", canned{200, json, `[]`}, "request GET"},
		{"a path the subset leaves out", "GET", "/api/v1/policies?type=OKTA_SIGN_ON", "", canned{200, json, `{"anything":1}`}, ""},
		{"a path nobody has", "GET", "/api/v1/usres", "", canned{200, json, `[]`}, "no GET"},
		{"a server error", "GET", "/api/v1/users/00u1", "", canned{500, json, `[]`}, ""},
		{"a sign-in page", "GET", "/api/v1/users/00u1", "", canned{200, "text/html", `<html>`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &listener{TB: t}
			req, err := http.NewRequestWithContext(t.Context(), c.method, "http://127.0.0.1:1"+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.body != "" {
				req.Header.Set("Content-Type", json)
			}
			resp, err := spec.Transport(l, c.answer).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if string(got) != c.answer.body {
				t.Errorf("the body handed back is %q, want it untouched", got)
			}
			said := strings.Join(l.heard, "\n")
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("reported %q, want %q", said, c.want)
			}
		})
	}
}
