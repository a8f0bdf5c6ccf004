package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is what fits into sun_path of every system: Linux has 108
// bytes, the BSDs and macOS 104, each with a final zero. 107 is Postgres' own
// limit on Linux.
const maxSocketPath = 107

const (
	port       = "5432"
	socketFile = ".s.PGSQL." + port
)

// openSocketDir prepares the directory for the socket: in the root, or where
// that path is too long, in a directory of mode 0700 in a short place. Its name
// follows from the root, so that the next start finds it again.
func openSocketDir(r root, a account) (string, error) {
	dir := socketDirOf(r)
	if err := a.own(dir); err != nil {
		return "", fmt.Errorf("cannot use the socket's directory: %w", err)
	}
	if err := a.reach(dir); err != nil {
		return "", err
	}
	return dir, clearSocket(dir)
}

// socketDirOf is where the socket of a root is.
func socketDirOf(r root) string {
	dir := r.socket()
	if socketFits(dir) {
		return dir
	}
	sum := sha256.Sum256([]byte(r))
	name := "countersign-" + hex.EncodeToString(sum[:8])
	if dir = filepath.Join(os.TempDir(), name); socketFits(dir) {
		return dir
	}
	return filepath.Join("/tmp", name)
}

func socketFits(dir string) bool {
	limit := maxSocketPath
	if goos != "linux" {
		limit = 103
	}
	return len(filepath.Join(dir, socketFile)) <= limit
}
