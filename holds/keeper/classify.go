package keeper

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// Classify drains the inbox until the context ends. It sleeps until wake fires
// and looks by itself every second, since a signal may be lost.
func (k *Keeper) Classify(ctx context.Context, wake <-chan struct{}) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		k.drain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
	}
}

// drain decides deliveries until none is waiting. One that cannot be decided
// waits by itself and holds up nobody; the store counts the failures of each, so
// that a bad one ends in view of people.
func (k *Keeper) drain(ctx context.Context) {
	for ctx.Err() == nil {
		worked, err := k.Inbox.Decide(ctx, k.Now(), k.decode, k.fold)
		if err != nil {
			k.failed(ctx, "a delivery could not be decided and waits", err)
		}
		if !worked {
			return
		}
	}
}

// decode fails for a connection that this process does not know: another
// replica may, and until one does the delivery waits.
func (k *Keeper) decode(d holds.Delivery) ([]holds.Event, error) {
	c, err := k.connection(d.Connection)
	if err != nil {
		return nil, err
	}
	if d.Source == holds.FromKeeper {
		return decodeOwn(d)
	}
	return c.Provider.Decode(d), nil
}
