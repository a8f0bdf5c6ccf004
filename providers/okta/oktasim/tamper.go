package oktasim

import (
	"fmt"
	"maps"
	"slices"
)

// ExcludesFromRule edits a policy rule so that it no longer reaches the
// subject: how an administrator quietly undoes a restraint.
func (s *Sim) ExcludesFromRule(actor, policy, rule, subject string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/policies/"+policy+"/rules/"+rule, opts, func(c *cause) error {
		p, victim := s.policy(policy), s.person(subject)
		if p == nil || victim == nil {
			return fmt.Errorf("there is no policy %q or no person %q", policy, subject)
		}
		_, old := p.rule(rule)
		if old == nil {
			return errNotFound(rule, "PolicyRule")
		}
		body := maps.Clone(old)
		conditions := branch(body, "conditions")
		users := branch(branch(conditions, "people"), "users")
		exclude, _ := users["exclude"].([]any)
		users["exclude"] = append(slices.Clone(exclude), victim.ID)
		_, err := s.putRule(c, p, rule, body)
		return asError(err)
	})
}

// DeactivatesRule switches a policy rule off.
func (s *Sim) DeactivatesRule(actor, policy, rule string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/policies/"+policy+"/rules/"+rule+"/lifecycle/deactivate", opts, func(c *cause) error {
		p := s.policy(policy)
		if p == nil {
			return errNotFound(policy, "Policy")
		}
		_, err := s.setRuleStatus(c, p, rule, "INACTIVE")
		return asError(err)
	})
}

// DeactivatesHook switches an event hook off: only the log tells.
func (s *Sim) DeactivatesHook(actor, hookID string, opts ...StoryOption) (Told, error) {
	return s.tampers(actor, "/api/v1/eventHooks/"+hookID+"/lifecycle/deactivate", opts, func(c *cause) error {
		h := s.hook(hookID)
		if h == nil {
			return errNotFound(hookID, "EventHook")
		}
		s.setHook(c, h, false)
		return nil
	})
}

// tampers is act for things that are not people; the actor must be a super or
// organisation administrator.
func (s *Sim) tampers(actor, uri string, opts []StoryOption, do func(*cause) error) (Told, error) {
	n := need{write: true, roles: []string{"ORG_ADMIN"}}
	return s.act(actor, actor, uri, n, func(c *cause, _ *Person) error { return do(c) }, opts)
}

// branch returns the map under a key as a copy of its own, made when absent.
func branch(m map[string]any, key string) map[string]any {
	child, _ := m[key].(map[string]any)
	child = maps.Clone(child)
	if child == nil {
		child = map[string]any{}
	}
	m[key] = child
	return child
}
