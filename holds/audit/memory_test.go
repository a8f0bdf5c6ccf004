package audit_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds/audit"
)

// leafRow and hashRow are rows of the two tables of a store.
type leafRow struct {
	seq  int64
	body []byte
}

type hashRow struct {
	index int64
	hash  []byte
}

// memory is a store of a log: two tables that a test may damage as somebody
// with the database's password could.
type memory struct {
	leaves []leafRow
	hashes []hashRow
	reads  int   // calls of ReadHashes
	fail   error // every read fails with it
	greedy bool  // Leaves gives one row more than asked

	greedyHashes bool // and so does Hashes
}

// ReadHashes answers as SELECT … WHERE stored_index = ANY($1) would.
func (m *memory) ReadHashes(indexes []int64) ([]audit.Hash, error) {
	m.reads++
	if m.fail != nil {
		return nil, m.fail
	}
	var out []audit.Hash
	for _, index := range indexes {
		i := slices.IndexFunc(m.hashes, func(h hashRow) bool { return h.index == index })
		if i < 0 {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		h, err := audit.ParseHash(m.hashes[i].hash)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

func (m *memory) write(leaves []audit.Leaf) {
	for _, l := range leaves {
		m.leaves = append(m.leaves, leafRow{l.Seq, slices.Clone(l.Body)})
		for _, h := range l.Hashes {
			m.hashes = append(m.hashes, hashRow{h.Index, slices.Clone(h.Hash[:])})
		}
	}
}

func (m *memory) Leaves(_ context.Context, from int64, limit int, fn func(int64, []byte) error) error {
	if m.fail != nil {
		return m.fail
	}
	rows := slices.Clone(m.leaves)
	slices.SortStableFunc(rows, func(a, b leafRow) int { return cmp.Compare(a.seq, b.seq) })
	for _, r := range rows {
		if r.seq < from {
			continue
		}
		if limit--; limit < 0 && !m.greedy || limit < -1 {
			return nil
		}
		if err := fn(r.seq, r.body); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Hashes(_ context.Context, from int64, limit int, fn func(int64, []byte) error) error {
	if m.fail != nil {
		return m.fail
	}
	rows := slices.Clone(m.hashes)
	slices.SortStableFunc(rows, func(a, b hashRow) int { return cmp.Compare(a.index, b.index) })
	for _, r := range rows {
		if r.index < from {
			continue
		}
		if limit--; limit < 0 && !m.greedyHashes || limit < -1 {
			return nil
		}
		if err := fn(r.index, r.hash); err != nil {
			return err
		}
	}
	return nil
}

// clone lets a table of damages start from the same good log.
func (m *memory) clone() *memory {
	c := &memory{}
	for _, l := range m.leaves {
		c.leaves = append(c.leaves, leafRow{l.seq, slices.Clone(l.body)})
	}
	for _, h := range m.hashes {
		c.hashes = append(c.hashes, hashRow{h.index, slices.Clone(h.hash)})
	}
	return c
}

// size is what a store reads under its lock: the number of leaves.
func (m *memory) size() int64 { return int64(len(m.leaves)) }

var testTime = time.Date(2026, 11, 2, 9, 30, 15, 123456000, time.UTC)

// someEntry is entry i of a plausible log.
func someEntry(i int) audit.Entry {
	return audit.Entry{
		Time: testTime.Add(time.Duration(i) * time.Second), Tenant: "t-1", Kind: "hold.opened",
		Actor: "system:keeper", Hold: fmt.Sprintf("h-%d", i), Connection: "c-okta",
		Digests: map[string]string{"body": audit.Digest(fmt.Appendf(nil, "delivery %d", i))},
		Facts:   map[string]string{"state": "pending", "class": "mfa_change"},
	}
}

// logOf returns a log of n entries, appended one commit at a time.
func logOf(t testing.TB, n int) *memory {
	t.Helper()
	m := &memory{}
	for i := range n {
		leaves, err := audit.Append(m.size(), []audit.Entry{someEntry(i)}, m)
		if err != nil {
			t.Fatalf("append entry %d: %v", i, err)
		}
		m.write(leaves)
	}
	return m
}

// checkpointOf is what the anchor would have kept of the log as it is now.
func checkpointOf(t testing.TB, m *memory, size int64) audit.Checkpoint {
	t.Helper()
	root, err := audit.Root(size, m)
	if err != nil {
		t.Fatalf("root of size %d: %v", size, err)
	}
	return audit.Checkpoint{Origin: "countersign/test", Size: size, Root: root, Time: testTime}
}

var errDown = errors.New("the database is down")
