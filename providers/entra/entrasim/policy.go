package entrasim

import (
	"encoding/json"
	"net/http"
	"slices"
)

func (s *Sim) policy(id string) Policy {
	i := slices.IndexFunc(s.org.Policies, func(p Policy) bool { return p.text("id") == id })
	if i < 0 {
		return nil
	}
	return s.org.Policies[i]
}

// clone is a deep copy.
func (p Policy) clone() Policy {
	data, _ := json.Marshal(p) // it came from JSON
	var out Policy
	_ = json.Unmarshal(data, &out)
	return out
}

// merge puts the changes into a copy of old: objects within objects are merged,
// lists and null replace. That Graph merges so deeply is unverified.
func merge(old, changes map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range old {
		out[k] = v
	}
	for k, v := range changes {
		inner, ok := v.(map[string]any)
		before, had := out[k].(map[string]any)
		if ok && had {
			v = merge(before, inner)
		}
		out[k] = v
	}
	return out
}

// updatePolicy changes a Conditional Access policy. Two services write a record:
// Conditional Access with the whole policy before and after, as raw JSON, and
// Core Directory with its own form of it.
func (s *Sim) updatePolicy(c *cause, id string, changes map[string]any) *Error {
	old := s.policy(id)
	if old == nil {
		return errNotFound(id)
	}
	if state, ok := changes["state"]; ok && !slices.Contains([]any{"enabled", "disabled", "enabledForReportingButNotEnforced"}, state) {
		return graphError(http.StatusBadRequest, "BadRequest", "1001: Invalid policy state.")
	}
	for _, fixed := range []string{"id", "createdDateTime", "modifiedDateTime"} {
		delete(changes, fixed)
	}
	next := Policy(merge(old, changes)).clone()
	before := old.clone()
	if jsonText(before) == jsonText(next) {
		return nil
	}
	next["modifiedDateTime"] = stamp(s.now())
	i := slices.IndexFunc(s.org.Policies, func(p Policy) bool { return p.text("id") == id })
	s.org.Policies[i] = next
	s.policyRecords(c, "Update", before, next)
	return nil
}

func (s *Sim) deletePolicy(c *cause, id string) *Error {
	old := s.policy(id)
	if old == nil {
		return errNotFound(id)
	}
	s.org.Policies = slices.DeleteFunc(s.org.Policies, func(p Policy) bool { return p.text("id") == id })
	s.policyRecords(c, "Delete", old, nil)
	return nil
}

func (s *Sim) policyRecords(c *cause, operation string, before, after Policy) {
	whole := func(p Policy) *string {
		if p == nil {
			return nil
		}
		return some(jsonText(p))
	}
	detail := func(p Policy) any {
		if p == nil {
			return nil
		}
		return []string{jsonText(map[string]any{"Version": 1, "State": p.text("state"), "Conditions": p["conditions"], "Controls": p["grantControls"]})}
	}
	name := before.text("displayName")
	if after != nil {
		name = after.text("displayName")
	}
	target := func(modified ...Modified) []Target {
		return []Target{{ID: some(before.text("id")), DisplayName: some(name), Type: "Policy", ModifiedProperties: modified}}
	}
	s.emit(c, activity{
		service: coreDirectory, category: "Policy", name: operation + " policy", operation: operation,
		targets: target(changed("PolicyDetail", detail(before), detail(after)), included("PolicyDetail")),
	})
	s.emit(c, activity{
		service: condAccess, category: "Policy", name: operation + " conditional access policy", operation: operation,
		targets: target(raw("ConditionalAccessPolicy", whole(before), whole(after))), details: []Detail{{"Category", "Conditional Access"}},
	})
}

func (s *Sim) listPolicies(c *call) (answer, *Error) {
	l := collection{context: "identity/conditionalAccess/policies", kind: "microsoft.graph.conditionalAccessPolicy", filters: []string{"id", "displayName", "state"}}
	for _, p := range s.org.Policies {
		l.items = append(l.items, p.clone())
	}
	return c.list(l)
}

// policyOf finds the policy of the path, and makes it the call's subject.
func (s *Sim) policyOf(c *call) (Policy, *Error) {
	id := c.r.PathValue("policy")
	if !isGUID(id) {
		return nil, graphError(http.StatusBadRequest, "BadRequest", "1026: The policy id '"+id+"' is not valid.")
	}
	p := s.policy(id)
	if p == nil {
		return nil, graphError(http.StatusNotFound, "ResourceNotFound", "1004: Policy does not exist.")
	}
	c.subject = id
	return p, nil
}

func (s *Sim) getPolicy(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("identity/conditionalAccess/policies", "microsoft.graph.conditionalAccessPolicy", p.clone(), nil)
}

func (s *Sim) patchPolicy(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	var changes map[string]any
	if err := c.decode(&changes); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.updatePolicy(c.cause, p.text("id"), changes)
}

func (s *Sim) deletePolicyCall(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.deletePolicy(c.cause, p.text("id"))
}
