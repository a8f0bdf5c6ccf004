package entra

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
)

const restraining = `{
	"id": "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1bff", "displayName": "Held accounts", "state": "enabled",
	"conditions": {
		"clientAppTypes": ["all"], "platforms": null, "locations": null, "devices": {"deviceFilter": null}, "signInRiskLevels": [], "userRiskLevels": [],
		"applications": {"includeApplications": ["All"], "excludeApplications": [], "includeUserActions": [], "applicationFilter": null},
		"users": {"includeUsers": [], "includeGroups": ["` + testGroup + `"], "excludeUsers": ["` + testService + `"], "excludeGroups": [], "excludeRoles": [], "excludeGuestsOrExternalUsers": null}
	},
	"grantControls": {"operator": "OR", "builtInControls": ["block"]}
}`

// with changes one member of the policy, by its path.
func with(t *testing.T, path string, value any) policy {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(restraining), &doc); err != nil {
		t.Fatal(err)
	}
	at := doc
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		at = at[name].(map[string]any)
	}
	if path != "" {
		at[names[len(names)-1]] = value
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var p policy
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhichPoliciesRestrain(t *testing.T) {
	const inGroup = "7f3b0f6e-1c5a-4a7e-9c0d-2f1f5c9a1bee"
	users := "conditions.users."
	for name, c := range map[string]struct {
		path     string
		value    any
		any, one bool   // restrains whoever is in the group; restrains the account
		words    string // of the problem
	}{
		"the good one":             {"", nil, true, true, ""},
		"upper case group":         {users + "includeGroups", []string{strings.ToUpper(testGroup)}, true, true, ""},
		"report only":              {"state", "enabledForReportingButNotEnforced", false, false, "report-only"},
		"off":                      {"state", "disabled", false, false, "not on"},
		"a state of the future":    {"state", "unknownFutureValue", false, false, "not on"},
		"asks for a factor":        {"grantControls", map[string]any{"builtInControls": []string{"mfa"}}, false, false, "does not block"},
		"no controls":              {"grantControls", nil, false, false, "does not block"},
		"one app":                  {"conditions.applications.includeApplications", []string{testApp}, false, false, "all cloud apps"},
		"all apps but one":         {"conditions.applications.excludeApplications", []string{testApp}, false, false, "all cloud apps"},
		"apps by a filter":         {"conditions.applications.applicationFilter", map[string]any{"mode": "exclude", "rule": "x"}, false, false, "all cloud apps"},
		"one platform":             {"conditions.platforms", map[string]any{"includePlatforms": []string{"windows"}}, false, false, "(platforms)"},
		"one location":             {"conditions.locations", map[string]any{"includeLocations": []string{"All"}, "excludeLocations": []string{testApp}}, false, false, "(locations)"},
		"only at risk":             {"conditions.signInRiskLevels", []string{"high"}, false, false, "(signInRiskLevels)"},
		"only browsers":            {"conditions.clientAppTypes", []string{"browser"}, false, false, "(clientAppTypes)"},
		"every client by name":     {"conditions.clientAppTypes", []string{"browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"}, true, true, ""},
		"some devices":             {"conditions.devices", map[string]any{"deviceFilter": map[string]any{"rule": "x"}}, false, false, "(devices)"},
		"a condition of tomorrow":  {"conditions.moonPhase", []string{"full"}, false, false, "(moonPhase)"},
		"an unset one of tomorrow": {"conditions.moonPhase", map[string]any{"phases": []string{}}, true, true, ""},
		"excludes the account":     {users + "excludeUsers", []string{strings.ToUpper(testAccount)}, false, false, "it excludes"},
		"excludes another":         {users + "excludeUsers", []string{testApp}, false, true, "1 account(s) such as " + testApp},
		"excludes its group":       {users + "excludeGroups", []string{inGroup}, false, false, "it excludes"},
		"excludes another group":   {users + "excludeGroups", []string{testApp}, false, true, "1 group(s)"},
		"excludes the restrained":  {users + "excludeGroups", []string{testGroup}, false, false, "restraint group itself"},
		"excludes a role":          {users + "excludeRoles", []string{testApp}, false, false, "role"},
		"excludes guests":          {users + "excludeGuestsOrExternalUsers", map[string]any{"guestOrExternalUserTypes": "b2bCollaborationGuest"}, false, false, "guests"},
		"excludes guests by word":  {users + "excludeUsers", []string{"GuestsOrExternalUsers"}, false, false, "excludes"},
		"does not name the group":  {users + "includeGroups", []string{testApp}, false, false, "No Conditional Access policy"},
		"only by everybody":        {users + "includeGroups", []string{}, false, false, "No Conditional Access policy"},
	} {
		t.Run(name, func(t *testing.T) {
			p := with(t, c.path, c.value)
			register := with(t, "conditions.applications", map[string]any{"includeUserActions": []string{registerAction}})
			for who, want := range map[string]bool{"": c.any, testAccount: c.one} {
				client, _ := newScripted(t, nil, nil)
				s := subject{group: testGroup, account: who, breakGlass: []string{testService}}
				if who != "" {
					s.groups = []string{inGroup, testGroup}
				}
				got, problems := client.judge([]policy{p, register}, s)
				if got != want || got != (len(problems) == 0) {
					t.Errorf("for %q: in force %v, %q", who, got, problems)
				}
				if !got && !strings.Contains(strings.Join(problems, " "), c.words) && who == "" {
					t.Errorf("%q does not say %q", problems, c.words)
				}
			}
		})
	}
}

// One policy that restrains is enough; what the others lack does not matter.
func TestOnePolicyIsEnough(t *testing.T) {
	c, _ := newScripted(t, nil, nil)
	off := with(t, "state", "disabled")
	register := with(t, "conditions.applications", map[string]any{"includeUserActions": []string{registerAction}})
	who := subject{group: testGroup, account: testAccount}
	if got, problems := c.judge([]policy{off, with(t, "", nil), register}, who); !got || len(problems) > 0 {
		t.Errorf("%v, %q", got, problems)
	}
	got, problems := c.judge([]policy{with(t, "", nil)}, who)
	if !got || len(problems) != 1 || !strings.Contains(problems[0], "register security information") {
		t.Errorf("without a policy for registration: %v, %q", got, problems)
	}
	if got, _ := c.judge([]policy{register}, who); got {
		t.Error("a policy for registration alone keeps nobody from signing in")
	}
}

func TestEnforcementIsReadBack(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*entrasim.Sim) (entrasim.Told, error)
		words string
		other bool // still in force for another account
	}{
		"off": {func(s *entrasim.Sim) (entrasim.Told, error) {
			return s.SetsPolicyState(entrasim.ITLead, entrasim.SignInPolicy, "disabled")
		}, "not on", false},
		"deleted": {func(s *entrasim.Sim) (entrasim.Told, error) {
			return s.DeletesPolicy(entrasim.ITLead, entrasim.SignInPolicy)
		}, "No Conditional Access policy", false},
		"excluded": {func(s *entrasim.Sim) (entrasim.Told, error) {
			return s.ExcludesFromPolicy(entrasim.ITLead, entrasim.SignInPolicy, entrasim.Engineer)
		}, "excludes this account", true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newTenant(t, entrasim.Options{}, nil)
			if e, err := o.Enforcement(t.Context(), entrasim.Engineer); err != nil || !e.InForce || len(e.Problems) > 0 {
				t.Fatalf("before: %+v, %v", e, err)
			}
			told, err := c.spoil(o.Sim())
			records := story(t, told, err).Records
			e, err := o.Enforcement(t.Context(), entrasim.Engineer)
			if err != nil || e.InForce || !strings.Contains(strings.Join(e.Problems, " "), c.words) {
				t.Errorf("%+v, %v", e, err)
			}
			if e, err := o.Enforcement(t.Context(), entrasim.Manager); err != nil || e.InForce != c.other {
				t.Errorf("another account: %+v, %v", e, err)
			}
			if e, err := o.Enforcement(t.Context(), ""); err != nil || e.InForce {
				t.Errorf("all accounts: %+v, %v", e, err)
			}
			// Somebody at our deny rules is tamper, also once they are gone.
			if !slices.Contains(o.dec.policies.get(), entrasim.SignInPolicy) || !slices.Contains(o.dec.policies.get(), entrasim.InfoPolicy) || slices.Contains(o.dec.policies.get(), entrasim.MFAPolicy) {
				t.Errorf("known as ours: %v", o.dec.policies.get())
			}
			raw, err := json.Marshal(map[string]any{"value": records})
			if err != nil {
				t.Fatal(err)
			}
			events := o.Decode(holds.Delivery{Source: holds.FromPoller, Body: raw, Received: time.Now()})
			if !slices.ContainsFunc(events, func(e holds.Event) bool { return e.Class == holds.Tamper }) {
				t.Errorf("the change decodes as %+v", events)
			}
		})
	}
}

func TestTheRestraintGroupItself(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*entrasim.Company)
		words  string
	}{
		"gone": {func(c *entrasim.Company) {
			c.Groups = slices.DeleteFunc(c.Groups, func(g entrasim.Group) bool { return g.ID == entrasim.RestraintGroup })
			c.Policies = nil
			c.RestraintGroup = ""
		}, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			company := entrasim.SmallCompany()
			c.change(&company)
			if _, err := entrasim.New(entrasim.Options{Company: company}); err != nil {
				t.Skipf("the simulator refuses such a tenant: %v", err)
			}
			o := newTenant(t, entrasim.Options{Company: company}, nil)
			e, err := o.Enforcement(t.Context(), "")
			if err != nil || e.InForce || !strings.Contains(strings.Join(e.Problems, " "), c.words) {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}
