package ownerlink

import "time"

// Step is the one thing a link is good for.
type Step string

// The steps. There is none that approves or releases, and there will be none.
const (
	// StepView shows the notice and changes nothing.
	StepView Step = "view"
	// StepNotMe says that the change was not the owner's: it freezes.
	StepNotMe Step = "not_me"
	// StepWasMe says that it was: it is recorded and releases nothing.
	StepWasMe Step = "was_me"
)

func (s Step) valid() bool { return s == StepView || s == StepNotMe || s == StepWasMe }

// A Claim is what a link says: the owner who got this notice about this hold
// may take this step until then.
type Claim struct {
	Tenant string
	Hold   string
	Notice string
	Step   Step
	// Expires is in UTC and whole seconds; a fraction is cut off.
	Expires time.Time
}
