package entrasim

import (
	"fmt"
	"slices"
	"strings"
)

// The user actions that Conditional Access can decide about.
const (
	RegisterSecurityInfo = "urn:user:registersecurityinfo"
	RegisterDevice       = "urn:user:registerdevice"
)

// Access is what Conditional Access and the account's own state decide.
type Access struct {
	Access string `json:"access"`           // ALLOW or DENY
	Policy string `json:"policy,omitempty"` // id of the policy that blocks
	Reason string `json:"reason,omitempty"`
}

// Denied says that a story's actor was kept from a step.
type Denied struct {
	Person string
	Access Access
}

func (d *Denied) Error() string {
	return fmt.Sprintf("%s was denied: %s", d.Person, d.Access.Reason)
}

// SignIn decides whether a person (id or userPrincipalName) would get a new
// session now.
func (s *Sim) SignIn(person string) Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.decide(s.person(person), "")
}

// UserAction decides whether a person may take a user action, such as
// [RegisterSecurityInfo], now.
func (s *Sim) UserAction(person, action string) Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.decide(s.person(person), action)
}

// decide evaluates the account and then every policy that is on: a block of any
// of them is a block. Without an action the question is about signing in.
func (s *Sim) decide(p *Person, action string) Access {
	if p == nil {
		return Access{Access: "DENY", Reason: "there is no such account"}
	}
	if !p.Enabled {
		return Access{Access: "DENY", Reason: "the account is disabled"}
	}
	for _, policy := range s.org.Policies {
		if policy.text("state") == "enabled" && policy.blocks() && policy.concerns(action) && s.includes(policy, p) {
			return Access{Access: "DENY", Policy: policy.text("id"), Reason: "blocked by the policy " + policy.text("displayName")}
		}
	}
	return Access{Access: "ALLOW"}
}

func (p Policy) text(key string) string {
	v, _ := p[key].(string)
	return v
}

func (p Policy) blocks() bool {
	controls, _ := lookup(map[string]any(p), "grantControls/builtInControls").([]any)
	return slices.Contains(texts(controls), "block")
}

// concerns reports whether the policy is about all apps or, with an action,
// about that action. Further conditions, such as places or platforms, make it
// concern only some sign-ins; then it does not count here.
func (p Policy) concerns(action string) bool {
	m := map[string]any(p)
	if action != "" {
		return slices.Contains(texts(lookup(m, "conditions/applications/includeUserActions")), action)
	}
	for _, further := range []string{"platforms", "locations", "devices", "clientApplications", "signInRiskLevels", "userRiskLevels", "authenticationFlows", "insiderRiskLevels"} {
		if v := lookup(m, "conditions/"+further); v != nil && len(texts(v)) > 0 {
			return false
		} else if one, ok := v.(map[string]any); ok && len(one) > 0 {
			return false
		}
	}
	kinds := texts(lookup(m, "conditions/clientAppTypes"))
	return slices.Contains(texts(lookup(m, "conditions/applications/includeApplications")), "All") &&
		len(texts(lookup(m, "conditions/applications/excludeApplications"))) == 0 && (len(kinds) == 0 || slices.Contains(kinds, "all"))
}

// includes evaluates conditions.users for one person.
func (s *Sim) includes(policy Policy, p *Person) bool {
	users, _ := lookup(map[string]any(policy), "conditions/users").(map[string]any)
	var groups []string
	for _, g := range s.groupsOf(p.ID, true) {
		groups = append(groups, g.ID)
	}
	roles := s.rolesOf(p.ID)
	hit := func(side string) bool {
		named := texts(users[side+"Users"])
		overlap := func(have, want []string) bool {
			return slices.ContainsFunc(have, func(x string) bool { return slices.Contains(want, x) })
		}
		return slices.Contains(named, "All") || slices.Contains(named, p.ID) ||
			slices.Contains(named, "GuestsOrExternalUsers") && p.UserType == "Guest" ||
			overlap(groups, texts(users[side+"Groups"])) || overlap(roles, texts(users[side+"Roles"]))
	}
	return hit("include") && !hit("exclude")
}

func texts(v any) []string {
	if list, ok := v.([]string); ok {
		return list
	}
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		if t, ok := x.(string); ok {
			out = append(out, t)
		}
	}
	return out
}

// mayTouch reports whether the holder of roles may take a sensitive action on a
// person: on somebody with a role, only some roles may.
// See https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions.
func (s *Sim) mayTouch(roles []string, p *Person) bool {
	theirs := s.rolesOf(p.ID)
	if len(theirs) == 0 {
		return true
	}
	return slices.Contains(roles, GlobalAdministrator) || slices.Contains(roles, PrivilegedAuthenticationAdministrator)
}

// isOf reports whether list holds s without regard to case.
func isOf(s string, list ...string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}
