package localpg

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

const goos = runtime.GOOS

// notInstalled explains that nothing was found and how to install it.
func (f finder) notInstalled(tooOld []Binaries) error {
	msg := "looked in PATH and " + strings.Join(f.globs, ", ")
	for _, b := range tooOld {
		msg += fmt.Sprintf("; version %s in %s is older than %d", b.Full, b.Dir, MinVersion)
	}
	return fmt.Errorf("%w (%s); install one with:\n  %s", ErrNotInstalled, msg, f.installCommand())
}

// installCommand is the one command that installs a server on this system.
func (f finder) installCommand() string {
	if f.goos == "darwin" {
		return "brew install postgresql@17"
	}
	id, like, version := readOSRelease(f.osRelease)
	family := append([]string{id}, strings.Fields(like)...)
	is := func(name string) bool { return slices.Contains(family, name) }
	command := ""
	switch {
	case is("debian"), is("ubuntu"):
		command = "apt-get install --yes --no-install-recommends postgresql"
	case id != "fedora" && is("rhel"), is("centos"):
		command = "dnf install --yes postgresql-server"
		// Until release 10, the plain package is version 13 or older.
		if major, _, _ := strings.Cut(version, "."); major == "8" || major == "9" {
			command = "dnf module install --yes postgresql:16/server"
		}
	case is("fedora"):
		command = "dnf install --yes postgresql-server"
	case is("suse"), is("opensuse"):
		command = "zypper --non-interactive install postgresql-server"
	case is("alpine"):
		command = "apk add postgresql"
	case is("arch"):
		command = "pacman -S --noconfirm postgresql"
	default:
		return fmt.Sprintf("your system's package manager (package postgresql or postgresql-server, version %d or newer)", MinVersion)
	}
	if f.root {
		return command
	}
	return "sudo " + command
}

// readOSRelease reads ID, ID_LIKE and VERSION_ID of an os-release file
// (https://www.freedesktop.org/software/systemd/man/os-release.html). A file
// that cannot be read yields empty strings.
func readOSRelease(path string) (id, like, version string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", ""
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = value
		case "ID_LIKE":
			like = value
		case "VERSION_ID":
			version = value
		}
	}
	return id, like, version
}
