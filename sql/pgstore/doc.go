// Package pgstore keeps everything Countersign knows in Postgres. It is the
// only hand-written code that knows the tables; the queries it runs are in
// sql/queries and generated into package pgdb.
//
//	Receive, AppendPage ──► deliveries ──Decide──► events, verdicts, holds, jobs, audit
//	                                                  ▲
//	Update (the one write door) ──────────────────────┘
//
// It promises:
//
//   - What Receive and AppendPage return nil for is durable, and no content of
//     a body is a reason to refuse it.
//   - A change of a hold is committed whole: the hold, its rows, the jobs and
//     the audit entries, or none of them. The entries are queued in the commit
//     and get their numbers in the log soon after ([Store.Sequence]); while the
//     log does not grow nothing is decided.
//   - Every access to a tenant's rows happens in an explicit transaction that
//     names the tenant, in the query and to the database's row-level security.
//   - A value of time is kept to the microsecond, in UTC, and is the caller's;
//     only recorded_at is the database's. Text is kept as valid UTF-8 without
//     NUL. Both are done at the boundary, before anything is decided by them.
//   - Raw bodies, values before and after a change, recovery attributes and
//     contact points are sealed under a [Keyring] outside the database, bound to
//     the row they belong to.
//
// It refuses to run as a superuser, as the owner of the tables or with
// row-level security switched off; against a server that loses commits; with
// another schema than the program's, another keyring than the database's, or
// with a clock more than two seconds apart.
//
// Errors are of the kinds of package holds. An error of COMMIT means that the
// outcome is not known: it is Unavailable, and what was to be committed is
// found, or not, under its own key.
package pgstore
