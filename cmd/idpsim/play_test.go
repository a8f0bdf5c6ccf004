package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// takeover is the chain across both platforms that the demonstration plays.
func takeover() []map[string]any {
	return []map[string]any{
		{"at": "okta", "story": "reset-factors", "request": map[string]any{"actor": oktasim.HelpDesk, "subject": oktasim.Identity}},
		{"at": "okta", "story": "enrol-factor", "request": map[string]any{"subject": oktasim.Identity, "kind": "okta_verify", "device": "a phone", "from": "elsewhere"}},
		{"at": "entra", "story": "sign-in", "request": map[string]any{"subject": entrasim.Identity, "from": "elsewhere"}},
		{"at": "entra", "story": "grant-role", "request": map[string]any{
			"actor": entrasim.Identity, "subject": entrasim.Identity, "role": entrasim.GlobalAdministrator, "from": "elsewhere",
		}},
	}
}

// TestPlayAcrossBothPlatforms: all acts happen, in order, and each is told by the
// platform it happened at.
func TestPlayAcrossBothPlatforms(t *testing.T) {
	ready, _ := started(t)
	status, body := do(t, "POST", ready.AdminURL+"/play", "", takeover())
	var told []struct {
		Events  []struct{ EventType string }
		Records []struct{ ID, ActivityDisplayName string }
	}
	if err := json.Unmarshal(body, &told); status != http.StatusOK || err != nil || len(told) != 4 {
		t.Fatalf("%d %v %.400s", status, err, body)
	}
	if got := told[0].Events[len(told[0].Events)-1].EventType; !strings.HasPrefix(got, "user.mfa.factor.") {
		t.Errorf("the reset wrote %s", got)
	}
	if got := told[1].Events[len(told[1].Events)-1].EventType; got != "user.mfa.factor.activate" {
		t.Errorf("the enrolment wrote %s", got)
	}
	if got := told[3].Records[0]; got.ActivityDisplayName != "Add member to role" || got.ID == "" {
		t.Errorf("the grant wrote %+v", got)
	}
	if _, person := do(t, "GET", ready.AdminURL+"/sim/people/"+oktasim.Identity, "", nil); !bytes.Contains(person, []byte("a phone")) {
		t.Error("the factor is not there")
	}
	var state entrasim.Company
	_, body = do(t, "GET", ready.AdminURL+"/entra/sim/state", "", nil)
	if err := json.Unmarshal(body, &state); err != nil || !slices.ContainsFunc(state.Assignments, func(a entrasim.Assignment) bool {
		return a.Principal == entrasim.Identity && a.Role == entrasim.GlobalAdministrator
	}) {
		t.Errorf("the role was not given: %v %v", err, state.Assignments)
	}
}

// TestPlayEndsWithTheFirstRefusal, and says which act it was.
func TestPlayEndsWithTheFirstRefusal(t *testing.T) {
	ready, _ := started(t)
	acts := takeover()
	acts[1]["request"].(map[string]any)["from"] = "the moon"
	status, body := do(t, "POST", ready.AdminURL+"/play", "", acts)
	if status != http.StatusBadRequest || !bytes.Contains(body, []byte("act 2, enrol-factor at okta")) {
		t.Errorf("%d %s", status, body)
	}
	if _, log := do(t, "GET", ready.AdminURL+"/entra/sim/log?all=true", "", nil); bytes.Contains(log, []byte("Add member to role")) {
		t.Error("the play went on")
	}
	for name, c := range map[string]struct {
		play any
		want string
	}{
		"another platform": {[]map[string]any{{"at": "moon", "story": "x", "request": map[string]any{}}}, "okta or entra"},
		"no list":          {map[string]any{"at": "okta"}, "a play is a list"},
		"another word":     {[]map[string]any{{"at": "okta", "tale": "x"}}, "unknown field"},
		"no request":       {[]map[string]any{{"at": "entra", "story": "sign-in"}}, "act 1"},
		"an unknown word":  {[]map[string]any{{"at": "entra", "story": "sign-in", "request": map[string]any{"whom": "x"}}}, "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := do(t, "POST", ready.AdminURL+"/play", "", c.play); status != http.StatusBadRequest || !bytes.Contains(body, []byte(c.want)) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}
