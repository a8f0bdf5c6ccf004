package audit_test

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/countersign/countersign/holds/audit"
)

// TestAppendAgreesWithTlog compares every stored hash and every root with those
// of golang.org/x/mod/sumdb/tlog, whose format is the contract.
func TestAppendAgreesWithTlog(t *testing.T) {
	ours, theirs := &memory{}, &memory{}
	for i := range 70 {
		leaves, err := audit.Append(ours.size(), []audit.Entry{someEntry(i)}, ours)
		if err != nil {
			t.Fatal(err)
		}
		ours.write(leaves)

		hashes, err := tlog.StoredHashes(int64(i), leaves[0].Body, theirs)
		if err != nil {
			t.Fatal(err)
		}
		first := tlog.StoredHashIndex(0, int64(i))
		for k, h := range hashes {
			theirs.hashes = append(theirs.hashes, hashRow{first + int64(k), h[:]})
		}
		if !slices.EqualFunc(ours.hashes, theirs.hashes, func(a, b hashRow) bool {
			return a.index == b.index && string(a.hash) == string(b.hash)
		}) {
			t.Fatalf("the stored hashes differ at size %d", i+1)
		}
		root, err := audit.Root(int64(i+1), ours)
		want, wantErr := tlog.TreeHash(int64(i+1), theirs)
		if err != nil || wantErr != nil || root != want {
			t.Fatalf("root of size %d: %s, %v; want %s, %v", i+1, root, err, want, wantErr)
		}
		if n := audit.HashCount(int64(i + 1)); n != int64(len(ours.hashes)) {
			t.Fatalf("HashCount(%d) = %d and %d are stored", i+1, n, len(ours.hashes))
		}
	}
}

// TestAppendManyIsAppendOneByOne: a commit with several entries writes the same
// rows as several commits, for the price of one read.
func TestAppendManyIsAppendOneByOne(t *testing.T) {
	one := logOf(t, 23)
	for before := range 23 {
		m := logOf(t, before)
		var entries []audit.Entry
		for i := before; i < 23; i++ {
			entries = append(entries, someEntry(i))
		}
		m.reads = 0
		leaves, err := audit.Append(m.size(), entries, m)
		if err != nil {
			t.Fatal(err)
		}
		if m.reads > 1 {
			t.Errorf("%d reads for one append", m.reads)
		}
		m.write(leaves)
		a, b := checkpointOf(t, one, 23), checkpointOf(t, m, 23)
		if a.Root != b.Root || len(m.hashes) != len(one.hashes) {
			t.Fatalf("after %d entries, appending the rest at once gives another log", before)
		}
		if got := leaves[0].Entry; got.Seq != int64(before) || !got.Time.Equal(entries[0].Time) {
			t.Fatalf("the leaf's entry is %+v", got)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	m := logOf(t, 3)
	bad := someEntry(4)
	bad.Actor = "Ann Lee"
	if leaves, err := audit.Append(3, []audit.Entry{someEntry(3), bad}, m); !errors.Is(err, audit.ErrEntry) || leaves != nil {
		t.Errorf("one bad of two: %v, %v; want nothing to write", leaves, err)
	}
	if _, err := audit.Append(-1, []audit.Entry{someEntry(3)}, m); err == nil {
		t.Error("a negative size is accepted")
	}
	if _, err := audit.Append(9, []audit.Entry{someEntry(3)}, m); err == nil {
		t.Error("a size beyond the stored hashes is accepted")
	}
	m.fail = errDown
	if _, err := audit.Append(3, []audit.Entry{someEntry(3)}, m); !errors.Is(err, errDown) {
		t.Errorf("the store's error is lost: %v", err)
	}
	if _, err := audit.Root(3, m); !errors.Is(err, errDown) {
		t.Errorf("the store's error is lost: %v", err)
	}
	few := audit.HashReaderFunc(func([]int64) ([]audit.Hash, error) { return nil, nil })
	if _, err := audit.Append(3, []audit.Entry{someEntry(3)}, few); err == nil {
		t.Error("a reader that answers with too few hashes is believed")
	}
	if leaves, err := audit.Append(3, nil, m); err != nil || leaves != nil {
		t.Errorf("nothing to append: %v, %v", leaves, err)
	}
	if _, err := audit.ParseHash(make([]byte, 31)); err == nil {
		t.Error("a hash of 31 bytes is accepted")
	}
}
