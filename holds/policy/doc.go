// Package policy says which changes are held and on what terms.
//
// It promises that a ruling is a pure function of the event and the facts: the
// same question always gets the same answer, no text written by a requester
// counts, and what is not known is taken for the worst. It refuses to judge by
// names and addresses; only the directory's and the provider's own words about
// the account count.
//
// The starter policy is embedded. Its holds ask for two identity checks over
// two paths and one approver who is neither verifier, actor, requester nor
// subject, so that it works for a team of three.
package policy
