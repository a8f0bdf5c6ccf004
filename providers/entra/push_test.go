package entra

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// TestD7WhatANotificationTells: a change of an account or group itself that took
// place is hinted at, however its activity is spelt; one that failed, and what is
// kept beside an account, is not.
func TestD7WhatANotificationTells(t *testing.T) {
	const id = "Directory_1f0e98f5-3161-4c6b-9b50-d488572f2bb7_ABCDE_1"
	for name, want := range map[string]holds.Push{
		"Add user": holds.PushedHint, "Delete user": holds.PushedHint, "Disable account": holds.PushedHint, "Add member to group": holds.PushedHint,
		"Remove member from group": holds.PushedHint, "ADD MEMBER TO GROUP.": holds.PushedHint,
		"Update user": holds.NotPushed, "User registered security info": holds.NotPushed, "Add member to role": holds.NotPushed,
		"Reset user password": holds.NotPushed, "Something else": holds.NotPushed,
	} {
		raw := audited(id, name, person(ingrid, "", "", ""))
		if e := one(t, raw); e.Push != want {
			t.Errorf("%s: %q, want %q", name, e.Push, want)
		}
		failed := strings.Replace(raw, `"result":"success"`, `"result":"failure"`, 1)
		if e := one(t, failed); e.Push != holds.NotPushed {
			t.Errorf("%s, which failed: %q", name, e.Push)
		}
	}
}

// TestD7ThePushChangesNoMeaning: what was in no table before means nothing now.
func TestD7ThePushChangesNoMeaning(t *testing.T) {
	for name, k := range kinds() {
		if k.class == "" || k.verb == "" {
			t.Errorf("%q has no meaning", name)
		}
	}
	for _, name := range []string{"Add user", "Delete user"} {
		if e := one(t, audited("Directory_1f0e98f5-3161-4c6b-9b50-d488572f2bb7_ABCDE_1", name, person(ingrid, "", "", ""))); e.Class != holds.None || len(e.Doubts) > 0 {
			t.Errorf("%s is %s, %q", name, e.Class, e.Doubts)
		}
	}
}
