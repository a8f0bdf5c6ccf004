package localpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrVersionMismatch is wrapped by the error for data that was made by another
// major version than the installed binaries.
var ErrVersionMismatch = errors.New("the database was made by another version of Postgres")

// dataVersion is the major version that made the cluster, 0 when there is none
// yet.
func dataVersion(r root) (int, error) {
	if _, err := os.Lstat(r.data()); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(r.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s exists but is not the data of a Postgres server; nothing was touched: move it away, or choose another directory", r.data())
	}
	if err != nil {
		return 0, err
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION holds %q, which is no version that works", r.data(), strings.TrimSpace(string(text)))
	}
	return version, nil
}

// matchVersion refuses binaries that cannot open the data.
func matchVersion(r root, b Binaries, version int) error {
	if version == 0 || version == b.Version {
		return nil
	}
	return fmt.Errorf("%w: %s is of version %d and the binaries in %s are %s; nothing was touched: install version %d next to it, or move the data with pg_upgrade", ErrVersionMismatch, r.data(), version, b.Dir, b.Full, version)
}

// createCluster makes data out of data.init, which is renamed only when initdb
// has finished. A data.init that is found was therefore left by a crash and
// never ran: no row was ever written to it, so it alone may be removed.
func createCluster(ctx context.Context, r root, b Binaries, a account, password string, unsafe bool) error {
	if err := errors.Join(remove(ctx, r.dataInit()), os.RemoveAll(r.pwfile())); err != nil {
		return fmt.Errorf("cannot clear what an interrupted first start left: %w", err)
	}
	if err := a.own(r.dataInit()); err != nil {
		return err
	}
	if err := writePassword(r.pwfile(), a, password); err != nil {
		return err
	}
	defer os.Remove(r.pwfile())
	args := []string{
		"--pgdata=" + r.dataInit(),
		"--username=" + RoleSuper,
		"--pwfile=" + r.pwfile(),
		"--auth=scram-sha-256",
		"--data-checksums",
		// The order of the C locale never changes under an index, as that of
		// a system library does with its upgrades.
		"--locale=C", "--encoding=UTF8",
	}
	if unsafe {
		args = append(args, "--no-sync")
	}
	if err := initdb(ctx, filepath.Join(b.Dir, "initdb"), args, a); err != nil {
		return err
	}
	if err := os.Rename(r.dataInit(), r.data()); err != nil {
		return err
	}
	return syncDir(string(r))
}

// remove removes a directory. The server process that an initdb had started may
// outlive its parent for a moment and write files behind our back, so a directory
// that is not empty yet is tried again for a while.
func remove(ctx context.Context, dir string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(10 * time.Second); ; {
		err := os.RemoveAll(dir)
		if !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		select {
		case <-tick.C:
		case <-late:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// writePassword leaves the password where only the account can read it.
func writePassword(path string, a account, password string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(password + "\n")
	if a.drop {
		err = errors.Join(err, f.Chown(a.uid, a.gid))
	}
	return errors.Join(err, f.Close())
}

func initdb(ctx context.Context, path string, args []string, a account) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	prepare(cmd, a, syscall.SIGKILL)
	p, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", path, err)
	}
	if err := <-p; err != nil {
		hint := ""
		if strings.Contains(out.String(), "could not look up effective user ID") {
			hint = " (this account has no name: Postgres needs a line for it in /etc/passwd)"
		}
		return fmt.Errorf("initdb could not make the database%s: %w: %s", hint, errors.Join(ctx.Err(), err), lastLines(out.String(), 5))
	}
	return nil
}
