//go:build failpoint && unix

package failpoint

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Hit marks a point, and ends or stops the process when FAILPOINT says so.
func Hit(p Point) {
	o := ordered()
	if o.point != p || hits.Add(1) != o.hit {
		return
	}
	if !o.stop {
		die(syscall.SIGKILL)
		select {} // not one step more
	}
	die(syscall.SIGSTOP)
	// The stop may reach another thread first. This one must not be a step ahead
	// when everything stands still.
	time.Sleep(50 * time.Millisecond)
}

//nolint:gochecknoglobals // a point is hit from everywhere, and only in programs built for tests
var (
	hits    atomic.Int64
	ordered = sync.OnceValue(func() order {
		o, err := parse(os.Getenv(Variable))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return o
	})
)

func die(s syscall.Signal) {
	if err := syscall.Kill(syscall.Getpid(), s); err != nil {
		panic(err) // nobody may not signal himself
	}
}
