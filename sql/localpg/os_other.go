//go:build unix && !linux

package localpg

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// setDeathSignal does nothing: only Linux can do this. A server that outlived
// its parent is stopped by the next Start.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

// serverProcesses is the process that postmaster.pid names, if that is a
// postgres and not some other program that was given its number since.
func serverProcesses(_ string, postmaster int) []int {
	if postmaster <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "comm=", "-p", strconv.Itoa(postmaster)).Output()
	if err != nil || !strings.HasPrefix(filepath.Base(strings.TrimSpace(string(out))), "postgres") {
		return nil
	}
	return []int{postmaster}
}
