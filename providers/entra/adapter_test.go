package entra

import (
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	absser "github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"

	"github.com/countersign/countersign/holds"
)

// The SDK makes its middleware from a map, in a random order; ours is a list.
func TestMiddlewareIsOursInItsOrder(t *testing.T) {
	want := []string{"*nethttplibrary.ParametersNameDecodingHandler", "*nethttplibrary.UserAgentHandler", "*nethttplibrary.CompressionHandler", "entra.answers"}
	for range 20 {
		var got []string
		for _, m := range middleware(nil) {
			got = append(got, reflect.TypeOf(m).String())
			switch m.(type) {
			case *khttp.RetryHandler, *khttp.RedirectHandler:
				t.Errorf("%T repeats calls or leads away", m)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("middleware %v", got)
		}
	}
}

func TestAdapterSettings(t *testing.T) {
	factories, serializers := len(absser.DefaultParseNodeFactoryInstance.ContentTypeAssociatedFactories), len(absser.DefaultSerializationWriterFactoryInstance.ContentTypeAssociatedFactories)
	var seen http.Header
	var query string
	var raw []byte
	c, s := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
		seen, query = r.Header, r.URL.RawQuery
		raw, _ = io.ReadAll(r.Body)
		answer(w, 200, map[string]any{"id": testAccount, "accountEnabled": true})
	}, nil)
	if got := c.graph.GetBaseUrl(); got != "https://graph.microsoft.com/v1.0" {
		t.Errorf("base %s", got)
	}
	if _, err := c.account(t.Context(), testAccount); err != nil {
		t.Fatal(err)
	}
	if seen.Get("Authorization") != "Bearer token-1" || seen.Get("User-Agent") != "countersign/1" {
		t.Errorf("headers %v", seen)
	}
	if !strings.HasPrefix(query, "$select=id,") {
		t.Errorf("query %q", query)
	}
	if _, err := c.enable(t.Context(), testAccount, false, "done"); err != nil {
		t.Fatal(err)
	}
	if seen.Get("Content-Encoding") != "gzip" || !strings.Contains(string(raw), `"accountEnabled":false`) {
		t.Errorf("body %q, headers %v", raw, seen)
	}
	if len(absser.DefaultParseNodeFactoryInstance.ContentTypeAssociatedFactories) != factories || len(absser.DefaultSerializationWriterFactoryInstance.ContentTypeAssociatedFactories) != serializers {
		t.Error("globals of the SDK were filled")
	}
	if len(s.called()) != 2 {
		t.Errorf("calls %v", s.called())
	}
}

// Our rules count every attempt: nothing between us and the network repeats a
// call or follows a redirect.
func TestG5NothingIsRepeatedOrFollowed(t *testing.T) {
	for status, kind := range map[int]holds.Kind{429: holds.Unavailable, 503: holds.Unavailable, 504: holds.Unavailable, 302: holds.Unavailable, 308: holds.Unavailable, 415: holds.Invalid, 304: holds.Unavailable} {
		c, s := newScripted(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Location", "https://evil.example/v1.0/users")
			graphError(w, status, "SomeCode", "words")
		}, nil)
		_, err := c.enable(t.Context(), testAccount, false, "done")
		wantKind(t, err, kind, "")
		if n := len(s.called()); n != 1 {
			t.Errorf("%d: %d calls", status, n)
		}
	}
}

func TestFaultsAreTyped(t *testing.T) {
	for name, c := range map[string]struct {
		status              int
		code, message, want string
		kind                holds.Kind
	}{
		"permission":    {403, "Authorization_RequestDenied", "Insufficient privileges of secret@acme.example", "needs the application permission User.Read.All", holds.Forbidden},
		"gone":          {404, "Request_ResourceNotFound", "Resource 'x' does not exist", "no such thing", holds.NotFound},
		"wrong address": {404, "", "", "not in Graph's words", holds.Unavailable},
		"bad request":   {400, "Request_BadRequest", "Invalid filter", "refused the call (400)", holds.Invalid},
		"conflict":      {409, "Conflict", "", "409", holds.Conflict},
		"down":          {500, "InternalServerError", "", "500", holds.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := newScripted(t, func(w http.ResponseWriter, _ *http.Request) { graphError(w, c.status, c.code, c.message) }, nil)
			_, err := client.Snapshot(t.Context(), testAccount)
			wantKind(t, err, c.kind, c.want)
			if strings.Contains(err.Error(), "acme.example") || c.message != "" && strings.Contains(err.Error(), c.message) {
				t.Errorf("the answer's words are repeated: %v", err)
			}
			if c.status != 404 && !strings.Contains(err.Error(), "request-id 11f0c1de") {
				t.Errorf("Microsoft's support would ask for the request id: %v", err)
			}
		})
	}
}

// G5: JSON of another shape is an outage, whatever the SDK makes of it.
func TestG5AnswersOfAnotherShape(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `"x"`, `1`, `{`, `{}`, `{"value":null}`, `{"value":{}}`, `{"value":[null]}`, `{"value":[1]}`, `{"value":["x"]}`, `{"value":[{}]}`, `{"id":1}`,
		`{"id":"` + testAccount + `","accountEnabled":"yes"}`, `{"id":"` + testAccount + `"}`, `{"id":"` + testGroup + `","accountEnabled":true}`,
	} {
		c, _ := newScripted(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, text)
		}, nil)
		for name, call := range map[string]func() error{
			"account":       func() error { _, err := c.account(t.Context(), testAccount); return err },
			"groups":        func() error { _, err := c.groups(t.Context(), testAccount); return err },
			"methods":       func() error { _, err := c.methods(t.Context(), testAccount); return err },
			"roles":         func() error { _, err := c.rolesOf(t.Context(), testAccount, false); return err },
			"policies":      func() error { _, err := c.policies(t.Context()); return err },
			"subscriptions": func() error { _, err := c.subscriptions(t.Context()); return err },
			"subscription":  func() error { _, err := c.subscription(t.Context(), testGroup); return err },
			"audit":         func() error { _, err := c.auditPage(t.Context(), "$top=1"); return err },
			"device":        func() error { _, err := c.deviceEnabled(t.Context(), testAccount); return err },
			"credential": func() error {
				_, err := c.credential(t.Context(), "application:"+testService+"/"+testGroup)
				return err
			},
			"find": func() error { _, err := c.Find(t.Context(), "a@acme.example"); return err },
		} {
			if name == "audit" {
				c.audit = newPace()
				if strings.HasPrefix(text, `{"value":[`) {
					continue // records are kept whatever they are
				}
			}
			if err := call(); err == nil || holds.KindOf(err) != holds.Unavailable {
				t.Errorf("%s, answered %s: %v", name, text, err)
			}
		}
	}
}

// G14: a next link is an address out of an answer.
func TestG14NextLinksLeadNowhereElse(t *testing.T) {
	for _, link := range []string{
		"https://evil.example/v1.0/users?$skiptoken=x", "http://graph.microsoft.com/v1.0/users?$skiptoken=x", "https://graph.microsoft.com.evil.example/v1.0/x",
		"https://graph.microsoft.com/beta/users", "https://user:pw@graph.microsoft.com/v1.0/users", "//evil.example/v1.0/x", "file:///etc/passwd", "https://169.254.169.254/v1.0/",
		"https://graph.microsoft.com/v1.0/../beta/users", "\x00",
	} {
		c, s := newScripted(t, func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"value": []any{}, "@odata.nextLink": link})
		}, nil)
		for _, call := range []func() error{
			func() error { _, err := c.policies(t.Context()); return err },
			func() error { _, err := c.groups(t.Context(), testAccount); return err },
			func() error { _, err := c.auditPage(t.Context(), "$top=1"); return err },
		} {
			wantKind(t, call(), holds.Unavailable, "next link")
		}
		if n := len(s.called()); n != 3 {
			t.Errorf("%q: %d calls, so it was followed", link, n)
		}
	}
}

// A list that leads round in a circle ends.
func TestListsAreBounded(t *testing.T) {
	c, s := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]any{"value": []any{}, "@odata.nextLink": worldGraph + r.URL.Path + "?$skiptoken=again"})
	}, nil)
	_, err := c.policies(t.Context())
	wantKind(t, err, holds.Unavailable, "more than 20 pages")
	_, err = c.groups(t.Context(), testAccount)
	wantKind(t, err, holds.Unavailable, "more than 20 pages")
	if n := len(s.called()); n != 2*maxPages {
		t.Errorf("%d calls", n)
	}
}

func TestBuckets(t *testing.T) {
	for path, want := range map[string]string{
		"/v1.0/users/x": "users", "/v1.0/users/x/authentication/methods": "authentication", "/v1.0/auditLogs/directoryAudits": "auditLogs",
		"/beta/roleManagement/directory": "roleManagement", tokenPath: "token", "/": "token",
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, worldGraph+path, nil)
		if got := bucket(r); got != want {
			t.Errorf("%s is in %s", path, got)
		}
	}
}

// Importing the SDK's root costs two minutes of compiling; nobody may.
func TestTheRootOfTheSDKIsNotImported(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.Contains(path, "testdata") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return nil // somebody is writing it
		}
		files++
		for _, i := range f.Imports {
			if i.Path.Value == `"github.com/microsoftgraph/msgraph-sdk-go"` {
				t.Errorf("%s imports the SDK's root", path)
			}
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files looked at, %v", files, err)
	}
}
