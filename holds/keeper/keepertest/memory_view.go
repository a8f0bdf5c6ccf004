package keepertest

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// besideWithin is how far apart two holds of one person open that are shown
// beside each other when one of them is over.
const besideWithin = 24 * time.Hour

// Start implements [Store].
func (m *Memory) Start(_ context.Context, key holds.Key) (start holds.Start, err error) {
	err = m.reading(key.Tenant, func(t *tx) error {
		start.Epoch = m.epoch
		if start.Hold, err = t.hold(key); err != nil {
			return err
		}
		start.Siblings = t.siblings(start.Hold)
		return nil
	})
	return start, err
}

// View implements [Store].
func (m *Memory) View(_ context.Context, key holds.Key) (v holds.View, err error) {
	err = m.reading(key.Tenant, func(t *tx) error {
		if v.Hold, err = t.hold(key); err != nil {
			return err
		}
		v.Snapshot, v.Known = t.newest(v.Hold.Connection, v.Hold.Subject.ID, never)
		v.Intents = t.intentsOf(key.Hold)
		for _, n := range t.notices {
			if n.Hold == key.Hold {
				n.Point.Value = "***"
				v.Notices = append(v.Notices, holds.NoticeView{Notice: n.Notice, Masked: n.Point.Value, Attempts: slices.Clone(n.attempts)})
			}
		}
		v.Notes = slices.Clone(t.notes[key.Hold])
		v.Siblings = t.siblings(v.Hold)
		v.People = t.mentioned(v.Hold)
		return nil
	})
	return v, err
}

// siblings are the other holds of the owner's accounts, those of this account that
// are not over, and whatever this hold follows or is followed by; open ones first.
func (t *tx) siblings(h holds.Hold) []holds.Summary {
	var open, over []holds.Summary
	for _, id := range slices.Backward(t.order) {
		o := t.holds[id]
		if o.Tenant != h.Tenant || o.ID == h.ID || !beside(h, o) {
			continue
		}
		if o.Ended() {
			over = append(over, summary(o))
		} else {
			open = append(open, summary(o))
		}
	}
	return append(open, over...)
}

func beside(h, o holds.Hold) bool {
	near := o.Opened.Sub(h.Opened).Abs() <= besideWithin
	return o.Connection == h.Connection && o.Subject.ID == h.Subject.ID && !o.Ended() ||
		o.Leader == h.ID || h.Leader == o.ID || o.Open() && o.Leader != "" && slices.Contains(o.Leaders, h.ID) ||
		h.Owner != "" && o.Owner == h.Owner && (!o.Ended() || near)
}

func summary(h holds.Hold) holds.Summary {
	return holds.Summary{
		Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Connection: h.Connection, Class: h.Class, Tier: h.Terms.Tier,
		Subject: h.Subject, Actor: h.Actor, State: h.State, Containment: h.Containment, Standing: h.Standing,
		Occurred: h.Occurred, Opened: h.Opened, Due: h.Due, Escalations: h.Escalations, Frozen: h.Frozen(), Events: len(h.Events),
		ToldOnly: h.ToldOnly, EffectiveBy: h.EffectiveBy, Leader: h.Leader,
	}
}

// mentioned are the people a hold names, without their contact points.
func (t *tx) mentioned(h holds.Hold) map[holds.PersonID]holds.Person {
	out := map[holds.PersonID]holds.Person{}
	ids := []holds.PersonID{h.Owner, h.ActorOf, h.Requester}
	for _, e := range h.Evidence {
		ids = append(ids, e.Verifier, e.Requester, e.Confirmer, e.Witness)
	}
	for _, d := range h.Decisions {
		ids = append(ids, d.Approver)
	}
	for _, id := range ids {
		if p, ok := t.m.people[id]; ok && p.Tenant == t.tenant {
			p.Points = nil
			out[id] = p
		}
	}
	return out
}
