package anchor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// SetAside moves the checkpoints of a log larger than size into a directory of
// the given name below this one, where they stay as they are: they are what is
// left of entries that a restored database no longer has. The directory then
// ends with a checkpoint that the restored log continues. It returns the files
// moved, and is to be called by a person's command only, after the log was
// verified against those that stay and the loss is in the log.
func (d *Directory) SetAside(ctx context.Context, size int64, name string) (moved []File, err error) {
	if filepath.Base(name) != name || name == "." || name == ".." {
		return nil, fmt.Errorf("set checkpoints aside: %q is not the name of a directory", name)
	}
	files, err := d.List(ctx)
	if err != nil {
		return nil, err
	}
	aside := filepath.Join(d.path, name)
	for _, f := range files {
		if f.Size <= size {
			continue
		}
		if err := os.MkdirAll(aside, 0o755); err != nil {
			return moved, fmt.Errorf("set checkpoints aside: %w", err)
		}
		if err := os.Rename(filepath.Join(d.path, f.Name), filepath.Join(aside, f.Name)); err != nil {
			return moved, fmt.Errorf("set checkpoints aside: %w", err)
		}
		moved = append(moved, f)
	}
	if len(moved) == 0 {
		return nil, nil
	}
	if err := errors.Join(syncDirectory(aside), syncDirectory(d.path)); err != nil {
		return moved, fmt.Errorf("set checkpoints aside: %w", err)
	}
	err = d.writeLatest(ctx)
	if errors.Is(err, ErrEmpty) { // the log is older than every checkpoint
		err = os.Remove(filepath.Join(d.path, latestName))
	}
	return moved, err
}
