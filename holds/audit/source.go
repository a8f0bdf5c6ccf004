package audit

import "context"

// A Source gives [Verify] the log as it is stored. All its answers come from
// one snapshot (in Postgres: one REPEATABLE READ, READ ONLY transaction), or
// an entry appended meanwhile would look like damage.
type Source interface {
	// Leaves calls fn for the leaves with a sequence number of from or more,
	// in rising order, for limit of them or as many as there are. It calls
	// for none only if there are none. The body is not kept after the call.
	// An error of fn ends it and is returned.
	Leaves(ctx context.Context, from int64, limit int, fn func(seq int64, body []byte) error) error
	// Hashes does the same for the stored hashes, by their index.
	Hashes(ctx context.Context, from int64, limit int, fn func(index int64, hash []byte) error) error
}

// Options of [Verify]; the zero value works.
type Options struct {
	// Checkpoints are compared where the log reaches their size. They come
	// from [Verifier.Open], never from the database that is being verified.
	Checkpoints []Checkpoint
	// PageSize is how many entries are asked for at a time, 1000 if zero.
	PageSize int
	// Progress, if set, is called after each page with the entries read.
	Progress func(entries int64)
}

const defaultPageSize = 1000
