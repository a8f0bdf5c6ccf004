package keepertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
)

// log is the audit log: a real Merkle log over slices.
type log struct {
	leaves [][]byte
	hashes []audit.Hash // by stored index
	byHold map[holds.HoldID]int
}

func (l *log) append(entries []audit.Entry) error {
	leaves, err := audit.Append(int64(len(l.leaves)), entries, l)
	if err != nil {
		return err
	}
	if l.byHold == nil {
		l.byHold = map[holds.HoldID]int{}
	}
	for _, leaf := range leaves {
		l.leaves = append(l.leaves, leaf.Body)
		for _, h := range leaf.Hashes {
			if h.Index != int64(len(l.hashes)) {
				return fmt.Errorf("the stored hash %d does not follow %d", h.Index, len(l.hashes))
			}
			l.hashes = append(l.hashes, h.Hash)
		}
		l.byHold[holds.HoldID(leaf.Entry.Hold)]++
	}
	return nil
}

// ReadHashes implements audit.HashReader.
func (l *log) ReadHashes(indexes []int64) ([]audit.Hash, error) {
	out := make([]audit.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("the stored hash %d of the audit log is missing", index)
		}
		out[i] = l.hashes[index]
	}
	return out, nil
}

// Leaves implements audit.Source.
func (l *log) Leaves(_ context.Context, from int64, limit int, fn func(int64, []byte) error) error {
	for seq := max(0, from); seq < int64(len(l.leaves)) && limit > 0; seq, limit = seq+1, limit-1 {
		if err := fn(seq, l.leaves[seq]); err != nil {
			return err
		}
	}
	return nil
}

// Hashes implements audit.Source.
func (l *log) Hashes(_ context.Context, from int64, limit int, fn func(int64, []byte) error) error {
	for index := max(0, from); index < int64(len(l.hashes)) && limit > 0; index, limit = index+1, limit-1 {
		if err := fn(index, l.hashes[index][:]); err != nil {
			return err
		}
	}
	return nil
}

// record remembers an audit entry for the end of the transaction.
func (t *tx) record(at time.Time, conn holds.ConnectionID, hold holds.HoldID, e holds.Entry) {
	facts := make(map[string]string, len(e.Facts))
	for name, value := range e.Facts {
		facts[name] = fact(value)
	}
	t.entries = append(t.entries, audit.Entry{
		Time: at, Tenant: string(t.tenant), Kind: e.Kind, Actor: string(e.By), Hold: string(hold),
		Connection: string(conn), Digests: maps.Clone(e.Digests), Facts: facts,
	})
}

// fact is a value that the log takes.
func fact(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\<>&@`, r) {
			return '?'
		}
		return r
	}, s[:min(len(s), 256)])
}

// Verify implements [Bench].
func (m *Memory) Verify(ctx context.Context, heads []Head) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Verify(ctx, &m.log, heads)
}

// Verify computes a log again and compares it with what somebody remembers of it.
func Verify(ctx context.Context, src audit.Source, heads []Head) error {
	var points []audit.Checkpoint
	for _, h := range heads {
		points = append(points, audit.Checkpoint{Origin: "model", Size: h.Size, Root: h.Root})
	}
	report, err := audit.Verify(ctx, src, audit.Options{Checkpoints: points})
	if err == nil && report.Finding != nil {
		err = errors.New(report.Finding.String())
	}
	return err
}

// Head implements [Bench].
func (m *Memory) Head(context.Context) (Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	root, err := audit.Root(int64(len(m.log.leaves)), &m.log)
	return Head{Size: int64(len(m.log.leaves)), Root: root}, err
}

// Leaves implements [Bench].
func (m *Memory) Leaves(_ context.Context, from int64) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log.leaves[min(from, int64(len(m.log.leaves))):]), nil
}
