package main

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"
)

// envChild turns the test binary into the program itself, so that a test can
// kill a process that runs `serve`.
const envChild = "COUNTERSIGN_TEST_CHILD"

// TestMain runs the tests or, in a child, the program. Most of a test's time
// here is waiting for another process, so more run at once than there are
// processors.
func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		s := testSeams()
		s.job = childJob
		os.Exit(execute(withSeams(context.Background(), s), os.Args[1:]))
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == f.DefValue {
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	for _, tidy := range atTheEnd {
		tidy()
	}
	os.Exit(code)
}

// testSeams: the test's server does not sync to the disk, and nobody waits ten
// seconds for a call that hangs.
func testSeams() seams { return seams{unsafe: true, timeout: 2 * time.Second} }

// atTheEnd is what is tidied up after the last test.
var atTheEnd []func() //nolint:gochecknoglobals // as TestMain is
