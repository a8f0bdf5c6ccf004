package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a finder for a made-up machine below one directory.
func machine(t *testing.T, env map[string]string, globs ...string) finder {
	t.Helper()
	return finder{getenv: func(k string) string { return env[k] }, globs: globs, goos: "linux", osRelease: "/nonexistent"}
}

// install puts a server of a version into dir.
func install(t *testing.T, dir, version string) string {
	t.Helper()
	check(t, os.MkdirAll(dir, 0o755))
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"postgres", "initdb"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func TestFind(t *testing.T) {
	base := t.TempDir()
	old := install(t, filepath.Join(base, "pg", "13", "bin"), "13.22")
	p15 := install(t, filepath.Join(base, "pg", "15", "bin"), "15.18 (Debian 15.18-0+deb12u1)")
	p9 := install(t, filepath.Join(base, "pg", "9.6", "bin"), "9.6.24")
	p17 := install(t, filepath.Join(base, "pg", "17", "bin"), "17beta1")
	glob := filepath.Join(base, "pg", "*", "bin")

	links := filepath.Join(base, "local", "bin")
	check(t, os.MkdirAll(links, 0o755))
	check(t, os.Symlink(filepath.Join(p15, "initdb"), filepath.Join(links, "initdb")))

	cases := []struct {
		name     string
		env      map[string]string
		globs    []string
		explicit string
		want     int // version of the data that there is
		dir      string
		version  int
	}{
		{name: "the highest version wins", globs: []string{glob}, dir: p17, version: 17},
		{name: "data that exists decides", globs: []string{glob}, want: 15, dir: p15, version: 15},
		{name: "data of a version that is missing does not", globs: []string{glob}, want: 16, dir: p17, version: 17},
		{name: "PATH with links to the binaries", env: map[string]string{"PATH": "relative:" + links}, dir: p15, version: 15},
		{name: "the variable alone", env: map[string]string{EnvBin: p15, "PATH": p17}, globs: []string{glob}, dir: p15, version: 15},
		{name: "the argument before the variable", env: map[string]string{EnvBin: p15}, explicit: p17, dir: p17, version: 17},
		{name: "an old one by variable", env: map[string]string{EnvBin: old}},
		{name: "only old ones", globs: []string{old, p9}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := machine(t, c.env, c.globs...).find(c.explicit, c.want)
			if c.dir == "" {
				if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "13.22") {
					t.Errorf("err = %v, want ErrNotInstalled with the version found", err)
				}
				return
			}
			check(t, err)
			if got.Dir != c.dir || got.Version != c.version {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFindOnThisMachine(t *testing.T) {
	got, err := Find("")
	check(t, err)
	if got.Version < MinVersion || !strings.HasPrefix(got.Full, "1") && !strings.HasPrefix(got.Full, "2") {
		t.Errorf("got %+v", got)
	}
}

func TestEmptyDirectoryByVariable(t *testing.T) {
	empty := t.TempDir()
	t.Setenv(EnvBin, empty)
	dir := tempRoot(t)
	_, err := Start(deadline(t), Options{Root: dir})
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), empty) || !strings.Contains(err.Error(), EnvBin) {
		t.Errorf("err = %v, want ErrNotInstalled with the place and the variable", err)
	}
}

func TestNothingInstalledNamesTheCommand(t *testing.T) {
	cases := []struct{ name, goos, release, want string }{
		{"Debian", "linux", "ID=debian\nVERSION_ID=\"12\"\n", "sudo apt-get install --yes --no-install-recommends postgresql"},
		{"Mint", "linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt-get install"},
		{"Rocky 9", "linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n", "sudo dnf module install --yes postgresql:16/server"},
		{"RHEL 10", "linux", "ID=\"rhel\"\nID_LIKE=\"centos fedora\"\nVERSION_ID=\"10.0\"\n", "sudo dnf install --yes postgresql-server"},
		{"Fedora", "linux", "ID=fedora\nVERSION_ID=42\n", "sudo dnf install --yes postgresql-server"},
		{"openSUSE", "linux", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "sudo zypper"},
		{"Alpine", "linux", "ID=alpine\n", "sudo apk add postgresql"},
		{"Arch", "linux", "ID=arch\n", "sudo pacman"},
		{"macOS", "darwin", "", "brew install postgresql@17"},
		{"unknown", "linux", "ID=other\n", "package manager"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := machine(t, nil, filepath.Join(t.TempDir(), "*"))
			f.goos, f.osRelease = c.goos, filepath.Join(t.TempDir(), "os-release")
			check(t, os.WriteFile(f.osRelease, []byte(c.release), 0o600))
			_, err := f.find("", 0)
			if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "\n  "+c.want) && !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want %q", err, c.want)
			}
			f.root = true
			if _, err := f.find("", 0); strings.Contains(err.Error(), "sudo") {
				t.Errorf("root is told to use sudo: %v", err)
			}
		})
	}
}

func TestParseVersion(t *testing.T) {
	for line, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 19devel":                          19,
		"postgres (PostgreSQL) 9.6.24":                           9,
		"postgres (EnterpriseDB) 16.3":                           16,
		"mysqld  Ver 8.0":                                        0,
		"":                                                       0,
	} {
		if _, got, err := parseVersion(line); got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v", line, got, err)
		}
	}
}
