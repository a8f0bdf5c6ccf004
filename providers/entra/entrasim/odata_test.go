package entrasim

import (
	"net/url"
	"strings"
	"testing"
)

// TestWithoutSelectGraphTellsLess: a caller that forgets $select finds no
// accountEnabled, on v1.0.
func TestWithoutSelectGraphTellsLess(t *testing.T) {
	r := newRig(t, Options{})
	for _, c := range []struct {
		path       string
		has, lacks []string
	}{
		{"/v1.0/users/" + Engineer, []string{"id", "mail", "businessPhones", "mobilePhone"}, []string{"accountEnabled", "createdDateTime", "userType", "otherMails"}},
		{"/beta/users/" + Engineer, []string{"id", "accountEnabled", "createdDateTime"}, nil},
		{"/v1.0/users/" + Engineer + "?$select=id,accountEnabled", []string{"id", "accountEnabled"}, []string{"mail", "displayName"}},
		{"/v1.0/users/" + Engineer + "?$select=id&$expand=manager($select=id)", []string{"id", "manager"}, []string{"mail"}},
	} {
		body := r.send(200, "GET", c.path, nil).body()
		for _, k := range c.has {
			if _, ok := body[k]; !ok {
				t.Errorf("%s lacks %s", c.path, k)
			}
		}
		for _, k := range c.lacks {
			if _, ok := body[k]; ok {
				t.Errorf("%s has %s", c.path, k)
			}
		}
	}
	for _, path := range []string{
		"/users/" + Engineer + "?$select=nonsense", "/users?$select=id,nonsense", "/users/" + Engineer + "?$expand=nonsense",
		"/users?$top=0", "/users?$top=many", "/users?$top=1000", "/users?$skip=2", "/users?$orderby=nonsense", "/users?$skiptoken=made-up",
		"/roleManagement/directory/roleAssignments?$expand=nonsense", "/domains?$filter=id eq 'x'",
	} {
		r.call(400, "GET", path, nil)
	}
}

// TestPages: every person once, and next links at the address that was called.
func TestPages(t *testing.T) {
	r := newRig(t, Options{})
	seen := map[string]bool{}
	path, pages := "/v1.0/users?$top=4&$select=id", 0
	for path != "" {
		got := r.send(200, "GET", path, nil)
		for _, p := range got.values() {
			if seen[p["id"].(string)] {
				t.Errorf("%s twice", p["id"])
			}
			seen[p["id"].(string)] = true
		}
		next, _ := got.body()["@odata.nextLink"].(string)
		if next != "" && !strings.HasPrefix(next, r.url+"/v1.0/users?") {
			t.Fatalf("the next link is %q", next)
		}
		path, pages = strings.TrimPrefix(next, r.url), pages+1
	}
	if len(seen) != 16 || pages != 4 {
		t.Errorf("%d people on %d pages", len(seen), pages)
	}
	if n := r.call(200, "GET", "/users?$count=true&$top=1", nil).body()["@odata.count"]; n != 16.0 {
		t.Errorf("count %v", n)
	}
}

// TestFilters: what Graph understands selects, what it does not is 400.
func TestFilters(t *testing.T) {
	r := newRig(t, Options{})
	for _, c := range []struct {
		filter string
		want   int // -1: refused
	}{
		{"userPrincipalName eq 'aiko.tanaka@nordwind.example'", 1},
		{"userPrincipalName eq 'AIKO.TANAKA@nordwind.example' or mail eq 'nobody'", 1},
		{"department eq 'IT' and startswith(displayName,'Break')", 2},
		{"not startswith(displayName,'B') and department eq 'IT'", 4},
		{"(department eq 'IT' or department eq 'Finance') and accountEnabled eq true", 9},
		{"id in ('" + Engineer + "','" + Payroll + "')", 2},
		{"onPremisesSyncEnabled eq true", 2},
		{"onPremisesSyncEnabled eq null", 14},
		{"onPremisesSyncEnabled ne true", 14},
		{"createdDateTime ge 2025-03-03T09:00:00Z", 16},
		{"createdDateTime gt 2025-03-03T10:00:00+01:00", 0},
		{"createdDateTime le 2025-01-01T00:00:00Z", 0},
		{"displayName eq 'O''Hara'", 0},
		{"displayName lt 'B'", 1},
		{"nonsense eq 'x'", -1},
		{"displayName", -1},
		{"displayName eq", -1},
		{"displayName is 'x'", -1},
		{"displayName eq 'x", -1},
		{"displayName eq 'x' and", -1},
		{"(displayName eq 'x'", -1},
		{"displayName eq 'x')", -1},
		{"startswith(displayName)", -1},
		{"startswith('x',displayName)", -1},
		{"displayName in 'x'", -1},
		{"displayName in ('x'", -1},
		{"otherMails/any(m:m eq 'x')", -1},
		{"", -1},
	} {
		got, err := r.try("GET", "/v1.0/users?$top=100&$filter="+url.QueryEscape(c.filter), nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.want < 0 && got.status != 400 || c.want >= 0 && (got.status != 200 || len(got.values()) != c.want) {
			t.Errorf("%s: %d with %d people, want %d: %.200s", c.filter, got.status, len(got.values()), c.want, got.raw)
		}
	}
}

// FuzzFilter: whatever is asked, a filter is understood or refused.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"a eq 'b'", "l/any(x:x/a eq 'b') or not (a in (1,2))", "startswith(a,'b')", "a ge 2020-01-01T00:00:00Z", "l/any(", "'"} {
		f.Add(s)
	}
	item := map[string]any{"a": "b", "l": []any{map[string]any{"a": "b"}, nil, 3.0}}
	f.Fuzz(func(_ *testing.T, text string) {
		if wants, err := parseFilter(text, []string{"a", "l/a"}); err == nil {
			wants(item)
		}
	})
}
