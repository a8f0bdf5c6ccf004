// Package holds is the vocabulary of Countersign and its state machine.
//
// It promises to be pure: it imports only the standard library, reads no
// clock, does no I/O and knows no provider. Everything that crosses from one
// column of the program to another (gateway, providers, notify, sql) is a type
// of this package.
//
// The heart is Apply(Hold, Fact, now) (Change, error). A Change is the new
// hold together with everything that must be committed with it: jobs to run,
// rows to append and audit entries. No other code decides what a hold may
// become.
//
//	             deny, remove access or "not me"
//	   ┌───────────────────────────────────────┐
//	   │                                       ▼
//	pending ──quorum──► approved ──deny────► denied ──revert read back──► reverted
//	   ▲                   │
//	   │ a new event joins │ release read back
//	   └───────────────────┤
//	                       ▼
//	                    released
//
//	Containment: none → requested → confirmed | failed → lifted
//
// A hold may lead others: the same person's accounts elsewhere are held with it,
// each by a hold of its own that follows (follow.go). People decide on the leader
// alone. What the same people also did stands on a hold as its children
// (children.go), which are judged in their own right.
//
// It refuses to let a timer, a link or a single person release anything: time
// only escalates, an owner's "this was me" is only recorded, and the person
// who checked identity never counts as an approver.
package holds
