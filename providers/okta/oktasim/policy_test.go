package oktasim

import (
	"errors"
	"testing"
)

// TestRestraintGroupRestrains is what a containment relies on: a member is
// denied sign-in and self-service enrolment, and no longer once out of it.
func TestRestraintGroupRestrains(t *testing.T) {
	r := newRig(t, Options{})
	path := "/api/v1/groups/" + RestraintGroup + "/users/" + Engineer
	var denied *Denied

	r.call(204, "PUT", path, nil)
	if _, err := r.EnrolsFactor(Engineer, "webauthn", "key"); !errors.As(err, &denied) || denied.Access.Rule != AccountRule {
		t.Errorf("enrolling with the old session: %v", err)
	}
	if _, err := r.ChangesRecoveryEmail(Engineer, Engineer, "x@elsewhere.example"); err != nil {
		t.Errorf("the old session is not cleared yet, but: %v", err)
	}
	r.call(204, "DELETE", "/api/v1/users/"+Engineer+"/sessions", nil)
	if _, err := r.ChangesRecoveryEmail(Engineer, Engineer, "y@elsewhere.example"); !errors.As(err, &denied) || denied.Access.Rule != SignOnRule {
		t.Errorf("without a session: %v", err)
	}
	told, err := r.SignsIn(Engineer)
	if !errors.As(err, &denied) || told.Events[0].EventType != "policy.evaluate_sign_on" || told.Events[0].Outcome.Result != "DENY" {
		t.Errorf("sign-in: %v %+v", err, told.Events)
	}
	r.call(204, "DELETE", path, nil)
	if _, err := r.SignsIn(Engineer); err != nil {
		t.Errorf("after the release: %v", err)
	}
}

// TestRestraintUndone lists the ways an administrator makes the restraint
// ineffective; each must really let the person in.
func TestRestraintUndone(t *testing.T) {
	for _, c := range []struct {
		name string
		undo func(*rig) error
	}{
		{"rule deactivated", func(r *rig) error { _, err := r.DeactivatesRule(OrgAdmin, SignOnPolicy, SignOnRule); return err }},
		{"subject excluded", func(r *rig) error {
			_, err := r.ExcludesFromRule(OrgAdmin, SignOnPolicy, SignOnRule, Engineer)
			return err
		}},
		{"an allowing rule placed first", func(r *rig) error {
			rule := signOnRule("", "Allow", 1, false, "ALLOW")
			r.call(200, "POST", "/api/v1/policies/"+SignOnPolicy+"/rules", rule)
			return nil
		}},
		{"rule deleted", func(r *rig) error {
			r.call(204, "DELETE", "/api/v1/policies/"+SignOnPolicy+"/rules/"+SignOnRule, nil)
			return nil
		}},
		{"rule made to allow", func(r *rig) error {
			rule := signOnRule("", "Deny everybody in the group", 1, false, "ALLOW")
			r.call(200, "PUT", "/api/v1/policies/"+SignOnPolicy+"/rules/"+SignOnRule, rule)
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Options{})
			r.call(204, "PUT", "/api/v1/groups/"+RestraintGroup+"/users/"+Engineer, nil)
			if a := r.SignOn(Engineer); a.Access != "DENY" {
				t.Fatalf("before: %+v", a)
			}
			if err := c.undo(r); err != nil {
				t.Fatal(err)
			}
			if a := r.SignOn(Engineer); a.Access != "ALLOW" {
				t.Errorf("after: %+v", a)
			}
			if got := r.last(1)[0]; got[:12] != "policy.rule." {
				t.Errorf("event %s", got)
			}
		})
	}
}

func TestRuleWrites(t *testing.T) {
	r := newRig(t, Options{})
	const rules = "/api/v1/policies/" + AppPolicy + "/rules"
	t.Run("PUT replaces, keeps what it does not know, and tells old and new", func(t *testing.T) {
		var before map[string]any
		r.call(200, "GET", rules+"/"+AppRule, nil).decode(t, &before)
		before["conditions"] = map[string]any{"people": map[string]any{"groups": map[string]any{"include": []any{FinanceGroup}}}, "somethingNew": true}
		before["actions"].(map[string]any)["appSignOn"].(map[string]any)["access"] = "ALLOW"
		before["status"] = "INACTIVE"
		r.call(200, "PUT", rules+"/"+AppRule, before)
		var after map[string]any
		r.call(200, "GET", rules+"/"+AppRule, nil).decode(t, &after)
		if after["status"] != "ACTIVE" || after["conditions"].(map[string]any)["somethingNew"] != true {
			t.Errorf("rule %v", after)
		}
		log := r.Log()
		change := log[len(log)-1].Target[1].ChangeDetails
		if change == nil || change.From["policyRuleActionJson"] == change.To["policyRuleActionJson"] {
			t.Errorf("changeDetails %+v", change)
		}
	})
	t.Run("priorities stay in order and the system rule last", func(t *testing.T) {
		r.call(200, "POST", rules, appRule("", "First", 1, false, "ALLOW", nil))
		r.call(200, "POST", rules, appRule("", "Late", 50, false, "ALLOW", nil))
		var list []struct {
			Name     string
			Priority int
		}
		r.call(200, "GET", rules, nil).decode(t, &list)
		for i, want := range []string{"First", seedRestraint, "Late", seedCatchAll} {
			if list[i].Name != want {
				t.Errorf("rule %d is %q, want %q", i, list[i].Name, want)
			}
		}
		if list[2].Priority != 3 || list[3].Priority != 99 {
			t.Errorf("priorities %+v", list)
		}
	})
	t.Run("the system rule cannot be switched off or deleted", func(t *testing.T) {
		r.call(403, "POST", rules+"/rulCatchAllApp000000/lifecycle/deactivate", nil)
		r.call(403, "DELETE", rules+"/rulCatchAllApp000000", nil)
	})
	t.Run("refusals", func(t *testing.T) {
		r.call(400, "GET", "/api/v1/policies", nil)
		r.call(404, "GET", "/api/v1/policies/none", nil)
		r.call(404, "PUT", rules+"/none", map[string]any{"name": "x"})
		r.call(400, "PUT", rules+"/"+AppRule, map[string]any{"type": "ACCESS_POLICY"})
		r.call(400, "PUT", rules+"/"+AppRule, map[string]any{"name": "x", "type": "SIGN_ON"})
	})
}

// TestPolicyShapes: where a client must look for the group and the resource type.
func TestPolicyShapes(t *testing.T) {
	r := newRig(t, Options{})
	var list []struct {
		ID         string
		Conditions struct {
			People struct{ Groups struct{ Include []string } }
		}
		Embedded struct {
			ResourceType string
			Rules        []any
		} `json:"_embedded"`
	}
	r.call(200, "GET", "/api/v1/policies?type=OKTA_SIGN_ON", nil).decode(t, &list)
	if len(list) != 2 || list[0].ID != SignOnPolicy || list[0].Conditions.People.Groups.Include[0] != RestraintGroup {
		t.Errorf("sign-on policies %+v", list)
	}
	r.call(200, "GET", "/api/v1/policies?type=ACCESS_POLICY&expand=rules", nil).decode(t, &list)
	found := false
	for _, p := range list {
		found = found || p.ID == AccountPolicy && p.Embedded.ResourceType == resourceAccountManage && len(p.Embedded.Rules) == 2
	}
	if len(list) != 3 || !found {
		t.Errorf("access policies %+v", list)
	}
	classic := newRig(t, Options{Engine: Classic})
	classic.call(200, "GET", "/api/v1/policies?type=ACCESS_POLICY", nil).decode(t, &list)
	if len(list) != 0 || classic.AccountManagement(Engineer).Access != "" {
		t.Errorf("classic has access policies: %+v", list)
	}
}
