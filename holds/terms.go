package holds

import (
	"slices"
	"time"
)

// Mode is how far a connection is trusted to act. A new connection watches.
type Mode string

// The modes. Watch records what would be held; notify holds and tells the
// owner but restrains nobody; contain does everything.
const (
	ModeWatch   Mode = "watch"
	ModeNotify  Mode = "notify"
	ModeContain Mode = "contain"
)

// Tier is how much a change asks of the people who decide it.
type Tier string

// The tiers. Low changes are recorded and told, never held.
const (
	TierLow    Tier = "low"
	TierMedium Tier = "medium"
	TierHigh   Tier = "high"
)

func (t Tier) rank() int { return slices.Index([]Tier{TierLow, TierMedium, TierHigh}, t) }

// Verdict is what a policy says of one event and one subject.
type Verdict string

// The verdicts.
const (
	Ignore Verdict = "ignore"
	Record Verdict = "record"
	Notify Verdict = "notify"
	HoldIt Verdict = "hold"
)

// Ruling is a policy's answer about one event and one subject.
type Ruling struct {
	Verdict Verdict
	// Reason is a sentence for people.
	Reason string
	Terms  Terms
	// Anyone says that somebody who is not let in can bring the change about, as often
	// as they like.
	Anyone bool
}

// Terms are a policy's demands on a hold, frozen when the hold opens: a later
// edit of the policy never loosens them.
type Terms struct {
	// Rule and Policy name what made these demands.
	Rule   string `json:"rule"`
	Policy string `json:"policy"`
	Tier   Tier   `json:"tier"`
	// Items and Paths are how many pieces of evidence, over how many different
	// paths, must support the identity check.
	Items int `json:"items"`
	Paths int `json:"paths"`
	// Approvers is how many people must approve beside those who verified.
	Approvers int `json:"approvers"`
	// Wait is the time between the last approval and the release.
	Wait time.Duration `json:"wait"`
	// Contain is what is done to the account meanwhile; empty when nothing is.
	Contain []ActionKind `json:"contain,omitempty"`
	// Tell is whether the owner is told.
	Tell bool `json:"tell"`
	// Deadline is when the hold escalates if nobody decides; it never releases.
	Deadline time.Duration `json:"deadline"`
	// Expect is how long after a release the one expected enrolment may follow.
	Expect time.Duration `json:"expect"`
}

// Stricter merges two demands on one account: the stronger of each.
func (t Terms) Stricter(u Terms) Terms {
	if u.Tier.rank() > t.Tier.rank() {
		t.Tier, t.Rule, t.Policy = u.Tier, u.Rule, u.Policy
	}
	t.Items = max(t.Items, u.Items)
	t.Paths = max(t.Paths, u.Paths)
	t.Approvers = max(t.Approvers, u.Approvers)
	t.Wait = max(t.Wait, u.Wait)
	t.Tell = t.Tell || u.Tell
	if u.Deadline > 0 && (t.Deadline == 0 || u.Deadline < t.Deadline) {
		t.Deadline = u.Deadline
	}
	t.Expect = max(t.Expect, u.Expect)
	for _, a := range u.Contain {
		if !slices.Contains(t.Contain, a) {
			t.Contain = append(slices.Clone(t.Contain), a)
		}
	}
	return t
}

// Facts are what is known of the subject when a policy judges: a dated
// snapshot and the directory's word. They are never read from the event.
type Facts struct {
	At   time.Time
	Mode Mode
	// Snapshot is the newest before-image; Known is false when there is none, and
	// a policy then assumes the worst.
	Snapshot Snapshot
	Known    bool
	// Owner and ActorPerson come from the directory of people; empty when the
	// account is linked to nobody.
	Owner       Person
	ActorPerson Person
	// BreakGlass and OwnAccount are read from the connection's configuration by
	// immutable id.
	BreakGlass bool
	OwnAccount bool
	// Intent is a recorded intent of ours that explains the event; empty if none.
	Intent IntentID
	// Recent are the classes of the person's events of the last day, newest first.
	Recent []Class
	// Chain are the same events with what they did and at whose hand. Nil where only
	// their classes are known; the worst is then assumed of each.
	Chain []Past
	// Joined is when the account came into being, zero when that is not known.
	Joined time.Time
	// SeenNetwork tells whether the event's address lies in a network from which
	// the actor has acted more than a day before.
	SeenNetwork bool
}

// Past is an earlier event of a person, as far as a policy asks about it.
type Past struct {
	Class    Class
	Verb     Verb
	Occurred time.Time
	// By is the kind of actor; Own is set when the account that was changed made
	// the change itself.
	By  PartyKind
	Own bool
}
