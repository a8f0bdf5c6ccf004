package keeper

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// fold answers one question about one event and one subject. It does no I/O:
// the store asks it inside the transaction that commits the answer.
func (k *Keeper) fold(q holds.Question) (holds.Answer, error) {
	c, err := k.connection(q.Delivery.Connection)
	if err != nil {
		return holds.Answer{}, err
	}
	now, was := q.Facts.At, q.Event
	if q.Event.Lead != nil {
		if q.Delivery.Source == holds.FromKeeper {
			return k.foldLinked(c, q)
		}
		q.Event.Lead = nil // nobody else can say so
	}
	if q.Event.Actor.Own {
		if answer, done := ownAct(&q); done {
			return answer, nil
		}
	}
	q.Facts.Mode = c.Mode
	q.Facts.BreakGlass = isOf(c.BreakGlass, q.Subject.ID)
	q.Facts.OwnAccount = isOf(c.OwnAccounts, q.Subject.ID)
	if q.Facts.OwnAccount && held(q.Event.Class) {
		q.Event.Class = holds.Tamper
	}
	judge := k.judge(c)
	ruling := judge.Judge(q.Event, q.Facts)
	if q.Event.Class == holds.Tamper && !q.Facts.OwnAccount {
		// That our own credential did it does not make it harmless for the account.
		if r := judge.Judge(was, q.Facts); ruling.Verdict == holds.HoldIt && r.Verdict == holds.HoldIt {
			ruling.Terms = ruling.Terms.Stricter(r.Terms)
		}
	}
	ruling = beyondTheLog(q, ruling)
	switch {
	case ruling.Verdict != holds.HoldIt && ruling.Verdict != holds.Notify:
		return holds.Answer{Ruling: ruling}, nil
	case ruling.Anyone && q.Open != nil && askedAlready(*q.Open, q.Event):
		ruling.Verdict = holds.Record
		ruling.Reason += "; the open hold tells of such a request already"
		return holds.Answer{Ruling: ruling}, nil
	case q.Open != nil:
		return k.join(*q.Open, q, ruling, now)
	case q.Last != nil && !(q.Last.ToldOnly && ruling.Verdict == holds.HoldIt):
		// What is held is never a part of what was merely told.
		if a, err := k.join(*q.Last, q, ruling, now); err == nil {
			return a, nil
		}
	}
	return k.open(q, ruling), nil
}

// askedAlready tells whether a hold has a request of the same kind, by nobody who
// was let in either. Each one more would void what people approved and checked, so
// that a stranger could keep the account held for ever.
func askedAlready(h holds.Hold, e holds.Event) bool {
	return slices.ContainsFunc(h.Events, func(o holds.EventRef) bool {
		return o.Type == e.Type && o.Class == e.Class && o.Actor.Kind == e.Actor.Kind && o.Actor.ID == e.Actor.ID
	})
}

// held tells whether a class of change can be held at all.
func held(c holds.Class) bool { return c != holds.None && c != "" }

// ownAct recognises what we did ourselves by the intent that announced it. The
// same act without an intent means that somebody else uses our credential.
func ownAct(q *holds.Question) (holds.Answer, bool) {
	if q.Facts.Intent != "" {
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Ignore, Reason: "our own act, announced by intent " + string(q.Facts.Intent)}}, true
	}
	if q.Event.Echo == "" && !held(q.Event.Class) {
		return holds.Answer{}, false
	}
	q.Event.Class = holds.Tamper
	q.Event.Doubts = append(slices.Clone(q.Event.Doubts), "Countersign's own account did this without an intent of ours; its credential may be in other hands")
	return holds.Answer{}, false
}

func (k *Keeper) join(h holds.Hold, q holds.Question, r holds.Ruling, now time.Time) (holds.Answer, error) {
	ref := holds.Ref(q.Event)
	ref.Received = q.Delivery.Received
	if ref.Leader == "" {
		ref.ActorOf = q.Facts.ActorPerson.ID
	}
	if r.Anyone {
		r.Terms.Contain = nil // a hold that restrains nobody does not begin to
	}
	change, err := holds.Apply(h, holds.Joined{Event: ref, Terms: r.Terms}, now)
	if err != nil {
		return holds.Answer{}, err
	}
	return holds.Answer{Ruling: r, Change: &change}, nil
}

func (k *Keeper) open(q holds.Question, r holds.Ruling) holds.Answer {
	if r.Verdict == holds.Notify {
		return k.openWith(q, r, holds.OpenTold)
	}
	return k.openWith(q, r, holds.Open)
}

func (k *Keeper) openWith(q holds.Question, r holds.Ruling, opens func(holds.Opening, time.Time) holds.Change) holds.Answer {
	o := holds.Opening{
		ID: holds.HoldID(k.NewID()), Delivery: q.Delivery, Event: q.Event, Subject: q.Subject,
		Facts: q.Facts, Terms: r.Terms, Exempt: exempt(q.Facts),
	}
	if o.Subject.ID == "" {
		o.Subject = holds.UnresolvedAccount(q.Event.ID)
		o.Doubt = "not restrained: the event does not say which account it is about"
	} else if len(r.Terms.Contain) == 0 && q.Facts.Mode != holds.ModeContain {
		o.Doubt = "not restrained: the connection is in " + string(q.Facts.Mode) + " mode"
	}
	if q.Last != nil {
		o.Previous = q.Last.ID
		o.After = toldTooLightly(*q.Last, q.Event)
	}
	c := opens(o, q.Facts.At)
	for i := range c.Entries {
		c.Entries[i].Digests = map[string]string{"delivery": hex.EncodeToString(q.Delivery.Digest[:])}
	}
	return holds.Answer{Ruling: r, Change: &c}
}

// toldTooLightly are the events of a change that was only told, and would have
// been held had this earlier event not arrived after it.
func toldTooLightly(last holds.Hold, e holds.Event) []holds.EventRef {
	var out []holds.EventRef
	for _, o := range last.Events {
		if gap := o.Occurred.Sub(e.Occurred); last.ToldOnly && gap >= 0 && gap < lookAhead {
			out = append(out, o)
		}
	}
	return out
}

// lookAhead is as far as a policy looks back: a change told a day after another
// would have been told all the same.
const lookAhead = 24 * time.Hour

func exempt(f holds.Facts) string {
	switch {
	case f.BreakGlass:
		return "break-glass account"
	case f.OwnAccount:
		return "account of Countersign itself"
	}
	return ""
}
