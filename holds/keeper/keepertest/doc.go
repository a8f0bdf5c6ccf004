// Package keepertest says what a store of the keeper must do, and has one in
// memory that does it.
//
// [Run] is the conformance suite of the keeper's store ports: what ports.go
// promises about the inbox, the holds, the intents, the snapshots, the notices
// and the directory, asked of any store. The store over Postgres and [Memory]
// run the same suite, so that what is tried a hundred thousand times over memory
// says something about Postgres.
//
// [Memory] is faithful where a mistake of the keeper would show: a transaction is
// committed whole or not at all, a hold is written under its revision, an
// account has one open hold, a call is announced once and has one outcome, a
// message is planned once, an event is asked about once, equal waiting jobs are
// one job, and every commit is appended to a real Merkle log. It promises nothing
// about speed under load, nothing survives the process, and nothing is sealed.
//
// [State] is all a store has, for those who check after each step whether what
// must hold does (package modeltest).
package keepertest
