// Package mailsink receives mail and shows it: an SMTP server that offers
// STARTTLS (with a certificate made at start) and AUTH, keeps every message in
// memory, and a small web page to read them. Nothing is ever sent on.
//
// It is for demonstrations and tests on a loopback address. It accepts any
// sender and recipient; when a name and password are set, it demands them, and
// only over TLS. The page loads nothing from elsewhere: mail written in HTML is
// shown in a sandboxed frame without scripts, forms or remote pictures. At most
// maxMails messages of maxBytes each are kept; older ones are forgotten.
package mailsink
