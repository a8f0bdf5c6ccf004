package modeltest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// I2: no release without k approvals by k different humans, none of them actor,
// target/owner, requester or verifier, each bound to the version finally acted on.
//
// It is looked at in the commit that begins a release or a giving back, and each
// approval must be one that a reviewer submitted, while being one, about that very
// version.
func (h *History) I2() error {
	for _, now := range h.Now.Holds {
		was, _ := find(h.Was, now.ID)
		begun, kind := !now.ReleaseBegun.IsZero() && was.ReleaseBegun.IsZero(), holds.Approve
		if !now.RestoreBegun.IsZero() && was.RestoreBegun.IsZero() {
			begun, kind = true, holds.Restore
		}
		var err error
		switch {
		case now.ToldOnly || !begun && !(now.State == holds.Released && was.State != holds.Released && was.ReleaseBegun.IsZero()):
		case now.Leader != "":
			err = h.ledOut(now)
		default:
			err = h.approved(now, kind)
		}
		if err != nil {
			return fmt.Errorf("hold %s: %w", now.ID.Short(), err)
		}
	}
	return nil
}

// ledOut is for a hold that follows others: people decided about those.
func (h *History) ledOut(f holds.Hold) error {
	if l, ok := h.hold(f.Leader); !ok || !l.Ended() {
		return errors.New("it was let go though the hold it follows has not ended")
	}
	return nil
}

func (h *History) approved(now holds.Hold, kind holds.DecisionKind) error {
	part := h.takePart(now)
	people := map[holds.PersonID]bool{}
	for _, d := range now.Decisions {
		if d.Kind != kind || d.Void || d.Version != now.Version || d.Round != now.Round {
			continue
		}
		if why, ok := part[d.Approver]; ok {
			return fmt.Errorf("%s approved, who is %s", d.Approver, why)
		}
		submitted := slices.ContainsFunc(h.Said, func(s Said) bool {
			return s.Hold == now.ID && s.Person == d.Approver && s.Kind == kind && s.Saw == d.Version && s.Reviewer
		})
		if !submitted {
			return fmt.Errorf("%s is said to have approved version %d; as a reviewer who saw that version they did not", d.Approver, d.Version)
		}
		people[d.Approver] = true
	}
	if len(people) < max(1, now.Terms.Approvers) {
		return fmt.Errorf("it is let go at version %d with %d approvals of %d", now.Version, len(people), max(1, now.Terms.Approvers))
	}
	if m := now.Missing(); len(m) > 0 {
		return fmt.Errorf("it is let go without %s", strings.Join(m, " and "))
	}
	return nil
}

// takePart is who must not decide about a hold, and why, by what the platforms and
// the directory know.
func (h *History) takePart(hold holds.Hold) map[holds.PersonID]string {
	part := map[holds.PersonID]string{}
	for _, e := range h.Log[hold.Connection] {
		if p := personOf(hold.Connection, e.Actor.ID); p != "" && hold.Has(e.ID) {
			part[p] = "its actor"
		}
	}
	if p := personOf(hold.Connection, hold.Subject.ID); p != "" {
		part[p] = "its owner"
	}
	for _, e := range hold.Evidence {
		part[e.Requester] = "its requester"
		if e.Round == hold.Round {
			part[e.Verifier] = "its verifier"
		}
	}
	return part
}
