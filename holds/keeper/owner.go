package keeper

import (
	"context"

	"github.com/countersign/countersign/holds"
)

// maxTries is how many wrong codes a message's page takes.
const maxTries = 5

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
	case !n.Used.IsZero():
		return holds.Refuse(holds.Conflict, "You have told us already that this was not you; people are looking at it.")
	case n.Tries >= maxTries:
		return holds.Refuse(holds.Forbidden, "Too many wrong codes. Call the security team.")
	}
	right := k.Codes.Matches(id, typed)
	if notMe || !right {
		ok, err := k.Notices.CodeTry(ctx, tenant, id, right, now)
		if err != nil {
			return err
		}
		if !right || !ok {
			return holds.Refuse(holds.Forbidden, "That is not the code of this message. Look at it again and type all eight characters.")
		}
	}
	return k.ownerSays(ctx, holds.Key{Tenant: tenant, Hold: n.Hold}, notMe)
}

// ownerSays applies the word to the hold; where its release has begun, a
// repudiation opens the hold that follows.
func (k *Keeper) ownerSays(ctx context.Context, key holds.Key, notMe bool) error {
	now, next := k.Now(), holds.HoldID(k.NewID())
	_, err := k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		by := holds.ByOwner(h.Owner)
		c, err := holds.Apply(h, holds.OwnerSaid{By: by, NotMe: notMe}, now)
		if notMe && holds.KindOf(err) == holds.Conflict {
			follow := holds.Continue(h, next, by, now)
			return &holds.Change{Hold: h, Also: &follow}, nil
		}
		return &c, err
	})
	return err
}
