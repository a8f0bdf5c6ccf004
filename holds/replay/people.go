package replay

import (
	"math"
	"slices"
)

// crowd counts how many different people there are. It is exact up to 65,536 of
// them; beyond that it keeps those with the smallest digests, whose density tells
// how many there are, within one in a hundred.
type crowd struct {
	seen  map[uint64]struct{}
	below uint64 // digests from here on are not kept; 0 when all are
}

// mostExact is how many people are kept at least.
const mostExact = 1 << 16

func newCrowd() *crowd { return &crowd{seen: map[uint64]struct{}{}} }

func (c *crowd) add(id string) {
	if id == "" {
		return
	}
	d := digest(id)
	if c.below != 0 && d >= c.below {
		return
	}
	c.seen[d] = struct{}{}
	if len(c.seen) > 2*mostExact {
		c.thin()
	}
}

// thin keeps the smaller half.
func (c *crowd) thin() {
	all := make([]uint64, 0, len(c.seen))
	for d := range c.seen {
		all = append(all, d)
	}
	slices.Sort(all)
	c.below = all[mostExact]
	for _, d := range all[mostExact:] {
		delete(c.seen, d)
	}
}

func (c *crowd) count() int {
	if c.below == 0 {
		return len(c.seen)
	}
	return int(float64(len(c.seen)) / (float64(c.below) / math.MaxUint64))
}

// digest is FNV-1a with its bits mixed once more, so that the smallest digests are
// a fair sample. Texts are kept apart by a byte that none of them contains.
func digest(texts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, t := range texts {
		for i := range len(t) {
			h = (h ^ uint64(t[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
