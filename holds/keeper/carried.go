package keeper

import (
	"context"
	"errors"

	"github.com/countersign/countersign/holds"
)

// forged takes a hold back to people whose decisions are not proven, and tells
// whether that was the trouble. No call has been made then: the hold is asked in
// the transaction that would announce the first one.
func (j *job) forged(ctx context.Context, cause error) (bool, error) {
	var u *holds.Unproven
	if !errors.As(cause, &u) {
		return false, nil
	}
	j.Logger.Error("the decisions of a hold are not proven; somebody may have written them past Countersign", "hold", j.Key.Hold, "effect", j.Kind, "why", u.Why)
	return true, j.report(ctx, holds.DecisionsUnproven{Why: u.Why})
}

// leaderCarried tells whether the hold that this one follows has ended by proven
// decisions. A hold that follows none says no.
func (j *job) leaderCarried(ctx context.Context) (bool, error) {
	if j.hold.Leader == "" {
		return false, nil
	}
	v, err := j.Holds.View(ctx, holds.Key{Tenant: j.Key.Tenant, Hold: j.hold.Leader})
	if holds.KindOf(err) == holds.NotFound && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return v.Hold.EndedCarried(), nil
}
