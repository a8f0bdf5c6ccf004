package health

import (
	"context"
	"time"

	"github.com/countersign/countersign/holds"
)

// Looker reads what the database knows.
type Looker interface {
	// Look reads everything at once, within the context's deadline. It is called every
	// few seconds at most.
	Look(ctx context.Context) (Look, error)
}

// Look is what the database knows at a moment, over all tenants.
type Look struct {
	// Undecided deliveries wait for their turn, the first of them since Oldest; Failed
	// ones could not be decided.
	Undecided int64
	Failed    int64
	Oldest    time.Time
	// Open are the holds that have not ended, by what they say of themselves.
	Open map[holds.ConnectionID]map[holds.Standing]int
	Jobs []Jobs
	// Feeds is how each connection of the configuration is.
	Feeds []Feed
}

// Jobs are the jobs of one effect.
type Jobs struct {
	Kind             holds.EffectKind
	Waiting, GivenUp int
	// Oldest is since when the oldest of them has waited for a worker.
	Oldest time.Time
}

// Feed is how changes of one connection reach us.
type Feed struct {
	Connection holds.ConnectionID
	// Found is what is wrong or deserves a look.
	Found []holds.FindingKind
	// Deaf says that not everything arrives, or not in time.
	Deaf bool
	// Polled is the last successful reading of the provider's log.
	Polled  time.Time
	Telling holds.Telling
}
