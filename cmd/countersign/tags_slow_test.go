//go:build slow

package main

import "time"

// slow is set for `make test-slow`.
const slow = true

// waiting is how long a test waits for anything, and childJob how long a job of a
// child may take, so that those of a child that was killed are taken over soon. The
// race detector makes everything ten times slower.
const (
	waiting  = 2 * patience
	childJob = 8 * time.Second
)
