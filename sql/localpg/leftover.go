package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Halt stops a server that outlived the process which started it, and leaves
// the directory as it is. The error wraps ErrInUse when that process still
// lives.
func Halt(ctx context.Context, dir string) error {
	_, lock, err := openLocked(ctx, dir)
	if err != nil {
		return err
	}
	return lock.Close()
}

// haltLeftover makes sure that nothing works in the data directory any more.
// The caller holds the lock, so whatever still runs there has lost the process
// that started it.
//
// A whole server is asked to shut down; backends without a postmaster notice
// its death and leave by themselves. Both get SIGQUIT when they take longer than
// ten seconds, which is safe: what was committed is in the log and is recovered
// at the next start.
func haltLeftover(ctx context.Context, r root) error {
	postmaster := readPID(r.pidfile())
	pids := serverProcesses(r.data(), postmaster)
	if slices.Contains(pids, postmaster) {
		if err := syscall.Kill(postmaster, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("a server (process %d) still runs in %s and cannot be stopped by this account: %w", postmaster, r.data(), err)
		}
	}
	patience := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; len(pids) > 0; pids = serverProcesses(r.data(), postmaster) {
		if time.Now().After(patience) {
			for _, pid := range pids {
				_ = syscall.Kill(pid, syscall.SIGQUIT) // gone already is as good
			}
			patience = patience.Add(10 * time.Second)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v of an earlier server still work in %s: %w", pids, r.data(), ctx.Err())
		case <-tick.C:
		}
	}
	return forgetPID(r, postmaster)
}

// forgetPID removes postmaster.pid when the number in it has been given to
// another process, as is usual after a restart of a container: Postgres would
// take that process for a running server and refuse to start. In every other
// case Postgres deals with its file itself.
func forgetPID(r root, postmaster int) error {
	if postmaster <= 0 || errors.Is(syscall.Kill(postmaster, 0), syscall.ESRCH) {
		return nil
	}
	err := os.Remove(r.pidfile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readPID reads the first line of postmaster.pid; 0 when there is none
// (https://www.postgresql.org/docs/current/storage-file-layout.html).
func readPID(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}

// clearSocket removes the socket and its lock file. The directory is ours and
// no server of ours runs, so they are stale; Postgres itself would refuse when
// the process number in the lock file is in use again.
func clearSocket(dir string) error {
	stale, err := filepath.Glob(filepath.Join(dir, ".s.PGSQL.*"))
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
