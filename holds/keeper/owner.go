package keeper

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// maxTries is how many wrong codes a message's page takes.
const maxTries = 5

const toldAlready = "You have told us already that this was not you; people are looking at it."

// Answer takes an owner's word through the page a message links to. The code
// in the message must be typed: a link that is merely opened or clicked by a
// mail scanner does nothing. "Not me" uses the code up; "was me" does not, so
// that it can never take the alarm away.
func (k *Keeper) Answer(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, typed string, notMe bool) error {
	n, err := k.Notices.Notice(ctx, tenant, id)
	if err != nil {
		return err
	}
	now := k.Now()
	switch {
	case n.Audience != holds.ToOwner, now.After(n.Expires):
		return holds.Refuse(holds.Forbidden, "This link is no longer valid. Call the security team.")
	case !n.Used.IsZero() && !(notMe && k.Codes.Matches(id, typed)):
		return holds.Refuse(holds.Conflict, "%s", toldAlready)
	case n.Used.IsZero() && n.Tries >= maxTries:
		return holds.Refuse(holds.Forbidden, "Too many wrong codes. Call the security team.")
	}
	right, again := k.Codes.Matches(id, typed), !n.Used.IsZero()
	if !again && (notMe || !right) {
		ok, err := k.Notices.CodeTry(ctx, tenant, id, right, now)
		if err != nil {
			return err
		}
		if !right || !ok {
			return holds.Refuse(holds.Forbidden, "That is not the code of this message. Look at it again and type all eight characters.")
		}
	}
	return k.ownerSays(ctx, holds.Key{Tenant: tenant, Hold: n.Hold}, notMe, again)
}

// ownerSays applies the word to the hold; where its release has begun, a
// repudiation opens the hold that follows. The code is used up in a commit of its
// own before, so the word may come again: a hold that has it already says so,
// and one that does not takes it.
func (k *Keeper) ownerSays(ctx context.Context, key holds.Key, notMe, again bool) error {
	now, next := k.Now(), holds.HoldID(k.NewID())
	follows := false
	_, err := k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		by := holds.ByOwner(h.Owner)
		c, err := holds.Apply(h, holds.OwnerSaid{By: by, NotMe: notMe}, now)
		over := notMe && holds.KindOf(err) == holds.Conflict
		if h.Frozen() && (again || over) {
			return nil, holds.Refuse(holds.Conflict, "%s", toldAlready)
		}
		if follows = over; over {
			follow := holds.Continue(h, next, by, now)
			h.NotMe = now
			said := holds.Entry{Kind: "owner.not_me", By: by, Facts: map[string]string{"next": string(next)}}
			return &holds.Change{Hold: h, Entries: []holds.Entry{said}, Also: &follow}, nil
		}
		return &c, err
	})
	if follows && holds.KindOf(err) == holds.Conflict {
		// Another hold of the account is open: it is that one the word freezes now.
		if err := k.freezeOpen(ctx, key, now); err != nil {
			return err
		}
		_, err = k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
			c := holds.Repudiated(h, holds.ByOwner(h.Owner), now)
			return &c, nil
		})
	}
	return err
}

// freezeOpen applies a repudiation to the open hold of the same account.
func (k *Keeper) freezeOpen(ctx context.Context, key holds.Key, now time.Time) error {
	v, err := k.Holds.View(ctx, key)
	if err != nil {
		return err
	}
	open, err := k.Holds.OpenHold(ctx, key.Tenant, v.Hold.Connection, v.Hold.Subject.ID)
	if holds.KindOf(err) == holds.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = k.Holds.Update(ctx, open, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.OwnerSaid{By: holds.ByOwner(h.Owner), NotMe: true}, now)
		return &c, err
	})
	return err
}
