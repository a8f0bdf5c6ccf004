package anchor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/failpoint"
)

// replace puts content under name so that a reader, and a machine that loses
// power, sees the old file or the new one whole.
func (d *Directory) replace(name string, content []byte) error {
	temp, err := os.CreateTemp(d.path, tempPrefix)
	if err != nil {
		return err
	}
	if err := fill(temp, content); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	failpoint.Hit(failpoint.AnchorWritten)
	if err := os.Rename(temp.Name(), filepath.Join(d.path, name)); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDirectory(d.path)
}

// fill writes, makes readable for everybody, syncs and closes f.
func fill(f *os.File, content []byte) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDirectory makes a rename durable.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// readSmall reads a file no larger than a checkpoint may be.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, audit.MaxCheckpoint+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(content) > audit.MaxCheckpoint {
		return nil, fmt.Errorf("%s: %w: it is larger than a checkpoint can be", filepath.Base(path), audit.ErrCheckpoint)
	}
	return content, nil
}
