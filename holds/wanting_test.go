package holds

import "testing"

// TestWanting counts the approvals that are still missing, in the states in which
// one is the next step.
func TestWanting(t *testing.T) {
	two := func(h Hold) Hold { h.Terms.Approvers = 2; return h }
	pending := must(t, two(opened()), callback("vera"), managerSays("vera"))
	reverted := must(t, two(in(t, Reverted)), callback("vera"), managerSays("vera"))
	frozen := opened()
	frozen.NotMe = at(1)
	for name, tc := range map[string]struct {
		hold Hold
		want int
	}{
		"nobody yet":           {pending, 2},
		"one of two":           {must(t, pending, vote(pending, Approve, "adam")), 1},
		"no number given":      {opened(), 1},
		"approved":             {in(t, Approved), 0},
		"released":             {in(t, Released), 0},
		"denied":               {in(t, Denied), 0},
		"to be given back":     {reverted, 2},
		"one has given back":   {must(t, reverted, vote(reverted, Restore, "adam")), 1},
		"frozen":               {frozen, 0},
		"decided with another": {follower().Hold, 0},
	} {
		if got := tc.hold.Wanting(); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}
