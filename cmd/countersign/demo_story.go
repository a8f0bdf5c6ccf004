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
const patience = time.Minute

// until looks again and again until a condition holds. It looks rather than
// listens because it stands outside of the service, as a person does.
func until(ctx context.Context, what string, ready func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ready(ctx)
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited too long for %s: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// known waits until every account has a before-image.
func (w *demoWorld) known(ctx context.Context) error {
	return until(ctx, "the before-images of the accounts", func(ctx context.Context) (bool, error) {
		store := w.service.store
		for account := range w.people {
			_, err := store.SnapshotBefore(ctx, demoTenant, demoConnection, account, store.Now())
			if holds.KindOf(err) == holds.NotFound {
				return false, nil
			}
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

// holdOf waits for a hold of an account that satisfies a condition.
func (w *demoWorld) holdOf(ctx context.Context, account, what string, ready func(holds.View) bool) (v holds.View, err error) {
	err = until(ctx, what, func(ctx context.Context) (bool, error) {
		for _, ended := range []bool{false, true} {
			list, err := w.service.store.Queue(ctx, demoTenant, holds.Filter{Subject: account, Ended: ended, Limit: 1})
			if err != nil {
				return false, err
			}
			for _, s := range list {
				if v, err = w.service.store.View(ctx, s.Key); err != nil {
					return false, err
				}
				if ready(v) {
					return true, nil
				}
			}
		}
		return false, nil
	})
	if err != nil {
		err = fmt.Errorf("%w; the hold stands at %s, %s %v", err, v.Hold.State, v.Hold.Standing, v.Hold.Doubts)
	}
	return v, err
}

// contained: restrained as read back, and the owner told.
func contained(v holds.View) bool {
	return v.Hold.Standing == holds.Contained && !v.Hold.ToldAt.IsZero()
}

func (w *demoWorld) account(duty string) (string, error) {
	if p := w.withDuty(duty); len(p) > 0 {
		return p[0].ID, nil
	}
	return "", fmt.Errorf("the simulated company has no %s", duty)
}

// lostPhone: the help desk believes a caller and resets all factors.
func (w *demoWorld) lostPhone(ctx context.Context) (holds.View, error) {
	agent, err1 := w.account("help desk")
	victim, err2 := w.account("engineer")
	if err := errors.Join(err1, err2); err != nil {
		return holds.View{}, err
	}
	if err := w.sim.tell(ctx, "reset-factors", map[string]any{"actor": agent, "subject": victim}); err != nil {
		return holds.View{}, err
	}
	return w.holdOf(ctx, victim, "the reset to be held", contained)
}

// grantedRole: a stolen session of the IT lead makes the contractor an
// administrator.
func (w *demoWorld) grantedRole(ctx context.Context) (holds.View, error) {
	lead, err1 := w.account("it lead")
	contractor, err2 := w.account("contractor")
	if err := errors.Join(err1, err2); err != nil {
		return holds.View{}, err
	}
	story := map[string]any{"actor": lead, "subject": contractor, "role": "SUPER_ADMIN", "from": "elsewhere"}
	if err := w.sim.tell(ctx, "grant-role", story); err != nil {
		return holds.View{}, err
	}
	return w.holdOf(ctx, contractor, "the grant to be held", contained)
}

// releaseStory: the caller was who they said; two people release, and the new
// phone joins the hold that was released.
func (w *demoWorld) releaseStory(ctx context.Context) (holds.View, error) {
	v, err := w.lostPhone(ctx)
	if err != nil {
		return v, err
	}
	verifier, approver, err := w.browsers(ctx)
	if err != nil {
		return v, err
	}
	if err := verifier.checkByCallback(ctx, v.Hold.ID, "call 2291"); err != nil {
		return v, err
	}
	if err := verifier.checkByManager(ctx, v.Hold.ID, "thread 88"); err != nil {
		return v, err
	}
	if err := approver.decide(ctx, v.Hold.ID, holds.Approve, "Verified by callback and by the manager."); err != nil {
		return v, err
	}
	account := v.Hold.Subject.ID
	if v, err = w.holdOf(ctx, account, "the release", func(v holds.View) bool { return v.Hold.State == holds.Released }); err != nil {
		return v, err
	}
	if err := w.sim.tell(ctx, "enrol-factor", map[string]any{"subject": account, "kind": "push", "device": "a new phone"}); err != nil {
		return v, err
	}
	return w.holdOf(ctx, account, "the expected enrolment to join", func(v holds.View) bool { return !v.Hold.Expectation.Met.IsZero() })
}

// revertStory: nobody knows of the grant; one person denies it and the role is
// taken away again.
func (w *demoWorld) revertStory(ctx context.Context) (holds.View, error) {
	v, err := w.grantedRole(ctx)
	if err != nil {
		return v, err
	}
	_, approver, err := w.browsers(ctx)
	if err != nil {
		return v, err
	}
	if err := approver.decide(ctx, v.Hold.ID, holds.Deny, "Jonas is on holiday and knows nothing of it."); err != nil {
		return v, err
	}
	v, err = w.holdOf(ctx, v.Hold.Subject.ID, "the revert", func(v holds.View) bool { return v.Hold.State == holds.Reverted })
	if err != nil {
		return v, err
	}
	return v, w.roleGone(ctx, v.Hold.Subject.ID)
}

// roleGone asks the simulator itself, not us.
func (w *demoWorld) roleGone(ctx context.Context, account string) error {
	var p struct {
		Roles []struct {
			Type string `json:"type"`
		} `json:"roles"`
	}
	if err := w.sim.person(ctx, account, &p); err != nil {
		return err
	}
	for _, r := range p.Roles {
		if r.Type == "SUPER_ADMIN" {
			return errors.New("the revert was confirmed but the simulated provider still shows the role")
		}
	}
	return nil
}
