package jobs

import (
	"context"
	"database/sql"
)

// adopt takes what waits, and what a process had begun that no longer is, into
// another epoch, to run at once unless its time is ahead.
const adopt = `
UPDATE river.river_job SET
	args = jsonb_set(args, '{epoch}', to_jsonb($2::bigint)),
	state = CASE WHEN state = 'scheduled' AND scheduled_at > now() THEN state ELSE 'available' END,
	scheduled_at = CASE WHEN state = 'scheduled' AND scheduled_at > now() THEN scheduled_at ELSE now() END
WHERE state IN ('available', 'retryable', 'scheduled', 'running') AND kind = $3 AND (args->>'epoch')::bigint = $1`

// Adopt plans the jobs of an epoch anew in another one. A backup is one moment of
// the database, so that the jobs in it are what the holds in it ask for; each
// reads the state it finds before it acts. It is for the end of a restore, when
// no runner acts, and reports how many there are.
func Adopt(ctx context.Context, tx *sql.Tx, from, to int64) (int64, error) {
	done, err := tx.ExecContext(ctx, adopt, from, to, jobKind)
	if err != nil {
		return 0, wrapped("taking jobs over into the next epoch", err)
	}
	return done.RowsAffected()
}
