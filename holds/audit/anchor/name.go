package anchor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/holds/audit"
)

// The name of a file: checkpoint-<size, 19 digits>-<time>.txt. Sorted by name
// they are sorted by size and then by time.
const (
	namePrefix = "checkpoint-"
	nameSuffix = ".txt"
	nameTime   = "20060102T150405.000000Z"
	sizeDigits = 19

	latestName = "latest"
	tempPrefix = ".tmp-"
)

// A File is one published checkpoint as its name tells of it.
type File struct {
	Name string
	Size int64
	Time time.Time
}

func fileName(c audit.Checkpoint) string {
	return fmt.Sprintf("%s%0*d-%s%s", namePrefix, sizeDigits, c.Size, c.Time.UTC().Format(nameTime), nameSuffix)
}

// parseName reports whether name is one that fileName gives.
func parseName(name string) (File, bool) {
	middle, found := strings.CutPrefix(name, namePrefix)
	if !found {
		return File{}, false
	}
	middle, found = strings.CutSuffix(middle, nameSuffix)
	if !found {
		return File{}, false
	}
	digits, stamp, _ := strings.Cut(middle, "-")
	size, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || size < 0 || len(digits) != sizeDigits {
		return File{}, false
	}
	at, err := time.Parse(nameTime, stamp)
	if err != nil || at.Format(nameTime) != stamp {
		return File{}, false
	}
	return File{Name: name, Size: size, Time: at}, true
}
