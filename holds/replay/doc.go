// Package replay judges a log as it would have been judged had it come in live:
// which changes would have been held, under which rule, and how much work that
// would have been.
//
//	events of a record ──► history ──► Judge ──► change ──► verdict, in order
//	                          ▲                    │
//	                          └── what they tell ──┴──► tally ──► report
//
// It promises that memory does not grow with the log: what is remembered of
// accounts, networks and changes has a bound, and what is forgotten first is what
// was not met for longest. It does no input or output and reads no clock, and the
// same records in the same order always give the same verdicts.
//
// What a service knows from elsewhere is derived from the log so far: that an
// account is an administrator's because it was seen getting a role or acting on
// others, that it is new because it was seen being made, which networks its owner
// works from. An account counts as known, since a log cannot show that it is not;
// so replay holds what a service with snapshots of every account would hold.
//
// Several records of one change are one change: those of one request at the
// provider, the twins that its own services write, and those which come to the same
// account for the same kind of thing within minutes. As in the service, a hold also
// takes in whatever else is held of its account before its deadline. A record therefore waits until
// its change is complete, for at most some thousand records. What comes to a change
// later than that is still told as a part of it, but changes nothing of what was told.
//
// It refuses to know any provider, and to count anything as verified: a log does
// not tell.
package replay
