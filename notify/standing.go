package notify

import (
	"time"

	"github.com/countersign/countersign/holds"
)

// standing tells the owner what was done about the change and what was not. It
// says restrained only when the provider's own answer showed it, and says so
// first when nothing holds the account.
func standing(h holds.Hold, now time.Time) []string {
	var out []string
	if !h.NotMe.IsZero() {
		out = append(out, "Somebody with a code from us already said at "+stamp(h.NotMe)+" that this was not you; the change is frozen until people have looked at it.")
	}
	if h.ToldOnly {
		return append(out, "The change took effect. It is not held, and nothing restrains your account: we only want you to know of it.")
	}
	if h.Standing == holds.Gated {
		return append(out, gated(h.State))
	}
	switch h.State {
	case holds.Released:
		return append(out, "People have checked this change and let it stand. Nothing restrains your account any more. If it was not you, tell us all the same.")
	case holds.Reverted:
		out = append(out, "People have denied this change; what could be undone has been undone.")
	case holds.Denied:
		out = append(out, "People have denied this change; it is being undone as far as that is possible.")
	case holds.Pending, holds.Approved:
	}
	return append(out, restraint(h, now)...)
}

// until is when a restrained account is its owner's again.
func until(h holds.Hold) string {
	if h.State == holds.Denied || h.State == holds.Reverted {
		return "the security team has given it back to you"
	}
	return "people have decided"
}

// gated says where a change stands that has not happened by itself.
func gated(s holds.State) string {
	switch s {
	case holds.Released:
		return "People have checked this change and let it through. If it was not you, tell us all the same."
	case holds.Denied, holds.Reverted:
		return "People have denied this change. It has NOT been made."
	case holds.Pending, holds.Approved:
	}
	return "The change has NOT been made. It waits until people have checked who is asking for it."
}

// restraint says how far the account is restrained.
func restraint(h holds.Hold, now time.Time) []string {
	switch {
	case h.Containment == holds.ContainmentConfirmed && h.Standing == holds.Contained:
		since := ""
		if !h.Restrained.IsZero() {
			since = " since " + stamp(h.Restrained)
		}
		out := []string{"The change took effect, and your account is contained" + since + ": it refuses new sign-ins, yours included, until " + until(h) + ". We have read back from the identity system that this is in force."}
		if h.EffectiveBy.After(now) {
			out = append(out, "Access that was given out before may go on working until "+stamp(h.EffectiveBy)+".")
		}
		return out
	case h.Containment == holds.ContainmentRequested:
		return []string{"The change took effect. We are restraining your account now, but that is not confirmed yet: until then, whoever made the change may be able to use it."}
	case h.Containment == holds.ContainmentLifted:
		return []string{"Your account is no longer restrained by us."}
	case h.Containment == holds.ContainmentFailed:
		return []string{"The change took effect. We tried to restrain your account and could NOT: whoever made the change may be able to use it now. People have been called."}
	}
	return []string{"The change took effect, and your account is NOT restrained, only observed: whoever made the change may be able to use it now."}
}

// next says what happens without the owner, and by when.
func next(h holds.Hold, now time.Time) string {
	if !h.State.Undecided() {
		return ""
	}
	s := "Somebody who did not make the change checks who asked for it, and people decide."
	if h.Due.After(now) {
		s += " If nobody has decided by " + stamp(h.Due) + ", more people are called."
	}
	return s + " Time alone never lets the change through."
}
