package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Verify reads the whole log, computes every hash again from the bodies, and
// compares with what is stored and with the checkpoints. It stops at the first
// thing that is wrong and reports it; the error is only for a log that could
// not be read, about which nothing is known then. Memory is one page and
// log₂ n hashes.
func Verify(ctx context.Context, src Source, opts Options) (Report, error) {
	w := newWalk(src, opts)
	if f := w.atCheckpoints(); f != nil {
		return w.report(f), nil
	}
	for {
		p, err := w.read(ctx)
		if err != nil {
			return Report{}, fmt.Errorf("verify the audit log from entry %d on: %w", w.tree.size, err)
		}
		f, err := w.check(ctx, p)
		if err != nil {
			return Report{}, fmt.Errorf("verify the stored hashes of the audit log up to entry %d: %w", w.tree.size, err)
		}
		if f != nil {
			return w.report(f), nil
		}
		if opts.Progress != nil {
			opts.Progress(w.tree.size)
		}
		if p.rows == 0 {
			break
		}
	}
	f, err := w.atEnd(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("verify the end of the audit log after %d entries: %w", w.tree.size, err)
	}
	return w.report(f), nil
}

// walk is one pass over a log.
type walk struct {
	src      Source
	pageSize int
	tree     *frontier    // over the bodies read so far, never over stored hashes
	ahead    []Checkpoint // not reached yet, by rising size
	agreed   int          // checkpoints compared and found right
	sure     int64        // the size of the last of them
}

func newWalk(src Source, opts Options) *walk {
	w := &walk{src: src, pageSize: opts.PageSize, tree: &frontier{}}
	if w.pageSize <= 0 {
		w.pageSize = defaultPageSize
	}
	w.ahead = slices.Clone(opts.Checkpoints)
	slices.SortStableFunc(w.ahead, func(a, b Checkpoint) int {
		switch {
		case a.Size < b.Size:
			return -1
		case a.Size > b.Size:
			return 1
		}
		return 0
	})
	return w
}

func (w *walk) report(f *Finding) Report {
	r := Report{Size: w.tree.size, Checkpoints: w.agreed, Finding: f}
	if f != nil {
		r.Size = f.Seq
		return r
	}
	r.Root = w.tree.root()
	return r
}

// atCheckpoints compares the checkpoints of exactly the present size.
func (w *walk) atCheckpoints() *Finding {
	for len(w.ahead) > 0 && w.ahead[0].Size <= w.tree.size {
		c := w.ahead[0]
		w.ahead = w.ahead[1:]
		if root := w.tree.root(); root != c.Root {
			return &Finding{
				Fault: FaultRewritten, Seq: w.sure, Last: max(w.sure, c.Size-1),
				Detail: fmt.Sprintf("the checkpoint of %s says that the first %d entries had the root %s, and now they have %s",
					c.Time.UTC().Format(timeLayout), c.Size, c.Root, root),
			}
		}
		w.agreed++
		w.sure = c.Size
	}
	return nil
}

// atEnd looks for what should have come after the last leaf.
func (w *walk) atEnd(ctx context.Context) (*Finding, error) {
	if len(w.ahead) > 0 {
		last := w.ahead[len(w.ahead)-1]
		return &Finding{
			Fault: FaultTruncated, Seq: w.tree.size, Last: last.Size - 1,
			Detail: fmt.Sprintf("the checkpoint of %s counts %d entries, and the log ends after %d",
				last.Time.UTC().Format(timeLayout), last.Size, w.tree.size),
		}, nil
	}
	var more bool
	err := w.src.Hashes(ctx, HashCount(w.tree.size), 1, func(int64, []byte) error {
		more = true
		return nil
	})
	if err != nil || !more {
		return nil, err
	}
	return &Finding{
		Fault: FaultTruncated, Seq: w.tree.size, Last: w.tree.size,
		Detail: fmt.Sprintf("the log ends after %d entries, but hashes of more are stored", w.tree.size),
	}, nil
}

// errTooMany is the answer to a source that does not keep to the limit.
var errTooMany = errors.New("the source gave more rows than it was asked for")
