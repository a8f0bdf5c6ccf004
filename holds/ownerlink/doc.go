// Package ownerlink makes and opens the links that an account's owner gets in
// a notice, and the short code that is printed beside them.
//
//	token = base64url( payload ‖ HMAC-SHA-256(link key, payload) )
//	payload = version ‖ step ‖ tenant ‖ hold ‖ notice ‖ expiry
//
// Every part of the payload is preceded by its length, so no value, whoever
// chose it, can reach over into its neighbour; the keys for links and for codes
// are derived apart, so neither can be used to forge the other.
//
// It promises:
//
//   - a token opens for exactly the step it was minted for: a link to look is
//     not a button, and "this was not me" is never "this was me";
//   - what is opened is what was minted: tenant, hold, notice and expiry are
//     signed together, and the signature is checked, in constant time, before
//     any of them is looked at;
//   - a refusal has one text for the outside, whatever the reason, and a kind
//     for our log; no error holds a token, a code or a key.
//
// It refuses to start with a short, empty or repeated key.
//
// It does not know whether a token was used before, or whether its hold is
// still open: the store does, and every caller asks it, with the hold and the
// notice that the claim names and no other. Nothing that this package opens may
// release a hold.
package ownerlink
