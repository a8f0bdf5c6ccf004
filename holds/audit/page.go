package audit

import (
	"context"
	"fmt"
	"math"
)

// page is some leaves that are in order, and what is wrong with the next one.
type page struct {
	rows   int
	leaves []Hash
	fault  *Finding // found while reading; comes after the leaves
}

// read asks for the next leaves. The first call asks from the lowest number
// there is, so that a row put before the first entry is seen too.
func (w *walk) read(ctx context.Context) (page, error) {
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	from := w.tree.size
	if from == 0 {
		from = math.MinInt64
	}
	var p page
	err := w.src.Leaves(ctx, from, w.pageSize, func(seq int64, body []byte) error {
		if p.rows++; p.rows > w.pageSize {
			return errTooMany
		}
		if p.fault == nil {
			p.add(w.tree.size+int64(len(p.leaves)), seq, body)
		}
		return nil
	})
	return p, err
}

// add takes the leaf that is filed under seq where want should come.
func (p *page) add(want, seq int64, body []byte) {
	e, err := ParseEntry(body)
	switch {
	case err == nil && e.Seq != seq:
		p.fault = &Finding{
			Fault: FaultReordered, Seq: want, Last: want,
			Detail: fmt.Sprintf("what is filed as entry %d says of itself that it is entry %d", seq, e.Seq),
		}
	case seq > want:
		p.fault = &Finding{
			Fault: FaultMissing, Seq: want, Last: seq - 1,
			Detail: fmt.Sprintf("the next one there is entry %d", seq),
		}
	case seq < want:
		p.fault = &Finding{
			Fault: FaultReordered, Seq: want, Last: want,
			Detail: fmt.Sprintf("something is filed as entry %d where this one should come", seq),
		}
	case err != nil:
		p.leaves = append(p.leaves, HashOf(body))
		p.fault = &Finding{Fault: FaultUnreadable, Seq: want, Last: want, Detail: err.Error()}
	default:
		p.leaves = append(p.leaves, HashOf(body))
	}
}

// check grows the tree by the leaves of the page and compares the stored
// hashes and the checkpoints on the way. It returns whatever comes first in
// the log: a hash that differs, a checkpoint that disagrees, the page's fault.
func (w *walk) check(ctx context.Context, p page) (*Finding, error) {
	start := w.tree.size
	var want []node
	fault := p.fault
	for _, leaf := range p.leaves {
		seq := w.tree.size
		for level, h := range w.tree.push(leaf) {
			want = append(want, node{hash: h, level: level, seq: seq})
		}
		if f := w.atCheckpoints(); f != nil {
			fault = f
			break
		}
	}
	f, err := w.compare(ctx, HashCount(start), want)
	if err != nil {
		return nil, err
	}
	if f != nil {
		fault = f
	}
	return fault, nil
}

// node is one hash that has to be stored: the one at this level that was
// completed by entry seq.
type node struct {
	hash  Hash
	level int
	seq   int64
}

// compare reads the stored hashes from index first on and returns the first
// difference from want.
func (w *walk) compare(ctx context.Context, first int64, want []node) (*Finding, error) {
	if len(want) == 0 {
		return nil, nil
	}
	var found *Finding
	var rows int
	err := w.src.Hashes(ctx, first, len(want), func(index int64, hash []byte) error {
		if rows++; rows > len(want) {
			return errTooMany
		}
		n := want[rows-1]
		switch {
		case found != nil:
		case index != first+int64(rows-1):
			found = w.hashMissing(n)
		case string(hash) != string(n.hash[:]):
			found = w.hashDiffers(n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found == nil && rows < len(want) {
		found = w.hashMissing(want[rows])
	}
	return found, nil
}

func (w *walk) hashMissing(n node) *Finding {
	return &Finding{
		Fault: FaultHashMissing, Seq: n.seq, Last: n.seq,
		Detail: fmt.Sprintf("its hash at level %d is not stored; it was removed, or the entry was not put in by the log", n.level),
	}
}

// hashDiffers places a difference: a leaf's hash in its entry, an inner hash in
// the entries under it that no checkpoint has vouched for. Where a checkpoint
// vouches for them all, it can only be the stored hash that was changed.
func (w *walk) hashDiffers(n node) *Finding {
	first := n.seq + 1 - int64(1)<<n.level
	f := &Finding{Fault: FaultHashDiffers, Seq: first, Last: n.seq}
	over := "its stored hash"
	if n.level > 0 {
		over = fmt.Sprintf("the stored hash at level %d over entries %d to %d", n.level, first, n.seq)
	}
	switch {
	case w.sure > n.seq:
		f.Detail = over + " was changed; the text agrees with a checkpoint"
	case n.level == 0:
		f.Fault = FaultAltered
		f.Detail = "its text is not the one whose hash was stored with it"
	default:
		f.Seq = max(first, w.sure)
		f.Detail = over + " does not follow from them"
	}
	return f
}
