package keeper

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// Classify drains the inbox until the context ends. It sleeps until wake fires
// and looks by itself every second, since a signal may be lost.
func (k *Keeper) Classify(ctx context.Context, wake <-chan struct{}) error {
	n := max(k.Classifiers, 1)
	more := make(chan struct{}, n)
	var all sync.WaitGroup
	for range n {
		all.Go(func() { k.classify(ctx, wake, more) })
	}
	all.Wait()
	return nil
}

// classify is one of those that drain the inbox. Whoever finds something wakes
// another, since there may be more: a flood wakes all, a single delivery one or two.
func (k *Keeper) classify(ctx context.Context, wake <-chan struct{}, more chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		k.drain(ctx, func() {
			select {
			case more <- struct{}{}:
			default:
			}
		})
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-more:
		case <-tick.C:
		}
	}
}

// drain decides deliveries until none is waiting, and calls found after the first.
// One that cannot be decided waits by itself and holds up nobody; the store counts
// the failures of each, so that a bad one ends in view of people.
func (k *Keeper) drain(ctx context.Context, found func()) {
	for first := true; ctx.Err() == nil; first = false {
		worked, err := k.Inbox.Decide(ctx, k.Now(), k.decode, k.fold)
		if err != nil {
			k.failed(ctx, "a delivery could not be decided and waits", err)
		}
		if !worked {
			return
		}
		if first {
			found()
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
