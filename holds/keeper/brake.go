package keeper

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// brakeEvery is how soon what was stopped goes on once it may.
const brakeEvery = time.Second

// Brakes is what holds wait for when their calls are stopped. That a call is
// refused while people have stopped it, or while a cap is reached, is the
// obligation of Holds.Update (for a Change with Under set, with the caps of its
// Restraint) and of Intents.Tried, in the same transaction as the record of the
// call: so a brake holds on every replica from the moment it is committed.
type Brakes interface {
	// Resumable lists the holds that wait and may go on, most urgent first, as many
	// as there is room for under the caps that restraint tells.
	Resumable(ctx context.Context, now time.Time, restraint func(holds.Hold, holds.Snapshot) *holds.Restraint) ([]holds.Key, error)
	// Lapse writes off the stops whose time has passed.
	Lapse(ctx context.Context, now time.Time) error
}

// Resume lets go on what waited for a brake or a cap.
func (k *Keeper) Resume(ctx context.Context) {
	if k.Brakes == nil {
		return
	}
	now := k.Now()
	if err := k.Brakes.Lapse(ctx, now); err != nil {
		k.failed(ctx, "stops that lapsed could not be written off", err)
	}
	keys, err := k.Brakes.Resumable(ctx, now, k.restraint)
	if err != nil {
		k.failed(ctx, "what waits could not be read", err)
		return
	}
	for _, key := range keys {
		_, err := k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
			if h.Waits.Brake == "" {
				return nil, nil // another replica was faster
			}
			c, err := holds.Apply(h, holds.BrakeFreed{}, now)
			return &c, err
		})
		if err != nil {
			k.failed(ctx, "a hold that waited could not go on", err, "hold", key.Hold)
		}
	}
}

// restraint is what the caps must know of a hold's account.
func (k *Keeper) restraint(h holds.Hold, s holds.Snapshot) *holds.Restraint {
	return k.connections[h.Connection].restraint(s)
}

// restraint is what the caps must know of an account; nil without caps.
func (c Connection) restraint(s holds.Snapshot) *holds.Restraint {
	if c.Caps == (holds.Caps{}) {
		return nil
	}
	r := &holds.Restraint{Caps: c.Caps, Privileged: s.Privileged()}
	for _, role := range s.Roles {
		if slices.Contains(c.TopRoles, role.Kind) && !slices.Contains(r.Roles, role.Kind) {
			r.Roles = append(r.Roles, role.Kind)
		}
	}
	return r
}

// waits makes the hold wait when what stopped its calls was a brake or a cap, and
// tells whether it was.
func (j *job) waits(ctx context.Context, cause error) (bool, error) {
	var b *holds.Braked
	if !errors.As(cause, &b) {
		return false, nil
	}
	return true, j.report(ctx, holds.BrakeHit{Braked: *b})
}

// endSessions ends the sessions of an account that may not be suspended, once.
func (j *job) endSessions(ctx context.Context, have []holds.Intent, before holds.Snapshot) error {
	end := holds.Action{Kind: holds.ClearSessions, Account: j.hold.Subject.ID}
	if !slices.Contains(j.plan(), end) {
		return nil
	}
	ours := slices.DeleteFunc(slices.Clone(have), func(i holds.Intent) bool { return i.Action != end })
	if len(ours) > 0 {
		return j.carryOut(ctx, ours, true)
	}
	fresh := j.intend(ctx, holds.ToContain, j.Round, []holds.Action{end}, have, before)
	if _, err := j.apply(ctx, j.Key, holds.RestraintBegun{Intents: fresh}); err != nil {
		return ignoreConflict(err)
	}
	return j.carryOut(ctx, fresh, false)
}

// isOf tells whether an account is one of a list of immutable ids, whichever case
// somebody wrote them in: a directory's ids have none.
func isOf(list []string, account string) bool {
	return slices.ContainsFunc(list, func(id string) bool { return strings.EqualFold(id, account) })
}

// untouchable says why an account is never restrained by this connection, asked
// again when the calls would be made: the configuration may have changed since
// the hold was opened.
func (c Connection) untouchable(account string) string {
	switch {
	case isOf(c.BreakGlass, account):
		return "this is a break-glass account"
	case isOf(c.OwnAccounts, account):
		return "this is an account of Countersign itself"
	}
	return ""
}
