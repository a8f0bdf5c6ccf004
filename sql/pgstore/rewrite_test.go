package pgstore_test

import (
	"fmt"
	"testing"

	"github.com/countersign/countersign/holds/audit"
)

// TestFullRewriteIsCaughtByACheckpoint: somebody with all rights replaces one
// entry and makes every later body and every hash consistent with it. The log
// by itself verifies; a checkpoint from before does not agree with it.
func TestFullRewriteIsCaughtByACheckpoint(t *testing.T) {
	w := newWorld(t)
	populate(w)
	size, root, err := w.Root(t.Context())
	w.must(err)
	before := audit.Checkpoint{Origin: "countersign/test", Size: size, Root: root, Time: at(1)}
	var entries []audit.Entry
	w.must(w.ReadAudit(t.Context(), func(src audit.Source) error {
		return src.Leaves(t.Context(), 0, int(size), func(_ int64, body []byte) error {
			e, err := audit.ParseEntry(body)
			entries = append(entries, e)
			return err
		})
	}))
	entries[2].Actor = "person:somebody-else"
	stored := map[int64]audit.Hash{}
	leaves, err := audit.Append(0, entries, audit.HashReaderFunc(func(indexes []int64) ([]audit.Hash, error) {
		return nil, fmt.Errorf("asked for %v of an empty log", indexes)
	}))
	w.must(err)
	w.exec("TRUNCATE audit_leaves, audit_hashes")
	for _, leaf := range leaves {
		w.exec("INSERT INTO audit_leaves (seq, tenant_id, body) VALUES ($1, $2, $3)", leaf.Seq, leaf.Entry.Tenant, string(leaf.Body))
		for _, h := range leaf.Hashes {
			stored[h.Index] = h.Hash
			w.exec("INSERT INTO audit_hashes (index, hash) VALUES ($1, $2)", h.Index, h.Hash[:])
		}
	}
	if r := w.verify(w.db.OwnerDSN); r.Finding != nil || r.Size != size || int64(len(stored)) != audit.HashCount(size) {
		t.Fatalf("the rewrite is not consistent, so this proves nothing: %+v", r)
	}
	if r := w.verify(w.db.OwnerDSN, before); r.Finding == nil || r.Finding.Fault != audit.FaultRewritten {
		t.Fatalf("not caught: %+v", r)
	}
}
