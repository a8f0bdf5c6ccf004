// Package modeltest plays the keeper through random sequences of everything that
// can happen to it, and checks after every step that what must hold does.
//
// The keeper is the real one, twice, as two replicas over one store. Around it are
// the organisation's people, two of its platforms, and a stranger's organisation
// with accounts of the same names. The steps are: somebody changes an account; the
// platform tells of it by hook, again, in another order, or by its log; a replica
// takes a delivery or a job and gets as far as it gets; a call to the store or to
// a platform loses its answer before or after it took effect; a replica dies
// between two calls, or hangs past its lease; reviewers look, check, approve, deny
// and restore on what they saw, whether or not they are still reviewers and whoever
// they are; the owner says it was them, or not; hours pass; somebody undoes a
// restraint by hand.
//
// A replica's work is stopped before every call that it makes to the store or to a
// platform, and goes on when its turn comes, so that two of them are interleaved at
// the grain at which they can disturb each other. Dying there is dying between any
// two lines: what lies between two calls changes nothing outside.
//
// The invariants are functions named I1 to I10 over a [History]; what they cannot
// see from here (HTTP, several kinds of secrets, kills of a real process) is
// covered by suites elsewhere. A failing sequence shrinks and is printed as a story.
// That the checks bite is itself tested: by histories made bad by hand, and by
// mutations of what surrounds the keeper, each of which must be found.
package modeltest
