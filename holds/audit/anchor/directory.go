package anchor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/countersign/countersign/holds/audit"
)

// ErrBackwards is matched when the log shrank or forked since the last
// checkpoint: it was cut off, rewritten, or restored from a backup.
var ErrBackwards = errors.New("the audit log does not continue what was published")

// ErrEmpty is matched when nothing was published yet.
var ErrEmpty = errors.New("no checkpoint was published yet")

// A Directory holds published checkpoints, one file each. Several processes
// may publish into one directory; none can make it go backwards.
type Directory struct {
	path     string
	verifier *audit.Verifier
}

// Open returns the directory at path, which it makes (mode 0755: checkpoints
// are for everybody to read) if it is not there. It is an error if path
// is no directory or nothing can be written to it, because that is to be known
// at start and not a minute later.
func Open(path string, v *audit.Verifier) (*Directory, error) {
	if path == "" || v == nil {
		return nil, errors.New("publishing checkpoints needs a directory and the public key")
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for checkpoints: %w", err)
	}
	probe, err := os.CreateTemp(path, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("the directory for checkpoints cannot be written to: %w", err)
	}
	err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	if err != nil {
		return nil, fmt.Errorf("the directory for checkpoints cannot be written to: %w", err)
	}
	return &Directory{path: path, verifier: v}, nil
}

// Publish writes a signed checkpoint. The same size and root as the newest one
// is nothing new and not an error, and leaves the earlier file as it is. A
// smaller size, or another root at the same size, matches [ErrBackwards]; a
// checkpoint that does not verify, given or found, matches [audit.ErrCheckpoint].
// When it returns nil the checkpoint is durable.
func (d *Directory) Publish(ctx context.Context, checkpoint []byte) error {
	next, err := d.verifier.Open(checkpoint)
	if err != nil {
		return fmt.Errorf("publish a checkpoint: %w", err)
	}
	last, _, err := d.Latest(ctx)
	switch {
	case errors.Is(err, ErrEmpty):
		return d.write(next, checkpoint)
	case err != nil:
		return fmt.Errorf("publish the checkpoint of size %d: %w", next.Size, err)
	case next.Size < last.Size || next.Size == last.Size && next.Root != last.Root:
		return fmt.Errorf("%w: published was size %d with root %s, at %s; now it is size %d with root %s; verify the log against the published checkpoints",
			ErrBackwards, last.Size, last.Root, last.Time.Format(nameTime), next.Size, next.Root)
	case next.Size == last.Size:
		return d.writeLatest(ctx)
	}
	return d.write(next, checkpoint)
}

// write puts one checkpoint on disk under its own name and as latest.
func (d *Directory) write(c audit.Checkpoint, signed []byte) error {
	if err := d.replace(fileName(c), signed); err != nil {
		return fmt.Errorf("write the checkpoint of size %d: %w", c.Size, err)
	}
	return d.writeLatest(context.Background()) // the checkpoint is out: finish, whatever the caller's deadline
}

// writeLatest makes latest a copy of the newest file, which need not be the
// one written just now: another process may have been faster.
func (d *Directory) writeLatest(ctx context.Context) error {
	_, newest, err := d.Latest(ctx)
	if err != nil {
		return fmt.Errorf("renew %s: %w", latestName, err)
	}
	now, err := os.ReadFile(filepath.Join(d.path, latestName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("renew %s: %w", latestName, err)
	}
	if bytes.Equal(now, newest) {
		return nil
	}
	if err := d.replace(latestName, newest); err != nil {
		return fmt.Errorf("renew %s: %w", latestName, err)
	}
	return nil
}

// List returns the published checkpoints by rising size and time, as their
// names tell of them. Other files are passed over.
func (d *Directory) List(ctx context.Context) ([]File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.path) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list the checkpoints: %w", err)
	}
	var files []File
	for _, e := range entries {
		if f, ok := parseName(e.Name()); ok {
			files = append(files, f)
		}
	}
	return files, nil
}

// Latest returns the newest checkpoint, verified, and its signed text. The
// error matches [ErrEmpty] if there is none and [audit.ErrCheckpoint], naming
// the file, if it is not good.
func (d *Directory) Latest(ctx context.Context) (audit.Checkpoint, []byte, error) {
	files, err := d.List(ctx)
	if err != nil {
		return audit.Checkpoint{}, nil, err
	}
	if len(files) == 0 {
		return audit.Checkpoint{}, nil, ErrEmpty
	}
	return d.read(files[len(files)-1])
}

// All returns every checkpoint, verified, by rising size: what audit.Verify
// wants. The first that is not good ends it, with an error that names it.
func (d *Directory) All(ctx context.Context) ([]audit.Checkpoint, error) {
	files, err := d.List(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]audit.Checkpoint, 0, len(files))
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, _, err := d.read(f)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// read opens one file and holds it against its name.
func (d *Directory) read(f File) (audit.Checkpoint, []byte, error) {
	signed, err := readSmall(filepath.Join(d.path, f.Name))
	if err != nil {
		return audit.Checkpoint{}, nil, fmt.Errorf("read a checkpoint: %w", err)
	}
	c, err := d.verifier.Open(signed)
	if err != nil {
		return audit.Checkpoint{}, nil, fmt.Errorf("file %s: %w", f.Name, err)
	}
	if fileName(c) != f.Name {
		return audit.Checkpoint{}, nil, fmt.Errorf("file %s: %w: it holds the one of size %d and %s", f.Name, audit.ErrCheckpoint, c.Size, c.Time.Format(nameTime))
	}
	return c, signed, nil
}
