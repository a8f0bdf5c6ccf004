package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// root is the directory everything of one server lives in, in its real path.
type root string

func (r root) lock() string     { return filepath.Join(string(r), "lock") }
func (r root) secrets() string  { return filepath.Join(string(r), "secrets") }
func (r root) data() string     { return filepath.Join(string(r), "data") }
func (r root) dataInit() string { return filepath.Join(string(r), "data.init") }
func (r root) pwfile() string   { return filepath.Join(string(r), "pwfile") }
func (r root) socket() string   { return filepath.Join(string(r), "socket") }
func (r root) log() string      { return filepath.Join(string(r), "postgres.log") }
func (r root) pidfile() string  { return filepath.Join(r.data(), "postmaster.pid") }

// defaultRoot is /var/lib/countersign for root and a directory below the home
// directory for everybody else
// (https://specifications.freedesktop.org/basedir-spec/latest/).
func defaultRoot(euid int, getenv func(string) string) (string, error) {
	if euid == 0 {
		return "/var/lib/countersign", nil
	}
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "countersign"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "countersign"), nil
	}
	return "", errors.New("neither XDG_DATA_HOME nor HOME is set, so there is no place for the database: name a directory for it")
}

// openRoot creates the directory where it is missing, checks that it is ours
// alone to change, and returns its real path.
func openRoot(dir string) (root, error) {
	if dir == "" {
		var err error
		if dir, err = defaultRoot(os.Geteuid(), os.Getenv); err != nil {
			return "", err
		}
	}
	parents := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		parents = 0o755 // the server's account has to pass through
	}
	if err := os.MkdirAll(dir, parents); err != nil {
		return "", fmt.Errorf("cannot create the database's directory: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	return root(dir), checkRoot(dir)
}

// checkRoot refuses a directory in which somebody else could put files in our
// place: what stands there, we open and trust.
func checkRoot(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to uid %d and this program runs as uid %d: run it as that account, or choose another directory", dir, st.Uid, os.Geteuid())
	}
	if info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("%s can be written by everybody (mode %04o): choose a directory of its own for the database", dir, info.Mode().Perm())
	}
	// Root's directory holds nothing that others could read, yet the server's
	// account has to pass through. Only one that is still empty is adjusted:
	// the mode of a directory with a history is somebody's decision.
	if st.Uid == 0 && isEmpty(dir) {
		return os.Chmod(dir, 0o711)
	}
	return nil
}

// syncDir makes a rename or a new name in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
