//go:build slow

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shipped builds the programs as they are shipped.
func shipped(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "./...")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for dir := bin; os.Geteuid() == 0 && dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // other accounts run them, too
			t.Fatal(err)
		}
	}
	return filepath.Join(bin, "countersign")
}

// nobody is an ordinary account that there is on every machine.
const nobody = 65534

// place makes a directory for temporary files, of another account when that is asked
// for. The private Postgres of root is another account's, and has to pass.
func place(t *testing.T, ordinary bool) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo")
	if err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		err = os.Chmod(dir, 0o755)
	}
	if err == nil && ordinary {
		err = os.Chown(dir, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// demo prepares a run with its temporary files in a place.
func demo(program, place string, ordinary bool, args ...string) *exec.Cmd {
	cmd := exec.Command(program, append([]string{"demo"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+place, "HOME="+place)
	if ordinary {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

func empty(t *testing.T, place string) {
	t.Helper()
	if left, err := os.ReadDir(place); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// The demonstration, built as it is shipped, ends well ten times in a row, as
// root and as an ordinary account, tells both stories and leaves nothing.
func TestDemoOnceTenTimes(t *testing.T) {
	program := shipped(t)
	for i := range 10 {
		ordinary := os.Geteuid() == 0 && i%2 == 1
		at, args := place(t, ordinary), []string{"--once"}
		if i == 9 {
			args = append(args, "--json")
		}
		cmd := demo(program, at, ordinary, args...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		start := time.Now()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("run %d: %v\n%s\n%s", i+1, err, out, errs.String())
		}
		t.Logf("run %d took %s", i+1, time.Since(start).Round(time.Millisecond))
		text := string(out)
		for _, want := range []string{
			"restrained", "owner told", "identity checked", "approve", "released", "expected follow-up", "linked", "deny", "reverted",
			"nordwind-okta", "nordwind-entra", "user.mfa.factor.reset_all", "user.mfa.factor.activate", "Add member to role", "2 to 15 minutes", "audit log intact",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("run %d tells nothing of %q:\n%s", i+1, want, text)
			}
		}
		if i == 9 {
			goodLines(t, text)
		}
		empty(t, at)
	}
}

// A demonstration that was killed leaves its directory; the next one removes it, and
// leaves one that runs alone.
func TestDemoAfterAKill(t *testing.T) {
	program, at := shipped(t), place(t, false)
	killed, running := demo(program, at, false), demo(program, at, false)
	for _, cmd := range []*exec.Cmd{killed, running} {
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		if err := prints(out, "Ctrl-C"); err != nil {
			t.Fatal(err)
		}
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	if left, err := os.ReadDir(at); err != nil || len(left) != 2 {
		t.Fatalf("before: %v, %v", left, err)
	}
	if out, err := demo(program, at, false, "--once").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if left, err := os.ReadDir(at); err != nil || len(left) != 1 {
		t.Fatalf("one runs and %v is there, %v", left, err)
	}
	if err := running.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := running.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	empty(t, at)
}

// prints waits until a program prints a text, and goes on reading what it prints.
func prints(out io.Reader, text string) error {
	var seen strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		seen.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), text) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return nil
		}
	}
	return fmt.Errorf("it ended without saying %q:\n%s", text, seen.String())
}

func goodLines(t *testing.T, text string) {
	t.Helper()
	connections := map[any]bool{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%q is no JSON: %v", line, err)
		}
		if m["audit"] != nil && m["good"] != true {
			t.Errorf("the audit log: %s", line)
		}
		if m["what"] != nil && (m["story"] == nil || m["hold"] == nil || m["at"] == nil) {
			t.Errorf("a moment of nothing: %s", line)
		}
		if c := m["connection"]; c != nil {
			connections[c] = true
		}
		if late, ok := m["audit_delay_ms"].(float64); ok && late < 3000 {
			t.Errorf("the directory told at once: %s", line)
		}
	}
	if len(connections) != 2 {
		t.Errorf("the stories are told of %v", connections)
	}
}
