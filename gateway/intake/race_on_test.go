//go:build race

package intake_test

// raceFactor widens bounds on memory. The race detector keeps memory of its own for what is allocated.
const raceFactor = 3
