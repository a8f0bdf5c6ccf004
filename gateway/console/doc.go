// Package console is where reviewers work: the queue, one hold with all that is
// known of it, and the forms to record an identity check, to decide and to
// remark. Its pages are rendered on the server and work without JavaScript.
//
//	GET  /                     the open holds, most urgent first
//	GET  /holds                the ended ones; ?q= finds an account's by id or login
//	GET  /holds/ID             one hold
//	POST /holds/ID/evidence    an identity check
//	POST /holds/ID/decision    approve, deny, remove access, restore
//	POST /holds/ID/note        a remark, which counts for nothing
//	GET  /brakes               what one person can stop and two let go on
//	POST /brakes/stop          stop all containment, or all release
//	POST /brakes/resume        one person's word that it may go on
//
// It promises
//
//   - that a GET changes nothing, and that every POST carries the version of the
//     hold its page showed: a page that is out of date is answered with what has
//     changed since, and nothing is done;
//   - that the label of a hold is the honest one (gated, contained, observed), and
//     that moments which differ are shown apart: occurred, received, durable,
//     held, restrained (read back), effective by;
//   - that no decision is chosen beforehand, and that an approval needs the
//     account typed and its current roles acknowledged, as of a dated snapshot;
//   - that the reviewer's authority is asked about at every request, whatever the
//     session says;
//   - that whatever a stranger could name (an account, a factor, a role) is text
//     in one line, and that the immutable id stands beside it.
//
// It refuses to decide anything itself: who may check and who may decide is the
// keeper's to say, and what the forms leave out here for a reviewer's comfort is
// refused there as well.
package console
