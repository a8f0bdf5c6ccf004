//go:build slow

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// soakVariable asks for all rounds of the crash suites, which take half an hour,
// instead of the short form.
const soakVariable = "COUNTERSIGN_SOAK"

var soak = os.Getenv(soakVariable) != "" //nolint:gochecknoglobals // as a flag would be

// soaked are what was measured beside its aim, for the table that is printed
// after the last test. Nothing fails because of them: a busy machine is slow.
var soaked struct { //nolint:gochecknoglobals // of the whole run
	sync.Mutex
	lines []string
}

// measured notes how long something took.
func measured(what string, took, aim time.Duration) {
	noted(what, fmt.Sprintf("%.2f s", took.Seconds()), fmt.Sprintf("%.0f s", aim.Seconds()))
}

// noted notes a figure beside its aim.
func noted(what, got, aim string) {
	soaked.Lock()
	defer soaked.Unlock()
	if len(soaked.lines) == 0 {
		atTheEnd = append(atTheEnd, tellSoaked)
	}
	soaked.lines = append(soaked.lines, fmt.Sprintf("| %s | %s | %s |", what, got, aim))
}

func tellSoaked() {
	slices.Sort(soaked.lines)
	fmt.Printf("| crash suites | measured | aim |\n|---|---|---|\n%s\n", strings.Join(soaked.lines, "\n"))
}
