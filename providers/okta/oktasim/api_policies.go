package oktasim

import (
	"maps"
	"net/http"
	"slices"
)

// listPolicies demands a type, as Okta does. Policies come in order of priority.
func (s *Sim) listPolicies(c *call) (answer, *Error) {
	want := c.r.URL.Query().Get("type")
	if want == "" {
		return answer{}, errValidation("type", "type: The field cannot be left blank")
	}
	var found []*Policy
	for i := range s.org.Policies {
		p := &s.org.Policies[i]
		if status := c.r.URL.Query().Get("status"); p.Type == want && (status == "" || status == p.Status) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b *Policy) int { return a.Priority - b.Priority })
	out := []any{}
	for _, p := range found {
		out = append(out, policyWire(p, c.base, c.r.URL.Query().Get("expand") == "rules"))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) policyOf(c *call) (*Policy, *Error) {
	id := c.r.PathValue("policy")
	p := s.policy(id)
	if p == nil {
		return nil, errNotFound(id, "Policy")
	}
	c.subject = p.ID
	return p, nil
}

func (s *Sim) getPolicy(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: policyWire(p, c.base, c.r.URL.Query().Get("expand") == "rules")}, nil
}

func (s *Sim) listRules(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: rulesWire(p, c.base)}, nil
}

func (s *Sim) getRule(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	_, r := p.rule(c.r.PathValue("rule"))
	if r == nil {
		return answer{}, errNotFound(c.r.PathValue("rule"), "PolicyRule")
	}
	return answer{status: http.StatusOK, body: ruleWire(p, r, c.base)}, nil
}

func (s *Sim) postRule(c *call) (answer, *Error) {
	return s.writeRule(c, func(p *Policy, body Rule) (Rule, *Error) { return s.addRule(c.cause, p, body) })
}

func (s *Sim) putPolicyRule(c *call) (answer, *Error) {
	return s.writeRule(c, func(p *Policy, body Rule) (Rule, *Error) {
		return s.putRule(c.cause, p, c.r.PathValue("rule"), body)
	})
}

func (s *Sim) writeRule(c *call, do func(*Policy, Rule) (Rule, *Error)) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	var body Rule
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	r, err := do(p, body)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: ruleWire(p, r, c.base)}, nil
}

func (s *Sim) deletePolicyRule(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.deleteRule(c.cause, p, c.r.PathValue("rule"))
}

func (s *Sim) postRuleLifecycle(c *call) (answer, *Error) {
	p, err := s.policyOf(c)
	if err != nil {
		return answer{}, err
	}
	status, ok := map[string]string{"activate": "ACTIVE", "deactivate": "INACTIVE"}[c.r.PathValue("step")]
	if !ok {
		return answer{}, errNoPath()
	}
	_, err = s.setRuleStatus(c.cause, p, c.r.PathValue("rule"), status)
	return answer{status: http.StatusNoContent}, err
}

func policyWire(p *Policy, base string, rules bool) map[string]any {
	self := base + "/api/v1/policies/" + p.ID
	out := map[string]any{
		"id": p.ID, "type": p.Type, "name": p.Name, "description": p.Description, "status": p.Status, "priority": p.Priority,
		"system": p.System, "created": stamp(p.Created), "lastUpdated": stamp(p.LastUpdated), "conditions": p.Conditions,
		"_links": map[string]any{"self": href(self, "GET", "PUT", "DELETE"), "rules": href(self+"/rules", "GET", "POST")},
	}
	embedded := map[string]any{}
	if p.ResourceType != "" {
		embedded["resourceType"] = p.ResourceType
	}
	if rules {
		embedded["rules"] = rulesWire(p, base)
	}
	if len(embedded) > 0 {
		out["_embedded"] = embedded
	}
	return out
}

func rulesWire(p *Policy, base string) []any {
	out := []any{}
	for _, r := range p.Rules {
		out = append(out, ruleWire(p, r, base))
	}
	return out
}

func ruleWire(p *Policy, r Rule, base string) map[string]any {
	self := base + "/api/v1/policies/" + p.ID + "/rules/" + r.text("id")
	out := maps.Clone(map[string]any(r))
	links := map[string]any{"self": href(self, "GET", "PUT", "DELETE")}
	if r.text("status") == "ACTIVE" {
		links["deactivate"] = href(self+"/lifecycle/deactivate", "POST")
	} else {
		links["activate"] = href(self+"/lifecycle/activate", "POST")
	}
	out["_links"] = links
	return out
}
