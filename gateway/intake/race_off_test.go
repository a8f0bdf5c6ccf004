//go:build !race

package intake_test

// raceFactor widens bounds on memory. Without the race detector a bound is what it says.
const raceFactor = 1
