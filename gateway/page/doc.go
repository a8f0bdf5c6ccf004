// Package page is what the pages of the owner, of sign-in and of the console
// share: one look, one way to render, one way to read a form, and one way to
// show a word that a stranger chose.
//
// It promises
//
//   - that a page is rendered completely before its first byte goes out, so that
//     a failure is an error page and never half a page;
//   - that every page carries a policy under which a browser loads our own style
//     sheets and icons, sends forms to us, and does nothing else: no scripts, no
//     frames, no inline styles;
//   - that a request which changes something and comes from another site is
//     refused (http.CrossOriginProtection), before its body is read;
//   - that a name is shown in one line, without characters that cannot be seen,
//     apart from what surrounds it in either direction of writing, and marked
//     when it mixes scripts.
//
// It refuses a form that is not application/x-www-form-urlencoded, that is
// longer than any page of ours can send, or that gives one field twice. Fields
// nobody asked for are not read.
package page
