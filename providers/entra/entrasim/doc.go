// Package entrasim is a Microsoft Entra tenant small enough to run inside a
// test or beside a demonstration: it keeps state and speaks the wire shapes of
// Microsoft Graph.
//
// A [Sim] is an http.Handler for the API under /v1.0 and /beta and for the
// token endpoint /{tenant}/oauth2/v2.0/token. What is done through the API and
// what is done by a story (a method such as [Sim.HelpDeskResetsMethods], which
// plays a person using Microsoft's own pages) goes through the same state
// functions. Every change writes the audit records that Entra writes, those of
// several services for one change; changes of users and groups, and no others,
// are also notified to subscriptions, by id alone.
//
//	API call ──┐                          ┌─► audit log (visible later, out of order)
//	           ├─► state function ─► record
//	story ─────┘                   └change┴─► subscriptions (batched, 3 s, tried again)
//
// # What is simulated
//
//   - Accounts, of the cloud or mastered on-premises (whose accountEnabled,
//     password and profile Graph will not change), with sessions that only a
//     revocation or a password reset ends: disabling leaves them as they are, so
//     that a caller who forgets to revoke is found out. Without $select an answer
//     has Graph's usual properties only; accountEnabled is not among them.
//   - Authentication methods and their typed collections, with the fixed ids
//     of phones, e-mail and password; the default phone cannot be deleted.
//   - Directory roles: direct assignments, assignments and eligibilities of
//     Privileged Identity Management, activations with and without approval, and
//     what ends by itself as time passes. Applications can assign and remove, and
//     cannot activate or approve.
//   - Groups, also those that can hold roles; Conditional Access policies that
//     decide sign-ins and user actions ([Sim.SignIn], [Sim.UserAction]); devices,
//     applications, service principals and their credentials, delegated and
//     application permissions, domains and their federation.
//   - The audit log with its 5 requests in 10 seconds, 429 without Retry-After,
//     $filter, $orderby, $top and next links at the address the caller used. Each
//     record becomes visible after a delay of its own and then stands where its
//     activityDateTime puts it, which may be behind what was read already.
//   - Subscriptions with the handshake of both addresses, renewal, expiry,
//     reauthorization, and silent loss on demand ([Sim.LoseSubscription]).
//   - Client credentials with a secret or with an assertion signed by a
//     certificate; tokens that end and can be revoked; application permissions
//     that can be taken away. Bodies may be gzip-encoded, as Microsoft's SDK sends
//     them. Errors have Graph's shape.
//   - Faults on demand: see [Switches], [Fault] and [Sim.RateLimit]. A
//     [Sim.Journal] of all requests and [Sim.Effects], a count of
//     state-changing calls by method, path and subject.
//
// # Audit records
//
// Their shapes follow records published from live tenants, and a test compares
// them: the id begins with the service that wrote it, values are JSON within
// text, an application's appId is null, targets are told by type, names have an en
// dash, a trailing space or a full stop where Microsoft's have them. Platform
// identities act where they do in Entra: MS-PIM and Azure AD PIM for role
// activations, fim_password_service for the directory's side of a self-service
// reset, services of Microsoft's for a person's own registration.
//
// # What is not
//
// Passwords and passes are never checked, and places, risk and device
// compliance never decide a sign-in. Administrative units, PIM for Groups,
// entitlement management, identity protection, mailboxes, sign-in logs, delta
// queries, $batch, $search and rich notifications do not exist. A token's
// permissions are read from the tenant at each call, where Entra writes them
// into the token. A notification may go to an http address when its host is a
// loopback one; Graph refuses http altogether. Endpoints are not throttled for
// being slow. Where Entra's answer or wording is undocumented the code says so
// with the word "unverified".
package entrasim
