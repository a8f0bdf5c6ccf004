// Package notify tells people: the owner of a held account, over every channel
// that the requester does not control, and the people on duty.
//
//	hold ──Plan──► contact points ──(the keeper records notices)──► Send ──► channel
//	                    │ nobody eligible: why, in words              │
//	                    ▼                                             ▼
//	               a person is paged                        one line of the ledger
//
// It promises
//
//   - that only contact points independent of the change are chosen (the rule is
//     package directory's), and that choosing nobody comes with a reason;
//   - that a message says what happened, when, from where and by whom, what was
//     done about it in the same honest word as everywhere (gated, contained,
//     observed), and what to do if it was somebody else: open the page and type
//     the code, or reach the security team
//     (NIST SP 800-63B-4 §4.6: https://pages.nist.gov/800-63-4/sp800-63b.html);
//   - that nothing an attacker can name (a person, a device, a role) becomes a
//     header, markup, a link or a second line in a message;
//   - that an attempt is called accepted only on the channel's word, and that
//     what is recorded of it never holds a full address, the code, the link or
//     the other side's own text.
//
// It refuses to send a link that signs anybody in, to ask for a password, to
// send a notice of one hold with the facts of another, and to write personal
// values into a page for the people on duty.
package notify
