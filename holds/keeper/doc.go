// Package keeper is the use cases: classify what arrived, open and join holds,
// restrain accounts and the same person's others, look back at what else was
// done, tell owners, take evidence and decisions, release and revert.
//
// It promises that every call to a provider has a durable intent before it and
// an outcome after it, that "contained" is said only after the provider's own
// answer shows it, that what is released is exactly what we changed, and that
// an error leaves a hold held. Between any two lines the process may die: every
// job reads persisted state, does one thing and reports one fact, and running
// it again does only what is missing.
//
// It refuses to act for an account it was not told about, to repeat a call
// whose effect a read-back shows, and to decide anything by time.
//
// The interfaces it needs are declared in ports.go; nothing here knows a
// provider, a database or a wire format. (What people must undo by hand is said in
// their vendor's words, in revert_words.go; nothing is decided by those.)
package keeper
