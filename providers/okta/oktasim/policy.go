package oktasim

import (
	"encoding/json"
	"maps"
	"slices"
)

// The policy types the simulator knows. The account management policy is an
// ACCESS_POLICY with the resource type below.
const (
	typeSignOn            = "OKTA_SIGN_ON"
	typeAccess            = "ACCESS_POLICY"
	resourceAccountManage = "END_USER_ACCOUNT_MANAGEMENT"
)

func (r Rule) text(key string) string {
	v, _ := r[key].(string)
	return v
}

// priority reads a number that came from JSON or from Go.
func (r Rule) priority() int {
	switch v := r["priority"].(type) {
	case float64:
		return int(v)
	case int:
		return v
	}
	return 0
}

// access is ALLOW or DENY, from actions.signon (global session policy) or
// actions.appSignOn (app sign-on and account management policies).
func (r Rule) access() string {
	actions, _ := r["actions"].(map[string]any)
	for _, key := range []string{"signon", "appSignOn"} {
		if a, ok := actions[key].(map[string]any); ok {
			v, _ := a["access"].(string)
			return v
		}
	}
	return ""
}

// applies evaluates conditions.people for one person and their groups.
// No condition means everybody.
func applies(conditions map[string]any, person string, groups []string) bool {
	people, _ := conditions["people"].(map[string]any)
	users, _ := people["users"].(map[string]any)
	group, _ := people["groups"].(map[string]any)
	overlaps := func(ids []string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(groups, id) })
	}
	if slices.Contains(texts(users["exclude"]), person) || overlaps(texts(group["exclude"])) {
		return false
	}
	includeUsers, includeGroups := texts(users["include"]), texts(group["include"])
	if len(includeUsers)+len(includeGroups) == 0 {
		return true
	}
	return slices.Contains(includeUsers, person) || overlaps(includeGroups)
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		if t, ok := x.(string); ok {
			out = append(out, t)
		}
	}
	return out
}

// Access is the outcome of evaluating policies for a person: the access the
// first applying rule gives, with the policy and the rule.
type Access struct {
	Access string // ALLOW or DENY; "" when no rule applies
	Policy string
	Rule   string
}

// SignOn evaluates the global session policies for a person (id or login).
func (s *Sim) SignOn(person string) Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evaluate(s.person(person), func(p *Policy) bool { return p.Type == typeSignOn })
}

// AccountManagement evaluates the account management policy for a person.
func (s *Sim) AccountManagement(person string) Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evaluate(s.person(person), isAccountManagement)
}

func isAccountManagement(p *Policy) bool { return p.ResourceType == resourceAccountManage }

// evaluate walks active policies in order of priority, and in the first that
// applies to the person the active rules in order of priority.
func (s *Sim) evaluate(p *Person, which func(*Policy) bool) Access {
	if p == nil {
		return Access{}
	}
	var groups []string
	for _, g := range s.org.Groups {
		if g.Type == "BUILT_IN" || slices.Contains(g.Members, p.ID) {
			groups = append(groups, g.ID)
		}
	}
	var policies []*Policy
	for i := range s.org.Policies {
		if which(&s.org.Policies[i]) {
			policies = append(policies, &s.org.Policies[i])
		}
	}
	slices.SortStableFunc(policies, func(a, b *Policy) int { return a.Priority - b.Priority })
	for _, pol := range policies {
		if pol.Status != "ACTIVE" || !applies(pol.Conditions, p.ID, groups) {
			continue
		}
		for _, r := range pol.Rules {
			conditions, _ := r["conditions"].(map[string]any)
			if r.text("status") == "ACTIVE" && applies(conditions, p.ID, groups) {
				return Access{Access: r.access(), Policy: pol.ID, Rule: r.text("id")}
			}
		}
	}
	return Access{}
}

func (s *Sim) policy(id string) *Policy {
	for i := range s.org.Policies {
		if s.org.Policies[i].ID == id {
			return &s.org.Policies[i]
		}
	}
	return nil
}

func (p *Policy) rule(id string) (int, Rule) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.text("id") == id })
	if i < 0 {
		return -1, nil
	}
	return i, p.Rules[i]
}

// place puts a rule at its priority (from 1; 0 or too large is last before the
// system rule) and renumbers, so that the list is always in order.
func (p *Policy) place(r Rule) {
	p.Rules = slices.DeleteFunc(p.Rules, func(x Rule) bool { return x.text("id") == r.text("id") })
	at := r.priority() - 1
	last := len(p.Rules)
	if last > 0 && p.Rules[last-1]["system"] == true {
		last--
	}
	if at < 0 || at > last {
		at = last
	}
	p.Rules = slices.Insert(p.Rules, at, r)
	for i, x := range p.Rules {
		if x["system"] != true {
			x["priority"] = i + 1
		}
	}
}

func ruleType(p *Policy) string {
	if p.Type == typeSignOn {
		return "SIGN_ON"
	}
	return "ACCESS_POLICY"
}

// putRule replaces a whole rule, as Okta's PUT does: what the body leaves out
// is gone. Identity, status and dates are Okta's.
func (s *Sim) putRule(c *cause, p *Policy, id string, body Rule) (Rule, *Error) {
	_, old := p.rule(id)
	if old == nil {
		return nil, errNotFound(id, "PolicyRule")
	}
	if body.text("name") == "" {
		return nil, errValidation("name", "name: The field cannot be left blank")
	}
	if t := body.text("type"); t != "" && t != ruleType(p) {
		return nil, errValidation("type", "type: Invalid policy rule type specified.")
	}
	r := maps.Clone(body)
	for _, key := range []string{"id", "type", "status", "system", "created"} {
		r[key] = old[key]
	}
	if r.priority() == 0 || old["system"] == true {
		r["priority"] = old["priority"]
	}
	r["lastUpdated"] = stamp(s.now())
	delete(r, "_links")
	before := maps.Clone(old)
	if old["system"] == true {
		i, _ := p.rule(id)
		p.Rules[i] = r
	} else {
		p.place(r)
	}
	p.LastUpdated = s.now()
	s.ruleEvent(c, "policy.rule.update", p, before, r)
	return r, nil
}

func (s *Sim) addRule(c *cause, p *Policy, body Rule) (Rule, *Error) {
	if body.text("name") == "" {
		return nil, errValidation("name", "name: The field cannot be left blank")
	}
	r := maps.Clone(body)
	delete(r, "_links")
	r["id"], r["type"], r["status"], r["system"] = newID("0pr"), ruleType(p), "ACTIVE", false
	r["created"], r["lastUpdated"] = stamp(s.now()), stamp(s.now())
	p.place(r)
	p.LastUpdated = s.now()
	s.ruleEvent(c, "policy.rule.add", p, nil, r)
	return r, nil
}

func (s *Sim) deleteRule(c *cause, p *Policy, id string) *Error {
	i, r := p.rule(id)
	if r == nil {
		return errNotFound(id, "PolicyRule")
	}
	if r["system"] == true {
		return errForbidden()
	}
	p.Rules = slices.Delete(p.Rules, i, i+1)
	s.ruleEvent(c, "policy.rule.delete", p, nil, r)
	return nil
}

// setRuleStatus activates or deactivates a rule.
func (s *Sim) setRuleStatus(c *cause, p *Policy, id, status string) (bool, *Error) {
	_, r := p.rule(id)
	if r == nil {
		return false, errNotFound(id, "PolicyRule")
	}
	if r["system"] == true {
		return false, errForbidden()
	}
	if r.text("status") == status {
		return false, nil
	}
	r["status"], r["lastUpdated"] = status, stamp(s.now())
	s.ruleEvent(c, map[string]string{"ACTIVE": "policy.rule.activate", "INACTIVE": "policy.rule.deactivate"}[status], p, nil, r)
	return true, nil
}

// ruleEvent writes a rule change; an update carries the old and new actions.
func (s *Sim) ruleEvent(c *cause, eventType string, p *Policy, before, after Rule) {
	rule := Entity{ID: after.text("id"), Type: "PolicyRule", AlternateID: "unknown", DisplayName: after.text("name")}
	if before != nil {
		rule.ChangeDetails = &ChangeDetails{
			From: map[string]any{"policyRuleActionJson": jsonText(before["actions"])},
			To:   map[string]any{"policyRuleActionJson": jsonText(after["actions"])},
		}
	}
	s.emit(c, eventType, []Entity{
		{ID: p.ID, Type: "PolicyEntity", AlternateID: "unknown", DisplayName: p.Name, DetailEntry: map[string]any{"policyType": p.Type}},
		rule,
	})
}

func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}
