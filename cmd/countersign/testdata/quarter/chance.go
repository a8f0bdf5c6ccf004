package quarter

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// chance is everything that is drawn. One stream of numbers, in one order, makes
// the quarter the same each time.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))} }

// often tells whether something of a probability happens.
func (c chance) often(p float64) bool { return c.Float64() < p }

// count is how many times something happens that is expected so many times: that
// many, with what is left over a whole number decided by chance. When and to whom it
// happens is all chance; how often is what the rates are there to say.
func (c chance) count(expected float64) int { return int(expected + c.Float64()) }

func (c chance) digits(alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[c.IntN(len(alphabet))]
	}
	return string(out)
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// oktaID is an id of Okta's form with the prefix of its kind.
func (c chance) oktaID(prefix string) string { return prefix + c.digits(letters, 20-len(prefix)) }

// guid is a random UUID.
func (c chance) guid() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(c.IntN(256))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// one picks one of a list.
func one[T any](c chance, list []T) T { return list[c.IntN(len(list))] }

// within is a moment up to a duration after another.
func (c chance) within(t time.Time, d time.Duration) time.Time {
	return t.Add(time.Duration(c.Float64() * float64(d)))
}

// number is a phone number that is nobody's.
func (c chance) number() string { return fmt.Sprintf("+1 20255501%02d", c.IntN(100)) }
