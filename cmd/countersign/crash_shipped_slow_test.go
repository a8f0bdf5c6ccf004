//go:build slow

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/countersign/countersign/holds/failpoint"
)

// J14: the program as it is shipped has nothing in it that could be asked to
// die: not the function, not the variable, not one of the names. The same
// program with the tag has them all, so that looking proves something. Neither has a
// profiler, and linking it again gives the same bytes.
func TestJ14NoFailpointIsShipped(t *testing.T) {
	t.Parallel()
	traces := []string{"holds/failpoint.", failpoint.Variable}
	for _, g := range failpoint.Gaps() {
		traces = append(traces, string(g.Point))
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		flags []string
		want  bool
	}{
		"as it is shipped": {nil, false},
		"with the tag":     {[]string{"-tags", "failpoint"}, true},
	} {
		program := filepath.Join(dir, "countersign")
		if err := goTool(append(append([]string{"build", "-o", program}, c.flags...), ".")...); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("net/http/pprof.")) {
			t.Errorf("%s: there is a profiler in the binary", name)
		}
		again := filepath.Join(dir, "again")
		if err := goTool(append(append([]string{"build", "-o", again}, c.flags...), ".")...); err != nil {
			t.Fatal(err)
		}
		if second, err := os.ReadFile(again); err != nil || !bytes.Equal(content, second) {
			t.Errorf("%s: the same sources made another binary; %v", name, err)
		}
		for _, trace := range traces {
			if got := bytes.Contains(content, []byte(trace)); got != c.want {
				t.Errorf("%s: %q is in the binary: %v", name, trace, got)
			}
		}
	}
}
