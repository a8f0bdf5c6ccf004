package keepertest

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// How far back a decision looks, and how far a provider's clock may be from ours.
const (
	echoSlack     = 5 * time.Minute
	unansweredFor = 15 * time.Minute
	recentWithin  = 24 * time.Hour
	seenWithin    = 90 * 24 * time.Hour
	seenBefore    = 24 * time.Hour
)

// question gathers what a decision about one event and one subject rests on.
func (d *decider) question(from holds.Delivery, e holds.Event, subject holds.Account) holds.Question {
	q := holds.Question{Delivery: from, Event: e, Subject: subject}
	q.Facts = holds.Facts{At: d.now, Mode: d.m.places[from.Connection].Mode, Intent: d.echo(from.Connection, e, subject)}
	q.Facts.Snapshot, q.Facts.Known = d.newest(from.Connection, subject.ID, never)
	q.Facts.Owner, _ = d.m.personOf(d.tenant, from.Connection, subject.ID)
	q.Facts.ActorPerson, _ = d.m.personOf(d.tenant, from.Connection, e.Actor.ID)
	q.Facts.Recent, q.Facts.Chain = d.recent(q)
	q.Facts.Joined = q.Facts.Snapshot.Created
	q.Facts.SeenNetwork = d.seenNetwork(from.Connection, e)
	for _, id := range d.order {
		h := d.rows.holds[id]
		switch {
		case h.Tenant != d.tenant || h.Connection != from.Connection || h.Subject.ID != subject.ID:
		case h.Open():
			whole := d.whole(h)
			q.Open = &whole
		case q.Last == nil || !h.Opened.Before(q.Last.Opened):
			whole := d.whole(h)
			q.Last = &whole
		}
	}
	return q
}

// echo is the intent of ours that explains an event of our own account: one of
// the same action whose call was under way when the event happened.
func (d *decider) echo(conn holds.ConnectionID, e holds.Event, subject holds.Account) holds.IntentID {
	if !e.Actor.Own || e.Echo == "" || subject.ID == "" && e.Echo.Shown() {
		return ""
	}
	object := d.comparable(conn, e, subject)
	for _, i := range slices.Backward(d.intents) {
		switch {
		case i.Tenant != d.tenant || i.Connection != conn || i.Action.Kind != e.Echo || i.Tried.IsZero():
		case e.Echo.Shown() && i.Action.Account != subject.ID:
		case object != "" && i.Action.Object != "" && i.Action.Object != object:
		case i.Tried.After(e.Occurred.Add(echoSlack)):
		case i.Done() && i.Result.At.Before(e.Occurred.Add(-echoSlack)):
		case !i.Done() && i.Tried.Before(e.Occurred.Add(-echoSlack-unansweredFor)):
		default:
			return i.ID
		}
	}
	return ""
}

// comparable is the id of the role or factor that an event removed, if it is one
// that we know the thing by.
func (d *decider) comparable(conn holds.ConnectionID, e holds.Event, subject holds.Account) string {
	object := ""
	switch e.Echo {
	case holds.RemoveRole:
		object = e.Role.ID
	case holds.RemoveFactor:
		object = e.Factor.ID
	default: // done to the account itself
	}
	for _, i := range d.intents {
		if object != "" && i.Connection == conn && i.Action == (holds.Action{Kind: e.Echo, Account: subject.ID, Object: object}) {
			return object
		}
	}
	for _, s := range d.snapshots {
		if object == "" || s.connection != conn || s.Account.ID != subject.ID {
			continue
		}
		if slices.ContainsFunc(s.Roles, func(r holds.Role) bool { return r.ID == object }) && e.Echo == holds.RemoveRole ||
			slices.ContainsFunc(s.Factors, func(f holds.Factor) bool { return f.ID == object }) && e.Echo == holds.RemoveFactor {
			return object
		}
	}
	return ""
}

// recent is the person's other events of the last day, newest first.
func (d *decider) recent(q holds.Question) ([]holds.Class, []holds.Past) {
	classes, chain := []holds.Class{}, []holds.Past{}
	if q.Subject.ID == "" {
		return classes, chain
	}
	since := q.Facts.At
	if q.Event.Occurred.Before(since) {
		since = q.Event.Occurred
	}
	accounts := append([]holds.PersonAccount{{Connection: q.Delivery.Connection, Account: q.Subject.ID}}, q.Facts.Owner.Accounts...)
	type past struct {
		holds.Event
		own bool
	}
	var found []past
	for _, r := range d.rulings {
		e := d.rows.events[eventKey{r.Connection, r.Event}]
		this := r.Connection == q.Delivery.Connection && r.Event == q.Event.ID
		if this || r.Tenant != d.tenant || e.Class == holds.None || e.Occurred.Before(since.Add(-recentWithin)) ||
			!slices.Contains(accounts, holds.PersonAccount{Connection: r.Connection, Account: r.Subject}) {
			continue
		}
		found = append(found, past{e.Event, e.Actor.ID != "" && e.Actor.ID == r.Subject && e.Actor.Kind == holds.PartyPerson})
	}
	slices.SortStableFunc(found, func(a, b past) int {
		if c := b.Occurred.Compare(a.Occurred); c != 0 {
			return c
		}
		return strings.Compare(string(a.Class)+string(a.Verb), string(b.Class)+string(b.Verb))
	})
	for _, p := range found {
		classes = append(classes, p.Class)
		if p.Outcome != holds.Failed {
			chain = append(chain, holds.Past{Class: p.Class, Verb: p.Verb, Occurred: p.Occurred, By: p.Actor.Kind, Own: p.own})
		}
	}
	return classes, chain
}

// seenNetwork tells whether the actor acted from the event's network before, by
// something that was not held.
func (d *decider) seenNetwork(conn holds.ConnectionID, e holds.Event) bool {
	network := holds.NetworkOf(e.IP)
	if network == "" || e.Actor.ID == "" {
		return false
	}
	for key, o := range d.rows.events {
		if key.connection != conn || o.Actor.ID != e.Actor.ID || !o.Settled() || holds.NetworkOf(o.IP) != network || o.Outcome == holds.Failed ||
			o.Occurred.Before(e.Occurred.Add(-seenWithin)) || !o.Occurred.Before(e.Occurred.Add(-seenBefore)) {
			continue
		}
		if !slices.ContainsFunc(d.rulings, func(r Ruled) bool {
			return r.Connection == conn && r.Event == o.ID && r.Verdict == holds.HoldIt
		}) {
			return true
		}
	}
	return false
}
