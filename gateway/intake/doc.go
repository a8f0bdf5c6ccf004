// Package intake takes deliveries from identity providers over HTTP and makes
// them durable: GET and POST /hooks/okta/{connection}, and POST
// /hooks/entra/{connection}/{nonce}.
//
// # Okta
//
//	POST ─► connection ─► media ─► credential ─► room ─► body ─► org ─► Store.Receive ─► 204
//	            │           │          │          │        │       │          │
//	            └► as a     415       401        503      413     403        503
//	               wrong secret                                         (sent again)
//
// What it promises: a 204 is said only after the store committed the raw
// bytes. A failure of ours is a 5xx, which Okta sends again once, and never a
// 4xx, which it does not
// (https://developer.okta.com/docs/concepts/event-hooks/). Whatever bytes an
// authenticated sender puts into the body are stored as they came: reading
// them is somebody else's work, later.
//
// The rule for the credential: the header must be there exactly once, and its
// value must be the configured one byte for byte, including the case of a
// scheme such as "Basic", since Okta sends back verbatim what was set on the
// hook. Several headers of the name, or several values joined with commas, are
// a wrong credential. (White space around a header's value is not part of it,
// by RFC 9110 section 5.5.) Two secrets may be valid while one is replaced by
// the other. Values are compared as SHA-256 digests in constant time, always
// with both, and an unknown connection is answered as a wrong secret is, after
// the same work.
//
// A delivery is refused with a 503 and a Retry-After of half a minute while too
// many wait to be decided: of its connection, which somebody with its secret can
// bring about, or of all. The body of such a delivery is not read.
//
// # Entra
//
//	POST ─► handshake? ──────────► feeds ─► pending ─► token, as text
//	  │                              │         └► 404
//	  └───► media ─► feeds ─► body ─► shape ─► items ─► Store.Receive ─► 202 ─► Waker
//	         415      503     413      400      │           503
//	                                            └► none is Microsoft's: 202
//
// Microsoft Graph carries no credential of ours in a header. Each subscription
// has an address with a nonce of its own and a client state, which every
// notification repeats
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
// A handshake is answered only while a subscription with the nonce of its
// address is being made; to everybody else the address does not exist. An item
// counts when its subscription is one of the connection's, its client state has
// that subscription's digest, compared in constant time, and its directory is
// the configured one. A body with at least one such item is stored whole and
// once; whoever decodes it looks at nothing in it but that something changed.
//
// The answer to a body is the same 202 whether its items count, or its
// connection exists, or not: who does not hold a client state learns nothing,
// not even how near they came. (Who holds one waits for a commit.) Items that do
// not count are counted themselves, for people to see. The feeds are read anew for
// every request, but only once at a time for all who wait; and who does not know
// a subscription's nonce waits in a shorter queue of its own.
//
// # Refusals
//
// It refuses to start with a secret that is empty, short, or shared by two
// connections; compressed bodies; any media type but JSON in UTF-8; bodies above
// the limit; a delivery that another organisation's hook sent; and to take
// instructions from a GET, whose only effect is its answer.
package intake
