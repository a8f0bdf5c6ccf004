package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// SaltSize is the size of a salt in bytes.
const SaltSize = 32

// A Salt makes a commitment to a guessable value unguessable. Use a fresh one
// for every commitment, and keep it where the value is kept: whoever erases
// both leaves a commitment that says nothing.
type Salt [SaltSize]byte

// NewSalt returns a random salt.
func NewSalt() Salt {
	var s Salt
	rand.Read(s[:]) // never fails: the runtime stops the program first
	return s
}

// ParseSalt reads a salt back from a store; any other length is an error.
func ParseSalt(b []byte) (Salt, error) {
	if len(b) != SaltSize {
		return Salt{}, fmt.Errorf("a salt has %d bytes, not %d", SaltSize, len(b))
	}
	return Salt(b), nil
}

// Commit returns the salted commitment to value: HMAC-SHA-256 keyed with the
// salt, as 64 digits of lower-case hex, ready for Entry.Commitments.
func Commit(salt Salt, value string) string {
	return hex.EncodeToString(commitment(salt, value))
}

// CheckCommitment reports whether committed is the commitment to value under
// salt, in a time that does not depend on where they differ.
func CheckCommitment(salt Salt, value, committed string) bool {
	want, err := hex.DecodeString(committed)
	return err == nil && hmac.Equal(commitment(salt, value), want)
}

// Digest returns the SHA-256 of raw as 64 digits of lower-case hex, ready for
// Entry.Digests. For anything that could be guessed use [Commit].
func Digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func commitment(salt Salt, value string) []byte {
	mac := hmac.New(sha256.New, salt[:])
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
