package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// uidOf is the account a process runs as.
func uidOf(t *testing.T, pid int) int {
	t.Helper()
	info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
	check(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 || goos != "linux" {
		t.Skip("only root on Linux can change accounts and look at theirs")
	}
}

func TestRootRunsTheServerAsAnotherAccount(t *testing.T) {
	t.Parallel()
	needRoot(t)
	s := start(t, Options{Root: seeded(t)})
	if uid := uidOf(t, s.PID()); uid == 0 || uid != s.account.uid {
		t.Errorf("the server runs as uid %d, want that of %s", uid, s.account.name)
	}
	for name, own := range map[string]bool{".": false, "secrets": false, "lock": false, "postgres.log": false, "data": true, "socket": true} {
		info, err := os.Stat(filepath.Join(s.Root(), name))
		check(t, err)
		if uid := int(info.Sys().(*syscall.Stat_t).Uid); (uid == s.account.uid) != own || !own && uid != 0 {
			t.Errorf("%s belongs to uid %d", name, uid)
		}
	}
}

func TestClusterKeepsItsAccount(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := seeded(t)
	s := start(t, Options{Root: dir})
	check(t, s.Stop(deadline(t)))
	const other = 54321 // the machine's "postgres" of another day
	check(t, filepath.WalkDir(s.Root(), func(path string, _ os.DirEntry, err error) error {
		if path == s.root.data() || path == s.root.socket() || filepath.Dir(path) != s.Root() && path != s.Root() {
			return errors.Join(err, os.Lchown(path, other, other))
		}
		return err
	}))
	s = start(t, Options{Root: dir})
	if uid := uidOf(t, s.PID()); uid != other {
		t.Errorf("the server runs as uid %d, want %d", uid, other)
	}
}

func TestOrdinaryAccount(t *testing.T) {
	t.Parallel()
	needRoot(t)
	home, err := os.MkdirTemp("", "localpg-home")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(home) })
	const nobody = 65534
	binary := filepath.Join(home, "helper")
	check(t, copyFile(os.Args[0], binary, 0o755))
	check(t, os.Chown(home, nobody, nobody))

	attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	p := runHelper(t, binary, attr, envHelper+"=default", "HOME="+home, "XDG_DATA_HOME=")
	if want := filepath.Join(home, ".local", "share", "countersign"); p.root != want {
		t.Errorf("root = %s, want %s", p.root, want)
	}
	if uid := uidOf(t, p.postmaster); uid != nobody {
		t.Errorf("the server runs as uid %d", uid)
	}
	p.stdin.Close()
	check(t, p.cmd.Wait())
	waitGone(t, filepath.Join(p.root, "data"), p.postmaster)

	if _, err := Start(deadline(t), Options{Root: p.root}); err == nil || !strings.Contains(err.Error(), "belongs to uid 65534") {
		t.Errorf("root on somebody else's directory: %v", err)
	}
}

func TestDirectoryThatTheAccountCannotReach(t *testing.T) {
	t.Parallel()
	needRoot(t)
	closed := filepath.Join(tempRoot(t), "closed")
	check(t, os.MkdirAll(closed, 0o711))
	check(t, os.Chmod(closed, 0o700))
	_, err := Start(deadline(t), Options{Root: filepath.Join(closed, "root"), Unsafe: true})
	if err == nil || !strings.Contains(err.Error(), "may not enter "+closed+" (mode 0700)") {
		t.Errorf("err = %v, want the directory that is closed", err)
	}
}

func TestDataOfRoot(t *testing.T) {
	t.Parallel()
	needRoot(t)
	dir := tempRoot(t)
	check(t, os.MkdirAll(filepath.Join(dir, "data"), 0o755))
	check(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte(installed(t)), 0o600))
	if _, err := Start(deadline(t), Options{Root: dir}); err == nil || !strings.Contains(err.Error(), "belongs to root") {
		t.Errorf("err = %v", err)
	}
}

func TestDefaultRoot(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		euid int
		env  map[string]string
		want string
	}{
		{"root", 0, map[string]string{"HOME": "/root", "XDG_DATA_HOME": "/x"}, "/var/lib/countersign"},
		{"XDG", 1000, map[string]string{"HOME": "/h", "XDG_DATA_HOME": "/x"}, "/x/countersign"},
		{"a relative XDG is not valid", 1000, map[string]string{"HOME": "/h", "XDG_DATA_HOME": "x"}, "/h/.local/share/countersign"},
		{"home", 1000, map[string]string{"HOME": "/h"}, "/h/.local/share/countersign"},
		{"neither", 1000, nil, ""},
	}
	for _, c := range cases {
		got, err := defaultRoot(c.euid, func(k string) string { return c.env[k] })
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
