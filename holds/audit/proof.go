package audit

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is matched by the error for a proof that does not prove it.
var ErrProof = errors.New("the proof does not hold")

// RecordProof proves that one entry is in a log (RFC 6962 §2.1.1).
type RecordProof = tlog.RecordProof

// TreeProof proves that a log only grew (RFC 6962 §2.1.2).
type TreeProof = tlog.TreeProof

// ProveRecord returns the proof that entry seq is in the log of this size: at
// most log₂ size hashes.
func ProveRecord(size, seq int64, r HashReader) (RecordProof, error) {
	if seq < 0 || seq >= size {
		return nil, fmt.Errorf("prove entry %d: the log has the entries 0 to %d", seq, size-1)
	}
	p, err := tlog.ProveRecord(size, seq, r)
	if err != nil {
		return nil, fmt.Errorf("prove that entry %d is in the log of size %d: %w", seq, size, err)
	}
	return p, nil
}

// CheckRecord verifies that the log of checkpoint c has this body as its entry
// seq. It needs nothing of ours but the checkpoint. The error matches [ErrProof].
func CheckRecord(p RecordProof, c Checkpoint, seq int64, body []byte) error {
	if err := tlog.CheckRecord(p, c.Size, c.Root, seq, HashOf(body)); err != nil {
		return fmt.Errorf("%w: entry %d in the log of size %d: %w", ErrProof, seq, c.Size, err)
	}
	return nil
}

// ProveTree returns the proof that the log of size newer begins with the log of
// size older. Both may be equal; the empty log begins every log and needs no
// hashes.
func ProveTree(newer, older int64, r HashReader) (TreeProof, error) {
	if older < 0 || older > newer {
		return nil, fmt.Errorf("prove growth: a log of size %d cannot begin with one of size %d", newer, older)
	}
	if older == 0 {
		return TreeProof{}, nil
	}
	p, err := tlog.ProveTree(newer, older, r)
	if err != nil {
		return nil, fmt.Errorf("prove that the log of size %d begins with that of size %d: %w", newer, older, err)
	}
	return p, nil
}

// CheckTree verifies that the log of checkpoint newer begins with the log of
// checkpoint older: between the two, nothing was changed or removed. The error
// matches [ErrProof].
func CheckTree(p TreeProof, newer, older Checkpoint) error {
	if newer.Origin != older.Origin {
		return fmt.Errorf("%w: the checkpoints are of %q and %q", ErrProof, newer.Origin, older.Origin)
	}
	if older.Size == 0 && newer.Size >= 0 && len(p) == 0 && older.Root == emptyRoot() {
		return nil
	}
	if err := tlog.CheckTree(p, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: from size %d to size %d: %w", ErrProof, older.Size, newer.Size, err)
	}
	return nil
}
