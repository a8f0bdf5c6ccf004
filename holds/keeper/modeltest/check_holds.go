package modeltest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// I10: anything unknown, expired, un-notified or errored stays held (fail closed),
// except I4.
//
// A hold is let go by people's decision alone, our restraint is lifted by a hold that
// is being let go alone, what the owner repudiated is frozen, and "contained" is said
// only of an account that was restrained when it was read. When all has come to rest,
// who is held is restrained, and who is not is given back.
func (h *History) I10() error {
	for _, now := range h.Now.Holds {
		was, _ := find(h.Was, now.ID)
		for _, err := range []error{h.letGo(was, now), h.honest(was, now), h.atRest(now)} {
			if err != nil {
				return fmt.Errorf("hold %s of %s: %w", now.ID.Short(), now.Subject.ID, err)
			}
		}
	}
	for _, was := range h.Was.Holds {
		if _, ok := h.hold(was.ID); !ok {
			return fmt.Errorf("hold %s is gone", was.ID.Short())
		}
	}
	for _, c := range h.Calls[h.given:] {
		lifts := c.Action.Kind == holds.LeaveRestraintGroup || c.Action.Kind == holds.UnsuspendAccount
		if begun := !c.Hold.ReleaseBegun.IsZero() || !c.Hold.RestoreBegun.IsZero(); lifts && !begun {
			return fmt.Errorf("%s was called for %s, and its hold is %s", c.Action.Kind, c.Action.Account, c.Hold.State)
		}
	}
	if err := h.repudiated(); err != nil {
		return err
	}
	return h.givenBack()
}

// letGo: only people let a hold go.
func (h *History) letGo(was, now holds.Hold) error {
	if was.ID == "" || was.State == now.State && now.State != holds.Approved {
		return nil
	}
	decided := func(kind holds.DecisionKind) bool {
		return slices.ContainsFunc(now.Decisions, func(d holds.Decision) bool { return d.Kind == kind && d.Round >= was.Round })
	}
	switch {
	case (now.State == holds.Approved || now.State == holds.Released) && now.Leader == "" && !now.ToldOnly && !decided(holds.Approve):
		return fmt.Errorf("it is %s, and nobody approved", now.State)
	case now.State == holds.Approved && now.Frozen() && now.ReleaseBegun.IsZero():
		return errors.New("it is approved, and the owner said that it was not them")
	case now.State == holds.Reverted && now.Outcome != holds.Deny && now.Outcome != holds.RemoveAccess:
		return errors.New("it was undone, and no reviewer denied it")
	case was.State == holds.Released, was.State == holds.Reverted:
		return fmt.Errorf("it was %s, which is the end, and is %s (F10)", was.State, now.State)
	}
	return nil
}

// honest: contained means that the account was restrained when it was read.
func (h *History) honest(was, now holds.Hold) error {
	// While an account that is restrained is restrained once more, to end what access
	// somebody has had since, it stays called what it is.
	again := now.Containment == holds.ContainmentRequested && now.ContainRound > 1 && !now.ReadBack.IsZero()
	if now.Standing == holds.Contained && now.Containment != holds.ContainmentConfirmed && !again {
		return fmt.Errorf("it is called contained and containment is %s", now.Containment)
	}
	if now.Containment != holds.ContainmentConfirmed || now.ReadBack.Equal(was.ReadBack) {
		return nil
	}
	last := h.Restrained[holds.PersonAccount{Connection: now.Connection, Account: now.Subject.ID}]
	if now.ReadBack.Sub(last) > readsWithin {
		return fmt.Errorf("it was confirmed at %s, and the account was restrained last at %s", now.ReadBack.Format(time.TimeOnly), last.Format(time.TimeOnly))
	}
	return nil
}

// readsWithin is how long a job may take between its look and its word.
const readsWithin = 2 * time.Minute

// repudiated: what the owner said counts, on that hold or on the one that goes on.
func (h *History) repudiated() error {
	for _, key := range h.Owner {
		hold, ok := h.hold(key.Hold)
		if !ok || !hold.Frozen() {
			return fmt.Errorf("the owner was told that we know it was not them, and hold %s is not frozen", key.Hold.Short())
		}
	}
	return nil
}

// restrains tells whether a hold is one whose account must be restrained.
func restrains(now holds.Hold) bool {
	return len(now.Terms.Contain) > 0 && now.Exempt == "" && now.Subject.Resolved() && !now.Ended() && !now.ToldOnly
}

func (h *History) atRest(now holds.Hold) error {
	if !h.Rest || !restrains(now) || now.ContainRound >= 5 {
		return nil
	}
	restrained, known := h.Accounts[holds.PersonAccount{Connection: now.Connection, Account: now.Subject.ID}]
	if known && (!restrained || now.Containment != holds.ContainmentConfirmed || now.Standing != holds.Contained) {
		return fmt.Errorf("all has come to rest, and it is %s, %s, %s; restrained at the platform: %v", now.State, now.Containment, now.Standing, restrained)
	}
	return nil
}

func (h *History) givenBack() error {
	if !h.Rest {
		return nil
	}
	held := map[holds.PersonAccount]bool{}
	for _, hold := range h.Now.Holds {
		if restrains(hold) {
			held[holds.PersonAccount{Connection: hold.Connection, Account: hold.Subject.ID}] = true
		}
	}
	for a, restrained := range h.Accounts {
		if restrained && !held[a] {
			return fmt.Errorf("all has come to rest, and %s at %s is restrained by nobody's hold", a.Account, a.Connection)
		}
	}
	return nil
}
