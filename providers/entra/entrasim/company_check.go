package entrasim

import "fmt"

// check refuses a company whose references do not hold together, because a
// story would otherwise fail far from the mistake.
func (c Company) check() error {
	if !isGUID(c.TenantID) {
		return fmt.Errorf("company %q: the tenant id %q is no GUID", c.Name, c.TenantID)
	}
	known := map[string]bool{}
	add := func(kind, id string) error {
		if !isGUID(id) {
			return fmt.Errorf("company %q: the id %q of a %s is no GUID", c.Name, id, kind)
		}
		if known[id] {
			return fmt.Errorf("company %q: the id %s is used twice", c.Name, id)
		}
		known[id] = true
		return nil
	}
	for _, p := range c.People {
		if err := add("person", p.ID); err != nil {
			return err
		}
		if p.UPN == "" || p.UserType != "Member" && p.UserType != "Guest" {
			return fmt.Errorf("company %q: the person %s needs a userPrincipalName and a userType of Member or Guest", c.Name, p.ID)
		}
	}
	for _, g := range c.Groups {
		if err := add("group", g.ID); err != nil {
			return err
		}
	}
	for _, d := range c.Devices {
		if err := add("device", d.ID); err != nil {
			return err
		}
	}
	for _, p := range c.Principals {
		if err := add("service principal", p.ID); err != nil {
			return err
		}
	}
	for _, a := range c.Apps {
		if err := add("application", a.ID); err != nil {
			return err
		}
	}
	return c.checkReferences(known)
}

func (c Company) checkReferences(known map[string]bool) error {
	need := func(what, id string) error {
		if !known[id] {
			return fmt.Errorf("company %q: %s names %s, which does not exist", c.Name, what, id)
		}
		return nil
	}
	roles := map[string]bool{}
	for _, r := range c.Roles {
		roles[r.ID] = true
	}
	for _, g := range c.Groups {
		for _, m := range g.Members {
			if err := need("group "+g.Name, m); err != nil {
				return err
			}
		}
	}
	for _, p := range c.People {
		if p.Manager != "" {
			if err := need("the manager of "+p.UPN, p.Manager); err != nil {
				return err
			}
		}
	}
	for _, a := range c.Assignments {
		if err := need("a role assignment", a.Principal); err != nil || !roles[a.Role] {
			return fmt.Errorf("company %q: a role assignment of %s to %s names what does not exist", c.Name, a.Role, a.Principal)
		}
	}
	for _, e := range c.Eligibilities {
		if err := need("an eligibility", e.Principal); err != nil || !roles[e.Role] {
			return fmt.Errorf("company %q: an eligibility of %s for %s names what does not exist", c.Name, e.Principal, e.Role)
		}
	}
	for _, a := range c.AppRoles {
		if err := need("an app role assignment", a.Principal); err != nil {
			return err
		}
	}
	return nil
}
