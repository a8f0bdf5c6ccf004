// Package audit is the log that nobody can quietly change: an append-only
// Merkle tree (RFC 6962, as golang.org/x/mod/sumdb/tlog builds it) over the
// entries of holds, evidence, decisions, effects, notices and configuration.
//
//	Entry ──Encode──▶ body ──RecordHash──▶ leaf hash ─┐
//	                                                  ├─▶ stored hashes ─▶ root
//	earlier stored hashes (the frontier, ≤ log₂ n) ───┘                     │
//	                                            Signer.Sign(Checkpoint) ◀───┘
//	                                                  │
//	                       a place outside the database (package anchor)
//
// It promises:
//
//   - one entry has exactly one encoding, so that a body can be compared and
//     hashed as bytes by anybody in any language, now and in ten years;
//   - [Verify] reads the whole log in bounded memory and names the first entry
//     that was altered, removed, moved or cut off; given a checkpoint it also
//     sees a log that was rewritten from end to end and made consistent again;
//   - a value that may have to be erased stands in the log only as a salted
//     commitment: erase the salt and the value elsewhere, and the log still
//     verifies while the commitment says nothing any more.
//
// It refuses: unknown fields, a second spelling of the same entry, strings
// that would need escaping, anything with an @ in it (an address is personal
// data, and personal data has no place here), and a checkpoint whose signature,
// origin or spelling is not exactly what its key would have written.
//
// It does no input or output. A store keeps two tables and appends under one lock
// in a transaction of its own or of what it tells of, either as [Append] says
//
//	leaves, err := audit.Append(size, entries, reader) // reader: SELECT … WHERE stored_index = ANY($1)
//	// for each leaf: INSERT its seq and body, and each of its hashes by index.
//
// or by doing the same itself from [Entry.Unnumbered], as the database of package
// pgstore does. [Verify] trusts neither.
//
// What the log cannot see: entries appended with all their hashes by whoever
// controls the database look like any other entry, and a tail cut off since the
// last checkpoint leaves no trace if its hashes are cut off too. That is why a
// checkpoint leaves the database every minute.
package audit
