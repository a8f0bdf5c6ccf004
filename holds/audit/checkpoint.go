package audit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxCheckpoint is the largest signed checkpoint in bytes: four short lines
// and room for the signatures of witnesses.
const MaxCheckpoint = 16 << 10

// ErrCheckpoint is matched by every error about a checkpoint that cannot be
// trusted: malformed, signed by nobody we know, or of another installation.
var ErrCheckpoint = errors.New("not a checkpoint to rely on")

// A Checkpoint says: at this time the log of this installation had this many
// entries, and this was its root. Signed and kept outside the database it is
// what makes a full rewrite visible.
type Checkpoint struct {
	Origin string // countersign/<installation>, also the name of the key
	Size   int64
	Root   Hash
	Time   time.Time // UTC, to the microsecond
}

// originPrefix starts every origin line of ours.
const originPrefix = "countersign/"

// timeLine starts the one extension line. It is part of what is signed.
const timeLine = "time "

// Origin returns the origin line of an installation. Its name is lower-case
// letters, digits, _ . and -.
func Origin(installation string) (string, error) {
	if !isWord(installation) {
		return "", fmt.Errorf("the name of an installation is lower-case letters, digits, _ . and -, and %q is not", installation)
	}
	return originPrefix + installation, nil
}

func validOrigin(origin string) bool {
	installation, found := strings.CutPrefix(origin, originPrefix)
	return found && isWord(installation)
}

// text returns the part that is signed, in the format of C2SP tlog-checkpoint
// (https://c2sp.org/tlog-checkpoint): origin, size in decimal, root in base64,
// then one extension line with the time.
func (c Checkpoint) text() (string, error) {
	if !validOrigin(c.Origin) {
		return "", fmt.Errorf("%w: its origin is not %s and the name of an installation", ErrCheckpoint, originPrefix)
	}
	if c.Size < 0 {
		return "", fmt.Errorf("%w: its size is negative", ErrCheckpoint)
	}
	if y := c.Time.UTC().Year(); y < 1970 || y > 9999 {
		return "", fmt.Errorf("%w: its time is not set, or outside the years 1970 to 9999", ErrCheckpoint)
	}
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", c.Origin, c.Size, c.Root, timeLine, c.Time.UTC().Format(timeLayout)), nil
}

// parseCheckpoint is the inverse of text and accepts nothing else.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return Checkpoint{}, fmt.Errorf("%w: it has not exactly the lines origin, size, root and time", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its size is not a number", ErrCheckpoint)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its root is not a hash", ErrCheckpoint)
	}
	stamp, found := strings.CutPrefix(lines[3], timeLine)
	at, err := time.Parse(timeLayout, stamp)
	if !found || err != nil {
		return Checkpoint{}, fmt.Errorf("%w: its time is not UTC with six digits of fraction", ErrCheckpoint)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root, Time: at}
	again, err := c.text()
	if err != nil {
		return Checkpoint{}, err
	}
	if again != text {
		return Checkpoint{}, fmt.Errorf("%w: it is not written the one canonical way", ErrCheckpoint)
	}
	return c, nil
}
