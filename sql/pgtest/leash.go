package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/countersign/countersign/sql/localpg"
)

// leashScript waits for the end of its standard input, which is the end of the
// process that holds the other end, however it ended. It then stops the server,
// where the kernel has not done so already, and removes its directory unless a
// failed test's database is kept in it. In a container nobody may collect the
// dead: to kill they look alive, in /proc they have no directory.
//
//	$1 the process number of the server, $2 its directory, $3 the mark to keep it
const leashScript = `
cat >/dev/null
kill -INT "$1" 2>/dev/null
runs() { if [ -d /proc/self ]; then [ -e "/proc/$1/cwd" ]; else kill -0 "$1" 2>/dev/null; fi; }
i=0
while runs "$1" && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done
[ -e "$3" ] || rm -rf "$2"
`

// leash ties a server's life, and that of its files, to this process: a test
// binary has no last moment of its own in which it could clear up, and may be
// killed at any other. Should the shell be killed too, the next process sweeps.
type leash struct {
	hold  *os.File
	ended chan struct{}
}

// Close lets go, and returns when the shell has done its work.
func (l *leash) Close() error {
	err := l.hold.Close()
	<-l.ended
	return err
}

func newLeash(s *localpg.Server) (*leash, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("/bin/sh", "-c", leashScript, "pgtest-leash", strconv.Itoa(s.PID()), s.Root(), filepath.Join(s.Root(), keepMark))
	cmd.Dir, cmd.Stdin = "/", read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start the shell that clears up after the tests: %w", err), write.Close())
	}
	l := &leash{hold: write, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		_ = cmd.Wait() // it may fail: the next process sweeps
	}()
	return l, nil
}
