package modeltest

import (
	"fmt"

	"github.com/countersign/countersign/holds"
)

// I3: an external effect has a durable intent row before it and an outcome row
// after it; state-changing calls per idempotency key ≤ 1 (fake IdP counts).
//
// The key is the intent. A call is made again only where its effect was undone by
// hand before the account was read anew; ending sessions, which cannot be read back,
// may be repeated. When all has come to rest every call that left has its outcome.
func (h *History) I3() error {
	effects := map[holds.IntentID]int{}
	for _, c := range h.Calls {
		switch {
		case c.Intent.ID == "":
			return fmt.Errorf("%s of %s was called and no intent had announced it", c.Action.Kind, c.Action.Account)
		case c.Intent.Tried.IsZero():
			return fmt.Errorf("%s of %s was called and not marked as tried", c.Action.Kind, c.Action.Account)
		case c.Changed:
			effects[c.Intent.ID]++
		}
		undone := h.ByHand[holds.PersonAccount{Connection: c.Connection, Account: c.Action.Account}]
		if n := effects[c.Intent.ID]; n > 1+undone && c.Action.Kind != holds.ClearSessions {
			return fmt.Errorf("%s of %s took effect %d times for one intent", c.Action.Kind, c.Action.Account, n)
		}
	}
	done := map[holds.IntentID]int{}
	for _, i := range h.Now.Intents {
		if done[i.ID]++; done[i.ID] > 1 {
			return fmt.Errorf("intent %s is there twice", i.ID)
		}
		if h.Rest && effects[i.ID] > 0 && !i.Done() {
			return fmt.Errorf("%s of %s (%s, round %d) took effect and has no outcome", i.Action.Kind, i.Action.Account, i.Purpose, i.Round)
		}
	}
	for id := range effects {
		if done[id] == 0 {
			return fmt.Errorf("the intent %s of a call that took effect is not there", id)
		}
	}
	return nil
}

// I4: a break-glass or self account is never contained, whatever the event says.
func (h *History) I4() error {
	for _, c := range h.Calls[h.given:] {
		spared := c.Connection == okta && (c.Action.Account == breaks || c.Action.Account == ours)
		switch c.Action.Kind {
		case holds.JoinRestraintGroup, holds.SuspendAccount, holds.ClearSessions:
			if spared {
				return fmt.Errorf("%s was called for %s, which must never be restrained", c.Action.Kind, c.Action.Account)
			}
		default:
		}
	}
	return nil
}
