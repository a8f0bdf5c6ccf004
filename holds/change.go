package holds

import "time"

// EffectKind is a job: one thing done to the outside world.
type EffectKind string

// The effects.
const (
	// EffectContain carries out the containment of Terms.
	EffectContain EffectKind = "contain"
	// EffectLift undoes exactly what our containment did.
	EffectLift EffectKind = "lift"
	// EffectRevert undoes the change itself.
	EffectRevert EffectKind = "revert"
	// EffectTell plans the messages to the owner.
	EffectTell EffectKind = "tell"
	// EffectPage plans the messages to the people on duty.
	EffectPage EffectKind = "page"
	// EffectSend sends one planned message.
	EffectSend EffectKind = "send"
	// EffectLink looks for the person's other accounts and has them held, too.
	EffectLink EffectKind = "link"
	// EffectFollow lets the holds that follow an ended one go.
	EffectFollow EffectKind = "follow"
	// EffectLookBack looks up what the subject and the actor also did.
	EffectLookBack EffectKind = "look_back"
)

// EffectKinds is every effect.
func EffectKinds() []EffectKind {
	return []EffectKind{
		EffectContain, EffectLift, EffectRevert, EffectTell, EffectPage, EffectSend, EffectLink, EffectFollow, EffectLookBack,
	}
}

// Effect is a job to queue in the commit that decided it.
type Effect struct {
	Kind EffectKind
	// At is when it may run at the earliest; zero means at once.
	At time.Time
	// Notice is set for EffectSend.
	Notice NoticeID
	// Why is a short reason for pages, in words for people.
	Why string
	// Round is the containment round for EffectContain, Version otherwise, so
	// that one job exists per round or version.
	Round int
}

// Job is an effect when it runs.
type Job struct {
	Effect
	Key        Key
	Connection ConnectionID
	// Epoch is the installation's epoch when it was queued; a job of an older
	// epoch must not act.
	Epoch int64
	// Attempt counts from 1.
	Attempt int
	// Urgency orders jobs that wait, UrgencyFirst before UrgencyLow; zero is
	// UrgencyMedium. It makes no other job of one that waits already.
	Urgency int
}

// The urgencies.
const (
	UrgencyFirst = 1 + iota
	UrgencyHigh
	UrgencyMedium
	UrgencyLow
)

// Entry is an audit entry the store appends with the change that caused it.
// Facts are states, classes, rule names and counts, never personal data.
type Entry struct {
	Kind  string
	By    By
	Facts map[string]string
	// Digests are SHA-256 sums (hex) of what the entry rests on, by name.
	Digests map[string]string
}

// Change is a hold's next state together with everything committed with it.
type Change struct {
	Hold      Hold
	Effects   []Effect
	Entries   []Entry
	Events    []EventRef // newly joined
	Evidence  []Evidence // newly recorded
	Decisions []Decision // newly recorded
	Intents   []Intent   // to be recorded before the calls they announce
	Notes     []Note
	Notices   []Notice // newly planned
	// Under is the brake that must not be pulled when this is committed, or nothing
	// is: its calls follow at once.
	Under Brake
	// Restraint is what the caps must know of an account that is about to be
	// restrained; nil where no cap applies.
	Restraint *Restraint
	// Circuit is set when a cap made the hold wait.
	Circuit Waits
	// Also is a change of another hold committed with this one: the linked hold
	// that continues one which can take no more.
	Also *Change
}

// Note is a remark on the timeline. It never counts for anything.
type Note struct {
	By   By
	Text string
	At   time.Time
}
