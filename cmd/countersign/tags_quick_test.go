//go:build !slow

package main

// slow is set for `make test-slow`.
const slow = false
