package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/sql/localpg"
)

// envHelper turns the test binary into a process that takes the shared server,
// as the tests of another package would, and waits.
const envHelper = "COUNTERSIGN_PGTEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(envHelper) != "" {
		s, err := shared.server()
		if err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println("ready", s.Root())
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // as a test binary does, without stopping anything
	}
	os.Exit(m.Run())
}

type helper struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Reader
}

func startHelper(t *testing.T, tmp string) helper {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envHelper+"=1", "TMPDIR="+tmp)
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return helper{cmd, stdin, bufio.NewReader(stdout)}
}

// root waits until the helper's server is up and returns its directory.
func (h helper) root(t *testing.T) string {
	t.Helper()
	line, err := h.lines.ReadString('\n')
	root, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		t.Fatalf("the helper said %q (%v)", line, err)
	}
	return root
}

// tempHome is a TMPDIR of the test's own that the server's account can reach.
func tempHome(t *testing.T) (tmp string, h home) {
	t.Helper()
	tmp, err := os.MkdirTemp("", "pgtest-home")
	check(t, err)
	check(t, os.Chmod(tmp, 0o711))
	t.Setenv("TMPDIR", tmp)
	h, err = openHome()
	check(t, err)
	t.Cleanup(func() {
		entries, err := os.ReadDir(string(h))
		check(t, err)
		for _, entry := range entries {
			if entry.IsDir() {
				check(t, localpg.Halt(context.Background(), filepath.Join(string(h), entry.Name())))
			}
		}
		check(t, os.RemoveAll(tmp))
	})
	return tmp, h
}

func TestProcessesAtOnceAndAfterAKill(t *testing.T) {
	tmp, h := tempHome(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	helpers := []helper{startHelper(t, tmp), startHelper(t, tmp), startHelper(t, tmp)}
	var roots []string
	for _, p := range helpers {
		roots = append(roots, p.root(t))
	}
	if slices.Sort(roots); len(slices.Compact(slices.Clone(roots))) != 3 {
		t.Fatalf("servers in %v, want one each", roots)
	}
	if bases, _ := filepath.Glob(filepath.Join(string(h), "base-*")); len(bases) != 1 {
		t.Errorf("bases: %v, want one for all", bases)
	}

	// One is killed, one ends as a test binary does, one lives on.
	killed, ended, alive := helpers[0], helpers[1], helpers[2]
	check(t, killed.cmd.Process.Kill())
	check(t, ended.stdin.Close())
	_ = killed.cmd.Wait() // its error is the kill
	check(t, ended.cmd.Wait())
	waitGone(ctx, t, roots, 2)
	var left []string
	for _, root := range roots {
		if _, err := os.Stat(root); err == nil {
			left = append(left, root)
		}
	}
	if len(left) != 1 {
		t.Errorf("left: %v, want that of the process that lives", left)
	}
	if err := localpg.Halt(ctx, left[0]); !errors.Is(err, localpg.ErrInUse) {
		t.Errorf("the server of the process that lives: %v", err)
	}
	check(t, alive.stdin.Close())
	check(t, alive.cmd.Wait())
}

// waitGone waits until n of the directories have been removed.
func waitGone(ctx context.Context, t *testing.T, dirs []string, n int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		gone := 0
		for _, dir := range dirs {
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				gone++
			}
		}
		if gone >= n {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%d of %v were removed, want %d", gone, dirs, n)
		case <-tick.C:
		}
	}
}

func TestSweepStopsAServerWithoutALeash(t *testing.T) {
	_, h := tempHome(t)
	s, hold, err := h.newServer(t.Context())
	check(t, err)
	t.Cleanup(func() { hold.Close() })
	check(t, h.sweep(t.Context())) // of a process that lives: ours
	check(t, execute(t.Context(), s.DSN(localpg.RoleApp, localpg.Database), "SELECT 1"))
	check(t, s.Stop(t.Context()))
	check(t, h.sweep(t.Context()))
	if _, err := os.Stat(s.Root()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there (%v)", s.Root(), err)
	}
}

func TestKeptDirectorySurvivesItsLeash(t *testing.T) {
	_, h := tempHome(t)
	s, hold, err := h.newServer(t.Context())
	check(t, err)
	check(t, os.WriteFile(filepath.Join(s.Root(), keepMark), nil, 0o600))
	check(t, hold.Close())
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("the server runs on without its leash")
	}
	if _, err := os.Stat(filepath.Join(s.Root(), "data", "PG_VERSION")); err != nil {
		t.Errorf("the data is gone: %v", err)
	}
}

func TestSweep(t *testing.T) {
	_, h := tempHome(t)
	dir := func(name string, age time.Duration, files ...string) {
		path := filepath.Join(string(h), name)
		check(t, os.Mkdir(path, 0o711))
		for _, file := range files {
			check(t, os.WriteFile(filepath.Join(path, file), nil, 0o600))
			when := time.Now().Add(-age)
			check(t, os.Chtimes(filepath.Join(path, file), when, when))
		}
	}
	dir("run-1", 0)
	dir("run-2", 0, keepMark)
	dir("base-15.18", time.Hour, "secrets")
	dir("base-14.1", 25*time.Hour, "secrets")
	dir("base-16.1.new", 0)
	dir("something", 48*time.Hour)
	check(t, h.sweep(t.Context()))
	entries, err := os.ReadDir(string(h))
	check(t, err)
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{"base-15.18", "run-2", "something"}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}

func TestHomeThatIsNotOurs(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	check(t, os.Symlink("/", filepath.Join(tmp, fmt.Sprintf("countersign-pgtest-%d", os.Geteuid()))))
	if _, err := openHome(); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("err = %v", err)
	}
}
