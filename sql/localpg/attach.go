package localpg

import (
	"errors"
	"fmt"
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
	r, err := openRoot(dir)
	if err != nil {
		return Address{}, err
	}
	lock, err := takeLock(r)
	if err == nil {
		return Address{}, errors.Join(fmt.Errorf("%w: %s", ErrNotRunning, r), lock.Close())
	}
	if !errors.Is(err, ErrInUse) {
		return Address{}, err
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
