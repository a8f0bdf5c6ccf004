// Package layout is the map of the program: one table that says, for every
// package, which packages it may import, and a test that holds every file
// against it. It links nothing of ours and is linked by nothing.
//
// It reads the files themselves (go/parser, imports only) instead of asking the
// go command: that would miss files behind a build tag, and its answer can be
// an old one out of the test cache.
//
// Two things are checked. The table: a package or an arrow that is not in it
// fails the test, with the row to add and what to ask first, and so does a row
// for what is not there any more; the table is what is, and a change of it is
// read in review. The laws (laws.go): what no row can allow, because the
// promises of ARCHITECTURE.md rest on it.
//
// To add a package or an import: run the test, read what it says, think, and
// put the row it prints into table.go.
package layout
