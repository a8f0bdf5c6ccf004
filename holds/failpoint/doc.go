// Package failpoint names the places between two steps where a process may die,
// so that tests can make it die there.
//
//	store.Tried(…)
//	failpoint.Hit(failpoint.CallTried) // the record is durable, the call has not left
//	provider.Do(…)
//
// It promises that a program built without the tag `failpoint` has nothing of
// it: Hit is empty and inlines to nothing, the environment is not read, and
// neither the names nor the list of them is in the binary, which a test reads
// to make sure. Nobody can make a shipped Countersign die by asking.
//
// Built with the tag, a program reads FAILPOINT from its environment:
//
//	FAILPOINT=call-tried         kill -9 of itself when it first comes to the point
//	FAILPOINT=call-tried:3       when it comes there for the third time
//	FAILPOINT=call-tried!stop    SIGSTOP instead: a worker that sleeps and comes back
//
// A name that is none ends the program at once with a message, so that a test
// does not wait for a death that cannot come.
//
// It refuses to do anything softer: no injected errors, no delays. Those are
// faults of the outside, and simulators and proxies play them there.
package failpoint
