package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotRunning is wrapped by the error of Attach when no process runs a server
// in the directory.
var ErrNotRunning = errors.New("no server runs in the database's directory")

// Address is how to reach a server that another process runs.
type Address struct {
	socketDir string
	secrets   secrets
}

// Attach finds the server that another process runs in a directory, so that a
// command can look at its data. It starts and stops nothing. It must be called
// by the account that runs the other process.
func Attach(dir string) (Address, error) {
	if _, err := os.Stat(dir); dir != "" && err != nil {
		return Address{}, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	r, err := openRoot(dir)
	if err != nil {
		return Address{}, err
	}
	held, err := isHeld(r)
	if err != nil {
		return Address{}, err
	}
	if !held {
		return Address{}, fmt.Errorf("%w: %s", ErrNotRunning, r)
	}
	known, err := readSecrets(r.secrets())
	if err != nil {
		return Address{}, err
	}
	return Address{socketDir: socketDirOf(r), secrets: known}, nil
}

// DSN is as Server.DSN.
func (a Address) DSN(role, database string) string {
	return dsn(a.socketDir, a.secrets, role, database)
}

// isHeld tells whether a process holds the root, by asking for a shared lock and
// letting go of it at once.
func isHeld(r root) (bool, error) {
	f, err := os.Open(r.lock())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}
