// Package export reads exports of logs as people have them: whole files or a
// pipe, in whatever wrapping the log came out of its platform, and hands out the
// records in them one at a time.
//
//	file ──► gzip? ──► UTF-16? byte order mark? ──► JSON or CSV ──► lists, pages, batches ──► record
//
// It reads a JSON array, JSON lines, JSON values one after another, a page of
// Microsoft Graph ("value"), a batch of diagnostic settings ("records"), the
// envelope of an Okta event hook ("data"."events"), and records of the Office 365
// unified audit log, also where they are a text within JSON or within the column
// AuditData of a CSV table. All of these may be mixed, and lie within one another.
//
// It promises that memory is bounded by the largest record, whatever the size of
// the file or of the list around it; that each byte of a record is looked at once
// to find its end and to see that it is JSON; and that a record which is not is
// told with what is wrong and where, once, while the rest goes on where the format
// allows it. Nothing is left out without an error.
//
// It refuses to judge what a record means, and to guess at what is broken.
package export
