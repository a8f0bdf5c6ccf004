package entra

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/countersign/countersign/providers"
)

// policy is what of a Conditional Access policy decides whether it restrains
// (https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy).
type policy struct {
	ID         string     `json:"id"`
	Name       string     `json:"displayName"`
	State      string     `json:"state"`
	Conditions conditions `json:"conditions"`
	Grant      *struct {
		Controls []string `json:"builtInControls"`
	} `json:"grantControls"`
}

// conditions keeps those that name people and apps, and the rest raw: a
// condition this program does not know narrows the policy and must be seen.
type conditions struct {
	Users people
	Apps  apps
	rest  map[string]json.RawMessage
}

type people struct {
	IncludeUsers  []string        `json:"includeUsers"`
	IncludeGroups []string        `json:"includeGroups"`
	ExcludeUsers  []string        `json:"excludeUsers"`
	ExcludeGroups []string        `json:"excludeGroups"`
	ExcludeRoles  []string        `json:"excludeRoles"`
	ExcludeGuests json.RawMessage `json:"excludeGuestsOrExternalUsers"`
}

type apps struct {
	Include  []string        `json:"includeApplications"`
	Exclude  []string        `json:"excludeApplications"`
	Actions  []string        `json:"includeUserActions"`
	Contexts []string        `json:"includeAuthenticationContextClassReferences"`
	Filter   json.RawMessage `json:"applicationFilter"`
}

// UnmarshalJSON takes people and apps out and keeps the rest.
func (c *conditions) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.rest); err != nil {
		return err
	}
	for name, into := range map[string]any{"users": &c.Users, "applications": &c.Apps} {
		raw, ok := c.rest[name]
		delete(c.rest, name)
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return err
		}
	}
	return nil
}

func (p policy) title() string {
	return "Conditional Access policy \"" + providers.Plain(p.Name, 80) + "\""
}

func (p policy) names(group string) bool {
	return slices.ContainsFunc(p.Conditions.Users.IncludeGroups, equal(group))
}

func (p people) guests() bool { return !empty(p.ExcludeGuests) }

// reach is what a policy covers.
type reach int

const (
	something reach = iota
	allApps
	registration
)

// registerAction is the user action of adding security information
// (https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-cloud-apps#user-actions).
const registerAction = "urn:user:registersecurityinfo"

func (p policy) reaches() reach {
	a := p.Conditions.Apps
	switch {
	case slices.ContainsFunc(a.Actions, equal(registerAction)):
		return registration
	case slices.ContainsFunc(a.Include, equal("All")) && len(a.Exclude) == 0 && empty(a.Filter):
		return allApps
	}
	return something
}

// misses says why a policy that names the group does not restrain the subject;
// "" when it does.
func (p policy) misses(who subject) string {
	switch {
	case strings.EqualFold(p.State, "enabledForReportingButNotEnforced"):
		return "it is in report-only mode, which stops nobody."
	case !strings.EqualFold(p.State, "enabled"):
		return "it is not on."
	case p.Grant == nil || !slices.ContainsFunc(p.Grant.Controls, equal("block")):
		return "it does not block access."
	}
	if name := p.Conditions.narrowed(); name != "" {
		return "it applies only under a further condition (" + providers.Plain(name, 60) + ")."
	}
	return p.Conditions.Users.excludes(who)
}

// narrowed names a condition that keeps a policy from applying always; "" when
// each is absent, empty or says "all".
func (c conditions) narrowed() string {
	var names []string
	for name, raw := range c.rest {
		if name == "@odata.type" || empty(raw) || name == "clientAppTypes" && everyClient(raw) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func everyClient(raw json.RawMessage) bool {
	var kinds []string
	if json.Unmarshal(raw, &kinds) != nil {
		return false
	}
	has := func(k string) bool { return slices.ContainsFunc(kinds, equal(k)) }
	return has("all") || has("browser") && has("mobileAppsAndDesktopClients") && has("exchangeActiveSync") && has("other")
}

// empty accepts what says that there is no condition: nothing, null, an empty
// list, and an object of such.
func empty(raw json.RawMessage) bool {
	if len(raw) == 0 {
		return true
	}
	v, err := providers.ReadJSON(raw)
	return err == nil && isEmpty(v)
}

func isEmpty(v providers.JSON) bool {
	switch v.Kind {
	case providers.Null, providers.Absent:
		return true
	case providers.String:
		return v.Text == "" || v.Text == "none"
	case providers.Array, providers.Object:
		return !slices.ContainsFunc(v.Values(), func(x providers.JSON) bool { return !isEmpty(x) })
	case providers.Bool, providers.Number:
	}
	return false
}
