// Package oktaspec checks a conversation with Okta, or with the simulator,
// against Okta's own API description. Only tests import it.
//
// The description is a file beside the repository
// (../shared/specs/okta-management-subset.yaml from the module's root); where
// it is absent, [Load] skips the test and says so. [Spec.Transport] is an
// http.RoundTripper that validates every request before it is sent and every
// answer before it is handed back, and fails the test on a difference.
//
// # Exceptions
//
// The description and the service differ; these differences are not errors:
//
//   - Paths that the subset leaves out are not checked, but must be one of
//     those in uncovered: groups (list and read), a person's groups, policies
//     (list and read), org, the organisation's metadata, the token endpoint.
//     Any other unknown path fails the test.
//   - Null values in answers are taken out first: Okta writes null for absent
//     values in the System Log, in people, rules and event hooks, where its
//     description rarely says nullable.
//   - A factor of type signed_nonce is checked as a push factor: the
//     description's discriminator forgets it.
//   - A policy rule's priority, status and other read-only properties may be
//     sent: a rule is restored from the JSON it was read as.
//   - The bodies sent to activate and to verify a factor are not checked: the
//     description's alternatives overlap, so that no body matches exactly one.
//   - Answers with a status of 500 or more, and answers of 200 that are not
//     JSON, are faults under test and are not checked.
package oktaspec
