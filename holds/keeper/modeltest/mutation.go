package modeltest

import (
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// Mutation is a fault put into what surrounds the keeper, to see whether the checks
// find it.
type Mutation struct {
	Name string
	// Finds is the invariant that must be found broken.
	Finds string
	// Rare mutations take hundreds of sequences to find.
	Rare bool
	// Store and Provider stand between the keeper's calls and what they reach.
	Store    func(keepertest.Store, *world) keepertest.Store
	Provider func(keeper.Provider, *world) keeper.Provider
	// ForgetBreakGlass starts processes that do not know whom to spare.
	ForgetBreakGlass bool
	// DoorStaysOpen lets those decide who are no reviewers any more.
	DoorStaysOpen bool
	// AnyVersion submits a decision for the version there is, not the one seen.
	AnyVersion bool
}
