package ownerlink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// KeySize is the size of a key in bytes.
const KeySize = 32

// MaxToken is the longest token in bytes that is looked at.
const MaxToken = 2 << 10

// maxField is the longest tenant, hold or notice in bytes.
const maxField = 255

// A Minter makes and opens links and digests of codes. It is safe for use by
// several goroutines and never prints its keys.
type Minter struct {
	keys []keyPair // the current one first
}

// keyPair is what is derived from one key.
type keyPair struct{ link, code []byte }

// New returns a minter that signs with the current key and still opens what
// was signed with the previous ones. A key is exactly [KeySize] random bytes;
// anything else, or the same key twice, is an error that says which.
func New(current []byte, previous ...[]byte) (*Minter, error) {
	m := &Minter{}
	for i, key := range append([][]byte{current}, previous...) {
		name := "the current key for owner links"
		if i > 0 {
			name = fmt.Sprintf("previous key %d for owner links", i)
		}
		if len(key) != KeySize {
			return nil, fmt.Errorf("%s has %d bytes, not %d; make one with: head -c %d /dev/urandom", name, len(key), KeySize, KeySize)
		}
		if hmac.Equal(key, make([]byte, KeySize)) {
			return nil, fmt.Errorf("%s is all zeros", name)
		}
		pair := keyPair{link: derive(key, "link"), code: derive(key, "code")}
		for _, other := range m.keys {
			if hmac.Equal(other.link, pair.link) {
				return nil, fmt.Errorf("%s was given before", name)
			}
		}
		m.keys = append(m.keys, pair)
	}
	return m, nil
}

// derive makes the key for one purpose, so that a signature made for one can
// never pass for another.
func derive(key []byte, purpose string) []byte {
	return sum(key, fields("countersign/holds/ownerlink/v1", purpose))
}

// String keeps the keys out of logs.
func (m *Minter) String() string { return fmt.Sprintf("minter with %d key(s)", len(m.keys)) }

// GoString does the same for %#v.
func (m *Minter) GoString() string { return m.String() }

// Mint returns the token for a claim: letters, digits, - and _ only. The error
// says which part of the claim is missing or too long; that is a mistake in the
// program and not of the owner.
func (m *Minter) Mint(c Claim) (string, error) {
	if !c.Step.valid() {
		return "", fmt.Errorf("mint an owner link: there is no step %q", c.Step)
	}
	for _, f := range []struct{ name, value string }{{"tenant", c.Tenant}, {"hold", c.Hold}, {"notice", c.Notice}} {
		if f.value == "" || len(f.value) > maxField {
			return "", fmt.Errorf("mint an owner link: the %s is empty or longer than %d bytes", f.name, maxField)
		}
	}
	if c.Expires.Unix() <= 0 {
		return "", errors.New("mint an owner link: it has no expiry")
	}
	payload := encode(c)
	return spell(append(payload, sum(m.keys[0].link, payload)...)), nil
}

// Open checks a token for the step of the page it came to, at this time, and
// returns its claim. The error is a [*Refusal]. A claim is good before its
// expiry and not from that second on.
func (m *Minter) Open(token string, step Step, now time.Time) (Claim, error) {
	if len(token) > MaxToken {
		return Claim{}, &Refusal{KindMalformed}
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= sha256.Size || spell(raw) != token {
		return Claim{}, &Refusal{KindMalformed}
	}
	payload, mac := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	known := false
	for _, k := range m.keys {
		known = hmac.Equal(sum(k.link, payload), mac) || known // every key, whichever fits
	}
	if !known {
		return Claim{}, &Refusal{KindForged}
	}
	c, ok := decode(payload)
	switch {
	case !ok:
		return Claim{}, &Refusal{KindMalformed}
	case c.Step != step:
		return Claim{}, &Refusal{KindWrongStep}
	case !now.Before(c.Expires):
		return Claim{}, &Refusal{KindExpired}
	}
	return c, nil
}

// spell writes bytes as they stand in an address.
func spell(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func sum(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
