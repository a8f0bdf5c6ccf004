package entraspec

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// host is the server the descriptions are given; requests are looked up under it.
const host = "graph.example.com"

// Spec is Graph's two descriptions, ready to check against. It is safe for
// concurrent use; loading takes about a second, so share one.
type Spec struct {
	versions map[string]version // by "v1.0" and "beta"
}

type version struct {
	doc    *openapi3.T
	router routers.Router
}

// Load reads the descriptions, or skips the test when the files are not there.
func Load(t testing.TB) *Spec {
	t.Helper()
	s := &Spec{versions: map[string]version{}}
	for _, name := range []string{"v1.0", "beta"} {
		file := filepath.Join(moduleRoot(t), "..", "shared", "specs", "graph-"+name+"-subset.yaml")
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			t.Skipf("Graph's API description is not at %s; the conversation is not checked against it", file)
		}
		if err != nil {
			t.Fatal(err)
		}
		doc, err := openapi3.NewLoader().LoadFromData(data)
		if err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		doc.Servers = openapi3.Servers{{URL: "https://" + host + "/" + name}}
		if err := doc.Validate(t.Context()); err != nil {
			t.Fatalf("the description %s is not valid: %v", file, err)
		}
		router, err := gorillamux.NewRouter(doc)
		if err != nil {
			t.Fatal(err)
		}
		s.versions[name] = version{doc, router}
	}
	return s
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

// Check validates a value, as it would be encoded, against a schema of v1.0
// such as "directoryAudit".
func (s *Spec) Check(schema string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.versions["v1.0"].visit(schema, data)
}

func (v version) visit(schema string, data []byte) error {
	ref := v.doc.Components.Schemas["microsoft.graph."+schema]
	if ref == nil {
		return errors.New("Graph's description has no schema " + schema)
	}
	var decoded any
	if err := json.Unmarshal(data, &decoded); err != nil {
		return err
	}
	return ref.Value.VisitJSON(adjust(decoded), openapi3.MultiErrors())
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
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	v, ok := x.spec.versions[name]
	if !ok { // the token endpoint
		return x.next.RoundTrip(r)
	}
	body, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	input := x.request(v, r, unzipped(body, r.Header))
	resp, err := x.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	answer, err := drain(&resp.Body)
	if err != nil {
		return nil, err
	}
	x.response(v, r, input, resp, unzipped(answer, resp.Header))
	return resp, nil
}

// unzipped returns a body without its gzip, if it has any.
func unzipped(body []byte, h http.Header) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body
	}
	from, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	data, err := io.ReadAll(from)
	if err != nil {
		return body
	}
	return data
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

// request checks a request; it returns nil when the path is not described.
func (x *transport) request(v version, r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	look := r.Clone(r.Context())
	look.URL = &url.URL{Scheme: "https", Host: host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	look.Host = host
	look.Header.Del("Content-Encoding")
	look.Body = http.NoBody
	if len(body) > 0 {
		look.Body = io.NopCloser(bytes.NewReader(adjusted(body)))
	}
	route, params, err := v.router.FindRoute(look)
	if err != nil {
		return nil
	}
	input := &openapi3filter.RequestValidationInput{
		Request: look, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		x.t.Errorf("request %s %s differs from Graph's description: %v", r.Method, r.URL, err)
	}
	return input
}

func (x *transport) response(v version, r *http.Request, input *openapi3filter.RequestValidationInput, resp *http.Response, body []byte) {
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode >= http.StatusInternalServerError || len(body) > 0 && !strings.HasPrefix(kind, "application/json") {
		return
	}
	if len(body) > 0 && !json.Valid(body) {
		x.t.Errorf("the answer to %s %s is not JSON", r.Method, r.URL)
		return
	}
	if resp.StatusCode >= http.StatusBadRequest {
		if err := v.visit("ODataErrors.ODataError", body); err != nil {
			x.t.Errorf("the answer %d to %s %s is not Graph's error: %v: %s", resp.StatusCode, r.Method, r.URL, err, body)
		}
		return
	}
	if input == nil {
		x.undescribed(v, r, resp, body)
		return
	}
	header := resp.Header.Clone()
	header.Set("Content-Type", "application/json") // its parameters are not in the description
	check := (&openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: header, Options: input.Options,
	}).SetBodyBytes(adjusted(body))
	if err := openapi3filter.ValidateResponse(r.Context(), check); err != nil {
		x.t.Errorf("the answer %d to %s %s differs from Graph's description: %v", resp.StatusCode, r.Method, r.URL, err)
	}
}

// undescribed checks an answer to a path the subset leaves out.
func (x *transport) undescribed(v version, r *http.Request, resp *http.Response, body []byte) {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	schema, ok := uncovered(r.Method, "/"+path)
	if !ok {
		x.t.Errorf("Graph's description has no %s %s, which was answered with %d", r.Method, r.URL.Path, resp.StatusCode)
		return
	}
	if schema == "" || len(body) == 0 {
		return
	}
	var page struct {
		Value []json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(body, &page); err != nil || page.Value == nil {
		page.Value = []json.RawMessage{body}
	}
	for _, one := range page.Value {
		if err := x.spec.versions["v1.0"].visit(schema, one); err != nil {
			x.t.Errorf("the answer to %s %s is no %s: %v: %s", r.Method, r.URL, schema, err, one)
		}
	}
}

func adjusted(body []byte) []byte {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return body
	}
	out, err := json.Marshal(adjust(v))
	if err != nil {
		return body
	}
	return out
}

// adjust makes the documented exception: the case of an expiration's type.
func adjust(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if text, ok := x.(string); ok && k == "type" {
				for _, name := range []string{"notSpecified", "noExpiration", "afterDateTime", "afterDuration"} {
					if strings.EqualFold(text, name) {
						v[k] = name
					}
				}
				continue
			}
			v[k] = adjust(x)
		}
	case []any:
		for i := range v {
			v[i] = adjust(v[i])
		}
	}
	return v
}
