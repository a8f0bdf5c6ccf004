// Package policy says which changes are held and on what terms.
//
// It promises that a ruling is a pure function of the event, the facts and the
// organisation's settings: the same question always gets the same answer, and what
// is not known is taken for the worst. Nothing that somebody could word as they
// like (a name, a summary, a reason, urgency) makes a ruling milder. It refuses to
// judge by who somebody seems to be: only immutable ids, and the directory's and
// the provider's own words about the account, count.
//
// The starter policy is embedded: an ordered list of named lines (rules.go), of
// which the first that fits decides.
//
//	recorded   did not take effect, or hands nothing to anybody
//	told       ordinary when the owner did it: an own factor, device or password
//	           from where they always are; a joiner's first; a role taken up through
//	           privileged identity management
//	held       what others do to an account, ways to recover it, what comes in the
//	           wake of a reset or from an unknown network, power, and other ways in
//
// What a line says of one change is not all: what went before it within a day
// turns the ordinary into the second half of a takeover.
//
// Holds ask for two identity checks over two paths and one approver who is neither
// verifier, actor, requester nor subject, so that the policy works for a team of
// three. An organisation tells the policy of its networks, groups, applications and
// automation in a file of settings; the policy works without one.
package policy
