package anchor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/failpoint"
)

// DefaultInterval is how often the log is asked whether it grew.
const DefaultInterval = time.Minute

// Loop publishes a checkpoint whenever the log grew. The fields are set before
// Run and not changed after.
type Loop struct {
	Directory *Directory
	Signer    *audit.Signer
	// Head returns the size of the committed log and its root, read in one
	// snapshot.
	Head func(context.Context) (size int64, root audit.Hash, err error)
	// Grew, if set, returns the proof that the log of size newer begins with
	// that of size older (audit.ProveTree). With it a log that was rewritten
	// and has grown since is not published either, only reported.
	Grew func(ctx context.Context, newer, older int64) (audit.TreeProof, error)
	// Now is the corrected clock; time.Now if nil.
	Now func() time.Time
	// Interval between two looks, DefaultInterval if zero, is also the
	// deadline of each.
	Interval time.Duration
	Log      *slog.Logger
}

// Run looks at once and then every interval, until ctx ends; then it returns
// nil. A look that fails is logged as an error and made again at the next.
// It returns an error only for a loop that is not fully set, or whose private
// key is not the one the directory's public key belongs to.
func (l *Loop) Run(ctx context.Context) error {
	if err := l.ready(); err != nil {
		return fmt.Errorf("publishing checkpoints: %w", err)
	}
	tick := time.NewTicker(l.interval())
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := l.Once(ctx); err != nil && ctx.Err() == nil {
			l.Log.ErrorContext(ctx, "the audit log was not anchored; trying again",
				slog.Duration("in", l.interval()), slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// ready reports what is missing before the first look.
func (l *Loop) ready() error {
	if l.Directory == nil || l.Signer == nil || l.Head == nil || l.Log == nil {
		return errors.New("directory, signer, head and log must be set")
	}
	probe, err := l.Signer.Sign(audit.Checkpoint{Time: l.now()})
	if err != nil {
		return err
	}
	if _, err := l.Directory.verifier.Open(probe); err != nil {
		return fmt.Errorf("the private key of %s and the public key of %s do not belong together",
			l.Signer.Origin(), l.Directory.verifier.Origin())
	}
	return nil
}

// Once is one look: it publishes the present head of the log if it is new. When
// the log seems to have gone backwards it looks once more, for another process
// may have published a newer head between our reading and our publishing.
func (l *Loop) Once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.interval())
	defer cancel()
	err := l.look(ctx)
	if errors.Is(err, ErrBackwards) {
		err = l.look(ctx)
	}
	return err
}

func (l *Loop) look(ctx context.Context) error {
	size, root, err := l.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the head of the audit log: %w", err)
	}
	next := audit.Checkpoint{Origin: l.Signer.Origin(), Size: size, Root: root, Time: l.now()}
	if err := l.continues(ctx, next); err != nil {
		return err
	}
	signed, err := l.Signer.Sign(next)
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.AnchorSigned)
	err = l.Directory.Publish(ctx, signed)
	failpoint.Hit(failpoint.AnchorPublished)
	return err
}

// continues asks for proof that nothing published was changed since.
func (l *Loop) continues(ctx context.Context, next audit.Checkpoint) error {
	last, _, err := l.Directory.Latest(ctx)
	if errors.Is(err, ErrEmpty) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the newest checkpoint: %w", err)
	}
	if l.Grew == nil || next.Size <= last.Size {
		return nil // Publish compares these without proof
	}
	proof, err := l.Grew(ctx, next.Size, last.Size)
	if err != nil {
		return fmt.Errorf("prove that the audit log only grew: %w", err)
	}
	if err := audit.CheckTree(proof, next, last); err != nil {
		return fmt.Errorf("%w: size %d with root %s does not begin with the published size %d with root %s: %w",
			ErrBackwards, next.Size, next.Root, last.Size, last.Root, err)
	}
	return nil
}

func (l *Loop) interval() time.Duration {
	if l.Interval > 0 {
		return l.Interval
	}
	return DefaultInterval
}

func (l *Loop) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}
