package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A Leaf is what a store writes for one entry: one row for the leaf and one
// row for each hash, all in the transaction that the entry tells of.
type Leaf struct {
	Seq    int64
	Entry  Entry // with Seq set and Time as it was encoded
	Body   []byte
	Hashes []StoredHash // one or more, indexes rising
}

// A StoredHash is one row of the table of hashes.
type StoredHash struct {
	Index int64
	Hash  Hash
}

// Append returns what to store for entries added to a log that has size
// entries, numbering them from size. It reads at most log₂ size hashes, in one
// call to r, however many entries there are.
//
// The caller holds the one lock on the log from before it reads size until its
// commit is done, and writes every row returned or none; two appends to the
// same size fork the log. The error matches [ErrEntry] when an entry is
// refused; then nothing may be committed, for a change without its entry would
// be a change nobody can account for.
func Append(size int64, entries []Entry, r HashReader) ([]Leaf, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	f, err := readFrontier(size, r)
	if err != nil {
		return nil, err
	}
	leaves := make([]Leaf, 0, len(entries))
	for _, e := range entries {
		e.Seq = f.size
		leaf, err := appendOne(f, e)
		if err != nil {
			return nil, fmt.Errorf("append %q as entry %d: %w", e.Kind, e.Seq, err)
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

func appendOne(f *frontier, e Entry) (Leaf, error) {
	body, err := e.Encode()
	if err != nil {
		return Leaf{}, err
	}
	again, err := ParseEntry(body)
	if err != nil {
		return Leaf{}, err
	}
	leaf := Leaf{Seq: e.Seq, Entry: again, Body: body}
	first := tlog.StoredHashIndex(0, e.Seq)
	for i, h := range f.push(HashOf(body)) {
		leaf.Hashes = append(leaf.Hashes, StoredHash{Index: first + int64(i), Hash: h})
	}
	return leaf, nil
}
