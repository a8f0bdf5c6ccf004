package keeper

import (
	"context"

	"github.com/countersign/countersign/holds"
)

// looked keeps what was seen of a connection's push at its provider, and that it
// could not be seen.
func (k *Keeper) looked(ctx context.Context, c Connection, trouble string, err error) {
	if k.Footing == nil || ctx.Err() != nil {
		return
	}
	look := holds.PushLook{At: k.Now(), Trouble: trouble}
	if err != nil {
		look = holds.PushLook{Unseen: holds.Say(err)}
	}
	if err := k.Footing.SavePushLook(ctx, c.Tenant, c.ID, look); err != nil {
		k.failed(ctx, "a look at a connection's notifications could not be recorded", err, "connection", c.ID)
	}
}

// unheard raises that changes may not reach us: that the provider's log is not read,
// or a subscription is lost and does not come back. What the other looks raise by
// themselves is not told twice.
func (k *Keeper) unheard(ctx context.Context, c Connection) {
	if k.Footing == nil {
		return
	}
	all, err := k.Footing.Health(ctx, c.Tenant)
	if err != nil {
		k.failed(ctx, "the health of connections could not be read", err, "connection", c.ID)
		return
	}
	for _, h := range all {
		if h.Connection != c.ID {
			continue
		}
		for _, f := range h.Findings(c.Feeds, k.Now()) {
			if !f.Page {
				continue
			}
			k.Logger.Warn("changes of a connection may not reach us", "connection", c.ID, "what", f.Kind, "why", f.What)
			if err := k.raise(ctx, c, "countersign."+string(f.Kind), f.What+" "+f.Do); err != nil {
				k.failed(ctx, "people could not be told that changes may not reach us", err, "connection", c.ID)
			}
		}
	}
}
