package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Clone copies a server that does not run into the directory to, where Start
// then finds a finished cluster with the same passwords. It spares tests the
// second or two of initdb. The copy is not synced to the disk, so this is no
// backup.
//
// A to that holds a cluster is refused, and so is a from in use (ErrInUse).
func Clone(ctx context.Context, from, to string) error {
	src, lock, err := openLocked(ctx, from)
	if err != nil {
		return err
	}
	defer lock.Close()
	dst, lock, err := openLocked(ctx, to)
	if err != nil {
		return err
	}
	defer lock.Close()
	for _, existing := range []string{dst.data(), dst.secrets()} {
		if _, err := os.Lstat(existing); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot copy a database to %s: %s is there already", dst, existing)
		}
	}
	s, err := readSecrets(src.secrets())
	if err != nil {
		return err
	}
	if err := writeSecrets(dst, s); err != nil {
		return err
	}
	if err := os.RemoveAll(dst.dataInit()); err != nil { // as in createCluster
		return err
	}
	if err := copyTree(src.data(), dst.dataInit()); err != nil {
		return fmt.Errorf("cannot copy the database in %s: %w", src, err)
	}
	return os.Rename(dst.dataInit(), dst.data())
}

// openLocked opens a root for this process alone, with nothing running in it.
func openLocked(ctx context.Context, dir string) (root, io.Closer, error) {
	r, err := openRoot(dir)
	if err != nil {
		return "", nil, err
	}
	lock, err := takeLock(r)
	if err != nil {
		return "", nil, err
	}
	if err := haltLeftover(ctx, r); err != nil {
		lock.Close()
		return "", nil, err
	}
	return r, lock, nil
}

// copyTree copies directories and plain files with their modes and owners.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case entry.IsDir():
			err = os.Mkdir(target, info.Mode().Perm())
		case info.Mode().IsRegular():
			err = copyFile(path, target, info.Mode().Perm())
		default:
			err = fmt.Errorf("%s is neither a file nor a directory", path)
		}
		if err != nil || os.Geteuid() != 0 {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		return os.Lchown(target, int(st.Uid), int(st.Gid))
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
