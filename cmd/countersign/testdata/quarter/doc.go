// Package quarter makes up three months of a company of three hundred people: what
// Okta's System Log and Entra's audit and sign-in logs have of it, in the vendors'
// own shapes, and which of it is a takeover. It shows what a policy would have held.
//
// It promises that the same options give the same records; that people do what
// people do as often as is published (rates.go names the source of each base rate,
// and says where there is none); and that nothing in a record tells an attack from
// a day's work. What is a takeover is written beside the records, see Truth.
//
// The company uses Okta for its applications and Entra for Microsoft 365, each with
// factors and passwords of its own. An application of its HR system makes accounts
// some days before somebody's first day. Eight people are IT. People work in one
// office and at home, and travel. In the middle of the time everybody moves from
// text messages to Okta Verify within a week, by themselves.
//
// It refuses to be tuned: a policy that holds too much is to be mended, and not the
// company.
package quarter
