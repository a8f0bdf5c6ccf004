package keeper

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// Before-images. Providers do not tell old values, so an account that was
// never read cannot be put back, and is judged as the most sensitive.
const (
	baselineAge  = 24 * time.Hour   // older snapshots are taken anew
	baselineLoop = 15 * time.Minute // between two looks at who needs one
	baselineFast = 30               // so many accounts at once at the start …
	baselinePace = 4 * time.Second  // … then one in this time, to leave the provider's rate limit to containment
)

// Baseline keeps a snapshot of every account the directory links to a person,
// not older than a day, until the context ends.
func (k *Keeper) Baseline(ctx context.Context) error {
	for {
		for _, c := range k.Connections {
			k.baseline(ctx, c)
		}
		if !pause(ctx, baselineLoop) {
			return nil
		}
	}
}

// baseline goes through the accounts of one connection once.
func (k *Keeper) baseline(ctx context.Context, c Connection) {
	people, err := k.Directory.People(ctx, c.Tenant)
	if err != nil {
		k.failed(ctx, "the directory could not be read for before-images", err, "connection", c.ID)
		return
	}
	taken := 0
	for _, account := range accountsOf(people, c.ID) {
		now := k.Now()
		if s, err := k.Snapshots.SnapshotBefore(ctx, c.Tenant, c.ID, account, now); err == nil && now.Sub(s.At) < baselineAge {
			continue
		}
		if taken++; taken > baselineFast && !pause(ctx, baselinePace) {
			return
		}
		if err := k.takeBaseline(ctx, c, account); err != nil {
			if holds.KindOf(err) != holds.NotFound {
				k.failed(ctx, "a before-image could not be taken; the rest waits for the next look", err, "connection", c.ID)
				return
			}
			k.Logger.Warn("the directory names an account that does not exist", "connection", c.ID, "account", account)
		}
	}
}

func (k *Keeper) takeBaseline(ctx context.Context, c Connection, account string) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	s, err := c.Provider.Snapshot(ctx, account)
	if err != nil {
		return err
	}
	return k.Snapshots.SaveSnapshot(ctx, c.Tenant, c.ID, s)
}

func accountsOf(people []holds.Person, conn holds.ConnectionID) []string {
	var out []string
	for _, p := range people {
		for _, a := range p.Accounts {
			if a.Connection == conn {
				out = append(out, a.Account)
			}
		}
	}
	return out
}

// pause waits, and tells whether the context still lives.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
