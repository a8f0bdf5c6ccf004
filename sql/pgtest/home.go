package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/sql/localpg"
)

// home is the directory below which all servers of this account live.
type home string

const (
	keepMark   = "keep"         // in a run: a failed test's database is in it
	baseMaxAge = 24 * time.Hour // also sooner than any cleaner of temporary files
)

// openHome creates the directory, or makes sure that it is ours: in a place that
// everybody can write, somebody else may have been first.
func openHome() (home, error) {
	dir := filepath.Join(place(), fmt.Sprintf("countersign-pgtest-%d", os.Geteuid()))
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // root's servers run as another account
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return "", fmt.Errorf("%s is not a directory of this account: move it away, or set TMPDIR to another place", dir)
	}
	return home(dir), os.Chmod(dir, mode)
}

// locked runs fn while no other process starts a server or clears away.
func (h home) locked(fn func() error) error {
	f, err := os.OpenFile(filepath.Join(string(h), "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err == nil {
			return fn()
		}
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// newServer starts a server on a copy of the base. It ends with this process, or
// when the leash is closed.
func (h home) newServer(ctx context.Context) (*localpg.Server, *leash, error) {
	var s *localpg.Server
	var hold *leash
	err := h.locked(func() error {
		if err := h.sweep(ctx); err != nil {
			return err
		}
		base, err := h.base(ctx)
		if err != nil {
			return err
		}
		run, err := os.MkdirTemp(string(h), "run-")
		if err != nil {
			return err
		}
		if err := localpg.Clone(ctx, base, run); err != nil {
			return err
		}
		// Until the server holds its own lock on the directory, ours keeps
		// others from sweeping it away.
		if s, err = localpg.Start(ctx, options(run)); err != nil {
			return err
		}
		if hold, err = newLeash(s); err != nil {
			return errors.Join(err, s.Stop(ctx))
		}
		return nil
	})
	return s, hold, err
}

func options(root string) localpg.Options {
	return localpg.Options{Root: root, Unsafe: true, Settings: map[string]string{"max_connections": "250", "max_wal_size": "256MB"}}
}

// base returns the cluster to copy. It gets its name only when it is finished.
func (h home) base(ctx context.Context) (string, error) {
	b, err := localpg.Find("")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(string(h), "base-"+strings.Map(plain, b.Full))
	if _, err := os.Lstat(dir); err == nil {
		return dir, nil
	}
	next := dir + ".new"
	s, err := localpg.Start(ctx, localpg.Options{Root: next, BinDir: b.Dir, Unsafe: true})
	if err != nil {
		return "", err
	}
	if err := s.Stop(ctx); err != nil {
		return "", err
	}
	return dir, os.Rename(next, dir)
}

// sweep removes the servers of processes that are gone, and bases that were
// never finished or are old. The caller holds the lock.
func (h home) sweep(ctx context.Context) error {
	entries, err := os.ReadDir(string(h))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		dir := filepath.Join(string(h), entry.Name())
		if !entry.IsDir() || !h.stale(dir) {
			continue
		}
		err := localpg.Halt(ctx, dir)
		if errors.Is(err, localpg.ErrInUse) {
			continue // of a process that lives
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // its leash was quicker
		}
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			return fmt.Errorf("cannot clear away %s: %w", dir, err)
		}
	}
	return nil
}

// stale tells whether a directory may go, if nothing runs in it.
func (h home) stale(dir string) bool {
	name := filepath.Base(dir)
	switch {
	case strings.HasPrefix(name, "run-"):
		_, err := os.Lstat(filepath.Join(dir, keepMark))
		return errors.Is(err, fs.ErrNotExist)
	case strings.HasSuffix(name, ".new"):
		return true
	case strings.HasPrefix(name, "base-"):
		info, err := os.Lstat(filepath.Join(dir, "secrets"))
		return err != nil || time.Since(info.ModTime()) > baseMaxAge
	}
	return false
}

// plain keeps letters, digits, dots and underscores of a name.
func plain(c rune) rune {
	if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' {
		return c
	}
	return '_'
}
