package main

import (
	"context"
	"errors"
	"fmt"
)

// What the simulated platforms themselves say in the end: the demonstration does not
// take our word for it.

// access is what a platform's policies give an account.
type access struct {
	Access string `json:"access"`
}

// mayEnter tells whether an account may sign in on its platform.
func (w *demoWorld) mayEnter(ctx context.Context, c cast) (okta, entra bool, err error) {
	var o struct {
		SignOn access `json:"signOn"`
	}
	var e struct {
		SignIn access `json:"signIn"`
	}
	err = errors.Join(w.sim.get(ctx, "/sim/access/"+c.okta, &o), w.sim.get(ctx, "/entra/sim/access/"+c.entra, &e))
	return o.SignOn.Access != "DENY", e.SignIn.Access != "DENY", err
}

// free asks both platforms whether a released person can work again.
func (w *demoWorld) free(ctx context.Context, c cast) error {
	var o struct {
		Status string `json:"status"`
	}
	var e struct {
		Enabled bool `json:"accountEnabled"`
	}
	if err := errors.Join(w.sim.get(ctx, "/sim/people/"+c.okta, &o), w.sim.get(ctx, "/entra/sim/people/"+c.entra, &e)); err != nil {
		return err
	}
	okta, entra, err := w.mayEnter(ctx, c)
	if err == nil && (!okta || !entra || o.Status != "ACTIVE" || !e.Enabled) {
		err = fmt.Errorf("the release was confirmed, but the platforms say otherwise: at Okta the account is %s and may sign in: %t; at Entra it is enabled: %t, and may sign in: %t",
			o.Status, okta, e.Enabled, entra)
	}
	return err
}

// undone asks both platforms whether what the attacker did is gone, and whether the
// accounts are still restrained: the deny gives them back to nobody.
func (w *demoWorld) undone(ctx context.Context, c cast) error {
	var o struct {
		Factors []struct {
			Type string `json:"factorType"`
		} `json:"factors"`
	}
	var e struct {
		Assignments []struct {
			Principal string `json:"principalId"`
			Role      string `json:"roleDefinitionId"`
		} `json:"assignments"`
	}
	if err := errors.Join(w.sim.get(ctx, "/sim/people/"+c.okta, &o), w.sim.get(ctx, "/entra/sim/state", &e)); err != nil {
		return err
	}
	if len(o.Factors) > 0 {
		return fmt.Errorf("the revert was confirmed, but the simulated Okta still shows the factor %s", o.Factors[0].Type)
	}
	for _, a := range e.Assignments {
		if a.Principal == c.entra && a.Role == globalAdministrator {
			return errors.New("the revert was confirmed, but the simulated directory still shows the role")
		}
	}
	okta, entra, err := w.mayEnter(ctx, c)
	if err == nil && (okta || entra) {
		err = fmt.Errorf("the accounts are called contained, but may sign in (at Okta: %t, at Entra: %t)", okta, entra)
	}
	return err
}
