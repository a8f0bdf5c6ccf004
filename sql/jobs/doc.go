// Package jobs carries effects from the commit that decided them to the
// function that does them. It is River over database/sql and lib/pq, kept in
// the schema "river"; nothing outside this package knows River.
//
//	Enqueue(tx) ──commit──► available ──► running ──nil──────────────► completed
//	     │                      ▲            │
//	     │ At is ahead          │            ├─ Unavailable, Internal ──► waits, then available
//	     ▼                      │            ├─ NotFound, Forbidden,
//	 scheduled ──due────────────┘            │  Invalid, Conflict ──────► discarded, OnDiscard told
//	                            ▲            └─ process killed ─────────► rescued, then available;
//	                            │                                         ten times: discarded, too
//	                            └──────────── stop: handed back ────────┘
//
// It promises:
//   - A job exists if and only if the transaction it was queued in committed.
//   - A committed job runs at least once, also when the process running it is
//     killed: another one takes it over within half a minute, since every runner
//     says every few seconds that it lives. Handlers must therefore bear being
//     called twice, and must stop when their context ends: one that does not may
//     find itself running twice at a time.
//   - A runner that was stopped for that long and comes back cannot write: what a
//     handler commits is fenced by the job's lease (Fence).
//   - The same effect queued twice while the first still waits is one job. A
//     job that has started no longer counts, because it may have read older
//     state: an effect queued then is a job of its own, and so is one queued
//     after completion.
//   - A job never runs before its time. One whose handler finds that it was queued
//     in another epoch (holds.ErrOtherEpoch) is given up, and nobody is told.
//   - Every job that is given up is told to OnDiscard, at least once, and its
//     row is kept for a quarter of a year.
//   - Jobs go by urgency and then by age, and by age alone once they have waited
//     for long. No connection has more than a share of a queue's workers, and
//     one whose provider asks to wait has one, so that nobody waits for it.
//   - Slow calls of one kind never hold up another kind: each has a queue and
//     workers of its own.
//
// It refuses to keep personal data or secrets: a job's arguments are names and
// numbers, and what is stored of an error is its kind and the sentence meant
// for people. The cause goes to the log alone.
//
// River is at https://riverqueue.com/docs; what we found out about it the hard
// way is said where it matters, above all in listener.go and rescue.go.
package jobs
