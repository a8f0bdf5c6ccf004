package keeper

import (
	"context"
	"slices"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// mostInFull is how many holds a digest tells of in full; of the others it gives
// the name, and where to look.
const mostInFull = 50

// spokenFor is a message with those that it speaks for.
func (k *Keeper) spokenFor(ctx context.Context, n holds.Notice) ([]holds.Notice, error) {
	if n.Due.IsZero() {
		return []holds.Notice{n}, nil
	}
	with, err := k.Notices.Gathered(ctx, n.Tenant, n.ID)
	return append([]holds.Notice{n}, with...), err
}

// say sends a message, or the one that says what several would have said.
func (j *job) say(ctx context.Context, all []holds.Notice, owner holds.Person) (holds.Attempt, error) {
	parts := things(all)
	for i, g := range parts[:min(len(parts), mostInFull)] {
		if g.Notice.Hold == j.hold.ID {
			parts[i].Hold = j.hold
			continue
		}
		v, err := j.Holds.View(ctx, holds.Key{Tenant: g.Notice.Tenant, Hold: g.Notice.Hold})
		if holds.KindOf(err) == holds.Unavailable {
			return holds.Attempt{}, err
		}
		if err != nil { // it is only named, and the others do not wait for it
			j.Logger.Error("a hold could not be read for a digest", "tenant", g.Notice.Tenant, "hold", g.Notice.Hold, "error", err)
			continue
		}
		parts[i].Hold = v.Hold
	}
	failpoint.Hit(failpoint.SendReady)
	attempt := j.deliver(ctx, all, parts, owner)
	failpoint.Hit(failpoint.SendAccepted)
	return attempt, nil
}

// deliver hands the mail server what tells one thing, however many messages did, or a digest.
func (j *job) deliver(ctx context.Context, all []holds.Notice, parts []holds.Gathered, owner holds.Person) holds.Attempt {
	if len(parts) == 1 {
		return j.Messenger.Send(ctx, all[0], j.hold, owner)
	}
	j.Logger.Info("messages that would be too many go out as one", "tenant", j.Key.Tenant, "notice", j.Notice, "audience", all[0].Audience,
		"messages", len(all), "things", len(parts))
	return j.Messenger.Digest(ctx, all[0], parts, owner)
}

// things is what messages tell, each thing once: for an owner a hold, for people on
// duty a hold and a reason, in the order in which the newest messages about them
// were planned.
func things(all []holds.Notice) []holds.Gathered {
	var out []holds.Gathered
	for i, n := range all {
		again := slices.ContainsFunc(all[i+1:], func(o holds.Notice) bool { return o.Hold == n.Hold && o.Why == n.Why })
		if !again {
			out = append(out, holds.Gathered{Notice: n})
		}
	}
	return out
}

// aboutHolds is the holds that messages are about.
func aboutHolds(all []holds.Notice) []holds.Key {
	var out []holds.Key
	for _, n := range all {
		if key := (holds.Key{Tenant: n.Tenant, Hold: n.Hold}); !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// told says on every hold that a message to its owner was accepted, once.
func (j *job) told(ctx context.Context, all []holds.Notice) error {
	if all[0].Audience != holds.ToOwner {
		return nil
	}
	for _, key := range aboutHolds(all) {
		now := j.Now()
		_, err := j.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
			if !h.ToldAt.IsZero() {
				return nil, nil
			}
			c, err := holds.Apply(h, holds.Told{}, now)
			return &c, err
		})
		if ignoreConflict(err) != nil {
			return err
		}
	}
	return nil
}

// untold says on every hold why its owner cannot be told.
func (j *job) untold(ctx context.Context, all []holds.Notice, why string) error {
	for _, key := range aboutHolds(all) {
		if _, err := j.apply(ctx, key, holds.Untold{Reason: why}); ignoreConflict(err) != nil {
			return err
		}
	}
	return nil
}
