//go:build slow

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// crashing is this test program built once more with the tag failpoint and
// without the race detector, under which the Graph SDK takes minutes to compile.
var crashing struct { //nolint:gochecknoglobals // one build serves every test of a run
	sync.Once
	dir, program string
	err          error
}

// crashProgram is a program whose `serve` dies where FAILPOINT says.
func crashProgram(t *testing.T) string {
	t.Helper()
	crashing.Do(func() {
		if crashing.dir, crashing.err = os.MkdirTemp("", "countersign-crash-"); crashing.err != nil {
			return
		}
		atTheEnd = append(atTheEnd, func() { _ = os.RemoveAll(crashing.dir) })
		crashing.program = filepath.Join(crashing.dir, "countersign")
		crashing.err = goTool("test", "-c", "-tags", "failpoint", "-ldflags", "-s -w", "-o", crashing.program, ".")
	})
	if crashing.err != nil {
		t.Fatal(crashing.err)
	}
	return crashing.program
}

// goTool runs the go command as `make build` does, without cgo.
func goTool(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}
