package modeltest

import (
	"context"

	"github.com/countersign/countersign/holds"
)

// Reviewers and the owner, as the console and the owner's pages let them act.

// look is a reviewer who opens a hold: what they decide later is about this version.
func (w *world) look(who holds.PersonID, h holds.Hold) {
	ctx := context.Background()
	r := w.replicas[0]
	v, err := r.Holds.View(ctx, holds.Key{Tenant: h.Tenant, Hold: h.ID})
	if err != nil {
		w.wrong("I6: a hold could not be read: %v", err)
		return
	}
	if w.seen[who] == nil {
		w.seen[who] = map[holds.HoldID]int{}
	}
	w.seen[who][h.ID] = v.Hold.Version
	strange := globe
	if h.Tenant == globe {
		strange = acme
	}
	if _, err := r.Holds.View(ctx, holds.Key{Tenant: strange, Hold: h.ID}); holds.KindOf(err) != holds.NotFound || err == nil {
		w.wrong("I8: with the key of %s a hold of %s was read", strange, h.Tenant)
	}
	for _, s := range v.Siblings {
		if s.Key.Tenant != h.Tenant {
			w.wrong("I8: a hold of %s is shown beside one of %s", s.Key.Tenant, h.Tenant)
		}
	}
}

// check is an identity check, over one of two paths.
func (w *world) check(r *replica, who holds.PersonID, h holds.Hold, path holds.EvidenceKind) func(context.Context) error {
	saw, reviewer := w.seen[who][h.ID], w.reviewer(who)
	return func(ctx context.Context) error {
		if !reviewer {
			return holds.Refuse(holds.Forbidden, "You are not a reviewer (any more).")
		}
		e := holds.Evidence{Kind: path, Requester: h.Owner, Reference: "call 18"}
		if e.Requester == "" {
			e.Requester = "mona"
		}
		if path == holds.InPerson {
			e.Witness, e.Place = "wim", "front desk"
		}
		_, err := r.Check(ctx, holds.Key{Tenant: h.Tenant, Hold: h.ID}, who, saw, e)
		return err
	}
}

// reviewer asks at the door, at this moment, whether somebody still is one.
func (w *world) reviewer(who holds.PersonID) bool {
	return w.may[who] || w.mutation != nil && w.mutation.DoorStaysOpen
}

// decide submits a decision on the version that was seen.
func (w *world) decide(r *replica, who holds.PersonID, h holds.Hold, kind holds.DecisionKind) func(context.Context) error {
	saw, reviewer := w.seen[who][h.ID], w.reviewer(who)
	return func(ctx context.Context) error {
		if !reviewer {
			return holds.Refuse(holds.Forbidden, "You are not a reviewer (any more).")
		}
		w.h.Said = append(w.h.Said, Said{Hold: h.ID, Person: who, Kind: kind, Saw: saw, Reviewer: w.may[who]})
		version := saw
		if w.mutation != nil && w.mutation.AnyVersion {
			if now, ok := w.h.hold(h.ID); ok {
				version = now.Version
			}
		}
		before, _ := w.h.hold(h.ID)
		_, err := r.Decide(ctx, holds.Key{Tenant: h.Tenant, Hold: h.ID}, who, kind, version, "because")
		if err == nil && before.Ended() {
			w.wrong("F10: a decision after the end was taken")
		}
		return err
	}
}

// answers is the owner's word through the page of a message.
func (w *world) answers(r *replica, n holds.Notice, right, notMe bool) func(context.Context) error {
	typed := codeOf(n.ID)
	if !right {
		typed = secretCode + "wrong"
	}
	return func(ctx context.Context) error {
		err := r.Answer(ctx, n.Tenant, n.ID, typed, notMe)
		if err == nil && !right {
			w.wrong("I10: the owner's word was taken with a wrong code")
		}
		if err == nil && notMe {
			w.h.Owner = append(w.h.Owner, holds.Key{Tenant: n.Tenant, Hold: n.Hold})
		}
		return err
	}
}
