package localpg

import (
	"os/exec"
	"runtime"
	"syscall"
)

// prepare sets what every child of ours has in common: the account, an
// environment that cannot change what the server does (no PG… variable, no
// locale or time zone of whoever started us), and the signal that it gets when
// we die.
func prepare(cmd *exec.Cmd, a account, onDeath syscall.Signal) {
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/"}
	cmd.Dir = "/"
	cmd.SysProcAttr = a.attr()
	setDeathSignal(cmd.SysProcAttr, onDeath)
}

// launch starts the command; the channel yields the outcome of Wait.
//
// Linux sends the death signal when the *thread* that forked the child ends,
// not the process. The goroutine therefore keeps its thread for as long as the
// child lives.
func launch(cmd *exec.Cmd) (<-chan error, error) {
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		ended <- cmd.Wait()
	}()
	return ended, <-started
}
