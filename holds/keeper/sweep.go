package keeper

import (
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
)

// The sweeps read due rows again and again; nothing hangs on a timer in memory.
const (
	sweepEvery   = 10 * time.Second
	driftEvery   = 5 * time.Minute
	healthEvery  = time.Minute
	sweepLimit   = 100
	sweepTimeout = 30 * time.Second
)

// Sweep escalates what is due, reads restraints back and checks each
// connection's footing, until the context ends.
func (k *Keeper) Sweep(ctx context.Context) error {
	// A provider that answers slowly must not keep anybody from being paged.
	var looks sync.WaitGroup
	defer looks.Wait()
	looks.Go(func() { every(ctx, sweepEvery, k.Drift) })
	looks.Go(func() { every(ctx, healthEvery, k.Health) })
	looks.Go(func() { every(ctx, brakeEvery, k.Resume) })
	every(ctx, sweepEvery, k.Escalate)
	return nil
}

func every(ctx context.Context, d time.Duration, look func(context.Context)) {
	for ctx.Err() == nil {
		look(ctx)
		if !pause(ctx, d) {
			return
		}
	}
}

// failed logs what went wrong, unless the program is stopping: what it breaks
// off then is done by whoever runs next.
func (k *Keeper) failed(ctx context.Context, what string, err error, args ...any) {
	if ctx.Err() == nil {
		k.Logger.Error(what, append(args, "error", err)...)
	}
}

// Escalate pages people about holds nobody has decided in time.
func (k *Keeper) Escalate(ctx context.Context) {
	now := k.Now()
	due, err := k.Holds.Due(ctx, now, sweepLimit)
	if err != nil {
		k.failed(ctx, "the deadlines could not be read", err)
		return
	}
	for _, key := range due {
		failpoint.Hit(failpoint.SweepDue)
		_, err := k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
			if h.Due.After(now) {
				return nil, nil // another replica was faster
			}
			c, err := holds.Apply(h, holds.DeadlinePassed{}, now)
			return &c, err
		})
		if err != nil {
			k.failed(ctx, "a hold could not be escalated", err, "hold", key.Hold)
		}
		failpoint.Hit(failpoint.SweepEscalated)
	}
}

// Drift reads confirmed restraints back: somebody may have undone them.
func (k *Keeper) Drift(ctx context.Context) {
	now := k.Now()
	keys, err := k.Holds.Restrained(ctx, now.Add(-driftEvery), sweepLimit)
	if err != nil {
		k.failed(ctx, "the restrained holds could not be read", err)
		return
	}
	for _, key := range keys {
		if err := k.readAgain(ctx, key); err != nil {
			k.failed(ctx, "a restraint could not be read back", err, "hold", key.Hold)
			k.unread(ctx, key, err)
		}
	}
}

// unread says on the hold, once, that its restraint could not be looked at.
func (k *Keeper) unread(ctx context.Context, key holds.Key, why error) {
	now := k.Now()
	_, err := k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.RestraintUnread{Reason: holds.Say(why)}, now)
		if err != nil || len(c.Hold.Doubts) == len(h.Doubts) {
			return nil, err
		}
		return &c, nil
	})
	if err != nil {
		k.failed(ctx, "a hold could not be told that its restraint was not read back", err, "hold", key.Hold)
	}
}

func (k *Keeper) readAgain(ctx context.Context, key holds.Key) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	v, err := k.Holds.View(ctx, key)
	if err != nil {
		return err
	}
	c, err := k.connection(v.Hold.Connection)
	if err != nil {
		return err
	}
	s, err := c.Provider.Snapshot(ctx, v.Hold.Subject.ID)
	if holds.KindOf(err) == holds.NotFound {
		s, err = holds.Snapshot{Account: v.Hold.Subject, Status: holds.StatusDeleted}, nil
	}
	if err != nil {
		return err
	}
	ok, problems, err := c.restrained(ctx, s)
	if err != nil {
		return err
	}
	var f holds.Fact = holds.RestraintConfirmed{Remarks: problems}
	if !ok {
		f = holds.RestraintDrifted{Reason: sentence(problems)}
	}
	now := k.Now()
	_, err = k.Holds.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		if h.Containment != holds.ContainmentConfirmed || h.Revision != v.Hold.Revision {
			return nil, nil // it has moved on; the next sweep looks again
		}
		c, err := holds.Apply(h, f, now)
		c.Entries = onlyDrift(c.Entries, ok)
		return &c, err
	})
	return err
}

// onlyDrift keeps a read-back that found nothing wrong out of the audit log.
func onlyDrift(e []holds.Entry, ok bool) []holds.Entry {
	if ok {
		return nil
	}
	return e
}

// Health reads each connection's restraint rules back and records what is so.
func (k *Keeper) Health(ctx context.Context) {
	for _, c := range k.Connections {
		h := holds.ConnectionHealth{Tenant: c.Tenant, Connection: c.ID, Mode: c.Mode}
		short, cancel := context.WithTimeout(ctx, sweepTimeout)
		e, err := c.Provider.Enforcement(short, "")
		cancel()
		if err != nil {
			h.Trouble = holds.Say(err)
		}
		h.Enforcement = e
		if err := k.Snapshots.SaveHealth(ctx, h); err != nil {
			k.failed(ctx, "a connection's health could not be recorded", err, "connection", c.ID)
		}
		if ctx.Err() == nil {
			k.footing(ctx, c, e, err)
			k.listening(ctx, c)
			k.arm(ctx, c)
			k.telling(ctx, c)
		}
	}
}
