// Package oktasim is an Okta organisation small enough to run inside a test
// or beside a demonstration: it keeps state and speaks Okta's wire shapes.
//
// A [Sim] is an http.Handler for the API under /api/v1, /oauth2/v1/token and
// /.well-known/okta-organization. What is done through the API and what is
// done by a story (a method such as [Sim.HelpDeskResetsFactors], which plays
// a person using Okta's own pages) goes through the same state functions, and
// every change writes the System Log events that Okta writes, in the shapes of
// the chosen [Engine]; the eligible ones are delivered to event hooks.
//
//	API call ──┐                          ┌─► System Log (polling and bounded reads)
//	           ├─► state function ─► event┤
//	story ─────┘                          └─► event hooks (batched, 3 s, one retry)
//
// # What is simulated
//
//   - People with Okta's eight statuses and the rules of each transition;
//     partial profile updates; sessions and OAuth tokens, cleared together
//     only when oauthTokens=true is asked for. Suspending leaves sessions as
//     they are, so that a caller who forgets to clear them is found out.
//   - Factors, enrolled and activated by API or story. Deleting a push or
//     signed_nonce factor un-enrols every Okta Verify factor of the person.
//     Push verification with transactions that wait for an answer.
//   - Administrator roles, direct (USER) and through a group (GROUP). Only
//     super administrators grant roles; help desk and user administrators
//     cannot act on administrators.
//   - Groups, memberships, and policies with ordered rules: a sign-in is
//     decided by the first active global session policy that applies to the
//     person; enrolling one's own factor on Identity Engine also by the
//     account management policy. Group conditions are honoured at policy and
//     at rule level. As in Okta, a global session policy names its groups on
//     the policy and an app sign-on or account management policy on the rule.
//   - Devices on Identity Engine, made by enrolling Okta Verify: while one is
//     suspended its factors cannot be used. API tokens, listed, read and
//     revoked. Identity providers, made by story, read, switched on and off.
//   - The System Log in polling mode (persistence order, an opaque next link
//     always) and bounded mode (published order), the filter subset eq, ne,
//     sw, co, ew, pr with and, or, not and parentheses.
//   - Event hooks with registration, verification and delivery; SSWS tokens
//     and private_key_jwt service apps; Okta's error bodies, paging by separate
//     Link headers and rate-limit headers.
//   - Faults on demand: see [Switches], [Fault] and [Sim.RateLimit]. A
//     [Sim.Journal] of all requests and [Sim.Effects], a count of
//     state-changing calls by method, path and subject.
//
// # What is not
//
// Passwords are never checked. Custom roles, resource sets, zones, inline hooks,
// event hook filters, group rules, applications to assign, DPoP and profile
// schemas do not exist. Status changes that Okta makes asynchronously
// are immediate. An event hook may name an http address when its host is a
// loopback one; Okta refuses http altogether. The events of the group members
// on a group role change appear in the same transaction, where Okta writes them
// in the background. Where Okta's answer is undocumented the code says so with
// the word "unverified".
package oktasim
