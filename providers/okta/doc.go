// Package okta speaks to one Okta organisation: it decodes what event hooks and
// the System Log say, polls that log, reads accounts, restrains them and undoes
// what it did.
//
//	hook POST ──┐
//	            ├─► Delivery (raw) ──Decode──► []holds.Event
//	System Log ─┘        ▲
//	                  Poller
//	keeper ──► Snapshot, Do, Enforcement ──► okta-sdk-golang/v2 ──► providers.Transport ──► Okta
//
// It promises that
//
//   - Decode never fails and never guesses: bytes that two readers could read
//     differently become an unclassified event, under an id of their own, so that a
//     clean copy of the same event is still judged; one bad event in a batch harms
//     only itself;
//   - targets are found by their type, never by their place, and everything is
//     decided by immutable ids, never by login or name;
//   - an action reads the state first, so that what is already so is not claimed
//     as ours; it makes one call and never repeats it;
//   - "in force" is said of the restraint group only after its deny rules were
//     read back.
//
// It refuses ids that are not of Okta's form before any call, addresses other
// than the configured one, and settings from the environment or from files of
// the SDK: only Options count.
//
// Only this package imports the SDK, and only client.go builds it.
package okta
