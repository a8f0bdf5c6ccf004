// Package gateway is the edge: what every part that speaks HTTP to us shares.
// It is the only folder of the program that imports Echo.
//
// It gives three things. NewEcho makes an Echo whose defaults are safe for a
// service that strangers may reach: the client's address is the TCP peer
// unless a declared proxy vouches for another, every answer carries the
// security headers, every error becomes an RFC 9457 problem document (or a
// page, where a page is asked for), and a panic is a bare 500. NewServer makes
// a listener with every time-out set, with caps on connections, and with a
// shutdown that finishes what it began. Refuse and the problem types are the
// words in which all of them say no.
//
//	          Server                          NewEcho
//	conn ──► caps ──► TLS ──► one meaning? ──► draining? ──► id, headers ──► recover ──► deadline
//	                             │ no             │ yes                                     │
//	                             ▼                ▼                                         ▼
//	                            400              503                 https? ──► path ──► route ──► handler
//
// What it promises: an error whose kind is unknown shows nothing but the id of
// the request; a request that was accepted before a shutdown is finished, and
// one that arrives after is refused before its body is read.
//
// What it refuses: forwarding headers from anybody but a declared proxy, plain
// HTTP where HTTPS was promised (with no redirect, which would hide the leak),
// paths with escapes, dot segments or doubled slashes, methods that no route
// has (OPTIONS and TRACE among them), requests of HTTP/1 that can be read in more
// than one way (two lengths, a length beside chunks, bare line feeds, folded
// lines), compressed request bodies (nothing here
// inflates), and method overrides.
package gateway
