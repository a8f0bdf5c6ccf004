// Package pgtest gives every test a fresh database of a real Postgres.
//
// New hands out a copy of a template that was prepared once, which takes some
// tens of milliseconds. Server hands out a whole server, for tests that kill it.
//
// How it is shared: `go test` runs every package as a process, and each process
// that asks gets one server, shared by all its tests. The servers of one account
// are copies of one cluster that initdb made once, in a directory of its own
// below the system's place for temporary files:
//
//	countersign-pgtest-UID/
//	  lock       held while a process starts or clears away
//	  base-…/    the cluster that is copied, remade every day
//	  run-…/     the server of one process
//
// A server per process rather than one for the machine has no count of users
// that a kill -9 could get wrong: the server ends with its process, a small shell
// then removes its files, and should that be killed too, the next process does.
// Two packages also never wait for each other's locks and checkpoints.
//
// Nothing here survives a power cut (fsync is off), and nothing needs to. What
// the server acknowledged does survive its own kill -9.
//
// Goroutines wait for the end of the server and of that shell for as long as the
// process lives; a leak detector has to be told to ignore those that are there
// after the first New.
package pgtest
