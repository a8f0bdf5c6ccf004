package holds

import "testing"

func TestMakesAccount(t *testing.T) {
	for kind, want := range map[string]bool{
		"user.lifecycle.create": true, "Add user": true, "Add user.": true, " ADD USER ": true,
		"user.lifecycle.activate": false, "Add user to group": false, "Update user": false, "": false,
	} {
		if got := (Event{Type: kind, Outcome: Succeeded}).MakesAccount(); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
	if (Event{Type: "Add user", Outcome: Failed}).MakesAccount() {
		t.Error("an attempt that failed made an account")
	}
}
