package holds

import (
	"slices"
	"strings"
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

// TestTimelineOfAFollower: what happened to the other account is not told as if it
// had happened to this one; an event of its own is, with when we heard of it.
func TestTimelineOfAFollower(t *testing.T) {
	h := must(t, follower().Hold, RestraintConfirmed{})
	own := Ref(resetEvent("own", 2))
	own.Received = at(7)
	twin := own
	twin.ID = "twin" // of the same page of the log
	h = must(t, h, Joined{own, demand()}, Joined{twin, demand()})
	var told []string
	for _, m := range (View{Hold: h, Durable: at(1)}).Timeline() {
		told = append(told, m.At.Format("15:04")+" "+m.What+" "+m.Detail)
	}
	want := []string{
		at(1).Format("15:04") + " linked another account of the same person is held, hold h1",
		at(1).Format("15:04") + " held with the other account, under rule linked-account",
		at(1).Format("15:04") + " restrained read back from the provider",
		at(2).Format("15:04") + " occurred user.mfa.factor.reset_all",
		at(2).Format("15:04") + " occurred user.mfa.factor.reset_all",
		at(7).Format("15:04") + " received user.mfa.factor.reset_all, 5m0s after it occurred",
	}
	if !slices.Equal(told, want) {
		t.Fatalf("the story is\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}
