package holds

import (
	"slices"
	"testing"
)

// TestR87TimelineIsTheWholeStory in the order it happened.
func TestR87TimelineIsTheWholeStory(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{}, callback("vera"))
	h = must(t, h, managerSays("vera"))
	h = must(t, h, vote(h, Approve, "adam"))
	h = must(t, h, LiftBegun{}, LiftConfirmed{})
	v := View{Hold: h, Durable: at(0), Notices: []NoticeView{{
		Notice: Notice{Audience: ToOwner, Channel: "email"}, Masked: "o…@h….example",
		Attempts: []Attempt{{Status: NoticeFailed, At: at(0), Detail: "451"}, {Status: NoticeAccepted, At: at(1)}},
	}}}
	var whats []string
	for _, m := range v.Timeline() {
		whats = append(whats, m.What)
		if m.What == "approve" && m.By != "person:adam" {
			t.Errorf("R84: the approval names %q", m.By)
		}
	}
	for _, want := range []string{"occurred", "received", "durable", "held", "restrained", "message failed", "owner told", "identity checked", "approve", "released"} {
		if !slices.Contains(whats, want) {
			t.Errorf("%s is missing from %v", want, whats)
		}
	}
	if whats[0] != "occurred" {
		t.Errorf("the story begins with %s", whats[0])
	}
}
