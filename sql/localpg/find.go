package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EnvBin names the environment variable that points to the directory of the
// server's binaries. When it is set, nothing else is searched.
const EnvBin = "COUNTERSIGN_PG_BIN"

// MinVersion is the oldest major version that is accepted.
const MinVersion = 14

// ErrNotInstalled is wrapped by every error that means "there is no usable
// server on this machine".
var ErrNotInstalled = errors.New("no usable Postgres server is installed")

// Binaries are an installed server.
type Binaries struct {
	Dir     string // directory that holds postgres and initdb, symbolic links resolved
	Version int    // major version, such as 15
	Full    string // what the binary calls itself, such as "15.18"
}

// Find returns the installed server of the highest version, at least
// MinVersion. A non-empty explicit directory, or else $COUNTERSIGN_PG_BIN, is
// the only place that is looked at; otherwise PATH and the places where Debian,
// Red Hat, SUSE, Alpine and Homebrew install servers are.
//
// The error wraps ErrNotInstalled and names the command that installs one.
func Find(explicit string) (Binaries, error) {
	return systemFinder().find(explicit, 0)
}

// finder holds what a search depends on, so that a test can put a machine with
// nothing installed in its place.
type finder struct {
	getenv    func(string) string
	globs     []string
	goos      string
	osRelease string // path of the os-release file
	root      bool   // the command to install needs no sudo
}

func systemFinder() finder {
	return finder{
		getenv: os.Getenv,
		globs: []string{
			"/usr/lib/postgresql/*/bin",     // Debian, Ubuntu
			"/usr/pgsql-*/bin",              // the RPMs of postgresql.org
			"/usr/lib/postgresql[0-9]*/bin", // SUSE
			"/usr/libexec/postgresql*",      // Alpine
			"/opt/homebrew/opt/postgresql*/bin",
			"/usr/local/opt/postgresql*/bin",
			"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
		},
		goos:      goos,
		osRelease: "/etc/os-release",
		root:      os.Geteuid() == 0,
	}
}

// find returns the best server. With want > 0 a server of that major version
// wins over a newer one, because only it can open data of that version.
func (f finder) find(explicit string, want int) (Binaries, error) {
	from := "the directory given"
	if explicit == "" {
		explicit, from = f.getenv(EnvBin), EnvBin
	}
	if explicit != "" {
		b, err := inspect(explicit)
		switch {
		case err != nil:
			return Binaries{}, fmt.Errorf("%w: %s (%s) is not the bin directory of one: %w", ErrNotInstalled, explicit, from, err)
		case b.Version < MinVersion:
			return Binaries{}, fmt.Errorf("%w: %s (%s) holds version %s and %d is the oldest that works", ErrNotInstalled, explicit, from, b.Full, MinVersion)
		}
		return b, nil
	}
	found, tooOld := f.search()
	if len(found) == 0 {
		return Binaries{}, f.notInstalled(tooOld)
	}
	if i := slices.IndexFunc(found, func(b Binaries) bool { return b.Version == want }); i >= 0 {
		return found[i], nil
	}
	return found[0], nil
}

// search returns every usable server, the highest version first, and every one
// that is too old.
func (f finder) search() (found, tooOld []Binaries) {
	seen := map[string]bool{}
	for _, dir := range f.dirs() {
		b, err := inspect(dir)
		if err != nil || seen[b.Dir] {
			continue
		}
		seen[b.Dir] = true
		if b.Version < MinVersion {
			tooOld = append(tooOld, b)
			continue
		}
		found = append(found, b)
	}
	slices.SortStableFunc(found, func(a, b Binaries) int { return b.Version - a.Version })
	return found, tooOld
}

// dirs lists the directories to look at. PATH may hold only symbolic links to
// the binaries (on /usr/local/bin, say), so each link is followed to where the
// rest of the installation is.
func (f finder) dirs() []string {
	var dirs []string
	for _, dir := range filepath.SplitList(f.getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue // the current directory is no place to run a server from
		}
		for _, name := range []string{"postgres", "initdb"} {
			if real, err := filepath.EvalSymlinks(filepath.Join(dir, name)); err == nil {
				dirs = append(dirs, filepath.Dir(real))
			}
		}
	}
	for _, glob := range f.globs {
		if match, err := filepath.Glob(glob); err == nil {
			dirs = append(dirs, match...)
		}
	}
	return dirs
}

// inspect says what server the directory holds.
func inspect(dir string) (Binaries, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Binaries{}, err
	}
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return Binaries{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("%s/postgres --version: %w", dir, err)
	}
	full, major, err := parseVersion(string(out))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s: %w", dir, err)
	}
	return Binaries{Dir: dir, Version: major, Full: full}, nil
}

// parseVersion reads the line that `postgres --version` prints, such as
// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" or "… 19beta1".
func parseVersion(line string) (full string, major int, err error) {
	m := regexp.MustCompile(`^postgres \([^)]*\) (([0-9]+)[^\s]*)`).FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return "", 0, fmt.Errorf("%q is not a version line of postgres", strings.TrimSpace(line))
	}
	major, err = strconv.Atoi(m[2])
	return m[1], major, err
}
