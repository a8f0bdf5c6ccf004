package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the server runs as. Postgres refuses to run as root, so root
// hands the server to somebody with fewer rights; everybody else runs it
// themselves.
type account struct {
	name     string
	uid, gid int
	drop     bool // we are root and must change to it
}

// serverAccount chooses the account. A cluster that exists keeps its owner,
// because Postgres opens only data of its own account.
func serverAccount(data string) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{name: "this account", uid: uid, gid: os.Getegid()}, nil
	}
	info, err := os.Lstat(data)
	if err == nil {
		st := info.Sys().(*syscall.Stat_t)
		if st.Uid == 0 {
			return account{}, fmt.Errorf("%s belongs to root, and Postgres never runs as root: give it to the account that made it (chown -R)", data)
		}
		return account{name: "uid " + strconv.Itoa(int(st.Uid)), uid: int(st.Uid), gid: int(st.Gid), drop: true}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return account{}, err
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{name: name, uid: uid, gid: gid, drop: true}, nil
		}
	}
	return account{}, errors.New("there is neither an account postgres nor nobody to run Postgres as, which never runs as root: create one, or start this program as an ordinary account")
}

// attr makes a child run as the account, in a session of its own: a Ctrl-C in
// the terminal is for us, and we then stop the server in good order.
func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// own makes sure that dir is a real directory of mode 0700 that belongs to the
// account, creating it where it is missing. A link or somebody else's directory
// is refused: in a shared place such as /tmp it may have been put there.
func (a account) own(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil {
		if a.drop {
			return os.Chown(dir, a.uid, a.gid)
		}
		return nil
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory: move it away", dir)
	}
	if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != a.uid {
		// We may have died between Mkdir and Chown: an empty directory of
		// root's own is still to be handed over.
		if a.drop && st.Uid == 0 && isEmpty(dir) {
			return os.Lchown(dir, a.uid, a.gid)
		}
		return fmt.Errorf("%s belongs to uid %d, not to %s (uid %d): move it away", dir, st.Uid, a.name, a.uid)
	}
	return os.Chmod(dir, 0o700)
}

// reach reports which directory on the way to dir the account may not enter.
func (a account) reach(dir string) error {
	if !a.drop {
		return nil
	}
	for p := dir; ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !a.mayEnter(info) {
			return fmt.Errorf("the server runs as %s (uid %d), which may not enter %s (mode %04o): choose another directory, or chmod o+x it", a.name, a.uid, p, info.Mode().Perm())
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

func (a account) mayEnter(dir fs.FileInfo) bool {
	st := dir.Sys().(*syscall.Stat_t)
	switch {
	case int(st.Uid) == a.uid:
		return dir.Mode().Perm()&0o100 != 0
	case int(st.Gid) == a.gid:
		return dir.Mode().Perm()&0o010 != 0
	default:
		return dir.Mode().Perm()&0o001 != 0
	}
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}
