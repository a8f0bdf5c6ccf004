// Package cutproxy is a TCP proxy for tests that breaks connections at chosen
// bytes: between the service and Postgres, the service and a provider, a
// provider and the service.
//
//	caller ──► Proxy ──► target
//	             │
//	             └─ Cut: after N bytes, when a pattern passes, when its answer comes
//
// It promises that what a cut says it lost is lost: bytes behind a cut are never
// forwarded, and with Answer the target had the whole request and had answered
// it before the connection broke. Everything it did is in its journal, so that
// a test can tell that its fault struck at all.
//
// It knows no protocol. A pattern is bytes, and an answer is what comes back
// after something was sent: that is enough for protocols that take turns, which
// HTTP/1.1 and Postgres' are.
//
// It is imported by tests only, and imports nothing of ours.
package cutproxy
