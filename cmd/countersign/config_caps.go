package main

import (
	"cmp"
	"context"

	"github.com/countersign/countersign/holds"
)

// Caps bound how many accounts are restrained, so that nobody can have everybody
// restrained by making events. Above a cap holds stay, people are paged, and what
// waits goes on as room returns. What is left out of a connection's is taken from
// its tenant's, and what is left out there has a default.
type Caps struct {
	// PerHour is how many containments a connection has within an hour; by default
	// 20, or four for every thousand accounts of the people file where that is more.
	PerHour int `yaml:"per_hour"`
	// PerActor is how many of them the changes of one actor cause; 12 by default.
	PerActor int `yaml:"per_actor"`
	// Reserve is the percentage of both that is kept for administrators' accounts; 25
	// by default.
	Reserve int `yaml:"reserve"`
	// RoleShare is the percentage of the known active super administrators (Okta) or
	// global administrators (Entra) that may be restrained at a time; 50 by default.
	// It is at least one of them, and never the last.
	RoleShare int `yaml:"role_share"`
}

// The bounds of the bounds.
const (
	mostContainments = 100_000
	mostReserve      = 90
	mostRoleShare    = 99
)

func (c Caps) check(p *problems, at string) {
	for _, n := range []struct {
		key         string
		value, most int
		what        string
	}{
		{"per_hour", c.PerHour, mostContainments, "a number of containments an hour"},
		{"per_actor", c.PerActor, mostContainments, "a number of containments an hour"},
		{"reserve", c.Reserve, mostReserve, "a percentage that leaves something for everybody"},
		{"role_share", c.RoleShare, mostRoleShare, "a percentage that leaves somebody to undo it"},
	} {
		if n.value < 0 || n.value > n.most {
			p.add(at+"."+n.key, "%d is not %s from 1 to %d; leave it out for the default", n.value, n.what, n.most)
		}
	}
	if c.PerHour > 0 && c.PerActor > c.PerHour {
		p.add(at+".per_actor", "%d is more than the %d that the whole connection has", c.PerActor, c.PerHour)
	}
}

// caps are the caps of a connection with so many known accounts.
func (t Tenant) caps(n Connection, accounts int) holds.Caps {
	d := holds.DefaultCaps(accounts)
	return holds.Caps{
		PerHour:   cmp.Or(n.Caps.PerHour, t.Caps.PerHour, d.PerHour),
		PerActor:  cmp.Or(n.Caps.PerActor, t.Caps.PerActor, d.PerActor),
		Reserve:   cmp.Or(n.Caps.Reserve, t.Caps.Reserve, d.Reserve),
		RoleShare: cmp.Or(n.Caps.RoleShare, t.Caps.RoleShare, d.RoleShare),
	}
}

// The roles that can undo whatever Countersign did, and let everybody else in
// again. The last known active account that has one is never suspended.
//
// See https://help.okta.com/en-us/content/topics/security/administrators-super-admin.htm
// and https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference#global-administrator.
func (n Connection) topRoles() []string {
	if n.Provider == providerEntra {
		return []string{"62e90394-69f5-4237-9190-012177145e10"}
	}
	return []string{"SUPER_ADMIN"}
}

// countAccounts is how many accounts of each connection belong to people.
func (s *service) countAccounts(ctx context.Context) (map[holds.ConnectionID]int, error) {
	out := map[holds.ConnectionID]int{}
	for _, t := range s.config.Tenants {
		people, err := s.store.People(ctx, holds.TenantID(t.ID))
		if err != nil {
			return nil, err
		}
		for _, p := range people {
			for _, a := range p.Accounts {
				out[a.Connection]++
			}
		}
	}
	return out, nil
}
