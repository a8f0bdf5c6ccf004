package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/notify/directory"
)

// Plan chooses every contact point the owner of a hold may be told at, without
// sending anything. Changed are the recovery values the hold's events put in
// doubt, old and new. When there is nobody to tell, the second result says why,
// with masked contact points.
func (m *Messenger) Plan(h holds.Hold, owner holds.Person, changed []string) ([]holds.ContactPoint, string) {
	switch {
	case owner.ID == "":
		return nil, "the account is linked to nobody in the directory of people"
	case h.Owner != owner.ID:
		return nil, "the person looked up is not the owner of the held account"
	case len(owner.Points) == 0:
		return nil, "the directory of people has no contact point for the owner"
	}
	able, refused := directory.Eligible(owner.Points, directory.Situation{
		Occurred: first(h), Connection: h.Connection, Linked: linked(owner), Changed: changed,
	})
	var chosen []holds.ContactPoint
	for _, p := range able {
		switch {
		case m.o.Channels[p.Kind] == nil:
			refused = append(refused, directory.Refused{Point: p, Why: "no channel is set up that reaches it"})
		case slices.ContainsFunc(chosen, func(c holds.ContactPoint) bool { return c.Kind == p.Kind && directory.Same(c.Value, p.Value) }):
			// The same place under two entries is told once.
		default:
			chosen = append(chosen, p)
		}
	}
	if len(chosen) > 0 {
		return chosen, ""
	}
	why := make([]string, 0, len(refused))
	for _, r := range refused {
		why = append(why, fmt.Sprintf("%s: %s", directory.Mask(r.Point), r.Why))
	}
	return nil, "none of the owner's contact points is independent of the change (" + strings.Join(why, "; ") + ")"
}

// linked are the connections where a person has an account.
func linked(p holds.Person) []holds.ConnectionID {
	out := make([]holds.ConnectionID, 0, len(p.Accounts))
	for _, a := range p.Accounts {
		out = append(out, a.Connection)
	}
	return out
}

// first is when the hold's first event happened: a contact point must be older
// than all of them.
func first(h holds.Hold) time.Time {
	at := h.Occurred
	for _, e := range h.Events {
		if !e.Occurred.IsZero() && (at.IsZero() || e.Occurred.Before(at)) {
			at = e.Occurred
		}
	}
	return at
}
