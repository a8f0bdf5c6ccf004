package holds

import (
	"slices"
	"strings"
	"time"
)

// Brake is one of the two things that a single person can stop for a tenant at
// once, whatever the policy says. Both together stop every call by which
// Countersign changes something at a provider.
type Brake string

// The brakes.
//
// Stopping release stops giving accounts back: the lift after an approval, and
// after a restoration. It is pulled when decisions are not to be believed, and so
// it does not lapse: an account that waits is safe.
//
// Stopping containment stops everything that takes something away from an
// account: restraining it, and undoing a change after a deny. Undoing belongs
// here and not to release. It is pulled when it is us who do the harm (a rule, a
// decoder or a reviewer gone wrong), and a removed factor or token is the harm
// that nobody can take back. Waiting costs little: a denied account stays
// restrained, and since this brake lapses, what people decided is undone in the
// end. It lapses because unrestrained accounts are what an attacker wants.
const (
	BrakeContainment Brake = "containment"
	BrakeRelease     Brake = "release"
)

// Brakes is every brake.
func Brakes() []Brake { return []Brake{BrakeContainment, BrakeRelease} }

// Brake is the brake that stops calls of a purpose.
func (p Purpose) Brake() Brake {
	if p == ToLift {
		return BrakeRelease
	}
	return BrakeContainment
}

// StopLife is how long a stop of containment lasts.
const StopLife = time.Hour

// Seats is how many different people must resume what one has stopped.
const Seats = 2

// Door is where somebody pulled or freed a brake.
type Door string

// The doors. In the console a person has signed in; on the machine's command line
// they have only given a name.
const (
	DoorConsole Door = "console"
	DoorShell   Door = "shell"
)

// Stop is a brake that somebody pulled.
type Stop struct {
	ID     string
	Tenant TenantID
	Brake  Brake
	By     PersonID
	Door   Door
	Reason string
	At     time.Time
	// Until is when it lapses; zero when it does not.
	Until time.Time
	// Ended is when it was resumed, lapsed, or was pulled anew.
	Ended   time.Time
	Resumes []Resume
}

// Resume is one person's word that what was stopped may go on.
type Resume struct {
	By     PersonID
	Door   Door
	Reason string
	At     time.Time
}

// NewStop pulls a brake. It asks for nothing but a name and a reason: whoever sees
// harm being done must not have to look for a second person.
func NewStop(id string, tenant TenantID, b Brake, by PersonID, door Door, reason string, now time.Time) (Stop, error) {
	s := Stop{ID: id, Tenant: tenant, Brake: b, By: by, Door: door, Reason: strings.TrimSpace(reason), At: now}
	if !slices.Contains(Brakes(), b) {
		return s, Refuse(Invalid, "%q cannot be stopped. Stop containment or release.", b)
	}
	if err := spoken(by, s.Reason); err != nil {
		return s, err
	}
	if b == BrakeContainment {
		s.Until = now.Add(StopLife)
	}
	return s, nil
}

// longestReason is how long the reason of a stop may be, in bytes: it is shown on
// every page.
const longestReason = 500

func spoken(by PersonID, reason string) error {
	switch {
	case by == "":
		return Refuse(Invalid, "Say who you are; it is part of the record.")
	case reason == "":
		return Refuse(Invalid, "Give a reason; it is part of the record.")
	case len(reason) > longestReason:
		return Refuse(Invalid, "The reason is longer than %d bytes. Shorten it.", longestReason)
	}
	return nil
}

// InForce tells whether a stop stops anything at a moment.
func (s Stop) InForce(now time.Time) bool {
	return s.Ended.IsZero() && (s.Until.IsZero() || now.Before(s.Until))
}

// Resumed takes one person's word. What was stopped goes on when different people
// have given theirs, and at most one of them on the command line: whoever has the
// machine can type any name, and must not be able to be both.
func (s Stop) Resumed(r Resume) (Stop, error) {
	r.Reason = strings.TrimSpace(r.Reason)
	if err := spoken(r.By, r.Reason); err != nil {
		return s, err
	}
	if !s.InForce(r.At) {
		return s, Refuse(Conflict, "Nothing is stopped here any more.")
	}
	for _, o := range s.Resumes {
		switch {
		case o.By == r.By:
			return s, Refuse(Conflict, "You have said so already; the other word must be another person's.")
		case o.Door == DoorShell && r.Door == DoorShell:
			return s, Refuse(Forbidden, "The command line counts as one person, whatever name is given, and somebody has used it already. Another reviewer must resume in the console.")
		}
	}
	s.Resumes = append(slices.Clone(s.Resumes), r)
	if len(s.Resumes) >= Seats {
		s.Ended = r.At
	}
	return s, nil
}

// Braked refuses a call because of a brake or a cap. Nothing is lost by it: the
// hold waits and goes on by itself.
type Braked struct {
	Brake Brake
	// Cap is the cap that is reached, and Scope whose it is (an actor's id, a kind of
	// role); both empty when people pulled the brake.
	Cap   Cap
	Scope string
	// Why is a sentence for people.
	Why string
}

// Error is the sentence.
func (b *Braked) Error() string { return b.Why }

// Unwrap gives it the kind of what may pass.
func (b *Braked) Unwrap() error { return &Error{Kind: Unavailable, Detail: b.Why} }

// Refusal is what a stop says to whoever would act.
func (s Stop) Refusal() *Braked {
	until := ", until two people resume it"
	if !s.Until.IsZero() {
		until = ", until " + s.Until.UTC().Format("15:04 MST") + " at the latest"
	}
	return &Braked{Brake: s.Brake, Why: "all " + string(s.Brake) + " is stopped by " + string(s.By) + until + ": " + s.Reason}
}

// Waits says what a hold waits for before our calls go on.
type Waits struct {
	Brake Brake     `json:"brake,omitempty"`
	Cap   Cap       `json:"cap,omitempty"`
	Scope string    `json:"scope,omitempty"`
	Why   string    `json:"why,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// BrakeHit says that a brake or a cap stopped our calls for a hold.
type BrakeHit struct{ Braked Braked }

// BrakeFreed says that the hold may go on.
type BrakeFreed struct{}

func (BrakeHit) fact()   {}
func (BrakeFreed) fact() {}

// brakeHit makes the hold wait, in view of people. The store pages them once for
// each cap that is reached; of a stop they were told when it was pulled.
func (s *step) brakeHit(f BrakeHit) error {
	h := s.h()
	b := f.Braked
	switch {
	case h.Ended() && h.State != Released, b.Brake == "":
		return Refuse(Conflict, "The hold is %s; nothing of it waits.", h.State)
	case h.Waits.Brake == b.Brake && h.Waits.Why == b.Why:
		return nil
	}
	s.freed()
	h.Waits = Waits{Brake: b.Brake, Cap: b.Cap, Scope: b.Scope, Why: b.Why, Since: s.now}
	if b.Brake == BrakeContainment && h.Containment != ContainmentConfirmed {
		h.Standing = Observed
	}
	s.doubt(h.Waits.doubt())
	switch b.Cap {
	case CapLast:
		s.page(b.Why)
	case "":
	default:
		s.c.Circuit = h.Waits
	}
	s.system("brake.hit", map[string]string{"brake": string(b.Brake), "cap": string(b.Cap)})
	return nil
}

func (w Waits) doubt() string { return "waits: " + w.Why }

// freed forgets what the hold waited for.
func (s *step) freed() {
	h := s.h()
	if h.Waits.Brake == "" {
		return
	}
	why := h.Waits.doubt()
	h.Doubts = slices.DeleteFunc(slices.Clone(h.Doubts), func(d string) bool { return d == why })
	h.Waits = Waits{}
}

// brakeFreed queues again whatever the hold is due for.
func (s *step) brakeFreed() error {
	h := s.h()
	if h.Waits.Brake == "" {
		return Refuse(Conflict, "The hold does not wait.")
	}
	s.freed()
	switch {
	case h.State == Approved && !s.now.Before(h.ReleaseAfter), h.State == Released, h.State == Reverted && !h.RestoreBegun.IsZero():
		s.effect(Effect{Kind: EffectLift, Round: h.Version})
	case h.State == Denied && h.Outcome != "":
		s.effect(Effect{Kind: EffectRevert, Round: h.Version})
	}
	if h.State != Released && !h.liftBegun() && (h.Containment == ContainmentRequested || h.Containment == ContainmentFailed) {
		s.effect(Effect{Kind: EffectContain, Round: h.ContainRound})
	}
	s.system("brake.freed", nil)
	return nil
}
