// Package directory knows the people behind accounts and the ways to reach
// them: it reads them from a spreadsheet (CSV), chooses which contact points
// are independent of a hold, and masks them for screens.
//
// # The file
//
// One row per person and contact point; rows with the same person are one
// human. A file in UTF-8, separated by commas
// (or by semicolons throughout), every row on one line, with this header in any
// order:
//
//	person        the id of the human in your records: letters, digits, dot,
//	              dash, underscore; never an e-mail address. Required.
//	name          the name people know. Required on the person's first row.
//	belonging     employee, contractor or vendor. Required on the first row.
//	department    as policies ask for it: finance, payroll, …
//	manager       the person id of the manager on record.
//	account       connection:id, the id being the provider's immutable id of the
//	              account, for example acme-okta:00u1a2b3c4. Several are separated
//	              by spaces or semicolons, or stand on rows of their own.
//	contact_kind  email or phone.
//	contact       the address, or the number in international form (+44 20 …).
//	recorded      the day the contact was put on file: 2023-04-01 (or a time in
//	              RFC 3339). An unknown day means the contact is never used.
//	inside        for a mailbox that lives inside a guarded connection, that
//	              connection; empty for everything outside.
//
// Name, belonging, department and manager may be left empty on later rows of
// the same person; what they say must not contradict an earlier row.
//
// # What it promises
//
// A bad row is named with its line and column and left out; the rest goes on.
// A byte-order mark, Windows line ends, quoted fields and stray spaces are
// taken in stride. A contact that two people share is reported and kept, but
// marked (Shared) so that nobody is ever told anything there. An
// account claimed by two people belongs to neither.
//
// Eligible is pure: it reads no clock and does no I/O.
//
// # What it refuses
//
// To use a contact point that is younger than seven days before the change,
// undated, shared, one of the values the change put in doubt, or readable by
// whoever controls the held account. To reveal more of a contact point on a
// screen than its first letters or last two digits.
package directory
