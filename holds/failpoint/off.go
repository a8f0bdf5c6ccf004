//go:build !failpoint || !unix

package failpoint

// Hit marks a point. In a program that is shipped it is nothing.
func Hit(Point) {}
