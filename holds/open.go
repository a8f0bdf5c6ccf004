package holds

import "time"

// Opening is everything a new hold starts from.
type Opening struct {
	ID       HoldID
	Delivery Delivery
	Event    Event
	Subject  Account
	Facts    Facts
	Terms    Terms
	// Exempt says why the account must never be restrained, empty when it may be.
	Exempt string
	// Doubt says why it will not be restrained this time, empty when it will be.
	Doubt    string
	Previous HoldID
	// After are events of the account that were only told to the owner because
	// this one, which came before them, had not arrived yet.
	After []EventRef
}

// newHold is a hold as every opening starts it, not restrained and not decided.
func newHold(o Opening, now time.Time) Hold {
	return Hold{
		ID: o.ID, Tenant: o.Delivery.Tenant, Connection: o.Delivery.Connection,
		Version: 1,
		Class:   o.Event.Class, Subject: o.Subject, Owner: o.Facts.Owner.ID,
		Actor: o.Event.Actor, ActorOf: o.Facts.ActorPerson.ID,
		Occurred: o.Event.Occurred, Received: o.Delivery.Received, Opened: now,
		State: Pending, Containment: NotContained, Standing: Observed,
		Terms: o.Terms, Exempt: o.Exempt, Previous: o.Previous,
		Due: now.Add(deadline(o.Terms)),
	}
}

// Open starts a hold. It is labelled observed until a restraint is read back.
func Open(o Opening, now time.Time) Change {
	h := newHold(o, now)
	if o.Event.Actor.ID != "" && o.Event.Actor.ID == o.Subject.ID {
		h.Requester = h.Owner // an account that changes itself asked for it itself
	}
	ref := Ref(o.Event)
	ref.Received, ref.ActorOf = o.Delivery.Received, o.Facts.ActorPerson.ID
	h.Events = sorted(append([]EventRef{ref}, o.After...))
	h.Class = classOf(h)
	s := step{now: now, c: Change{Hold: h, Events: []EventRef{ref}}}
	s.restrain()
	s.link()
	if o.Doubt != "" {
		s.doubt(o.Doubt)
	}
	s.eventDoubts()
	s.tell()
	s.page(o.why())
	s.entry("hold.opened", BySystem("keeper"), map[string]string{
		"class": string(h.Class), "tier": string(h.Terms.Tier), "rule": h.Terms.Rule, "policy": h.Terms.Policy,
		"event": o.Event.ID,
	})
	return s.c
}

// why is what people are paged with. An observation of our own says it itself.
func (o Opening) why() string {
	if o.Delivery.Source == FromKeeper && o.Event.Class == Tamper && o.Event.Summary != "" {
		return o.Event.Summary
	}
	return "a new hold"
}

// OpenTold records a change that the policy does not hold but the owner hears
// of. It is over from the start; its terms are what it would be held on, and
// apply to the hold that follows when the owner says that it was not them.
func OpenTold(o Opening, now time.Time) Change {
	c := Open(o, now)
	h := &c.Hold
	h.State, h.Containment, h.Doubts, h.ContainRound = Released, NotContained, nil, 0
	h.ClosedAt, h.ToldOnly, h.Linking = now, true, false
	h.Terms.Tell = true
	h.TellVersion = h.Version
	// The other events of the same enrolment join instead of being judged anew.
	h.Expectation = Expectation{Class: h.Class, Verb: o.Event.Verb, Until: o.Event.Occurred.Add(oneChange), Met: o.Event.Occurred}
	c.Effects = []Effect{{Kind: EffectTell, Round: h.Version}}
	c.Entries = []Entry{{Kind: "change.told", By: BySystem("keeper"), Facts: map[string]string{
		"class": string(h.Class), "rule": h.Terms.Rule, "policy": h.Terms.Policy, "event": o.Event.ID,
	}}}
	return c
}

// Continue opens the hold that follows one which can take no more because its
// release has begun: the owner repudiates a change that people approved. It is
// frozen from the start and restrains the account again.
func Continue(h Hold, id HoldID, by By, now time.Time) Change {
	n := Hold{
		ID: id, Tenant: h.Tenant, Connection: h.Connection, Version: 1,
		Class: h.Class, Subject: h.Subject, Owner: h.Owner, Actor: h.Actor, ActorOf: h.ActorOf,
		Occurred: h.Occurred, Received: h.Received, Opened: now,
		State: Denied, Containment: NotContained, Standing: Observed, Terms: h.Terms, Exempt: h.Exempt,
		Events: h.Events, Previous: h.ID, NotMe: now, Round: 1, DecidedAt: now,
		Due: now.Add(deadline(h.Terms)),
	}
	s := step{now: now, c: Change{Hold: n, Events: n.Events}}
	s.restrain()
	s.link()
	s.page("the owner says that an approved change was not theirs")
	s.entry("hold.continued", by, map[string]string{"previous": string(h.ID), "class": string(h.Class)})
	return s.c
}

// Repudiated records the owner's word on a hold that can take no more, where
// another hold of the account is open already: people have to look at that one
// before they decide anything.
func Repudiated(h Hold, by By, now time.Time) Change {
	h.NotMe = now
	s := step{now: now, c: Change{Hold: h}}
	s.page("the owner says that an approved change was not theirs; another hold of the account is open, deny it")
	s.entry("owner.not_me", by, nil)
	return s.c
}

// Ref is an event as a hold remembers it.
func Ref(e Event) EventRef {
	r := EventRef{
		ID: e.ID, Class: e.Class, Verb: e.Verb, Type: e.Type, Occurred: e.Occurred,
		Factor: e.Factor, Role: e.Role, Rank: e.Rank, Way: e.Way, Undo: e.Undo,
		Objects: e.Objects[:min(len(e.Objects), maxObjects)], Fields: fieldNames(e.Fields),
		Summary: e.Summary, Actor: e.Actor, IP: e.IP, Transaction: e.Transaction, Doubts: e.Doubts,
	}
	if e.Lead != nil {
		r.Leader, r.ActorOf = e.Lead.Hold, e.Lead.ActorOf
	}
	return r
}

// maxObjects is how many of the other things that an event names a hold keeps;
// the event itself has them all.
const maxObjects = 8

func fieldNames(fields []FieldChange) []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Field)
	}
	return out
}

// deadline is when a hold escalates; a policy that names none gets an hour.
func deadline(t Terms) time.Duration {
	if t.Deadline <= 0 {
		return time.Hour
	}
	return t.Deadline
}
