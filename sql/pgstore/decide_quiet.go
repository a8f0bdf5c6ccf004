package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// seenWithin is how far back an actor's networks are remembered, and seenBefore
// how old an act must be to speak for its network: whoever took an account over
// today has not made their network the owner's by that.
const (
	seenWithin = 90 * 24 * time.Hour
	seenBefore = 24 * time.Hour
)

// madeWithin is how far back the making of an account is looked for. One that is
// older is nobody's first week.
const madeWithin = 60 * 24 * time.Hour

// quietness gathers what makes a change less remarkable: that the account is new,
// and that the actor works from where they always did.
func (d *decider) quietness(ctx context.Context, q *holds.Question) error {
	if q.Event.Class == holds.None {
		return nil // most of a log; nothing is decided by it
	}
	var err error
	if q.Facts.Joined, err = d.joined(ctx, *q); err != nil {
		return err
	}
	q.Facts.SeenNetwork, err = d.seenNetwork(ctx, q.Delivery.Connection, q.Event)
	return err
}

// joined is when the subject's account was made: as the account itself says, and
// else by the event that told of it; zero when neither is known.
func (d *decider) joined(ctx context.Context, q holds.Question) (time.Time, error) {
	if made := q.Facts.Snapshot.Created; !made.IsZero() || q.Subject.ID == "" {
		return made, nil
	}
	made, err := d.AccountMade(ctx, pgdb.AccountMadeParams{
		TenantID: string(d.tenant), ConnectionID: string(q.Delivery.Connection), AccountID: q.Subject.ID, Types: holds.AccountMakings(),
		Since: cleanTime(q.Event.Occurred.Add(-madeWithin)), Until: cleanTime(q.Event.Occurred),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return made.UTC(), err
}

// seenNetwork tells whether the actor has acted from the event's network before,
// by something that was not held: what an intruder did is no proof for the next
// thing.
func (d *decider) seenNetwork(ctx context.Context, conn holds.ConnectionID, e holds.Event) (bool, error) {
	network := holds.NetworkOf(e.IP)
	if network == "" || e.Actor.ID == "" {
		return false, nil
	}
	return d.SeenNetwork(ctx, pgdb.SeenNetworkParams{
		TenantID: string(d.tenant), ConnectionID: string(conn), ActorID: e.Actor.ID, Network: network,
		Since: cleanTime(e.Occurred.Add(-seenWithin)), Until: cleanTime(e.Occurred.Add(-seenBefore)),
	})
}
