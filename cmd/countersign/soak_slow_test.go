//go:build slow

package main

import "os"

// soakVariable asks for all rounds of the crash suites, which take half an hour,
// instead of the short form.
const soakVariable = "COUNTERSIGN_SOAK"

var soak = os.Getenv(soakVariable) != "" //nolint:gochecknoglobals // as a flag would be
