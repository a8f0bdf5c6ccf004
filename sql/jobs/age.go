package jobs

import (
	"context"
	"time"

	"github.com/lib/pq"
)

// Jobs of a low urgency must not wait for ever behind a stream of urgent ones.
// Every few seconds the oldest few of a queue that have waited for a while are
// put in front; only few, so that what is urgent still goes first for most of
// the time, however long the backlog is.
const (
	agedAfter = 30 * time.Second
	agedMost  = 5
)

const raiseAged = `
UPDATE river.river_job SET priority = 1 WHERE id IN (
	SELECT a.id FROM unnest($1::text[]) q (name) CROSS JOIN LATERAL (
		SELECT j.id FROM river.river_job j
		WHERE j.state = 'available' AND j.queue = q.name AND j.priority > 1
			AND j.scheduled_at < now() - make_interval(secs => $2)
		ORDER BY j.scheduled_at, j.id LIMIT $3 FOR UPDATE SKIP LOCKED) a)`

// raise puts the oldest waiting jobs in front.
func (r *rescuer) raise(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	_, err := r.db.ExecContext(ctx, raiseAged, pq.Array(r.queues), r.aged.Seconds(), agedMost)
	return wrapped("raising jobs that have waited long", err)
}
