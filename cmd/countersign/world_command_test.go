package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// command runs a command of the program on the world's configuration, and tells
// what it printed and its exit code as main would have them.
func (w *world) command(args ...string) (stdout, stderr string, code int) {
	w.Helper()
	return w.bare(append(args, "--config", w.file("countersign.yaml"))...)
}

// bare runs a command without a configuration.
func (w *world) bare(args ...string) (stdout, stderr string, code int) {
	w.Helper()
	var out, errs bytes.Buffer
	err := run(w.context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs})
	var exit exitCode
	switch {
	case errors.As(err, &exit):
		code = int(exit)
	case err != nil:
		code = 1
		fmt.Fprintln(&errs, "countersign:", err)
	}
	return out.String(), errs.String(), code
}

// good runs a command that must succeed and returns what it printed.
func (w *world) good(args ...string) string {
	w.Helper()
	out, errs, code := w.command(args...)
	if code != 0 {
		w.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	return out
}

// passwordOf is the password in a connection string of lib/pq's.
func passwordOf(dsn string) string {
	for _, part := range strings.Fields(dsn) {
		if v, ok := strings.CutPrefix(part, "password="); ok {
			return strings.Trim(v, "'")
		}
	}
	return ""
}

func mustURL(w *world, s string) *url.URL {
	w.Helper()
	u, err := url.Parse(s)
	w.must(err)
	return u
}
