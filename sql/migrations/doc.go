// Package migrations is the database schema and the way to it.
//
// It promises that [Up] brings an empty or older database to exactly the
// schema this program was built for, together with the job tables, however
// many replicas call it at once; and that a test holds the whole schema, as the
// database's own catalog tells it, against schema.golden.
//
// It refuses a database that is newer than the program: an older program would
// read and write it wrongly. It refuses to run as a superuser, because the
// functions that answer across tenants run with the rights of whoever made
// them. And it has no way down: undoing a migration would drop columns with the
// record of what people decided in them. The way back is a restore, and the
// older program with it.
//
// Two roles must exist (the private Postgres makes them; elsewhere an
// administrator does, once): the one that migrates and owns everything, by
// custom countersign_owner, and countersign_app, which the service runs as and
// which gets from here no more rights than it needs.
package migrations
