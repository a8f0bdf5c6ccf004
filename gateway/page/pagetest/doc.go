// Package pagetest serves the tests of pages: what a stranger could put into a
// name, and whether a page took it harmlessly; golden files of pages; and, with
// the tag slow, a real browser that tells of every breach of a page's policy.
//
// It promises that a browser it starts is killed with the test, has a profile
// of its own, and speaks to nobody but the page.
//
// It refuses to pass where no browser is installed: the test is skipped, and
// says so.
package pagetest
