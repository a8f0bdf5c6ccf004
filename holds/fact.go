package holds

import "time"

// Fact is something that happened, as Apply takes it. A fact says what is so;
// only Apply says what follows.
type Fact interface{ fact() }

// Joined is a further event about the subject, with the terms it would have
// been held on alone.
type Joined struct {
	Event EventRef
	Terms Terms
}

// Checked is an identity check somebody recorded.
type Checked struct{ Evidence Evidence }

// Decided is a reviewer's decision.
type Decided struct{ Decision Decision }

// OwnerSaid is the owner's word through a link and its code. NotMe freezes,
// "was me" is only recorded.
type OwnerSaid struct {
	By    By
	NotMe bool
}

// Noted is a remark.
type Noted struct{ Note Note }

// RestraintBegun announces the calls of a containment before they are made.
type RestraintBegun struct {
	Intents []Intent
	// Restraint is what the caps must know; nil where none applies.
	Restraint *Restraint
}

// RestraintConfirmed says that the provider's own answer shows the restraint.
type RestraintConfirmed struct {
	// EffectiveBy is when access issued before ends; zero when at once.
	EffectiveBy time.Time
	// Remarks are things short of a failure people should read, for example that
	// the account could not be suspended but is in the restraint group.
	Remarks []string
}

// RestraintInherited says that the restraint of another hold of the account stays
// and belongs to this one from now on.
type RestraintInherited struct {
	From    HoldID
	Intents []Intent
}

// RestraintUnread says that a confirmed restraint could not be looked at, and why.
type RestraintUnread struct{ Reason string }

// GivenUp says that a job of ours will not be tried again, and why.
type GivenUp struct {
	Effect EffectKind
	Reason string
}

// RestraintFailed says that the account is not restrained, and why.
type RestraintFailed struct{ Reason string }

// RestraintDrifted says that a confirmed restraint was found gone.
type RestraintDrifted struct{ Reason string }

// LiftBegun announces the calls that undo our restraint. From here on a
// release cannot be recalled.
type LiftBegun struct {
	Intents []Intent
	// LeaderCarried says, of a hold that follows another one, that its leader has
	// ended by proven decisions.
	LeaderCarried bool
}

// LiftConfirmed says that the provider's answer shows our restraint gone.
type LiftConfirmed struct{ Remarks []string }

// LiftFailed says that our restraint could not be undone yet, and why.
type LiftFailed struct{ Reason string }

// RevertBegun announces the calls that undo the change.
type RevertBegun struct{ Intents []Intent }

// RevertConfirmed says what was undone, read back, and what cannot be.
type RevertConfirmed struct {
	Done         []string
	Irreversible []string
}

// RevertFailed says that the change could not be undone yet, and why.
type RevertFailed struct{ Reason string }

// DeadlinePassed says that nobody decided in time.
type DeadlinePassed struct{}

// Told says that a channel accepted a message for the owner.
type Told struct{}

// Untold says that the owner cannot be told, and why.
type Untold struct{ Reason string }

// Planned adds messages to the ledger, to be sent by jobs of their own.
type Planned struct{ Notices []Notice }

// Led says that one more hold of the person wants this account restrained.
type Led struct{ Leader HoldID }

// LeaderEnded says that a hold which this one follows has ended, and how.
type LeaderEnded struct {
	Leader  HoldID
	Outcome DecisionKind
}

// LinksSought says which accounts that are or may be the same person's are not
// restrained, in sentences, as of now. Named are those that only share a sign-in
// name, of which people are paged; Known are those that the configuration or a
// missing permission leaves out, which is so for every hold.
type LinksSought struct{ Named, Known []string }

// LookedBack says what the subject and the actor also did, of what could be read.
type LookedBack struct {
	Children []EventRef
	// Unseen says what could not be read, empty when everything was.
	Unseen string
}

func (Joined) fact()             {}
func (Checked) fact()            {}
func (Decided) fact()            {}
func (OwnerSaid) fact()          {}
func (Noted) fact()              {}
func (RestraintBegun) fact()     {}
func (RestraintConfirmed) fact() {}
func (RestraintInherited) fact() {}
func (RestraintUnread) fact()    {}
func (GivenUp) fact()            {}
func (RestraintFailed) fact()    {}
func (RestraintDrifted) fact()   {}
func (LiftBegun) fact()          {}
func (LiftConfirmed) fact()      {}
func (LiftFailed) fact()         {}
func (RevertBegun) fact()        {}
func (RevertConfirmed) fact()    {}
func (RevertFailed) fact()       {}
func (DeadlinePassed) fact()     {}
func (Told) fact()               {}
func (Untold) fact()             {}
func (Planned) fact()            {}
func (Led) fact()                {}
func (LeaderEnded) fact()        {}
func (LinksSought) fact()        {}
func (LookedBack) fact()         {}
