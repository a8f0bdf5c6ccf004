package directory

import (
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// OnFile is how long before a change a contact point must have been on file
// before it is trusted: whoever takes an account over puts their own address on
// file first.
const OnFile = 7 * 24 * time.Hour

// Situation is what Eligible needs to know of a hold.
type Situation struct {
	// Occurred is when the first change of the hold happened.
	Occurred time.Time
	// Connection is the connection of the held account.
	Connection holds.ConnectionID
	// Linked are the connections where the owner has an account: whoever took one of
	// them over may have the others.
	Linked []holds.ConnectionID
	// Changed are the recovery values the change put in doubt, old and new, as
	// the provider spells them.
	Changed []string
}

// Refused is a contact point that must not be used, and why, in words for
// people. The words never contain the point's value.
type Refused struct {
	Point holds.ContactPoint
	Why   string
}

// Eligible sorts contact points into those that are independent of the change
// and those that are not. It keeps the order of the points. A point that is not
// known to be independent is refused.
func Eligible(points []holds.ContactPoint, s Situation) (chosen []holds.ContactPoint, refused []Refused) {
	for _, p := range points {
		if why := s.objection(p); why != "" {
			refused = append(refused, Refused{Point: p, Why: why})
			continue
		}
		chosen = append(chosen, p)
	}
	return chosen, refused
}

// objection is the first reason against a point, empty when there is none. The
// reasons that no passing of time can mend come first.
func (s Situation) objection(p holds.ContactPoint) string {
	switch {
	case p.Shared:
		return "more than one person reads it"
	case slices.ContainsFunc(s.Changed, func(c string) bool { return Same(p.Value, c) }):
		return "it is one of the recovery values that were changed"
	case p.Within != "" && p.Within == s.Connection:
		return fmt.Sprintf("it is a mailbox inside %s, where the held account is", p.Within)
	case p.Within != "" && slices.Contains(s.Linked, p.Within):
		return fmt.Sprintf("it is a mailbox inside %s, where the owner has another account", p.Within)
	case s.Occurred.IsZero():
		return "it is not known when the change happened"
	case p.Recorded.IsZero():
		return "it is not known since when it is on file"
	case s.Occurred.Sub(p.Recorded) < OnFile:
		return fmt.Sprintf("it is on file only since %s, less than seven days before the change", p.Recorded.UTC().Format(time.DateOnly))
	}
	return ""
}
