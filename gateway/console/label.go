package console

import (
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// label is the honest word for a hold, the same on every page.
type label struct {
	// Word is gated, contained or observed while the hold is not over, and how it
	// ended afterwards.
	Word string
	// Tone is the class of its colour.
	Tone string
	// More is what the word alone would hide.
	More string
}

// labelOf says how a hold stands. A restraint that was lifted is not called
// contained, and one whose effect is still to come says when it does.
func labelOf(h holds.Hold, now time.Time) label {
	switch {
	case h.ToldOnly:
		return label{"told", "over", "not held: recorded and told to the owner"}
	case h.State == holds.Released && h.Containment == holds.NotContained:
		return label{"let stand", "over", "nothing was restrained"}
	case h.State == holds.Released:
		return label{"released", "over", "our restraint is lifted"}
	case h.Ended():
		return label{"reverted", "over", "undone as far as it can be"}
	case h.Standing == holds.Gated:
		return label{"gated", "gated", "the change has not happened"}
	case h.Standing == holds.Contained && h.Containment == holds.ContainmentConfirmed:
		if h.EffectiveBy.After(now) {
			return label{"contained", "contained", "effective by " + h.EffectiveBy.UTC().Format("15:04 UTC")}
		}
		return label{"contained", "contained", ""}
	}
	return label{"observed", "observed", whyObserved(h)}
}

func whyObserved(h holds.Hold) string {
	switch h.Containment {
	case holds.ContainmentRequested:
		return "restraining, not confirmed"
	case holds.ContainmentFailed:
		return "restraint failed"
	case holds.ContainmentConfirmed:
		return "the restraint was undone"
	case holds.NotContained, holds.ContainmentLifted:
	}
	return "not restrained"
}

// stageWord is where a line of the queue is on its way, empty for one that
// simply waits.
func stageWord(s holds.Summary) string {
	switch {
	case s.Leader != "" && s.State == holds.Approved:
		return "being given back"
	case s.State == holds.Approved:
		return "approved, not released yet"
	case s.State == holds.Denied && s.Frozen:
		return "waits for a deny"
	case s.State == holds.Denied:
		return "denied, being undone"
	case s.State == holds.Reverted && s.Containment != holds.ContainmentLifted && s.Containment != holds.NotContained:
		return "undone, to be given back"
	}
	return ""
}

// labelOfSummary is the label of a line of the queue.
func labelOfSummary(s holds.Summary, now time.Time) label {
	return labelOf(holds.Hold{
		State: s.State, Containment: s.Containment, Standing: s.Standing, ToldOnly: s.ToldOnly, EffectiveBy: s.EffectiveBy,
	}, now)
}

// standing is the label in a sentence.
func standing(h holds.Hold, now time.Time) string {
	if h.Leader != "" && !h.Ended() {
		return followerStanding(h, now)
	}
	switch l := labelOf(h, now); l.Word {
	case "told":
		return "The policy lets such a change stand; a hold opens if the owner says that it was not them."
	case "gated":
		return "The change has not happened, and will not without our release."
	case "contained":
		s := "The change happened. The account is restrained, as the provider's own answer showed at " + page.Stamp(h.ReadBack) + "."
		if h.EffectiveBy.After(now) {
			s += " Access given out before lives on until " + page.Stamp(h.EffectiveBy) + " at the latest."
		}
		return s
	case "observed":
		s := "The change happened and the account is not restrained"
		if why := whyObserved(h); why != "not restrained" {
			s += ": " + why
		}
		return s + ". Whoever made the change may be able to use it."
	case "released":
		return "People let the change stand, and our restraint is lifted."
	case "let stand":
		return "People let the change stand. The account was not restrained."
	}
	return "People denied the change, and what could be undone was undone."
}

// followerStanding is standing for an account to which nothing happened itself.
func followerStanding(h holds.Hold, now time.Time) string {
	if labelOf(h, now).Word == "contained" {
		s := "This account is restrained, as the provider's own answer showed at " + page.Stamp(h.ReadBack) + "."
		if h.EffectiveBy.After(now) {
			s += " Access given out before lives on until " + page.Stamp(h.EffectiveBy) + " at the latest."
		}
		return s
	}
	s := "This account is not restrained"
	if why := whyObserved(h); why != "not restrained" {
		s += ": " + why
	}
	return s + ". Whoever has the other account may be able to use it."
}

// followerStage is stage for a hold that people decide with another one.
func followerStage(h holds.Hold) string {
	switch {
	case h.Ended():
		return "Let go with hold " + h.Leader.Short() + "."
	case h.State == holds.Approved:
		return "Hold " + h.Leader.Short() + " has ended; the account is being given back."
	}
	return "Held with hold " + h.Leader.Short() + " of the same person, and let go when that one ends."
}

// stage says where the hold is on its way.
func stage(h holds.Hold, now time.Time) string {
	if h.Leader != "" {
		return followerStage(h)
	}
	switch h.State {
	case holds.Pending:
		return "Waits for a decision."
	case holds.Approved:
		if h.ReleaseBegun.IsZero() && h.ReleaseAfter.After(now) {
			return "Approved. The waiting period ends " + page.Stamp(h.ReleaseAfter) + "; until then a deny or the owner's word still stops it."
		}
		if h.ReleaseBegun.IsZero() {
			return "Approved. The release is about to begin; until then a deny or the owner's word still stops it."
		}
		return "Approved. The release has begun and cannot be recalled."
	case holds.Denied:
		if h.Outcome == "" {
			return "Frozen by the owner's word. A reviewer has to deny it; then it is undone."
		}
		return "Denied. It is being undone."
	case holds.Reverted:
		switch {
		case h.Ended():
			return "Denied, undone, and over."
		case !h.RestoreBegun.IsZero():
			return "The account is being given back to its owner."
		}
		return "Denied and undone. The account stays restrained until it is given back to its owner."
	case holds.Released:
	}
	return "Over."
}
