package main

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// TestG3ConfiguredCaps: strictly read, and what is left out comes from the tenant,
// then from the size.
func TestG3ConfiguredCaps(t *testing.T) {
	for name, c := range map[string]struct {
		caps Caps
		says string
	}{
		"nothing":              {Caps{}, ""},
		"all of it":            {Caps{PerHour: 500, PerActor: 50, Reserve: 10, RoleShare: 30}, ""},
		"a negative number":    {Caps{PerHour: -1}, "at.per_hour"},
		"an actor above all":   {Caps{PerHour: 5, PerActor: 6}, "at.per_actor"},
		"nothing for everyone": {Caps{Reserve: 100}, "at.reserve"},
		"everybody at a time":  {Caps{RoleShare: 100}, "at.role_share"},
	} {
		var p problems
		c.caps.check(&p, "at")
		if (len(p) == 0) != (c.says == "") || len(p) > 0 && !strings.Contains(p[0].Error(), c.says) {
			t.Errorf("%s: %v", name, p)
		}
	}
	got := Tenant{Caps: Caps{PerHour: 500, PerActor: 50}}.caps(Connection{Caps: Caps{PerActor: 9}}, 50_000)
	if want := (holds.Caps{PerHour: 500, PerActor: 9, Reserve: 25, RoleShare: 50}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (Tenant{}).caps(Connection{}, 50_000); got.PerHour != 200 {
		t.Errorf("an organisation of 50,000 has %d an hour", got.PerHour)
	}
}
