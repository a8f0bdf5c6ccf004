package holds

import "testing"

// TestG3Admit: each cap at its edge, with the reserve and without.
func TestG3Admit(t *testing.T) {
	caps := Caps{PerHour: 10, PerActor: 4, Reserve: 25, RoleShare: 50} // everybody: 7 and 3
	role := func(active, restrained int) Load {
		return Load{Roles: []RoleLoad{{Kind: "SUPER_ADMIN", Active: active, Restrained: restrained}}}
	}
	for name, c := range map[string]struct {
		load       Load
		privileged bool
		actor      string
		want       Cap
	}{
		"an empty hour":                         {Load{}, false, "a", ""},
		"the last of everybody's":               {Load{Hour: 6}, false, "a", ""},
		"beyond everybody's":                    {Load{Hour: 7}, false, "a", CapHour},
		"the reserve is for the privileged":     {Load{Hour: 9}, true, "a", ""},
		"even the reserve is used up":           {Load{Hour: 10}, true, "a", CapHour},
		"whoever waits goes first":              {Load{Hour: 4, Ahead: 3}, false, "a", CapHour},
		"an actor's last":                       {Load{Actor: 2}, false, "a", ""},
		"beyond an actor's":                     {Load{Actor: 3}, false, "a", CapActor},
		"an actor's reserve":                    {Load{Actor: 3}, true, "a", ""},
		"beyond an actor's reserve":             {Load{Actor: 4}, true, "a", CapActor},
		"nobody is not one actor":               {Load{Actor: 9}, false, "", ""},
		"the only one of a role":                {role(0, 0), true, "a", CapLast},
		"one of two":                            {role(1, 0), true, "a", ""},
		"the second of two":                     {role(0, 1), true, "a", CapLast},
		"one of three":                          {role(2, 0), true, "a", ""},
		"the second of three":                   {role(1, 1), true, "a", CapRole},
		"the second of four":                    {role(2, 1), true, "a", ""},
		"the third of four":                     {role(1, 2), true, "a", CapRole},
		"the others cannot sign in, or are our": {role(0, 3), true, "a", CapLast},
	} {
		got := Restraint{Caps: caps, Privileged: c.privileged}.Admit(c.load, c.actor)
		if (got == nil) != (c.want == "") || got != nil && (got.Cap != c.want || got.Brake != BrakeContainment || got.Why == "") {
			t.Errorf("G3 %s: %+v, want %q", name, got, c.want)
		}
	}
}

// TestG3DefaultCaps: an ordinary hour never comes near them, and a storm in the hour
// until somebody looks takes a small part of the organisation.
func TestG3DefaultCaps(t *testing.T) {
	for _, accounts := range []int{0, 50, 300, 5000, 50000} {
		c := DefaultCaps(accounts)
		ordinary := accounts * 3 / 100 / 40 // holds in an hour of work
		everybody := Restraint{Caps: c}.room(c.PerHour)
		if everybody < 3*max(1, ordinary) {
			t.Errorf("%d accounts: %d for everybody, and an ordinary hour has %d", accounts, everybody, ordinary)
		}
		if accounts >= 300 && c.PerHour*100 > accounts*7 {
			t.Errorf("%d accounts: %d an hour is more than 7 %%", accounts, c.PerHour)
		}
		if c.PerActor >= c.PerHour || c.RoleShare > 50 {
			t.Errorf("%+v", c)
		}
	}
}
