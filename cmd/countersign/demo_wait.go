package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/countersign/countersign/holds"
)

// patience is how long the demonstration waits for anything: far longer than
// it ever takes, so that a slow machine does not make it fail.
const patience = 2 * time.Minute

// until looks again and again until a condition holds. It looks rather than
// listens because it stands outside of the service, as a person does. What it
// looks at says how things stand, for the case that it was in vain.
func (w *demoWorld) until(ctx context.Context, what string, ready func(context.Context) (ok bool, stands string, err error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s have passed", patience))
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	stands := "nothing was seen of it"
	for {
		ok, now, err := ready(ctx)
		switch {
		case ok && err == nil:
			return nil
		case err != nil && ctx.Err() == nil:
			return fmt.Errorf("while waiting for %s: %w", what, err)
		case err == nil:
			stands = now
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited too long for %s (%w): %s", what, context.Cause(ctx), stands)
		case <-w.ended:
			return errors.Join(fmt.Errorf("the service stopped before %s: %s", what, stands), w.failed)
		case <-w.sim.ended:
			return fmt.Errorf("the simulated identity platforms ended before %s: %s", what, stands)
		case <-tick.C:
		}
	}
}

// known waits until every account has a before-image, and Entra's changes are
// subscribed to, as on any day but the first.
func (w *demoWorld) known(ctx context.Context) error {
	err := w.until(ctx, "the before-images of all accounts", func(ctx context.Context) (bool, string, error) {
		store := w.service.store
		for _, p := range w.people {
			for _, a := range p.Accounts {
				_, err := store.SnapshotBefore(ctx, demoTenant, a.Connection, a.Account, store.Now())
				if holds.KindOf(err) == holds.NotFound && err != nil {
					return false, fmt.Sprintf("there is none of %s at %s", p.Name, a.Connection), nil
				}
				if err != nil {
					return false, "", err
				}
			}
		}
		return true, "", nil
	})
	if err != nil {
		return err
	}
	return w.until(ctx, "the subscriptions at the simulated directory", func(ctx context.Context) (bool, string, error) {
		feeds, err := w.service.store.Feeds(ctx, demoTenant, demoEntra)
		made := 0
		for _, f := range feeds {
			if f.ID != "" && f.Pending.IsZero() {
				made++
			}
		}
		return made == 2, fmt.Sprintf("%d of 2 are made", made), err
	})
}

// holdOf waits for a hold of an account that satisfies a condition.
func (w *demoWorld) holdOf(ctx context.Context, account, what string, ready func(holds.View) bool) (v holds.View, err error) {
	err = w.until(ctx, what, func(ctx context.Context) (bool, string, error) {
		stands := "the account has no hold"
		for _, ended := range []bool{false, true} {
			list, err := w.service.store.Queue(ctx, demoTenant, holds.Filter{Subject: account, Ended: ended, Limit: 1})
			if err != nil {
				return false, "", err
			}
			for _, s := range list {
				if v, err = w.service.store.View(ctx, s.Key); err != nil {
					return false, "", err
				}
				if ready(v) {
					return true, "", nil
				}
				stands = standing(v.Hold)
			}
		}
		return false, stands, nil
	})
	return v, err
}

// standing says where a hold stands, for an error.
func standing(h holds.Hold) string {
	told := "the owner is told"
	if h.ToldAt.IsZero() {
		told = "the owner is not told" + but(h.Untold)
	}
	return fmt.Sprintf("hold %s of %s is %s, %s, containment %s, with %d events; %s%s",
		h.ID, oneOf(h.Subject.Login, h.Subject.ID), h.State, h.Standing, h.Containment, len(h.Events), told, but(join(h.Doubts)))
}

func but(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}
