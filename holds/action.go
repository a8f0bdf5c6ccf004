package holds

import (
	"slices"
	"strings"
	"time"
)

// ActionKind is something we do to an account at a provider.
type ActionKind string

// The actions. Each adapter maps them to its provider's calls.
const (
	JoinRestraintGroup  ActionKind = "join_restraint_group"
	LeaveRestraintGroup ActionKind = "leave_restraint_group"
	ClearSessions       ActionKind = "clear_sessions"
	SuspendAccount      ActionKind = "suspend_account"
	UnsuspendAccount    ActionKind = "unsuspend_account"
	RemoveRole          ActionKind = "remove_role"
	RemoveFactor        ActionKind = "remove_factor"
	// The following undo a change that the event itself names, see Event.Undo.
	// LeaveGroup takes the account out of the group Object.
	LeaveGroup ActionKind = "leave_group"
	// DisableDevice makes the device Object unusable until somebody enables it.
	DisableDevice ActionKind = "disable_device"
	// RevokeToken revokes the API token Object.
	RevokeToken ActionKind = "revoke_token"
	// RevokeConsent takes the permission grant Object from an application.
	RevokeConsent ActionKind = "revoke_consent"
	// RemoveCredential takes the credential Object from an application.
	RemoveCredential ActionKind = "remove_credential"
	// DeactivateIDP deactivates the identity provider Object that the organisation
	// trusts.
	DeactivateIDP ActionKind = "deactivate_identity_provider"
	// RestoreProfile sets the profile attributes Object (names, separated by
	// commas) back to the values of Before.
	RestoreProfile ActionKind = "restore_profile"
)

// Reversible tells whether somebody can undo the action with a click and nothing
// is lost by it.
func (k ActionKind) Reversible() bool {
	switch k {
	case RemoveFactor, RevokeToken, RemoveCredential:
		return false
	case JoinRestraintGroup, LeaveRestraintGroup, ClearSessions, SuspendAccount, UnsuspendAccount, RemoveRole,
		LeaveGroup, DisableDevice, RevokeConsent, DeactivateIDP, RestoreProfile:
	}
	return true
}

// Shown tells whether a snapshot of the account shows the action's effect. The
// others are done to a thing beside the account, which is read back by itself.
func (k ActionKind) Shown() bool {
	switch k {
	case DisableDevice, RevokeToken, RevokeConsent, RemoveCredential, DeactivateIDP:
		return false
	case JoinRestraintGroup, LeaveRestraintGroup, ClearSessions, SuspendAccount, UnsuspendAccount, RemoveRole,
		RemoveFactor, LeaveGroup, RestoreProfile:
	}
	return true
}

// Action is one call to a provider. Object is the id of what it is done to, such
// as a role assignment or factor, in the provider adapter's own form; empty for
// actions on the account itself.
type Action struct {
	Kind    ActionKind `json:"kind"`
	Account string     `json:"account"`
	Object  string     `json:"object,omitempty"`
	// Before is the before-image that RestoreProfile restores. It holds personal
	// data: it is set while the call is made and read back, and never stored.
	Before *Snapshot `json:"-"`
}

// Purpose says why an intent exists.
type Purpose string

// The purposes. Lift undoes our restraint after a release or a restoration,
// revert undoes the change itself.
const (
	ToContain Purpose = "contain"
	ToLift    Purpose = "lift"
	ToRevert  Purpose = "revert"
)

// Intent is the durable record that we are about to make a call. It exists
// before the call does.
type Intent struct {
	ID         IntentID
	Hold       HoldID
	Tenant     TenantID
	Connection ConnectionID
	Purpose    Purpose
	// Round counts containments of one hold: a second containment after drift is
	// another round, so that its calls have keys of their own.
	Round   int
	Action  Action
	Created time.Time
	// Tried is when the call was last about to be made; zero means that it never was.
	Tried time.Time
	// Result is what became of it; the zero value means that no outcome row
	// exists: the call may or may not have been made.
	Result Result
}

// ResultStatus is what became of an intent.
type ResultStatus string

// The results. Applied and already both mean that the action is in force;
// only what we applied is undone by a release.
const (
	Applied ResultStatus = "applied"
	Already ResultStatus = "already"
	// Refused: the provider will not do this to this account (for example
	// suspending an account that is not active). Repeating it cannot help.
	Refused ResultStatus = "refused"
	// Gone: the account, role or factor no longer exists.
	Gone ResultStatus = "gone"
	// Broken: the attempt failed; another attempt is another intent.
	Broken ResultStatus = "failed"
)

// Result is the outcome row of an intent.
type Result struct {
	Status ResultStatus
	// Detail is a sentence for people, without secrets.
	Detail string
	At     time.Time
	// EffectiveBy is when the last access issued before the action ends, when
	// the provider's tokens live on.
	EffectiveBy time.Time
}

// Done tells whether the intent has an outcome.
func (i Intent) Done() bool { return i.Result.Status != "" }

// Factor is an enrolled authenticator.
type Factor struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Name    string    `json:"name,omitempty"`
	Status  string    `json:"status,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// Role is a role assignment an account has.
type Role struct {
	// ID is the id of the assignment, which is what a revert removes.
	ID string `json:"id"`
	// Kind is the role in the provider's words, the same wherever it is assigned, or
	// CustomRole.
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
	// ViaGroup is set when the role comes from a group and cannot be removed
	// from the account itself.
	ViaGroup   bool `json:"via_group,omitempty"`
	Privileged bool `json:"privileged,omitempty"`
}

// CustomRole is the kind of every role that an organisation made itself; only
// its name tells one from another.
const CustomRole = "CUSTOM"

// Status is the account's life-cycle status in words common to providers.
type Status string

// The statuses. Inactive covers every status in which the account cannot be
// suspended and cannot sign in with what it has (recovery, expired, staged).
const (
	StatusActive    Status = "active"
	StatusInactive  Status = "inactive"
	StatusSuspended Status = "suspended"
	StatusDeleted   Status = "deleted"
)

// Snapshot is what an account looked like at a moment: the before-image of
// whatever happens next, since neither provider tells old values.
type Snapshot struct {
	Account      Account   `json:"account"`
	At           time.Time `json:"at"`
	Status       Status    `json:"status"`
	VendorStatus string    `json:"vendor_status,omitempty"`
	// Created is when the account was made; zero when that is not known.
	Created time.Time `json:"created,omitzero"`
	Factors []Factor  `json:"factors,omitempty"`
	Roles   []Role    `json:"roles,omitempty"`
	Groups  []Object  `json:"groups,omitempty"`
	// Restrained is membership of the connection's restraint group.
	Restrained bool `json:"restrained,omitempty"`
	// Contacts are the recovery attributes of the profile by name. Sealed.
	Contacts map[string]string `json:"-"`
	// Attributes are the profile's plain attributes policies may ask for, such
	// as department and title.
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Privileged tells whether any role of the account is an administrator's.
func (s Snapshot) Privileged() bool {
	for _, r := range s.Roles {
		if r.Privileged {
			return true
		}
	}
	return false
}

// Enforcement says whether membership of the restraint group really restrains.
type Enforcement struct {
	At time.Time `json:"at"`
	// InForce is true when every rule that must deny was read back present,
	// active, first in order and not excluding the account.
	InForce bool `json:"in_force"`
	// Problems are sentences for people, one per rule that does not.
	Problems []string `json:"problems,omitempty"`
}

// InForce tells from a snapshot whether an action's effect is there. The
// second result is false when a snapshot cannot tell (sessions are not
// listed by providers); such an action may be repeated without harm.
func InForce(a Action, s Snapshot) (inForce, known bool) {
	switch a.Kind {
	case JoinRestraintGroup:
		return s.Restrained, true
	case LeaveRestraintGroup:
		return !s.Restrained, true
	case SuspendAccount:
		return s.Status == StatusSuspended || s.Status == StatusDeleted, true
	case UnsuspendAccount:
		return s.Status != StatusSuspended, true
	case RemoveRole:
		for _, r := range s.Roles {
			if r.ID == a.Object {
				return false, true
			}
		}
		return true, true
	case RemoveFactor:
		for _, f := range s.Factors {
			if f.ID == a.Object {
				return false, true
			}
		}
		return true, true
	case LeaveGroup:
		return !slices.ContainsFunc(s.Groups, func(g Object) bool { return g.ID == a.Object }), true
	case RestoreProfile:
		return restored(a, s), a.Before != nil
	case ClearSessions, DisableDevice, RevokeToken, RevokeConsent, RemoveCredential, DeactivateIDP:
	}
	return false, false
}

// restored tells whether every named attribute has its earlier value again.
func restored(a Action, s Snapshot) bool {
	if a.Before == nil {
		return false
	}
	for name := range strings.SplitSeq(a.Object, ",") {
		if s.Contacts[name] != a.Before.Contacts[name] {
			return false
		}
	}
	return true
}
