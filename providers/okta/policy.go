package okta

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/countersign/countersign/providers"
)

// policy is what of a policy decides whether it restrains.
type policy struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Status     string     `json:"status"`
	Priority   int        `json:"priority"`
	Conditions conditions `json:"conditions"`
	Embedded   struct {
		ResourceType string `json:"resourceType"`
	} `json:"_embedded"`
}

func (p policy) title() string {
	kind := "App sign-in policy"
	switch {
	case p.Type == "OKTA_SIGN_ON":
		kind = "Global session policy"
	case p.Embedded.ResourceType == "END_USER_ACCOUNT_MANAGEMENT":
		kind = "Account management policy"
	}
	return kind + " " + quoted(p.Name)
}

// rule is what of a rule decides.
type rule struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Status     string     `json:"status"`
	Priority   int        `json:"priority"`
	Conditions conditions `json:"conditions"`
	Actions    struct {
		SignOn    access `json:"signon"`
		AppSignOn access `json:"appSignOn"`
	} `json:"actions"`
}

type access struct {
	Access string `json:"access"`
}

// conditions keeps those that name people, and the rest raw: a condition this
// program does not know narrows the rule and must be seen.
type conditions struct {
	People people
	rest   map[string]json.RawMessage
}

type people struct {
	Users  among `json:"users"`
	Groups among `json:"groups"`
}

type among struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

// UnmarshalJSON takes the people out and keeps the rest; null is no condition.
func (c *conditions) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.rest); err != nil {
		return err
	}
	raw, ok := c.rest["people"]
	if !ok {
		return nil
	}
	delete(c.rest, "people")
	return json.Unmarshal(raw, &c.People)
}

// subject is whom a rule is asked about: a member of the restraint group, one
// particular account of it or any.
type subject struct {
	group, account string
	groups         []string
}

// misses says how people conditions that include the group still leave the
// subject out; "" when they do not.
func (p people) misses(who subject) string {
	switch {
	case who.account == "" && len(p.Users.Exclude) > 0:
		return fmt.Sprintf("it excludes %d account(s), who would not be restrained.", len(p.Users.Exclude))
	case slices.Contains(p.Users.Exclude, who.account) && who.account != "":
		return "it excludes this account."
	case slices.Contains(p.Groups.Exclude, who.group):
		return "it excludes the restraint group itself."
	case who.account == "" && len(p.Groups.Exclude) > 0:
		return fmt.Sprintf("it excludes %d group(s), whose members would not be restrained.", len(p.Groups.Exclude))
	}
	for _, g := range who.groups {
		if slices.Contains(p.Groups.Exclude, g) {
			return "it excludes a group this account is in."
		}
	}
	return ""
}

// denies looks for the deny rule. A rule of a global session policy applies to
// whom the policy is assigned to; a rule of an access policy must name the group
// itself. It returns the rule's id, or why the policy does not restrain.
func denies(rules []rule, who subject, byGroup bool) (id, why string) {
	active := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return r.Status != "ACTIVE" })
	if len(active) == 0 {
		return "", "it has no active rule."
	}
	r := active[0]
	names := slices.Contains(r.Conditions.People.Groups.Include, who.group)
	switch {
	case byGroup && !names || r.Actions.SignOn.Access != "DENY" && r.Actions.AppSignOn.Access != "DENY":
		return "", elsewhere(rules, who)
	case !byGroup && !names && len(r.Conditions.People.Groups.Include)+len(r.Conditions.People.Users.Include) > 0:
		return "", "its first active rule " + quoted(r.Name) + " does not reach the whole restraint group."
	}
	if miss := r.Conditions.People.misses(who); miss != "" {
		return "", "its rule " + quoted(r.Name) + " does not hold: " + miss
	}
	if name := r.Conditions.narrowed(); name != "" {
		return "", "its rule " + quoted(r.Name) + " denies only under a further condition (" + shown(name) + ")."
	}
	return r.ID, ""
}

// elsewhere says what became of the deny rule that is not first.
func elsewhere(rules []rule, who subject) string {
	for _, r := range rules {
		denying := r.Actions.SignOn.Access == "DENY" || r.Actions.AppSignOn.Access == "DENY"
		if !denying || !slices.Contains(r.Conditions.People.Groups.Include, who.group) {
			continue
		}
		if r.Status != "ACTIVE" {
			return "its deny rule " + quoted(r.Name) + " for the restraint group is not active."
		}
		return "its deny rule " + quoted(r.Name) + " for the restraint group is not the first rule."
	}
	return "its first active rule does not deny the restraint group."
}

// narrowed names a condition that keeps a rule from applying always; "" when
// every condition is absent or says "any".
func (c conditions) narrowed() string {
	var names []string
	for name, raw := range c.rest {
		v, err := providers.ReadJSON(raw)
		if err != nil || !matchesAnything(v) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// matchesAnything accepts null, empty lists and objects, the words by which
// Okta says that a condition does not narrow, and combinations of these.
func matchesAnything(v providers.JSON) bool {
	switch v.Kind {
	case providers.Null, providers.Absent:
		return true
	case providers.String:
		return v.Text == "" || v.Text == "ANY" || v.Text == "ANYWHERE"
	case providers.Bool:
		return v.Text == "false"
	case providers.Array, providers.Object:
		for _, x := range v.Values() {
			if !matchesAnything(x) {
				return false
			}
		}
		return true
	case providers.Number:
	}
	return false
}
