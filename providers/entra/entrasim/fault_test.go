package entrasim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaults: before applying nothing changes, after applying all does, and
// the caller cannot tell from the answer.
func TestFaults(t *testing.T) {
	r := newRig(t, Options{})
	const path = "/users/" + Engineer
	arm := func(f Fault) {
		t.Helper()
		f.Method, f.Path = "PATCH", "/v1.0/users/*"
		if err := r.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	title := func() string {
		p, _ := r.Person(Engineer)
		return p.JobTitle
	}
	for _, c := range []struct {
		how    How
		status int
		body   string // "" when the connection ends
	}{
		{FailStatus, 503, "serviceNotAvailable"},
		{FailHTML, 200, "<!doctype html>"},
		{FailJSON, 200, "unexpected"},
		{FailCut, 0, ""},
	} {
		for _, when := range []When{FailBefore, FailAfter} {
			want := string(when) + string(c.how)
			arm(Fault{When: when, How: c.how, Status: 503})
			got, err := r.try("PATCH", "/v1.0"+path, map[string]any{"jobTitle": want})
			if (err != nil) != (c.body == "") || err == nil && (got.status != c.status || !strings.Contains(string(got.raw), c.body)) {
				t.Errorf("%s %s: %d %s %v", when, c.how, got.status, got.raw, err)
			}
			if (title() == want) != (when == FailAfter) {
				t.Errorf("%s %s: the title is %q", when, c.how, title())
			}
			j := r.Journal()
			last := j[len(j)-1]
			if last.Fault == "" || last.Applied != (when == FailAfter) {
				t.Errorf("%s %s: journal %+v", when, c.how, last)
			}
		}
	}
	arm(Fault{When: FailBefore, How: FailStatus, Times: 2, After: 7})
	if got := r.call(500, "PATCH", path, map[string]any{"jobTitle": "x"}); got.header.Get("Retry-After") != "7" {
		t.Errorf("headers %v", got.header)
	}
	r.Mend()
	r.call(204, "PATCH", path, map[string]any{"jobTitle": "mended"})
	for name, f := range map[string]Fault{
		"no moment": {Path: "/v1.0/**", How: FailCut}, "no shape": {Path: "/v1.0/**", When: FailAfter},
		"no path": {When: FailAfter, How: FailCut}, "a bad pattern": {Path: "/[", When: FailAfter, How: FailCut},
	} {
		if err := r.Fail(f); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestForcedRateLimit is over after its calls, and may concern a part only.
func TestForcedRateLimit(t *testing.T) {
	r := newRig(t, Options{})
	r.RateLimit(TooMany{Calls: 2, After: 1500 * time.Millisecond, Path: "/v1.0/users/**"})
	r.call(200, "GET", "/groups", nil)
	if got := r.call(429, "GET", "/users/"+Engineer, nil); got.header.Get("Retry-After") != "2" {
		t.Errorf("headers %v", got.header)
	}
	r.call(429, "GET", "/users/"+Engineer, nil)
	r.call(200, "GET", "/users/"+Engineer, nil)
}

// TestJournalAndEffects: who called what, by the person's id, and how often it
// took effect.
func TestJournalAndEffects(t *testing.T) {
	r := newRig(t, Options{})
	r.call(200, "POST", "/users/aiko.tanaka@nordwind.example/revokeSignInSessions", nil)
	r.call(200, "POST", "/users/"+Engineer+"/revokeSignInSessions", nil)
	restrain(r, Engineer)
	r.call(400, "POST", "/groups/"+RestraintGroup+"/members/$ref", ref(Engineer))
	r.call(200, "GET", "/users?$filter=department eq 'IT'", nil)
	r.ask(Tenant, form("client_secret", "guess"))
	want := []Effect{
		{"POST", "/v1.0/users/" + Engineer + "/revokeSignInSessions", Engineer, 2, 2},
		{"POST", "/v1.0/groups/" + RestraintGroup + "/members/$ref", Engineer, 1, 1},
	}
	if got := r.Effects(); !slices.Equal(got, want) {
		t.Errorf("effects %+v", got)
	}
	j := r.Journal()
	if len(j) != 6 || j[0].N != 1 || j[0].Caller != OwnApp || j[0].Pattern != "POST /users/{user}/revokeSignInSessions" || j[3].Applied || j[4].Applied ||
		strings.Contains(jsonText(j), "guess") {
		t.Errorf("journal %+v", j)
	}
	r.ForgetJournal()
	if len(r.Journal()) != 0 || len(r.Effects()) != 0 {
		t.Error("it remembers")
	}
}
