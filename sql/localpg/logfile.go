package localpg

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// maxLog is the size above which a start begins a new log; one old one is kept.
const maxLog = 16 << 20

// openLog opens the server's log for appending and says where the new lines
// begin. The server inherits the open file, so its account needs no right to
// the name.
func openLog(path string) (f *os.File, begin int64, err error) {
	if info, err := os.Lstat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, 0, err
		}
	}
	f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// logSince returns the last lines that were written after begin.
func logSince(path string, begin int64) string {
	text, err := os.ReadFile(path)
	if err != nil || int64(len(text)) < begin {
		return ""
	}
	return lastLines(string(text[begin:]), 8)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
