package oktasim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSeedIsSound: ids unique and of Okta's form, everybody whom the stories
// name there, and the whole company survives a trip through JSON.
func TestSeedIsSound(t *testing.T) {
	c := SmallCompany()
	seen := map[string]bool{}
	id := func(prefix, id string) {
		t.Helper()
		if len(id) != 20 || !strings.HasPrefix(id, prefix) || seen[id] {
			t.Errorf("the id %q (%d characters) is not a fresh one that begins with %s", id, len(id), prefix)
		}
		seen[id] = true
	}
	duties := map[string]int{}
	for _, p := range c.People {
		id("00u", p.ID)
		duties[p.Duty]++
		for _, f := range p.Factors {
			m, _ := methodOf(f.Type, f.Provider)
			id(m.prefix, f.ID)
		}
		for _, r := range p.Roles {
			id("ra1", r.ID)
		}
	}
	for _, g := range c.Groups {
		id("00g", g.ID)
	}
	for _, p := range c.Policies {
		for _, r := range p.Rules {
			id("", r.text("id"))
		}
		id("", p.ID)
	}
	for duty, n := range map[string]int{
		"ceo": 1, "it lead": 1, "help desk": 2, "finance lead": 1, "payroll": 1, "engineer": 2, "manager": 1,
		"contractor": 1, "reviewer": 2, "break-glass": 2, "service account": 1, "administrator": 1, "identity engineer": 1,
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

// TestSeedRestraintStandsFirst: every policy that can let a restrained person
// in denies them first, on both engines.
func TestSeedRestraintStandsFirst(t *testing.T) {
	for _, engine := range []Engine{IdentityEngine, Classic} {
		r := newRig(t, Options{Engine: engine})
		r.call(204, "PUT", "/api/v1/groups/"+RestraintGroup+"/users/"+Engineer, nil)
		for _, p := range r.Company().Policies {
			if p.Type == typeAccess || p.Priority == 1 {
				if a := r.evaluate(r.person(Engineer), func(x *Policy) bool { return x.ID == p.ID }); a.Access != "DENY" {
					t.Errorf("%s: policy %s gives %+v", engine, p.Name, a)
				}
			}
		}
		if a := r.SignOn(Payroll); a.Access != "ALLOW" {
			t.Errorf("%s: somebody else gets %+v", engine, a)
		}
	}
}

func TestCompanyRefusals(t *testing.T) {
	for name, change := range map[string]func(*Company){
		"an id twice":              func(c *Company) { c.People[1].ID = c.People[0].ID },
		"no login":                 func(c *Company) { delete(c.People[0].Profile, "login") },
		"a member who is not":      func(c *Company) { c.Groups[1].Members = []string{"00uNobody"} },
		"a token of somebody else": func(c *Company) { c.Tokens[0].Owner = "00uNobody" },
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
	if _, err := New(Options{Engine: "steam"}); err == nil {
		t.Error("an unknown engine was accepted")
	}
}

// TestKindsFollowTheCatalogue compares the hook flags with Okta's own list.
func TestKindsFollowTheCatalogue(t *testing.T) {
	file := filepath.Join("..", "..", "..", "..", "shared", "specs", "okta-event-hook-eligible.txt")
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skipf("Okta's list of eligible event types is not at %s", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	eligible := map[string]bool{}
	for _, line := range strings.Fields(string(data)) {
		eligible[line] = true
	}
	for name, k := range kinds() {
		if k.hook != eligible[name] {
			t.Errorf("%s: hook %v, but the catalogue says %v", name, k.hook, eligible[name])
		}
	}
}
