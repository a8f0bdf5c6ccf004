package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// echoSlack is how far an event of ours may lie from the call that caused it:
// the provider's clock is not ours.
const echoSlack = 5 * time.Minute

// unansweredFor is how long a call that was tried and has no outcome may go on
// causing events: longer than a job runs and tries again at once.
const unansweredFor = 15 * time.Minute

// recentWithin is how far back the chain of a person's events goes.
const recentWithin = 24 * time.Hour

// question gathers everything a decision about one event and one subject rests
// on, with the subject's hold locked.
func (d *decider) question(ctx context.Context, delivery holds.Delivery, e holds.Event, subject holds.Account) (holds.Question, error) {
	q := holds.Question{Delivery: delivery, Event: e, Subject: subject, Facts: holds.Facts{At: d.now, Mode: d.mode}}
	var err error
	if q.Facts.Snapshot, q.Facts.Known, err = d.newest(ctx, delivery.Connection, subject.ID); err != nil {
		return q, err
	}
	if q.Facts.Owner, err = d.personOf(ctx, delivery.Connection, subject.ID); err != nil {
		return q, err
	}
	if q.Facts.ActorPerson, err = d.personOf(ctx, delivery.Connection, e.Actor.ID); err != nil {
		return q, err
	}
	if q.Facts.Intent, err = d.echo(ctx, delivery, e, subject); err != nil {
		return q, err
	}
	if q.Facts.Recent, q.Facts.Chain, err = d.recent(ctx, q); err != nil {
		return q, err
	}
	if err := d.quietness(ctx, &q); err != nil {
		return q, err
	}
	q.Open, err = d.hold(ctx, func() (pgdb.Hold, error) {
		return d.LockOpenHold(ctx, pgdb.LockOpenHoldParams{
			TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), SubjectID: subject.ID,
		})
	})
	if err != nil {
		return q, err
	}
	q.Last, err = d.hold(ctx, func() (pgdb.Hold, error) {
		return d.GetLastHold(ctx, pgdb.GetLastHoldParams{
			TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), SubjectID: subject.ID,
		})
	})
	return q, err
}

// hold reads a hold whole, nil when there is none.
func (d *decider) hold(ctx context.Context, get func() (pgdb.Hold, error)) (*holds.Hold, error) {
	row, err := get()
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, err
	}
	h, err := d.whole(ctx, row)
	return &h, err
}

func (d *decider) readMode(ctx context.Context, delivery holds.Delivery) error {
	mode, err := d.GetMode(ctx, pgdb.GetModeParams{TenantID: string(d.tenant), ConnectionID: string(delivery.Connection)})
	d.mode = holds.Mode(mode)
	return err
}

// personOf is the person of an account, empty when the directory links it to
// nobody. One delivery asks for the same few again and again.
func (d *decider) personOf(ctx context.Context, conn holds.ConnectionID, account string) (holds.Person, error) {
	key := holds.PersonAccount{Connection: conn, Account: account}
	if p, known := d.persons[key]; known || account == "" {
		return p, nil
	}
	row, err := d.GetPersonOf(ctx, pgdb.GetPersonOfParams{
		TenantID: string(d.tenant), ConnectionID: string(conn), AccountID: safeKey(account),
	})
	if errors.Is(err, sql.ErrNoRows) {
		d.persons[key] = holds.Person{}
		return holds.Person{}, nil
	}
	if err != nil {
		return holds.Person{}, err
	}
	people, err := d.people(ctx, []holds.PersonID{holds.PersonID(row.PersonID)}, false)
	d.persons[key] = people[holds.PersonID(row.PersonID)]
	return d.persons[key], err
}

// echo finds the intent of ours that explains an event of our own account,
// empty when there is none: one of the same account and action whose call was
// under way when the event happened. An intent that was never tried has caused
// nothing yet, and one whose answer is still missing explains what happens for a
// while and not for ever.
//
// Who leaves a group loses the roles that came through it, and Okta tells that by
// events of their own: the intent to leave it explains those, too, unless they name
// a role that we know the account has by itself. A phone or an e-mail address is
// a factor and a recovery contact in one at Entra, so removing the one and restoring
// the other explain each other.
func (d *decider) echo(ctx context.Context, delivery holds.Delivery, e holds.Event, subject holds.Account) (holds.IntentID, error) {
	if !e.Actor.Own || e.Echo == "" || subject.ID == "" && e.Echo.Shown() {
		return "", nil
	}
	if !e.Echo.Shown() {
		return d.echoApart(ctx, delivery, e)
	}
	object, err := d.comparable(ctx, delivery, e, subject)
	if err != nil {
		return "", err
	}
	found, err := d.FindEcho(ctx, pgdb.FindEchoParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), AccountID: subject.ID, Action: string(e.Echo),
		ObjectID: object, Until: cleanTime(e.Occurred.Add(echoSlack)), Since: cleanTime(e.Occurred.Add(-echoSlack)),
		Unanswered: cleanTime(e.Occurred.Add(-echoSlack - unansweredFor)),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return holds.IntentID(found.String()), err
}

// echoApart is echo for what we did to a thing beside the account: a token, a
// device, an application. Such an event need not name the account for whose hold
// we did it. Where an intent of this kind names a thing that the event names,
// only that one explains it.
func (d *decider) echoApart(ctx context.Context, delivery holds.Delivery, e holds.Event) (holds.IntentID, error) {
	var named []string
	for _, o := range e.Objects {
		if o.ID != "" {
			named = append(named, o.ID)
		}
	}
	found, err := d.FindEchoApart(ctx, pgdb.FindEchoApartParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), Action: string(e.Echo), Objects: named,
		Until: cleanTime(e.Occurred.Add(echoSlack)), Since: cleanTime(e.Occurred.Add(-echoSlack)),
		Unanswered: cleanTime(e.Occurred.Add(-echoSlack - unansweredFor)),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return holds.IntentID(found.String()), err
}

// comparable is the id of the role or factor that an event removed, as far as an
// intent can be told by it: empty when the event names none, or names it by an id
// that we do not know the thing by. Okta's Identity Engine names the enrolment
// where an intent names the factor; to ask for the same id there would make
// tamper of each of our own acts. An id counts as known once an intent or a
// snapshot of the account has it, so that a role or factor we have seen is
// explained by the intent to remove that one and by no other.
func (d *decider) comparable(ctx context.Context, delivery holds.Delivery, e holds.Event, subject holds.Account) (string, error) {
	object, list := "", ""
	switch e.Echo {
	case holds.RemoveRole:
		object, list = e.Role.ID, "roles"
	case holds.RemoveFactor:
		object, list = e.Factor.ID, "factors"
	default: // done to the account itself
	}
	if object == "" {
		return "", nil
	}
	known, err := d.KnowsObject(ctx, pgdb.KnowsObjectParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), AccountID: subject.ID, Action: string(e.Echo),
		ObjectID: object, List: list,
	})
	if err != nil || !known {
		return "", err
	}
	return object, nil
}

// recent is the person's other events of the last day, newest first: of all
// accounts of the person, or of this one when nobody is known. For an event that
// is read late it is the day before the event. An attempt that failed is one of the
// classes, but not a link of the chain.
func (d *decider) recent(ctx context.Context, q holds.Question) (classes []holds.Class, chain []holds.Past, err error) {
	classes, chain = []holds.Class{}, []holds.Past{}
	if q.Subject.ID == "" {
		return classes, chain, nil
	}
	since := q.Facts.At
	if q.Event.Occurred.Before(since) {
		since = q.Event.Occurred
	}
	params := pgdb.RecentEventsParams{
		Connections: []string{string(q.Delivery.Connection)}, Accounts: []string{q.Subject.ID}, TenantID: string(d.tenant),
		Since: cleanTime(since.Add(-recentWithin)), ConnectionID: string(q.Delivery.Connection), EventID: q.Event.ID,
	}
	for _, a := range q.Facts.Owner.Accounts {
		params.Connections = append(params.Connections, string(a.Connection))
		params.Accounts = append(params.Accounts, a.Account)
	}
	found, err := d.RecentEvents(ctx, params)
	for _, r := range found {
		classes = append(classes, holds.Class(r.Class))
		if holds.Outcome(r.Outcome) == holds.Failed {
			continue
		}
		kind := holds.PartyKind(r.ActorKind)
		chain = append(chain, holds.Past{
			Class: holds.Class(r.Class), Verb: holds.Verb(r.Verb), Occurred: r.OccurredAt.UTC(), By: kind, Own: r.Own && kind == holds.PartyPerson,
		})
	}
	return classes, chain, err
}
