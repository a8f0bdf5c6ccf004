package keeper

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// Containment is armed only while at least two emergency accounts are there to
// undo it. That the configuration names two different ones is checked when it is
// read; whether the ids still are accounts that somebody can sign in with is
// looked up here, since a list grows stale.

// enoughEmergency is how many emergency accounts there must be, as Microsoft asks
// (https://learn.microsoft.com/entra/identity/role-based-access-control/security-emergency-access).
const enoughEmergency = 2

// armedEvery is how often the emergency accounts are looked up.
const armedEvery = 10 * time.Minute

// arming is what was found last.
type arming struct {
	at time.Time
	// why says what keeps containment from being armed; empty when nothing does.
	why string
}

// arm looks the emergency accounts of a connection up and remembers what is so.
// What cannot be looked up changes nothing. Fewer than two are told to people, as
// everything is that makes holds of the connection less than they say.
func (k *Keeper) arm(ctx context.Context, c Connection) {
	now, ids := k.Now(), map[string]bool{}
	for _, id := range c.BreakGlass {
		ids[strings.ToLower(id)] = true
	}
	if len(ids) < enoughEmergency {
		return // the configuration is read elsewhere
	}
	if last, ok := k.armed.Load(c.ID); c.Mode != holds.ModeContain || ok && now.Sub(last.(arming).at) < armedEvery { //nolint:forcetypeassert // nothing else is stored
		return
	}
	usable := 0
	for _, id := range c.BreakGlass {
		if !ids[strings.ToLower(id)] {
			continue // the same in another case
		}
		delete(ids, strings.ToLower(id))
		short, cancel := context.WithTimeout(ctx, sweepTimeout)
		s, err := c.Provider.Snapshot(short, id)
		cancel()
		switch {
		case err == nil && s.Status == holds.StatusActive:
			usable++
		case err != nil && holds.KindOf(err) != holds.NotFound:
			return
		}
	}
	found := arming{at: now}
	if usable < enoughEmergency {
		found.why = fmt.Sprintf("containment is not armed: %d of the %d emergency accounts that the configuration names exist and are active, and %d must", usable, len(c.BreakGlass), enoughEmergency)
		k.Logger.Error("containment is not armed", "connection", c.ID, "usable", usable)
		if err := k.raise(ctx, c, "countersign.emergency_accounts_missing", found.why); err != nil {
			k.failed(ctx, "people could not be told that emergency accounts are missing", err, "connection", c.ID)
		}
	}
	k.armed.Store(c.ID, found)
}

// disarmed says why the connection must restrain nobody now; empty when it may.
func (k *Keeper) disarmed(c Connection) string {
	if last, ok := k.armed.Load(c.ID); ok {
		return last.(arming).why //nolint:forcetypeassert // nothing else is stored
	}
	return ""
}
