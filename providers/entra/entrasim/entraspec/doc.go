// Package entraspec checks a conversation with Microsoft Graph, or with the
// simulator, against Graph's own API description. Only tests import it.
//
// The descriptions are files beside the repository
// (../shared/specs/graph-v1.0-subset.yaml and graph-beta-subset.yaml from the
// module's root); where they are absent, [Load] skips the test and says so.
// [Spec.Transport] is an http.RoundTripper that validates every request before
// it is sent and every answer before it is handed back, and fails the test on a
// difference. Bodies that are gzip-encoded are decompressed for the check.
//
// # Exceptions
//
// The descriptions are a subset, and differ from the service; these differences
// are not errors:
//
//   - Paths that the subset leaves out are checked against the schema of what
//     they answer where the subset has that schema, and not at all otherwise.
//     The list is uncovered, with the schema of each. Any other unknown path
//     that is answered with a success fails the test: an error to a path that
//     does not exist is what Graph gives.
//   - expirationPattern.type may have another case than the description's:
//     Microsoft's own documentation does.
//   - A $select, $filter, $orderby, $top, $count or $skiptoken that the description
//     does not list for a path is not refused; descriptions list fewer than
//     Graph takes.
//   - Answers with a status of 500 or more, and answers of 200 that are not
//     JSON, are faults under test and are not checked. An answer of 429 has
//     Graph's error body.
//   - $value and OAuth: the token endpoint is not part of Graph.
package entraspec
