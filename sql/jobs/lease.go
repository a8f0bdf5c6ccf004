package jobs

import (
	"context"
	"database/sql"
	"errors"

	"github.com/riverqueue/river/rivertype"

	"github.com/countersign/countersign/holds"
)

// lease is a job as it was given to one runner: by whom it is run, and which
// attempt this is. Whoever is given the job next has another one.
type lease struct {
	job     int64
	attempt int
	by      string
}

type leaseKey struct{}

// leased is the context of a job's handler; what it writes is fenced.
func leased(ctx context.Context, row *rivertype.JobRow) context.Context {
	l := lease{job: row.ID, attempt: row.Attempt}
	if n := len(row.AttemptedBy); n > 0 {
		l.by = row.AttemptedBy[n-1]
	}
	return context.WithValue(ctx, leaseKey{}, l)
}

// errTaken is under the refusal to let a job write that is no longer its
// runner's.
var errTaken = errors.New("the job was given to another runner")

// heldLease finds the job as it was given, and keeps it from being given to
// somebody else before the transaction ends.
const heldLease = `SELECT true FROM river.river_job
WHERE id = $1 AND attempt = $2 AND coalesce(attempted_by[cardinality(attempted_by)], '') = $3
FOR SHARE`

// Fence refuses, with an error of kind Unavailable, to go on in a transaction of
// a job that was given to another runner meanwhile: its process may have been
// stopped, or cut off, for longer than its lease. It is to be called before a
// write, in the write's transaction; with the context of anything else than a
// job's handler it does nothing.
func Fence(ctx context.Context, tx *sql.Tx) error {
	l, ok := ctx.Value(leaseKey{}).(lease)
	if !ok {
		return nil
	}
	var held bool
	err := tx.QueryRowContext(ctx, heldLease, l.job, l.attempt, l.by).Scan(&held)
	if errors.Is(err, sql.ErrNoRows) {
		return holds.Because(holds.Unavailable, errTaken, "The job was given to another runner while this one stood still; this one must not act.")
	}
	return wrapped("checking whose job it is", err)
}

// held is Fence for a handler that has returned without writing.
func (r *Runner) held(ctx context.Context) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return wrapped("checking whose job it is", err)
	}
	defer func() { _ = tx.Rollback() }()
	return Fence(ctx, tx)
}
