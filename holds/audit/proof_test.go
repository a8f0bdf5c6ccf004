package audit_test

import (
	"errors"
	"testing"

	"github.com/countersign/countersign/holds/audit"
)

// TestProofs: for every size, every entry and every earlier size the proof
// holds, and it holds for nothing else.
func TestProofs(t *testing.T) {
	m := logOf(t, 13)
	for size := int64(1); size <= 13; size++ {
		head := checkpointOf(t, m, size)
		for seq := range size {
			p, err := audit.ProveRecord(size, seq, m)
			if err != nil {
				t.Fatal(err)
			}
			body := m.leaves[seq].body
			if err := audit.CheckRecord(p, head, seq, body); err != nil {
				t.Errorf("entry %d of %d: %v", seq, size, err)
			}
			for name, err := range map[string]error{
				"another body":  audit.CheckRecord(p, head, seq, append([]byte("x"), body...)),
				"another place": audit.CheckRecord(p, head, seq+1, body),
				"another root":  audit.CheckRecord(p, audit.Checkpoint{Size: size}, seq, body),
				"a hash more":   audit.CheckRecord(append(audit.RecordProof{{}}, p...), head, seq, body),
			} {
				if !errors.Is(err, audit.ErrProof) {
					t.Errorf("entry %d of %d, %s: %v", seq, size, name, err)
				}
			}
		}
		for older := range size + 1 {
			before := checkpointOf(t, m, older)
			p, err := audit.ProveTree(size, older, m)
			if err != nil {
				t.Fatal(err)
			}
			if err := audit.CheckTree(p, head, before); err != nil {
				t.Errorf("from %d to %d: %v", older, size, err)
			}
			forged := before
			forged.Root[0] ^= 1
			if err := audit.CheckTree(p, head, forged); !errors.Is(err, audit.ErrProof) {
				t.Errorf("from %d to %d, with another root before: %v", older, size, err)
			}
			before.Origin = "countersign/elsewhere"
			if err := audit.CheckTree(p, head, before); !errors.Is(err, audit.ErrProof) {
				t.Errorf("from %d to %d, of two installations: %v", older, size, err)
			}
		}
	}
}

// TestProofSeesRewrite: a log that was rewritten cannot prove that it grew out
// of the one before.
func TestProofSeesRewrite(t *testing.T) {
	m := logOf(t, 13)
	before := checkpointOf(t, m, 8)
	edit(m, 5)
	rehash(m)
	p, err := audit.ProveTree(13, 8, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.CheckTree(p, checkpointOf(t, m, 13), before); !errors.Is(err, audit.ErrProof) {
		t.Fatalf("the rewritten log proves that it only grew: %v", err)
	}
}

func TestProofsRefused(t *testing.T) {
	m := logOf(t, 3)
	for _, seq := range []int64{-1, 3} {
		if _, err := audit.ProveRecord(3, seq, m); err == nil {
			t.Errorf("entry %d of 3 is proved", seq)
		}
	}
	for _, older := range []int64{-1, 4} {
		if _, err := audit.ProveTree(3, older, m); err == nil {
			t.Errorf("growth from %d to 3 is proved", older)
		}
	}
	m.fail = errDown
	if _, err := audit.ProveRecord(3, 1, m); !errors.Is(err, errDown) {
		t.Errorf("the store's error is lost: %v", err)
	}
	if _, err := audit.ProveTree(3, 2, m); !errors.Is(err, errDown) {
		t.Errorf("the store's error is lost: %v", err)
	}
}
