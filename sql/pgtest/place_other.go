//go:build unix && !linux

package pgtest

import "os"

// place is where servers live.
func place() string { return os.TempDir() }
