// Package signin lets reviewers in, by a link that somebody with access to the
// machine makes for them on the command line.
//
//	countersign reviewers link PERSON ──► /signin/TENANT/TOKEN
//	        GET shows a button ──POST──► link used up, session made ──► cookie
//
// It promises
//
//   - that a link works once and for ten minutes, and that only the POST of its
//     page uses it up: a GET, however often and by whomever, changes nothing;
//   - that a session is a new one at every sign-in (the one before ends), ends
//     eight hours after it began whatever happened in between, ends at once when
//     its person signs out, and is worth nothing from the moment its person is no
//     longer a reviewer;
//   - that neither the link's token nor the cookie's is stored: the store sees
//     their SHA-256, and looks up an unknown one exactly as it does a known one;
//   - that the cookie is HttpOnly and SameSite=Strict. Over TLS it is Secure and
//     carries the __Host- prefix; on plain HTTP, which the console speaks on
//     loopback only, browsers would drop such a cookie, so it is named without
//     the prefix and not Secure there. Cookies know no ports: programs on other
//     ports of the same machine's loopback see it, as they could see the console.
//
// It refuses to sign in anybody who is not a reviewer, even with a good link.
package signin
