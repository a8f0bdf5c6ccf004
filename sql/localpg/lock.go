package localpg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse is wrapped by the error of a second process that wants the same
// root.
var ErrInUse = errors.New("the database's directory is in use")

// rootLock holds a root for this process.
type rootLock struct{ f *os.File }

// Close lets go of the root. Closing the file alone would not do: a child that
// another goroutine has just forked holds a copy of it until it executes its
// program. Closing again does nothing.
func (l rootLock) Close() error {
	if err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN); err != nil && !errors.Is(err, syscall.EBADF) {
		return errors.Join(err, l.f.Close())
	}
	if err := l.f.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// takeLock holds the root until the lock is closed. The kernel lets go of it
// when the process dies, however it dies; no program that we start inherits it.
func takeLock(r root) (rootLock, error) {
	f, err := os.OpenFile(r.lock(), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return rootLock{}, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		return rootLock{}, fmt.Errorf("%w: process %s is using %s; stop it first, or choose another directory", ErrInUse, strings.TrimSpace(string(holder)), r)
	case err != nil:
		f.Close()
		return rootLock{}, fmt.Errorf("cannot lock %s: %w", r.lock(), err)
	}
	// The number only helps people; the lock itself is the kernel's.
	if err := errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		f.Close()
		return rootLock{}, err
	}
	return rootLock{f}, nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}
