// Package smtp sends notices by e-mail through one mail server.
//
// It promises
//
//   - that nothing of a message, and no password, is sent before TLS with a valid
//     certificate is up; only a server on this very machine may be spoken to in
//     clear, and only when the configuration says so;
//   - that a message counts as accepted exactly when the server answered 250 to
//     the whole of it, whatever happens on the line afterwards;
//   - that trying a notice again gives the same Message-ID, so that mail systems
//     can fold the duplicate of a try whose answer was lost
//     (RFC 5322 §3.6.4: https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4);
//   - that a conversation ends within the time limit and the caller's context,
//     and reads no more than a fixed number of bytes from the server;
//   - that errors say what happened in our own words with the server's code, and
//     never repeat the server's text, an address or the password.
//
// Whether trying again can help: a 5xx to the message or its addresses is final
// (RFC 5321 §4.2.1: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1).
// Everything else may pass: a 4xx, a broken or silent line, and every failure
// before the message itself is spoken of (a bad certificate, no STARTTLS, a
// refused sign-in), because those are about the server's or our set-up, or
// about somebody in between who must not be able to call a notice off for good.
//
// It refuses to be configured without encryption for a server elsewhere, or
// with a password for a line in clear.
package smtp
