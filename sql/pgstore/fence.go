package pgstore

import (
	"context"

	"github.com/countersign/countersign/sql/jobs"
)

// fence refuses to let a job write that was given to another runner while its
// own stood still. Whatever a job commits about a hold, a call or a message
// passes here first.
func (t *tx) fence(ctx context.Context) error { return jobs.Fence(ctx, t.sql) }
