// Package okta speaks to one Okta organisation: it decodes what event hooks and
// the System Log say, polls that log, reads accounts, restrains them and undoes
// what it did.
//
//	hook POST ──┐
//	            ├─► Delivery (raw) ──Decode──┐
//	System Log ─┘        ▲                   ├─► Decoder ──► []holds.Event
//	                  Poller                 │
//	an export ─────────────────────Record────┘
//
//	keeper ──► Snapshot, Do, Observe, Enforcement, Activity, Find
//	                └──► okta-sdk-golang/v2 ──► providers.Transport ──► Okta
//
// It promises that
//
//   - Decode never fails and never guesses: bytes that two readers could read
//     differently become an unclassified event, under an id of their own, so that a
//     clean copy of the same event is still judged; one bad event in a batch harms
//     only itself;
//   - a record is walked over once and read no further than its type of event
//     demands (scan.go, logevent.go); what a type means stands in kinds.go;
//   - targets are found by their type, never by their place, and everything is
//     decided by immutable ids, never by login or name;
//   - an action reads the state first, so that what is already so is not claimed
//     as ours; it makes one call and never repeats it;
//   - a scope that only single reverts need is asked for when it is needed, and its
//     lack harms nothing else;
//   - "in force" is said of the restraint group only after its deny rules were
//     read back.
//
// It refuses ids that are not of Okta's form before any call, addresses other
// than the configured one, and settings from the environment or from files of
// the SDK: only Options count.
//
// Only this package imports the SDK, and only client.go builds it.
package okta
