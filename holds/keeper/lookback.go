package keeper

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// lookBefore is how long before the change it is looked back to: its first step
// may be told under a slightly earlier time.
const lookBefore = 5 * time.Minute

// maxActors is how many actors' doings are looked up for one hold.
const maxActors = 5

// lookBack reads what the subject and the actor did since shortly before the
// change. Every page goes into the inbox as the poller's would, so that each
// event is judged in its own right and recognised when it comes again; what is
// sensitive becomes a child of the hold.
func (k *Keeper) lookBack(ctx context.Context, hj holds.Job) error {
	j, err := k.begin(ctx, hj)
	if err != nil {
		return err
	}
	if j.conn.Records == nil || !j.hold.Subject.Resolved() || j.hold.Ended() || j.Round < j.hold.ContainRound {
		return nil
	}
	found := holds.LookedBack{}
	for _, account := range j.involved() {
		children, complete, err := j.activity(ctx, account)
		if err != nil {
			return j.trouble(ctx, err, func(reason string) holds.Fact {
				return holds.LookedBack{Children: found.Children, Unseen: "what else was done could not be looked up: " + reason}
			})
		}
		if !complete {
			found.Unseen = "more was done than could be looked up; compare the provider's log"
		}
		found.Children = append(found.Children, children...)
	}
	return j.report(ctx, found)
}

// involved are the accounts that are looked into: the subject's and, of the same
// platform, those of the people who changed it.
func (j *job) involved() []string {
	out := []string{j.hold.Subject.ID}
	for _, e := range j.hold.Events {
		a := e.Actor
		person := a.Kind == holds.PartyPerson && a.ID != "" && !a.Own && e.Leader == ""
		if person && !slices.Contains(out, a.ID) && len(out) <= maxActors {
			out = append(out, a.ID)
		}
	}
	return out
}

// activity is what one account did, or had done to it, that is sensitive, took
// effect and was not done by us.
func (j *job) activity(ctx context.Context, account string) ([]holds.EventRef, bool, error) {
	pages, complete, err := j.conn.Records.Activity(ctx, account, j.hold.Occurred.Add(-lookBefore))
	if holds.KindOf(err) == holds.NotFound && err != nil {
		return nil, true, nil // it is gone, and can do no more
	}
	if err != nil {
		return nil, false, err
	}
	var out []holds.EventRef
	for _, body := range pages {
		d := holds.Delivery{
			Tenant: j.hold.Tenant, Connection: j.hold.Connection, Source: holds.FromPoller, Body: body,
			Digest: sha256.Sum256(body), Received: j.Now(),
		}
		if err := j.Inbox.Receive(ctx, d); err != nil {
			return nil, false, err
		}
		for _, e := range j.conn.Provider.Decode(d) {
			if held(e.Class) && e.Outcome != holds.Failed && !e.Actor.Own && e.ID != "" {
				out = append(out, holds.Ref(e))
			}
		}
	}
	return out, complete, nil
}
