//go:build !slow

package main

import "time"

// slow is set for `make test-slow`.
const slow = false

// waiting is how long a test waits for anything, and childJob how long a job of a
// child may take, so that those of a child that was killed are taken over soon.
const (
	waiting  = patience
	childJob = 4 * time.Second
)
