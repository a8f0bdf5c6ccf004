package localpg

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// setDeathSignal lets the kernel signal the child when its parent dies, even
// when the parent was killed outright.
func setDeathSignal(attr *syscall.SysProcAttr, sig syscall.Signal) {
	attr.Pdeathsig = sig
}

// serverProcesses lists the processes that work in the data directory. The
// postmaster and all its children change into it and stay there, so this finds
// them by what they do rather than by a number that may have been given to
// another process since.
func serverProcesses(data string, _ int) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var pids []int
	for _, link := range links {
		if dir, err := os.Readlink(link); err != nil || dir != data {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
