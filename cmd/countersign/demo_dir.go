package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/countersign/countersign/sql/localpg"
)

// The name of a demonstration's directory begins with demoPrefix. In it lies a file
// that the demonstration keeps locked for as long as it lives, however it dies.
const (
	demoPrefix   = "countersign-demo-"
	demoLock     = "demo.lock"
	demoDatabase = "database"
)

// demoDir is the directory of one demonstration.
type demoDir struct {
	path string
	lock *os.File
}

// newDemoDir makes a directory and locks it. Nobody finds it with a lock that is not
// held: the file gets its name when it is locked already.
func newDemoDir() (d demoDir, err error) {
	if d.path, err = os.MkdirTemp("", demoPrefix); err != nil {
		return d, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.remove())
		}
	}()
	// As root the private Postgres runs as another account, which has to pass.
	if err = os.Chmod(d.path, 0o711); err != nil { //nolint:gosec // nothing in it can be read: its parts are 0700 and 0600
		return d, err
	}
	making := filepath.Join(d.path, demoLock+".new")
	if d.lock, err = os.OpenFile(making, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return d, err
	}
	if err = syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return d, fmt.Errorf("lock %s: %w", making, err)
	}
	if _, err = d.lock.WriteString(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		return d, err
	}
	return d, os.Rename(making, filepath.Join(d.path, demoLock))
}

// remove takes the directory away and only then lets go of its lock.
func (d demoDir) remove() error {
	if d.path == "" {
		return nil
	}
	err := os.RemoveAll(d.path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}

// sweepDemos removes what demonstrations left behind that were killed: directories
// of this account whose lock nobody holds. It touches nothing else, and returns what
// it removed and what it could not.
func sweepDemos(ctx context.Context, place string) (removed []string, err error) {
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), demoPrefix) {
			continue
		}
		d := demoDir{path: filepath.Join(place, e.Name())}
		left, lerr := d.abandoned()
		if left {
			if lerr = d.halt(ctx); lerr == nil {
				lerr = d.remove()
				removed = append(removed, d.path)
			} else {
				lerr = errors.Join(lerr, d.lock.Close())
			}
		}
		if lerr != nil {
			err = errors.Join(err, fmt.Errorf("%s, which an earlier demonstration left, is not removed: %w", d.path, lerr))
		}
	}
	return removed, err
}

// abandoned takes the directory's lock, if it is one of ours and nobody has it.
func (d *demoDir) abandoned() (bool, error) {
	if info, err := os.Lstat(d.path); err != nil || !info.IsDir() || !mine(info) {
		return false, nil // gone meanwhile, or somebody else's
	}
	f, err := os.OpenFile(filepath.Join(d.path, demoLock), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false, nil // no lock of ours: it may be somebody's beginning
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || !mine(info) {
		return false, f.Close()
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK): // it runs
		return false, f.Close()
	case err != nil:
		return false, errors.Join(err, f.Close())
	}
	d.lock = f
	return true, nil
}

// halt stops a Postgres that outlived its demonstration.
func (d demoDir) halt(ctx context.Context) error {
	database := filepath.Join(d.path, demoDatabase)
	if _, err := os.Lstat(database); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return localpg.Halt(ctx, database)
}

// mine tells whether this account owns a file.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
