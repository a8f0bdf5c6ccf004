// Package anchor puts signed checkpoints of the audit log where whoever can
// rewrite the database cannot reach: a directory on another disk, a mounted
// share, a bucket with object lock. A log that is rewritten from end to end
// agrees with itself; it does not agree with a file written last Tuesday.
//
// It promises:
//
//   - a checkpoint is on disk whole or not at all (temporary name, fsync,
//     rename, fsync of the directory), one file for each, named by size and
//     time, and never written again;
//   - it never goes backwards: a smaller log, or another root at the same
//     size, is an error that names both and is raised again every time;
//   - [Loop] publishes within one interval of the log having grown, and one
//     failure, or a hundred, does not end it.
//
// It refuses to add to a directory whose newest file is not a good checkpoint
// of this installation: somebody was there, and a person has to look.
//
// The names are the order. The file called latest is a copy for people and
// scripts; nothing here believes it. A file that was published and later
// removed cannot be missed by this package alone: give the directory a
// retention lock, or copy it onward.
package anchor
