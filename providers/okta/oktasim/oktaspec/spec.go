package oktaspec

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// host is the server the description is given; requests are looked up under it.
const host = "example.okta.com"

// Spec is Okta's description, ready to check against. It is safe for
// concurrent use; loading takes about a second, so share one.
type Spec struct {
	router routers.Router
}

// Load reads the description, or skips the test when the file is not there.
func Load(t testing.TB) *Spec {
	t.Helper()
	file := filepath.Join(moduleRoot(t), "..", "shared", "specs", "okta-management-subset.yaml")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("Okta's API description is not at %s; the conversation is not checked against it", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	if err := doc.Validate(t.Context(),
		openapi3.AllowExtraSiblingFields("readOnly", "description", "type", "default"),
		openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation()); err != nil {
		t.Fatalf("the description %s is not valid: %v", file, err)
	}
	doc.Servers = openapi3.Servers{{URL: "https://" + host}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &Spec{router: router}
}

// moduleRoot walks up from the package under test to the folder of go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("there is no go.mod above the package")
		}
		dir = parent
	}
}

// Transport returns a RoundTripper that checks each request and answer and
// passes them on through next (nil: http.DefaultTransport). It reports through
// t.Errorf and never changes what passes.
func (s *Spec) Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{spec: s, t: t, next: next}
}

type transport struct {
	spec *Spec
	t    testing.TB
	next http.RoundTripper
}

func (x *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	input := x.request(r, body)
	resp, err := x.next.RoundTrip(r)
	if err != nil || input == nil {
		return resp, err
	}
	answer, err := drain(&resp.Body)
	if err != nil {
		return nil, err
	}
	x.response(input, resp, answer)
	return resp, nil
}

// drain reads a body whole and puts a copy back.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(data))
	return data, err
}

// request checks a request; it returns nil when the answer is not to be checked.
func (x *transport) request(r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	look := r.Clone(r.Context())
	look.URL = &url.URL{Scheme: "https", Host: host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	look.Host = host
	look.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := x.spec.router.FindRoute(look)
	if err != nil {
		if !uncovered(r.Method, r.URL.Path) {
			x.t.Errorf("Okta's description has no %s %s: %v", r.Method, r.URL.Path, err)
		}
		return nil
	}
	overlapping := strings.HasSuffix(route.Path, "/factors/{factorId}/lifecycle/activate") || strings.HasSuffix(route.Path, "/factors/{factorId}/verify")
	input := &openapi3filter.RequestValidationInput{
		Request: look, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
			ExcludeReadOnlyValidations: true, ExcludeWriteOnlyValidations: true,
			ExcludeRequestBody: overlapping,
		},
	}
	if len(body) == 0 {
		look.Body = http.NoBody
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		x.t.Errorf("request %s %s differs from Okta's description: %v", r.Method, r.URL, err)
	}
	return input
}

func (x *transport) response(input *openapi3filter.RequestValidationInput, resp *http.Response, body []byte) {
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode >= http.StatusInternalServerError || len(body) > 0 && !strings.HasPrefix(kind, "application/json") {
		return
	}
	if len(body) > 0 {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			x.t.Errorf("the answer to %s %s is not JSON: %v", resp.Request.Method, resp.Request.URL, err)
			return
		}
		body, _ = json.Marshal(adjust(v)) // it was JSON a moment ago
	}
	check := (&openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Options: input.Options,
	}).SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(resp.Request.Context(), check); err != nil {
		x.t.Errorf("the answer %d to %s %s differs from Okta's description: %v", resp.StatusCode, resp.Request.Method, resp.Request.URL, err)
	}
}

// adjust makes the documented exceptions: nulls out, signed_nonce as push.
func adjust(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case x == nil:
				delete(v, k)
			case k == "factorType" && x == "signed_nonce":
				v[k] = "push"
			default:
				v[k] = adjust(x)
			}
		}
	case []any:
		for i := range v {
			v[i] = adjust(v[i])
		}
	}
	return v
}

// uncovered reports a call that the product makes and the subset leaves out.
func uncovered(method, path string) bool {
	for _, pattern := range []string{
		`^GET /api/v1/groups(/[^/]+)?$`,
		`^GET /api/v1/users/[^/]+/groups$`,
		`^GET /api/v1/policies(/[^/]+)?$`,
		`^GET /api/v1/org$`,
		`^GET /\.well-known/okta-organization$`,
		`^POST /oauth2/v1/token$`,
	} {
		if regexp.MustCompile(pattern).MatchString(method + " " + path) {
			return true
		}
	}
	return false
}
