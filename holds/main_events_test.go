package holds

import "testing"

// TestMainEvents: one reset is told once, and nothing else is left out.
func TestMainEvents(t *testing.T) {
	all := EventRef{ID: "all", Class: MFAChange, Verb: Reset, Transaction: "t1"}
	push := EventRef{ID: "push", Class: MFAChange, Verb: Remove, Transaction: "t1", Factor: Object{Name: "push"}}
	other := push
	other.ID, other.Transaction = "other", "t2"
	enrol := push
	enrol.ID, enrol.Verb = "enrol", Enrol
	for name, tc := range map[string]struct {
		events []EventRef
		want   int
	}{
		"a reset and its factors":       {[]EventRef{push, all}, 1},
		"factors without a reset":       {[]EventRef{push, other}, 2},
		"a factor of another request":   {[]EventRef{all, other}, 2},
		"an enrolment is never covered": {[]EventRef{all, enrol}, 2},
		"two resets":                    {[]EventRef{all, {ID: "again", Class: MFAChange, Verb: Reset, Transaction: "t1"}}, 2},
	} {
		if got := (Hold{Events: tc.events}).MainEvents(); len(got) != tc.want {
			t.Errorf("%s: %d events", name, len(got))
		}
	}
}
