package audit

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of a leaf, of an inner node or of the whole tree.
type Hash = tlog.Hash

// A HashReader reads stored hashes by their index, in the order asked for, or
// fails; a hash that is not there is an error, never a zero. A function with
// that signature becomes one as HashReaderFunc(f).
type HashReader = tlog.HashReader

// HashReaderFunc makes a function a [HashReader].
type HashReaderFunc = tlog.HashReaderFunc

// HashOf returns the hash of the leaf with this body.
func HashOf(body []byte) Hash { return tlog.RecordHash(body) }

// HashCount returns how many hashes are stored for a log of size entries.
func HashCount(size int64) int64 { return tlog.StoredHashCount(size) }

// ParseHash reads a hash back from the 32 bytes of a stored row.
func ParseHash(b []byte) (Hash, error) {
	if len(b) != tlog.HashSize {
		return Hash{}, fmt.Errorf("a stored hash has %d bytes, not %d", tlog.HashSize, len(b))
	}
	return Hash(b), nil
}

// Root returns the root of the log of the first size entries, with one call to
// the reader for at most 1 + log₂ size hashes.
func Root(size int64, r HashReader) (Hash, error) {
	f, err := readFrontier(size, r)
	if err != nil {
		return Hash{}, err
	}
	return f.root(), nil
}

// frontier is all that is needed of a tree to grow it and to know its root:
// the hashes of its complete subtrees, largest first. A tree of size n has one
// for each bit of n that is set, so it never holds more than 63.
type frontier struct {
	size   int64
	hashes []Hash
}

// push adds a leaf and returns the hashes to store for it, in the order of
// their indexes, which start at StoredHashIndex(0, size before the call).
func (f *frontier) push(leaf Hash) []Hash {
	stored := []Hash{leaf}
	for range bits.TrailingZeros64(uint64(f.size) + 1) {
		last := len(f.hashes) - 1
		leaf = tlog.NodeHash(f.hashes[last], leaf)
		f.hashes = f.hashes[:last]
		stored = append(stored, leaf)
	}
	f.hashes = append(f.hashes, leaf)
	f.size++
	return stored
}

// root returns the root of the tree; that of the empty tree is the hash of
// the empty string (RFC 6962 §2.1, https://www.rfc-editor.org/rfc/rfc6962#section-2.1).
func (f *frontier) root() Hash {
	if len(f.hashes) == 0 {
		return emptyRoot()
	}
	last := len(f.hashes) - 1
	h := f.hashes[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(f.hashes[i], h)
	}
	return h
}

// readFrontier reads the frontier of the tree of this size in one call.
func readFrontier(size int64, r HashReader) (*frontier, error) {
	if size < 0 {
		return nil, fmt.Errorf("an audit log cannot have %d entries", size)
	}
	f := &frontier{size: size}
	if size == 0 {
		return f, nil
	}
	indexes := frontierIndexes(size)
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("read the %d stored hashes at the edge of the audit log of size %d: %w", len(indexes), size, err)
	}
	if len(hashes) != len(indexes) {
		return nil, fmt.Errorf("asked for %d stored hashes of the audit log and got %d", len(indexes), len(hashes))
	}
	f.hashes = append(f.hashes, hashes...)
	return f, nil
}

// frontierIndexes returns where the hashes of the complete subtrees of a tree
// of this size are stored, largest subtree first.
func frontierIndexes(size int64) []int64 {
	var indexes []int64
	for start := int64(0); start < size; {
		level := bits.Len64(uint64(size-start)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, start>>level))
		start += int64(1) << level
	}
	return indexes
}

func emptyRoot() Hash {
	h, _ := tlog.TreeHash(0, nil) // of size 0, which reads nothing and cannot fail
	return h
}
