package pgstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/failpoint"
	"github.com/countersign/countersign/sql/pgdb"
)

// decider decides one delivery in one transaction.
type decider struct {
	*tx
	now    time.Time
	decode func(holds.Delivery) ([]holds.Event, error)
	fold   func(holds.Question) (holds.Answer, error)
	// alone commits each event by itself and leaves out those that fail.
	alone   bool
	persons map[holds.PersonAccount]holds.Person
	mode    holds.Mode
	// known are the events that were stored before this delivery was decided.
	known map[string]bool
	// again are the pushed ones among the events that were stored before.
	again []string
}

func (d *decider) decide(ctx context.Context, row pgdb.Delivery) error {
	delivery, err := d.store.delivery(row)
	if err != nil {
		return err
	}
	events, err := d.events(delivery)
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.ClassifyDecoded)
	if events, err = d.fromLog(ctx, delivery, events); err != nil {
		return err
	}
	if err := d.lockSubjects(ctx, delivery, events); err != nil {
		return err
	}
	d.persons = map[holds.PersonAccount]holds.Person{}
	if err := d.readMode(ctx, delivery); err != nil {
		return err
	}
	var left []error
	for _, e := range events {
		err := d.oneOf(ctx, delivery, e)
		if err != nil && (!d.alone || unavailable(err) || holds.KindOf(err) == holds.Unavailable) {
			return err
		}
		if err != nil {
			left = append(left, err)
		}
	}
	if err := d.retell(ctx, delivery); err != nil {
		return err
	}
	if len(left) > 0 {
		return d.fail(ctx, d.now, row, fmt.Sprintf("%s of %d left out: %s", plural(len(left), "event"), len(events), trouble(left[0])))
	}
	if err := d.confirm(ctx, delivery, events); err != nil {
		return err
	}
	n, err := d.DecideDelivery(ctx, pgdb.DecideDeliveryParams{At: d.now, TenantID: row.TenantID, DeliveryID: row.DeliveryID})
	if err == nil && n != 1 {
		err = errors.New("the delivery was decided by somebody else while it was locked")
	}
	failpoint.Hit(failpoint.ClassifyDone)
	return err
}

// events decodes a delivery into events that can be stored, each once, in the
// order in which they happened.
func (d *decider) events(delivery holds.Delivery) (events []holds.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked("decoding the delivery", p)
		}
	}()
	decoded, err := d.decode(delivery)
	if err != nil {
		return nil, &callerError{err}
	}
	for i, e := range decoded {
		events = append(events, storable(delivery, i, e))
	}
	slices.SortStableFunc(events, func(a, b holds.Event) int {
		return cmp.Or(a.Occurred.Compare(b.Occurred), strings.Compare(a.ID, b.ID))
	})
	return events, nil
}

// storable makes an event one that every column takes, before anything is
// decided by it: what is asked about is what is stored.
func storable(d holds.Delivery, index int, e holds.Event) holds.Event {
	name := e.ID
	subjects := make([]holds.Account, 0, len(e.Subjects))
	for _, s := range e.Subjects {
		s.ID = safeKey(s.ID)
		subjects = append(subjects, s)
	}
	e = clean(e)
	if e.ID = safeKey(name); name == "" {
		// Nothing is lost for want of a name, and the same bytes name it again.
		e.ID = "unnamed:" + hex.EncodeToString(d.Digest[:]) + ":" + strconv.Itoa(index)
	}
	if strings.HasSuffix(e.ID, logSuffix) {
		e.ID = digested(name) // or a forgery could take the name of the log's copy, too
	}
	e.Subjects = clean(subjects)
	slices.SortStableFunc(e.Subjects, func(a, b holds.Account) int { return strings.Compare(a.ID, b.ID) })
	e.Subjects = slices.CompactFunc(e.Subjects, func(a, b holds.Account) bool { return a.ID == b.ID })
	if e.Occurred.IsZero() {
		e.Occurred = d.Received
	}
	if e.Class == "" {
		e.Class = holds.Unclassified
	}
	return e
}

// subjectsOf is whom an event is asked about: each account that is held for it,
// or once nobody.
func subjectsOf(e holds.Event) []holds.Account {
	held := slices.Clone(e.Held())
	if len(held) == 0 {
		return []holds.Account{{}}
	}
	for i := range held {
		held[i].ID = safeKey(held[i].ID) // an actor's id was not part of a key so far
	}
	return held
}

// lockSubjects locks the accounts of all events that are not stored yet, in the
// order of their names, so that two deliveries never wait for each other.
func (d *decider) lockSubjects(ctx context.Context, delivery holds.Delivery, events []holds.Event) error {
	ids := make([]string, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	known, err := d.ExistingEvents(ctx, pgdb.ExistingEventsParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), EventIds: ids,
	})
	if err != nil {
		return err
	}
	d.known = make(map[string]bool, len(known))
	for _, name := range known {
		d.known[name] = true
	}
	var locks []string
	for _, e := range events {
		if d.known[e.ID] {
			continue
		}
		for _, s := range subjectsOf(e) {
			locks = append(locks, subjectLock(delivery.Connection, s.ID))
		}
	}
	slices.Sort(locks)
	return d.lock(ctx, slices.Compact(locks)...)
}

// oneOf decides one event, in a savepoint of its own when events stand alone.
func (d *decider) oneOf(ctx context.Context, delivery holds.Delivery, e holds.Event) error {
	if !d.alone {
		return d.event(ctx, delivery, e)
	}
	entries, jobs := len(d.entries), len(d.jobs)
	if _, err := d.sql.ExecContext(ctx, `SAVEPOINT event`); err != nil {
		return err
	}
	err := d.event(ctx, delivery, e)
	if err == nil {
		_, err = d.sql.ExecContext(ctx, `RELEASE SAVEPOINT event`)
		return err
	}
	if _, back := d.sql.ExecContext(ctx, `ROLLBACK TO SAVEPOINT event`); back != nil {
		return back
	}
	d.entries, d.jobs = d.entries[:entries], d.jobs[:jobs]
	return err
}

// event stores an event and, if it is new, asks about each of its subjects.
func (d *decider) event(ctx context.Context, delivery holds.Delivery, e holds.Event) error {
	isNew, err := d.insertEvent(ctx, delivery, e)
	if err != nil {
		return err
	}
	if !isNew {
		if e.Push == holds.PushedWhole {
			d.again = append(d.again, e.ID)
		}
		return d.told(ctx, delivery, e)
	}
	if err := d.raiseForged(ctx, delivery, e); err != nil {
		return err
	}
	for _, subject := range subjectsOf(e) {
		q, err := d.question(ctx, delivery, e, subject)
		if err != nil {
			return err
		}
		answer, err := d.ask(q)
		if err != nil {
			return err
		}
		if err := d.answer(ctx, q, answer); err != nil {
			return err
		}
	}
	return nil
}

// ask calls the fold and keeps its panics to this delivery.
func (d *decider) ask(q holds.Question) (answer holds.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &callerError{panicked("judging the event", p)}
		}
	}()
	answer, err = d.fold(q)
	failpoint.Hit(failpoint.ClassifyFolded)
	if err != nil {
		err = &callerError{err}
	}
	return answer, err
}

// insertEvent reports whether the event is new. Waiting for another transaction
// that stores it too, it is not, once that one has committed.
func (d *decider) insertEvent(ctx context.Context, delivery holds.Delivery, e holds.Event) (bool, error) {
	doc, err := encode("an event", e)
	if err != nil {
		return false, err
	}
	var sealed []byte
	if len(e.Fields) > 0 {
		fields, err := json.Marshal(e.Fields)
		if err != nil {
			return false, err
		}
		if sealed, err = d.store.keys.seal(fields, eventPlace(string(d.tenant), string(delivery.Connection), e.ID)); err != nil {
			return false, err
		}
	}
	n, err := d.InsertEvent(ctx, pgdb.InsertEventParams{
		TenantID: string(d.tenant), ConnectionID: string(delivery.Connection), EventID: e.ID, DeliveryID: delivery.ID,
		Type: e.Type, Class: string(e.Class), Verb: string(e.Verb), Outcome: string(e.Outcome), OccurredAt: e.Occurred,
		ActorID: e.Actor.ID, Transaction: e.Transaction, Document: doc, Fields: sealed,
		Network: settledIn(e), ToldBy: toldBy(delivery.Source, e.Push),
	})
	return n == 1, err
}

// settledIn is the network that an event speaks for, empty when for none.
func settledIn(e holds.Event) string {
	if !e.Settled() {
		return ""
	}
	return holds.NetworkOf(e.IP)
}

func eventPlace(tenant, conn, event string) []byte {
	return place("events.fields", tenant, conn, event)
}

// answer commits what becomes of an event for one subject.
func (d *decider) answer(ctx context.Context, q holds.Question, a holds.Answer) error {
	verdict := pgdb.InsertVerdictParams{
		TenantID: string(d.tenant), ConnectionID: string(q.Delivery.Connection), EventID: q.Event.ID, SubjectID: q.Subject.ID,
		Class: string(q.Event.Class), Verdict: string(a.Ruling.Verdict), Reason: cleanText(a.Ruling.Reason),
		Rule: cleanText(a.Ruling.Terms.Rule), OccurredAt: q.Event.Occurred, JudgedAt: d.now,
	}
	if verdict.Verdict == "" {
		verdict.Verdict = string(holds.Record)
	}
	if c := a.Change; c != nil {
		h, err := d.commit(ctx, d.now, *c, &q.Delivery)
		if err != nil {
			return err
		}
		if verdict.HoldID, err = nullID(h.ID); err != nil {
			return err
		}
		for _, ref := range c.Events {
			if ref.ID == q.Event.ID {
				verdict.Class = string(ref.Class) // as it was judged
			}
		}
	}
	return d.InsertVerdict(ctx, verdict)
}
