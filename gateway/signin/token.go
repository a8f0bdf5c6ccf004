package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/countersign/countersign/holds"
)

// tokenBytes is 256 bits of chance.
const tokenBytes = 32

// NewToken makes a token for a link or a session, and the digest under which
// the store keeps it. The token itself is shown once and stored nowhere.
func NewToken() (token string, digest [32]byte) {
	var raw [tokenBytes]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, Digest(token)
}

// Digest is the SHA-256 of a token, which is all that is stored of it.
func Digest(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// Path is the address, below the console's, of a link with a token.
func Path(tenant holds.TenantID, token string) string {
	return "/signin/" + string(tenant) + "/" + token
}

// readToken tells whether something has the form of what we give out. It says
// nothing about whether we did.
func readToken(tenant, token string) (holds.TenantID, [32]byte, bool) {
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	if tenant == "" || len(tenant) > 64 || strings.ContainsFunc(tenant, odd) {
		return "", [32]byte{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != tokenBytes {
		return "", [32]byte{}, false
	}
	return holds.TenantID(tenant), Digest(token), true
}

// readCookie takes a cookie's value, TENANT.TOKEN, apart.
func readCookie(value string) (holds.TenantID, [32]byte, bool) {
	tenant, token, _ := strings.Cut(value, ".")
	return readToken(tenant, token)
}
