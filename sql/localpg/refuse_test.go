package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSecondInstance(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	_, err := Start(deadline(t), Options{Root: dir, Unsafe: true})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d is using", os.Getpid())) {
		t.Errorf("err = %v, want ErrInUse with the process", err)
	}
	if err := Halt(deadline(t), dir); !errors.Is(err, ErrInUse) {
		t.Errorf("Halt: err = %v, want ErrInUse", err)
	}
	check(t, connect(t, s, RoleApp, Database).PingContext(deadline(t)))
}

// A child that was forked but has not yet executed its program holds a copy of
// every open file, the lock's among them.
func TestLockIsLetGoWhileACopyOfItIsOpen(t *testing.T) {
	t.Parallel()
	dir := tempRoot(t)
	r, err := openRoot(dir)
	check(t, err)
	lock, err := takeLock(r)
	check(t, err)
	fd, err := syscall.Dup(int(lock.f.Fd()))
	check(t, err)
	defer syscall.Close(fd)
	check(t, lock.Close())
	again, err := takeLock(r)
	check(t, err)
	check(t, again.Close())
	check(t, again.Close())
}

// What Start refuses, it must also leave as it was.
func TestRefusesAndTouchesNothing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		data map[string]string // files to put into the root
		want string
		is   error
	}{
		{"data of another version", map[string]string{"data/PG_VERSION": "9\n", "data/row": "precious"}, "version 9", ErrVersionMismatch},
		{"data without a version", map[string]string{"data/row": "precious"}, "is not the data of a Postgres server", nil},
		{"data with an unreadable version", map[string]string{"data/PG_VERSION": "soon\n", "data/row": "precious"}, `holds "soon"`, nil},
		{"data without its passwords", map[string]string{"data/PG_VERSION": installed(t), "data/row": "precious"}, "the file with its passwords, is missing", nil},
		{"damaged passwords", map[string]string{"data/PG_VERSION": installed(t), "secrets": `{"countersign_super":"hush`}, "is damaged", nil},
		{"passwords with a stranger's", map[string]string{"data/PG_VERSION": installed(t), "secrets": `{"countersign_super":"hush","countersign_owner":"hush","countersign_app":"hush","x":"hush"}`}, "is damaged", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := tempRoot(t)
			check(t, os.Mkdir(dir, 0o711))
			for name, text := range c.data {
				check(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o711))
				check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			handOver(t, filepath.Join(dir, "data"))
			_, err := Start(deadline(t), Options{Root: dir, Unsafe: true})
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("err = %v, want one with %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows a password: %v", err)
			}
			for name, text := range c.data {
				got, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || string(got) != text {
					t.Errorf("%s = %q (%v), want it untouched", name, got, err)
				}
			}
		})
	}
}

func TestRefusesPasswordsOfAnotherCluster(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	check(t, s.Stop(deadline(t)))
	check(t, writeSecrets(s.root, secrets{Super: "a", Owner: "b", App: "c"}))
	if _, err := Start(deadline(t), Options{Root: dir, Unsafe: true}); err == nil || !strings.Contains(err.Error(), "are not those of the database") {
		t.Errorf("err = %v", err)
	}
}

func TestRefusesAnUnsafeDirectory(t *testing.T) {
	t.Parallel()
	t.Run("that everybody can write", func(t *testing.T) {
		dir := tempRoot(t)
		check(t, os.Mkdir(dir, 0o755))
		check(t, os.Chmod(dir, 0o777))
		_, err := Start(deadline(t), Options{Root: dir})
		if err == nil || !strings.Contains(err.Error(), "can be written by everybody") {
			t.Errorf("err = %v", err)
		}
		check(t, os.Chmod(dir, 0o700))
	})
	t.Run("whose passwords others can read", func(t *testing.T) {
		dir := tempRoot(t)
		check(t, os.Mkdir(dir, 0o711))
		check(t, os.WriteFile(filepath.Join(dir, "secrets"), []byte("{}"), 0o600))
		check(t, os.Chmod(filepath.Join(dir, "secrets"), 0o640))
		_, err := Start(deadline(t), Options{Root: dir})
		if err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("whose socket directory is a link", func(t *testing.T) {
		dir := tempRoot(t)
		check(t, os.Mkdir(dir, 0o711))
		check(t, os.Symlink("/tmp", filepath.Join(dir, "socket")))
		_, err := Start(deadline(t), Options{Root: dir})
		if err == nil || !strings.Contains(err.Error(), "is not a directory") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := seeded(t)
	_, err := Start(deadline(t), Options{Root: dir, Unsafe: true, Settings: map[string]string{"work_mem": "plenty"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("err = %v, want the server's own words", err)
	}
	start(t, Options{Root: dir}) // the lock was let go
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := seeded(t)
	if _, err := Start(ctx, Options{Root: dir, Unsafe: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	start(t, Options{Root: dir})
}

// installed is a PG_VERSION that fits the binaries of this machine.
func installed(t *testing.T) string {
	t.Helper()
	b, err := Find("")
	check(t, err)
	return fmt.Sprintln(b.Version)
}

// handOver gives a made-up cluster to an account that may run servers.
func handOver(t *testing.T, data string) {
	t.Helper()
	a, err := serverAccount(filepath.Join(data, "missing"))
	check(t, err)
	if a.drop {
		check(t, os.Chown(data, a.uid, a.gid))
	}
}
