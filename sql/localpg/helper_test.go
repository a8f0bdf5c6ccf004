package localpg

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// envHelper turns the test binary into a program that starts a server in the
// directory it names and waits: the tests kill it.
const envHelper = "COUNTERSIGN_LOCALPG_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envHelper); dir != "" {
		os.Exit(helper(dir))
	}
	code := m.Run()
	if dir, err := seed(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// helper prints "ready <pid of the postmaster> <root>" and stops
// the server in good order when its standard input ends.
func helper(dir string) int {
	if dir == "default" {
		dir = ""
	}
	s, err := Start(context.Background(), Options{Root: dir, Unsafe: true})
	if err != nil {
		fmt.Println("failed", strings.ReplaceAll(err.Error(), "\n", " "))
		return 1
	}
	fmt.Println("ready", s.PID(), s.Root())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(context.Background()); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	return 0
}

type helperProcess struct {
	cmd        *exec.Cmd
	stdin      io.Closer
	postmaster int
	root       string
}

// runHelper starts the helper and waits until its server is up.
func runHelper(t *testing.T, binary string, attr *syscall.SysProcAttr, env ...string) helperProcess {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = attr
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p := helperProcess{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("the helper said %q (%v)", line, err)
	}
	if _, err := fmt.Sscanf(line, "ready %d %s", &p.postmaster, &p.root); err != nil {
		t.Fatalf("the helper said %q: %v", line, err)
	}
	return p
}

// tempRoot is a directory that the server's account can reach (t.TempDir's
// parents are closed to it when root runs the tests) and that is removed when
// nothing runs in it any more.
func tempRoot(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "localpg")
	check(t, err)
	check(t, os.Chmod(parent, 0o711))
	dir := filepath.Join(parent, "root")
	t.Cleanup(func() {
		if _, err := os.Stat(dir); err == nil {
			check(t, Halt(deadline(t), dir))
		}
		check(t, os.RemoveAll(parent))
	})
	return dir
}

// seed is a finished cluster that tests copy, because making one takes a second
// or two. The process that runs the tests makes it once.
var seed = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "localpg-seed")
	if err != nil {
		return "", err
	}
	s, err := Start(context.Background(), Options{Root: dir, Unsafe: true})
	if err != nil {
		return dir, err
	}
	return dir, s.Stop(context.Background())
})

// seedLock keeps two tests from copying at once: Clone wants the seed to itself.
var seedLock sync.Mutex

// seeded is a tempRoot with a finished cluster in it.
func seeded(t *testing.T) string {
	t.Helper()
	seedLock.Lock()
	defer seedLock.Unlock()
	from, err := seed()
	check(t, err)
	dir := tempRoot(t)
	check(t, os.Mkdir(dir, 0o711))
	check(t, Clone(deadline(t), from, dir))
	return dir
}

// start starts a server that is stopped at the end of the test.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	o.Unsafe = true
	s, err := Start(deadline(t), o)
	check(t, err)
	t.Cleanup(func() {
		if err := s.Stop(deadline(t)); err != nil {
			t.Error(err)
		}
	})
	return s
}

// deadline bounds a step. It does not end with the test, because cleanups use
// it too.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func connect(t *testing.T, s *Server, role, database string) *sql.DB {
	t.Helper()
	db, err := s.open(role, database)
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(deadline(t), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func scan[T any](t *testing.T, db *sql.DB, query string) T {
	t.Helper()
	var v T
	if err := db.QueryRowContext(deadline(t), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// waitDone waits for the end of a server that was killed.
func waitDone(t *testing.T, s *Server) {
	t.Helper()
	select {
	case <-s.Done():
	case <-deadline(t).Done():
		t.Fatal("the server's end was not noticed")
	}
}

// waitGone waits until no process works in the directory.
func waitGone(t *testing.T, data string, postmaster int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx := deadline(t); ; {
		pids := serverProcesses(data, postmaster)
		if !slices.Contains(pids, postmaster) && len(pids) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("processes %v still work in %s", pids, data)
		case <-tick.C:
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
