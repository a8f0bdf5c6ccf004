package providertest

import (
	"context"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// Provider is what the keeper asks of a provider.
type Provider interface {
	Decode(holds.Delivery) []holds.Event
	Snapshot(ctx context.Context, account string) (holds.Snapshot, error)
	Do(ctx context.Context, a holds.Action) (holds.Result, error)
	Enforcement(ctx context.Context, account string) (holds.Enforcement, error)
}

// Objects reads back what no snapshot of an account shows, as the keeper asks it.
type Objects interface {
	Observe(ctx context.Context, a holds.Action) (inForce bool, err error)
}

// Records tells what an account did and who it is, as the keeper asks it.
type Records interface {
	Activity(ctx context.Context, account string, since time.Time) (pages [][]byte, complete bool, err error)
	Find(ctx context.Context, login string) (holds.Account, error)
}

// Fault is how the changing call of an action goes wrong, once.
type Fault int

// The faults. Before and after say whether the change takes effect; Hang gives
// no answer and changes nothing.
const (
	FailBefore Fault = iota
	FailAfter
	CutBefore
	CutAfter
	Hang
	Page     // a web page instead of data, nothing changed
	OddAfter // the change takes effect, but the answer has another shape
)

// Account is what the harness made.
type Account struct {
	ID string
	// Role is a role assignment of the account's own, GroupRole one it has through
	// a group, Factor one of at least two factors.
	Role, GroupRole, Factor string
	// Objects are what the harness's further kinds are done to, as Action.Object; for
	// RestoreProfile the names of what was changed since Before was taken.
	Objects map[holds.ActionKind]string
	Before  *holds.Snapshot
}

// Harness is one simulated organisation with one provider speaking to it. Every
// function is needed; a nil one fails the suite. What not every platform can do is
// said by Kinds, Objects and Records.
type Harness struct {
	Provider Provider
	// Kinds are the actions the provider supports beyond those every one does. Those
	// that a snapshot does not show need Objects, and in Missing a well-formed object
	// that does not exist.
	Kinds   []holds.ActionKind
	Objects Objects
	Missing map[holds.ActionKind]string
	// Records is nil where the platform's log cannot be asked. Busy makes the account
	// change something of itself, and somebody else change it and another account.
	Records Records
	Busy    func(t *testing.T, account string)
	// Deadline is the provider's own for one call; the suite allows an action a few
	// of them.
	Deadline time.Duration
	// Secrets are values no error may show.
	Secrets []string
	// Account makes an active account with an administrator role of its own, one
	// through a group, two factors and a session, not restrained.
	Account func(t *testing.T) Account
	// Nobody is a well-formed id of no account.
	Nobody string
	// BadIDs are texts that are not ids of this platform, beyond those the suite
	// knows.
	BadIDs []string
	// Inactive makes the account one that cannot be suspended.
	Inactive func(t *testing.T, account string)
	// Fail arms a fault for the action's changing call.
	Fail func(t *testing.T, a holds.Action, f Fault)
	// Effects counts how often the action's call took effect.
	Effects func(a holds.Action) int
	// Calls counts all requests the other side has seen.
	Calls func() int
	// Limit makes the next call meet a rate limit of the given length.
	Limit func(t *testing.T, d time.Duration)
	// Revoke takes the provider's credential away.
	Revoke func(t *testing.T)
	// Loosen makes the restraint group restrain nobody any more.
	Loosen func(t *testing.T)
}

// action is an action on the account with the object it needs.
func (a Account) action(k holds.ActionKind) holds.Action {
	out := holds.Action{Kind: k, Account: a.ID}
	switch k {
	case holds.RemoveRole:
		out.Object = a.Role
	case holds.RemoveFactor:
		out.Object = a.Factor
	case holds.RestoreProfile:
		out.Object, out.Before = a.Objects[k], a.Before
	case holds.LeaveGroup, holds.DisableDevice, holds.RevokeToken, holds.RevokeConsent, holds.RemoveCredential, holds.DeactivateIDP:
		out.Object = a.Objects[k]
	case holds.JoinRestraintGroup, holds.LeaveRestraintGroup, holds.ClearSessions, holds.SuspendAccount, holds.UnsuspendAccount:
	}
	return out
}

// kinds are the actions every provider can do.
func kinds() []holds.ActionKind {
	return []holds.ActionKind{
		holds.JoinRestraintGroup, holds.LeaveRestraintGroup, holds.ClearSessions, holds.SuspendAccount,
		holds.UnsuspendAccount, holds.RemoveRole, holds.RemoveFactor,
	}
}

// before is what must be done first for an action to have something to do.
func before(k holds.ActionKind) holds.ActionKind {
	switch k {
	case holds.LeaveRestraintGroup:
		return holds.JoinRestraintGroup
	case holds.UnsuspendAccount:
		return holds.SuspendAccount
	case holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount, holds.RemoveRole, holds.RemoveFactor, holds.LeaveGroup,
		holds.DisableDevice, holds.RevokeToken, holds.RevokeConsent, holds.RemoveCredential, holds.DeactivateIDP, holds.RestoreProfile:
	}
	return ""
}
