package holds

import (
	"slices"
	"time"
)

// State is where a hold stands.
type State string

// The states.
const (
	Pending  State = "pending"
	Approved State = "approved"
	Released State = "released"
	Denied   State = "denied"
	Reverted State = "reverted"
)

// States is every state.
func States() []State { return []State{Pending, Approved, Released, Denied, Reverted} }

// Undecided tells whether people still have something to do.
func (s State) Undecided() bool { return s == Pending || s == Approved || s == Denied }

// Containment is how far our restraint of the account has come.
type Containment string

// The containments.
const (
	NotContained         Containment = "none"
	ContainmentRequested Containment = "requested"
	ContainmentConfirmed Containment = "confirmed"
	ContainmentFailed    Containment = "failed"
	ContainmentLifted    Containment = "lifted"
)

// Standing is the honest label of a hold, the same word everywhere.
type Standing string

// The standings. Gated: the change has not happened. Contained: it happened
// and the account is restrained, read back. Observed: it is not restrained.
const (
	Gated     Standing = "gated"
	Contained Standing = "contained"
	Observed  Standing = "observed"
)

// Verdicts people give; the outcome of a hold is one of them.
type DecisionKind string

// The decisions. RemoveAccess denies and says that the access should not exist
// at all; Restore gives a denied account back to its owner.
const (
	Approve      DecisionKind = "approve"
	Deny         DecisionKind = "deny"
	RemoveAccess DecisionKind = "remove_access"
	Restore      DecisionKind = "restore"
)

// Decision is what one person decided about the version they saw.
type Decision struct {
	ID       string
	Kind     DecisionKind
	Approver PersonID
	Reason   string
	Version  int
	Round    int
	At       time.Time
	// Void is set when something changed after it, so that it counts no more.
	Void bool
	// Unproven says why the row counts for nothing, whatever else it says: it bears no
	// seal of this installation, or one that does not fit. Empty for one that counts.
	Unproven string
}

// EventRef is an event as a hold remembers it.
type EventRef struct {
	ID       string    `json:"id"`
	Class    Class     `json:"class"`
	Verb     Verb      `json:"verb"`
	Type     string    `json:"type"`
	Occurred time.Time `json:"occurred"`
	// Received is when what told of it reached us; zero when that is not known.
	Received time.Time `json:"received,omitzero"`
	Factor   Object    `json:"factor,omitzero"`
	Role     Object    `json:"role,omitzero"`
	Rank     Rank      `json:"rank,omitempty"`
	Way      Way       `json:"way,omitempty"`
	// Undo, Objects and Fields are as on the event; of the objects the first few,
	// of the fields only the names.
	Undo    Action   `json:"undo,omitzero"`
	Objects []Object `json:"objects,omitempty"`
	Fields  []string `json:"fields,omitempty"`
	Summary string   `json:"summary,omitempty"`
	Actor   Party    `json:"actor"`
	// Leader is the hold of another account of the same person that the event tells
	// of: the change happened to that account, not to this one.
	Leader HoldID `json:"leader,omitempty"`
	// ActorOf is the person behind the actor's account, if known.
	ActorOf PersonID `json:"actor_of,omitempty"`
	IP      string   `json:"ip,omitempty"`
	// Doubts are the event's own; no read-back settles them.
	Doubts []string `json:"doubts,omitempty"`
	// Expected is set when the event was the follow-up a release announced.
	Expected    bool   `json:"expected,omitempty"`
	Transaction string `json:"transaction,omitempty"`
}

// Expectation is the one follow-up change a release lets through.
type Expectation struct {
	Class Class     `json:"class"`
	Verb  Verb      `json:"verb"`
	Until time.Time `json:"until"`
	// Met is when it happened, and Used are the events it was made of.
	Met  time.Time `json:"met,omitzero"`
	Used []string  `json:"used,omitempty"`
}

// Hold is one account held, with everything people need to decide about it.
type Hold struct {
	ID         HoldID
	Tenant     TenantID
	Connection ConnectionID
	// Revision counts every commit; Version counts what a reviewer must have
	// seen: events, evidence, terms, an owner's word. Decisions bind to Version.
	Revision int
	Version  int
	Round    int

	Class     Class
	Subject   Account
	Owner     PersonID
	Actor     Party
	ActorOf   PersonID // the person behind the actor's account, if known
	Requester PersonID

	Occurred time.Time
	Received time.Time
	Opened   time.Time

	State       State
	Containment Containment
	Standing    Standing
	// ContainRound counts containments, see Intent.Round.
	ContainRound int
	// Outcome is the decision that ended or will end the hold.
	Outcome DecisionKind
	Terms   Terms
	// ToldOnly is set when the change was never held, only told to the owner.
	ToldOnly bool
	// Exempt says why the account must never be restrained ("break-glass
	// account", "Countersign's own account"); empty for everybody else.
	Exempt string

	Events    []EventRef
	Evidence  []Evidence
	Decisions []Decision

	// NotMe is when the owner said that it was not them; it freezes the hold.
	NotMe time.Time
	// WasMe is when the owner said that it was them; it releases nothing.
	WasMe time.Time
	// TellVersion is the newest version the owner is to be told of, so that
	// several events of one moment are one message.
	TellVersion int
	// ToldAt is when the first message was accepted for the owner; Untold says
	// why nobody could be told.
	ToldAt time.Time
	Untold string

	// Children are what the subject or the actor also did, or had done to them, since
	// shortly before the change, in order of time; ChildrenMore is how many more
	// there were. They are judged in their own right. One that joins the hold as an
	// event is no longer a child.
	Children     []EventRef
	ChildrenMore int
	// LookedBack is when that was last looked up, and Unseen says what could not be.
	LookedBack time.Time
	Unseen     string

	// Doubts are reasons why the standing is less than contained, for people.
	Doubts []string
	// Waits is what our calls for the hold wait for, empty when they do not.
	Waits Waits `json:",omitzero"`

	Restrained  time.Time // first read back in this round
	ReadBack    time.Time // last read back
	EffectiveBy time.Time // when access issued before ends
	// ReleaseAfter is the end of the waiting period; ReleaseBegun is when the
	// release's first intent was committed, after which it cannot be recalled.
	ReleaseAfter time.Time
	ReleaseBegun time.Time
	// RestoreBegun is when people decided to give a denied account back.
	RestoreBegun time.Time
	DecidedAt    time.Time
	ClosedAt     time.Time
	Due          time.Time
	Escalations  int
	Expectation  Expectation
	// Reverted and Irreversible say what a revert did and could not do.
	RevertDone   []string
	Irreversible []string
	// Previous is the hold this one continues, when that one could take no more.
	Previous HoldID
	// Leader is the hold of another account of the same person that this one
	// follows, and Leaders are further ones: the account is held until the last of
	// them has ended. Leader is empty for a hold that people decide, and stays when
	// a follower ends.
	Leader  HoldID
	Leaders []HoldID
	// Linking is set once the person's other accounts are looked for.
	Linking bool
	// Unlinked are sentences about accounts that are or may be the same person's and
	// are not restrained with this one.
	Unlinked []string
}

// involves tells whether a person is an actor, a requester or the subject: of
// any event of the hold, and by any check of any round.
func (h Hold) involves(p PersonID) bool {
	return p != "" && (p == h.Owner || p == h.ActorOf || p == h.Requester ||
		slices.ContainsFunc(h.Events, func(e EventRef) bool { return e.ActorOf == p }) ||
		slices.ContainsFunc(h.Evidence, func(e Evidence) bool { return e.Requester == p }))
}

// touched tells whether any event of the hold is of a class.
func (h Hold) touched(c Class) bool {
	return slices.ContainsFunc(h.Events, func(e EventRef) bool { return e.Class == c })
}

// Has tells whether an event is already part of the hold.
func (h Hold) Has(event string) bool {
	return slices.ContainsFunc(h.Events, func(e EventRef) bool { return e.ID == event })
}

// Open tells whether the hold takes further events of its subject. There is at
// most one such hold per subject: once a release has begun, a new event that is
// not the expected one opens the next hold.
func (h Hold) Open() bool {
	return h.State.Undecided() && h.ReleaseBegun.IsZero()
}

// Ended tells whether the hold takes only notes: released, or reverted with
// nothing left to lift. A restraint that failed may have been half made, and what
// was made is given back like every other.
func (h Hold) Ended() bool {
	switch h.State {
	case Released:
		return true
	case Reverted:
		return h.Containment == NotContained || h.Containment == ContainmentLifted
	case Pending, Approved, Denied:
		return false
	}
	return false
}

// Frozen tells whether the owner repudiated the change.
func (h Hold) Frozen() bool { return !h.NotMe.IsZero() }

// Missing says in words what evidence is still asked for, empty when nothing.
func (h Hold) Missing() []string {
	var out []string
	items, paths := h.proof()
	if items < h.Terms.Items {
		out = append(out, plural(h.Terms.Items-items, "more identity check"))
	}
	if paths < h.Terms.Paths {
		out = append(out, plural(h.Terms.Paths-paths, "more path")+" (checks over the same path count once)")
	}
	return out
}

// Wanting is how many people still have to approve before the account is let go:
// released, or given back after a deny. It is nobody where that is not the next
// step, or where people decide on another hold.
func (h Hold) Wanting() int {
	kind := Approve
	switch {
	case h.Leader != "", h.Frozen() && h.State == Pending:
		return 0
	case h.State == Pending:
	case h.State == Reverted && !h.Ended() && h.RestoreBegun.IsZero():
		kind = Restore
	default:
		return 0
	}
	return max(0, max(1, h.Terms.Approvers)-len(h.Approvals(kind)))
}

func (h Hold) proof() (items, paths int) {
	seen := map[string]bool{}
	for _, e := range h.Evidence {
		if e.Round != h.Round || e.Unproven != "" {
			continue
		}
		items++
		seen[e.Kind.Path()] = true
	}
	return items, len(seen)
}

// Verifiers are the people whose checks count in this round.
func (h Hold) Verifiers() []PersonID {
	var out []PersonID
	for _, e := range h.Evidence {
		if e.Round == h.Round && e.Unproven == "" && !slices.Contains(out, e.Verifier) {
			out = append(out, e.Verifier)
		}
	}
	return out
}

// Approvals are the people whose approvals of this version count.
func (h Hold) Approvals(kind DecisionKind) []PersonID {
	var out []PersonID
	for _, d := range h.Decisions {
		if d.Kind == kind && d.counts() && d.Round == h.Round && d.Version == h.Version && !slices.Contains(out, d.Approver) {
			out = append(out, d.Approver)
		}
	}
	return out
}
