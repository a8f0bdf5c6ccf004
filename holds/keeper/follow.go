package keeper

import (
	"context"

	"github.com/countersign/countersign/holds"
)

// foldLinked answers our own observation that another account of the person is
// held: this one gets a hold that follows, unless it is restrained already.
func (k *Keeper) foldLinked(c Connection, q holds.Question) (holds.Answer, error) {
	q.Facts.BreakGlass = isOf(c.BreakGlass, q.Subject.ID)
	q.Facts.OwnAccount = isOf(c.OwnAccounts, q.Subject.ID)
	lead, now := *q.Event.Lead, q.Facts.At
	ruling := holds.Ruling{Verdict: holds.HoldIt, Reason: "another account of the same person is held", Terms: lead.Following()}
	record := func(why string) (holds.Answer, error) {
		ruling.Verdict, ruling.Reason = holds.Record, why
		return holds.Answer{Ruling: ruling}, nil
	}
	switch {
	case c.Mode != holds.ModeContain:
		return record("another account of the same person is held; this connection is in " + string(c.Mode) + " mode")
	case exempt(q.Facts) != "":
		return record("another account of the same person is held; this is a " + exempt(q.Facts))
	case q.Open == nil:
		return k.openWith(q, ruling, holds.OpenFollower), nil
	case q.Open.Leader != "":
		change, err := holds.Apply(*q.Open, holds.Led{Leader: lead.Hold}, now)
		if err != nil {
			return record("held already, with that hold")
		}
		return holds.Answer{Ruling: ruling, Change: &change}, nil
	case len(q.Open.Terms.Contain) > 0 && q.Open.State != holds.Approved && len(q.Open.Approvals(holds.Approve)) == 0:
		return record("held already, by a hold of its own")
	}
	// A hold that restrains nobody does so now, and one that somebody approved goes
	// back to people: they did not know of this.
	return k.join(*q.Open, q, ruling, now)
}

// follow lets the followers of a hold that has ended go. On a follower it looks
// whether its leaders have ended, which makes up for a word that was lost and for
// one that came before the follower was there.
func (k *Keeper) follow(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if j.hold.Leader != "" {
		return j.lookToLeaders(ctx)
	}
	if !j.hold.Ended() {
		return nil
	}
	for _, s := range j.siblings {
		if s.Leader == "" || !s.State.Undecided() {
			continue
		}
		if err := j.ended(ctx, s.Key, j.hold); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) lookToLeaders(ctx context.Context) error {
	if j.hold.State != holds.Pending {
		return nil
	}
	for _, id := range append([]holds.HoldID{j.hold.Leader}, j.hold.Leaders...) {
		v, err := j.Holds.View(ctx, holds.Key{Tenant: j.Key.Tenant, Hold: id})
		if err != nil {
			return err
		}
		if !v.Hold.Ended() {
			continue
		}
		if err := j.ended(ctx, j.Key, v.Hold); err != nil {
			return err
		}
	}
	return nil
}

// ended tells a follower that a leader has ended. One that does not follow it, or
// no longer, says so and stays.
func (j *job) ended(ctx context.Context, follower holds.Key, leader holds.Hold) error {
	how := holds.Approve
	if leader.State == holds.Reverted {
		how = holds.Restore
	}
	_, err := j.apply(ctx, follower, holds.LeaderEnded{Leader: leader.ID, Outcome: how})
	return ignoreConflict(err)
}
