// Package owner is the page that a notice to an account's owner links to. It
// works without signing in, without JavaScript and on a phone.
//
//	GET  /o/TOKEN   shows what happened and what was done about it
//	POST /o/TOKEN   with the code of the message:
//	                "this was not me" freezes, "this was me" is recorded
//
// It promises
//
//   - that GET and HEAD change nothing, so that programs which follow the links
//     of a mail, and load a page ahead of time, do nothing; and that a program
//     which presses the buttons as well does nothing either, since what it sends
//     has no code, and is not even counted as a wrong one;
//   - that nothing here releases anything;
//   - that a link which is expired, invalid or another installation's looks the
//     same as one that never existed;
//   - that whoever the message was forwarded to learns the first name it was
//     sent to, the kind of change, when it was, and how things stand: no login,
//     no other name, no address, no device.
//
// It refuses an answer without the code, and never asks for a password.
package owner
