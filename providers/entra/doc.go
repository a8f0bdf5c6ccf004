// Package entra speaks to one Microsoft Entra tenant: it decodes what its logs
// say, polls them, reads accounts, restrains them and undoes what was done.
//
//	change notification ──► wakes ──┐
//	                                ▼
//	directoryAudits ──► Poller ──► Delivery (raw) ──Decode──► []holds.Event
//	an organisation's own exports ────────────────Record──►
//	keeper ──► Snapshot, Do, Enforcement, Observe ──► msgraph-sdk-go ──► providers.Transport ──► Graph
//
// The Decoder is pure. It reads one record in any of these shapes, and says of all
// of them the same:
//
//   - Graph's directoryAudit, alone or in a page ({"value": […]});
//   - the record of a diagnostic setting, which wraps one ("properties"), alone or
//     in a batch ({"records": […]});
//   - a row of Log Analytics (AuditLogs, OfficeActivity), with lists as JSON in
//     strings;
//   - the Office 365 unified audit record, in Pascal or lower case, bare or as the
//     string AuditData: of Entra and of Exchange;
//   - sign-ins, risk detections and alerts, which change nothing.
//
// It promises that
//
//   - it never fails and never guesses: bytes that two readers could read
//     differently become an unclassified event, under an id of their own; one bad
//     record of a page harms only itself; what is not known but looks sensitive is
//     unclassified, too;
//   - targets are found by their type, never by their place, and everything is
//     decided by immutable ids; where a record has a login alone, the event says so;
//   - an account, a role or our own footing is told by ids. Microsoft's own services
//     are told by ids where those are known, and by name with a doubt where not;
//   - values are in Event.Fields alone, which the store seals, and credentials' values
//     nowhere;
//   - a request for a role grants nothing: only its completion takes effect;
//   - an action reads the state first, so that what is already so is not claimed as
//     ours; it makes one changing call and never repeats it;
//   - "in force" is said of the restraint group only after the Conditional Access
//     policies that deny it were read back;
//   - the log is read by time, with an overlap behind the newest record seen, and
//     its cursor never passes what is not stored; a subscription only says when to
//     look, and one that is lost is noticed and made anew.
//
// It refuses ids that are not GUIDs before any call, addresses other than the
// configured one, and fetches nothing because a record names it.
//
// Only this package imports the Graph SDK, its sub-packages and never its root, and
// only adapter.go builds it.
package entra
