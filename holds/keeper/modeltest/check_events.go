package modeltest

import (
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// I1: every relevant event in the IdP log ends as exactly one hold, or one recorded
// "ignored: reason".
//
// Of an event that was delivered and decided there is one ruling for each of its
// subjects, with a reason or with a hold that has the event. When all has come to
// rest that is so of every event that any platform has logged. What we did
// ourselves, as announced, is ignored.
func (h *History) I1() error {
	ruled := map[string]keepertest.Ruled{}
	for _, r := range h.Now.Rulings {
		key := ruling(r.Connection, r.Event, r.Subject)
		if _, twice := ruled[key]; twice {
			return fmt.Errorf("event %s is ruled twice for %s", r.Event, r.Subject)
		}
		ruled[key] = r
	}
	for conn, log := range h.Log {
		for _, e := range log {
			if !h.Rest && !h.decided(e.ID) {
				continue
			}
			for _, s := range subjectsOf(e) {
				r, ok := ruled[ruling(conn, e.ID, s)]
				if !ok {
					return fmt.Errorf("event %s (%s of %s) is ruled nowhere", e.ID, e.Type, s)
				}
				if err := h.settled(e, r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func ruling(conn holds.ConnectionID, event, subject string) string {
	return string(conn) + " " + event + " " + subject
}

func subjectsOf(e holds.Event) []string {
	var out []string
	for _, a := range e.Held() {
		out = append(out, a.ID)
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// decided tells whether a delivery with the event was decided.
func (h *History) decided(event string) bool {
	return slices.ContainsFunc(h.Now.Inbox, func(d keepertest.Received) bool {
		return d.Decided && slices.Contains(h.Bodies[d.Digest], event)
	})
}

// settled tells whether what was ruled of an event is so.
func (h *History) settled(e holds.Event, r keepertest.Ruled) error {
	switch {
	case e.Actor.Own && r.Verdict != holds.Ignore && !h.repeatedLater(e):
		return fmt.Errorf("our own act %s (%s) was not recognised: %s, %s", e.ID, e.Type, r.Verdict, r.Reason)
	case r.Hold == "" && r.Reason == "":
		return fmt.Errorf("event %s is ruled %q without a reason", e.ID, r.Verdict)
	case r.Hold == "" && r.Verdict == holds.HoldIt:
		return fmt.Errorf("event %s is to be held and has no hold", e.ID)
	case r.Hold == "":
		return nil
	}
	var homes []holds.HoldID
	for _, hold := range h.Now.Holds {
		previous, _ := h.hold(hold.Previous)
		if hold.Has(e.ID) && hold.Subject.ID == r.Subject && hold.Connection == r.Connection && !previous.Has(e.ID) {
			homes = append(homes, hold.ID)
		}
	}
	if !slices.Equal(homes, []holds.HoldID{r.Hold}) {
		return fmt.Errorf("event %s is ruled to be of hold %s and is of %v", e.ID, r.Hold, homes)
	}
	return nil
}

// repeatedLater: of a call whose answer was lost only the last try is remembered. What
// an earlier one did, and is heard of after it was made again much later, is taken for
// somebody else's: people are paged for nothing, and nothing is missed.
func (h *History) repeatedLater(e holds.Event) bool {
	return slices.ContainsFunc(h.Now.Intents, func(i holds.Intent) bool {
		return i.Action.Kind == e.Echo && i.Action.Account == e.Subjects[0].ID && i.Tried.Sub(e.Occurred) > 5*time.Minute &&
			!i.Created.After(e.Occurred)
	})
}
