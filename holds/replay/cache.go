package replay

// cache remembers a bounded number of things. When it is full, what was not asked
// for since it was last full is forgotten.
type cache[K comparable, V any] struct {
	young, old map[K]V
	most       int
}

// newCache makes a cache of at most twice as many things.
func newCache[K comparable, V any](most int) *cache[K, V] {
	return &cache[K, V]{young: map[K]V{}, most: most}
}

// get finds a thing, and keeps it from being forgotten next.
func (c *cache[K, V]) get(k K) (V, bool) {
	if v, known := c.young[k]; known {
		return v, true
	}
	v, known := c.old[k]
	if known {
		c.put(k, v)
	}
	return v, known
}

func (c *cache[K, V]) put(k K, v V) {
	if _, known := c.young[k]; !known && len(c.young) >= c.most {
		c.old, c.young = c.young, make(map[K]V, c.most/8)
	}
	c.young[k] = v
}
