package entrasim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestSeedIsSound: everybody whom the stories name is there, by the same logins
// as at the simulated Okta, and the company survives a trip through JSON.
func TestSeedIsSound(t *testing.T) {
	c := SmallCompany()
	duties := map[string]int{}
	for _, p := range c.People {
		duties[p.Duty]++
		if !strings.HasSuffix(p.UPN, "@nordwind.example") || p.method(PasswordMethod) == nil {
			t.Errorf("%+v", p)
		}
	}
	for duty, n := range map[string]int{
		"ceo": 1, "it lead": 1, "help desk": 2, "finance lead": 1, "payroll": 1, "engineer": 2, "manager": 1,
		"contractor": 1, "reviewer": 2, "break-glass": 2, "administrator": 1, "identity engineer": 1,
	} {
		if duties[duty] != n {
			t.Errorf("%d people with the duty %s, want %d", duties[duty], duty, n)
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadCompany(data)
	if err != nil || jsonText(back) != jsonText(c) {
		t.Errorf("the company does not survive JSON: %v", err)
	}
}

// TestSeedRestraintHolds everybody but the break-glass accounts.
func TestSeedRestraintHolds(t *testing.T) {
	c := SmallCompany()
	for _, p := range c.People {
		c.Groups[0].Members = append(c.Groups[0].Members, p.ID)
	}
	r := newRig(t, Options{Company: c})
	for _, p := range c.People {
		want := "DENY"
		if p.Duty == "break-glass" {
			want = "ALLOW"
		}
		for what, a := range map[string]Access{
			"sign-in": r.SignIn(p.ID), "security info": r.UserAction(p.UPN, RegisterSecurityInfo), "device": r.UserAction(p.ID, RegisterDevice),
		} {
			if a.Access != want {
				t.Errorf("%s of %s: %+v", what, p.UPN, a)
			}
		}
	}
}

// TestOwnApplicationMayWhatItNeeds, and no role of its own is missing.
func TestOwnApplicationMayWhatItNeeds(t *testing.T) {
	r := newRig(t, Options{})
	if got := r.Permissions(OwnApp); !slices.Equal(got, OwnPermissions()) {
		t.Errorf("permissions %v", got)
	}
	r.token = "Bearer " + r.AccessToken("nobody")
	r.call(401, "GET", "/users", nil)
}

func TestCompanyRefusals(t *testing.T) {
	for name, change := range map[string]func(*Company){
		"an id twice":               func(c *Company) { c.People[1].ID = c.People[0].ID },
		"an id of two kinds":        func(c *Company) { c.Devices[0].ID = c.People[0].ID },
		"no GUID":                   func(c *Company) { c.People[0].ID = "mira" },
		"a tenant that is no GUID":  func(c *Company) { c.TenantID = "nordwind" },
		"no login":                  func(c *Company) { c.People[0].UPN = "" },
		"neither member nor guest":  func(c *Company) { c.People[0].UserType = "" },
		"a member who is not":       func(c *Company) { c.Groups[1].Members = []string{newGUID()} },
		"a manager who is not":      func(c *Company) { c.People[1].Manager = newGUID() },
		"a role nobody has":         func(c *Company) { c.Assignments[0].Role = newGUID() },
		"an assignment to nobody":   func(c *Company) { c.Assignments[0].Principal = newGUID() },
		"an eligibility of nobody":  func(c *Company) { c.Eligibilities[0].Principal = newGUID() },
		"an eligibility for naught": func(c *Company) { c.Eligibilities[0].Role = newGUID() },
		"a permission of nobody":    func(c *Company) { c.AppRoles[0].Principal = newGUID() },
		"a group's bad id":          func(c *Company) { c.Groups[0].ID = "x" },
		"a principal's bad id":      func(c *Company) { c.Principals[0].ID = "x" },
		"an application's bad id":   func(c *Company) { c.Apps[0].ID = "x" },
	} {
		c := SmallCompany()
		change(&c)
		if _, err := New(Options{Company: c}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ReadCompany([]byte(`{"name":"x","peple":[]}`)); err == nil {
		t.Error("an unknown key was accepted")
	}
}
