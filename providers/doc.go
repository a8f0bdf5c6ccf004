// Package providers holds the rules every client of an identity platform keeps,
// whatever its SDK does.
//
// A [Transport] is the only way a provider's SDK reaches the network. It
// promises that
//
//   - every call has a deadline, also when the caller forgot one;
//   - scheme and host are those of the configuration: an address taken from an
//     event, a Link header or a redirect is refused before anything is dialled,
//     and redirects are never followed;
//   - the address behind the name is checked while dialling, so that a name which
//     suddenly means a private or metadata address is refused too;
//   - a reading (GET, HEAD) whose connection broke is tried once more, anything
//     else never: a call that may have taken effect is read back, not repeated;
//   - a 429 closes only the bucket it belongs to on this connection, and callers
//     are told at once how long to wait instead of sleeping in a worker;
//   - answers are bounded in size, and a web page where data should be is an
//     outage, not an answer;
//   - no error carries a token, a query or a body.
//
// [Transport.Classify] turns whatever happened into a holds.Error, which says what
// the caller can do about it. [ReadJSON] reads a provider's JSON with one meaning
// only, and [Plain] makes a provider's text fit to be shown.
//
// The package knows no provider and imports no SDK.
package providers
