//go:build slow

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The demonstration, built as it is shipped, ends well ten times in a row, as
// root and as an ordinary account, tells both stories and leaves nothing.
func TestDemoOnceTenTimes(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./...")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range 10 {
		place, err := os.MkdirTemp("", "demo")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(place) })
		args := []string{"demo", "--once"}
		if i == 9 {
			args = append(args, "--json")
		}
		cmd := exec.Command(filepath.Join(bin, "countersign"), args...)
		cmd.Env = append(os.Environ(), "TMPDIR="+place, "HOME="+place)
		if os.Geteuid() == 0 && i%2 == 1 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			for dir := bin; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chown(place, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Chmod(place, 0o755); err != nil { // the private Postgres of root is another account's
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		start := time.Now()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("run %d: %v\n%s\n%s", i+1, err, out, errs.String())
		}
		t.Logf("run %d took %s", i+1, time.Since(start).Round(time.Millisecond))
		text := string(out)
		for _, want := range []string{"restrained", "owner told", "identity checked", "approve", "released", "expected follow-up", "deny", "reverted"} {
			if !strings.Contains(text, want) {
				t.Errorf("run %d tells nothing of %q:\n%s", i+1, want, text)
			}
		}
		if i == 9 {
			goodLines(t, text)
		} else if !strings.Contains(text, "audit log intact") {
			t.Errorf("run %d does not verify the log:\n%s", i+1, text)
		}
		left, err := os.ReadDir(place)
		if err != nil || len(left) != 0 {
			t.Errorf("run %d left %v, %v", i+1, left, err)
		}
	}
}

func goodLines(t *testing.T, text string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%q is no JSON: %v", line, err)
		}
		if m["audit"] != nil && m["good"] != true {
			t.Errorf("the audit log: %s", line)
		}
	}
}
