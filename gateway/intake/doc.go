// Package intake takes deliveries from identity providers over HTTP and makes
// them durable: GET and POST /hooks/okta/{connection}.
//
//	POST ─► connection ─► media ─► credential ─► body ─► org ─► Store.Receive ─► 204
//	            │           │          │           │       │          │
//	            └► as a     415       401         413     403        503
//	               wrong secret                                 (sent again)
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
// What it refuses: to start with a secret that is empty, short, or shared by
// two connections; compressed bodies; any media type but JSON in UTF-8; bodies
// above the limit; a delivery that another organisation's hook sent; and to
// take instructions from a GET, whose only effect is its answer.
package intake
