package oktasim

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID returns a fresh id of Okta's form: a prefix that tells the kind, 20
// characters in all.
func newID(prefix string) string {
	return prefix + randomText(20-len(prefix))
}

// randomText returns n letters and digits.
func randomText(n int) string {
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil {
			panic("oktasim: no randomness: " + err.Error()) // crypto/rand does not fail on a supported system
		}
		out[i] = base62[k.Int64()]
	}
	return string(out)
}

// newUUID returns a random UUID. They are random, not counted, so that two
// simulators never name two events alike.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
