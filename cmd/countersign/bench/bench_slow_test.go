//go:build slow

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets the test be the plain service, which is started as a process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == plainCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestBenchRunsWhole: every measure runs against the real programs and prints its
// rows. What the figures are is not looked at.
func TestBenchRunsWhole(t *testing.T) {
	programs := t.TempDir()
	cmd := exec.Command("go", "build", "-o", programs+"/", "../../countersign", "../../idpsim")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	var out strings.Builder
	progress := &tail{}
	if err := run(t.Context(), []string{"--short", "--markdown", "--programs", programs}, &out, progress); err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	for _, want := range []string{
		"Resident memory, idle", "exec to the first durable 2xx", "Program, stripped", "Durable 2xx/s ÷ pgbench, 1 clients", "Acknowledgement p99",
		"Hook to containment request, p99 at", "Whole pipeline ÷ plain service on River, tuned", "as it comes", "Entries of the audit log",
		"growth for each open hold", "Intake: cost at", "Inbox claim: cost at", "Open hold of an account: cost at", "under an open snapshot ÷ idle",
		"fsync on", "synchronous_commit on", "full_page_writes on",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing about %q", want)
		}
	}
	if strings.Contains(out.String(), "failed:") || t.Failed() {
		t.Errorf("%s\n%s", out.String(), progress)
	}
}
