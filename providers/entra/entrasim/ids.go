package entrasim

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // GUIDs of version 5 are made with it
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const emptyGUID = "00000000-0000-0000-0000-000000000000"

// newGUID returns a random GUID. They are random, not counted, so that two
// simulators never name two records alike.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return formatGUID(b, 4)
}

// namedGUID returns the same GUID for the same words, for seeds.
func namedGUID(words ...string) string {
	sum := sha1.Sum([]byte(strings.Join(words, "\n"))) //nolint:gosec // as above
	return formatGUID([16]byte(sum[:16]), 5)
}

func formatGUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if (i == 8 || i == 13 || i == 18 || i == 23) != (r == '-') {
			return false
		}
		if r != '-' && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}

// newSecret returns an opaque value for tokens and client secrets.
func newSecret(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

// assignmentID is how Graph names a role assignment: both GUIDs, each in
// Microsoft's mixed byte order, in one piece of base64url.
func assignmentID(role, principal string) string {
	return base64.RawURLEncoding.EncodeToString(append(mixed(role), mixed(principal)...)) + "-1"
}

// shortID is a link's id, such as an oauth2PermissionGrant's.
func shortID(guids ...string) string {
	var raw []byte
	for _, g := range guids {
		raw = append(raw, mixed(g)...)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// mixed returns the 16 bytes of a GUID as Microsoft stores them: the first
// three fields little-endian.
func mixed(guid string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		return make([]byte, 16)
	}
	return []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}
