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

// takeLock holds the root for this process until the file is closed. The kernel
// lets go of it when the process dies, however it dies; children do not
// inherit it.
func takeLock(r root) (*os.File, error) {
	f, err := os.OpenFile(r.lock(), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		return nil, fmt.Errorf("%w: process %s is using %s; stop it first, or choose another directory", ErrInUse, strings.TrimSpace(string(holder)), r)
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("cannot lock %s: %w", r.lock(), err)
	}
	// The number only helps people; the lock itself is the kernel's.
	if err := errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n")); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}
