// Package localpg runs a private PostgreSQL server as a child process, from
// binaries that are already installed on the machine.
//
// Everything lives in one directory, the root:
//
//	root/
//	  lock          held with flock(2) while a process uses the root
//	  secrets       passwords of the three roles, mode 0600
//	  data/         the cluster; data.init/ until initdb has finished
//	  socket/       the unix socket, mode 0700
//	  postgres.log  what the server says, mode 0600
//
// What it promises:
//
//   - An existing data directory is never deleted, and never opened with
//     binaries of another major version.
//   - What was committed stays committed: fsync, synchronous_commit and
//     full_page_writes are on and cannot be changed through Options.Settings.
//   - The server listens on a unix socket in a directory of mode 0700 and on
//     nothing else. Every role signs in with its own random password (SCRAM).
//   - Two processes never use one root at the same time.
//   - Start recovers from whatever a crash left behind: a half-made cluster,
//     half-made roles, a server that outlived its parent, a stale
//     postmaster.pid, a stale socket.
//   - Started by root, the server still runs as an ordinary account.
//
// What it refuses: to run on a directory that belongs to another account, to
// guess lost passwords, to switch durability off for anything but tests, and to
// fetch software. When no server is installed, the error names the one command
// that installs it.
//
// It builds on Unix-like systems. On Linux the kernel stops the server when the
// process that started it is killed; elsewhere the next Start does.
package localpg
