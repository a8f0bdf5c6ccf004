package keepertest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// A delivery is tried maxAttempts times; the last time event by event.
const maxAttempts = 5

// maxWait is the longest wait between two attempts; they double from a second.
const maxWait = time.Minute

func digestOf(d holds.Delivery) string { return hex.EncodeToString(d.Digest[:]) }

// Receive implements [Store].
func (m *Memory) Receive(_ context.Context, d holds.Delivery) error {
	if _, ok := m.places[d.Connection]; !ok || m.places[d.Connection].Tenant != d.Tenant {
		return notFound()
	}
	return m.within(d.Tenant, func(t *tx) error {
		d.ID, d.Body, d.Digest = int64(len(t.deliveries))+1, slices.Clone(d.Body), sha256.Sum256(d.Body)
		t.deliveries = append(t.deliveries, delivery{Delivery: d})
		return nil
	})
}

// Decide implements [Store].
func (m *Memory) Decide(ctx context.Context, now time.Time,
	decode func(holds.Delivery) ([]holds.Event, error), fold func(holds.Question) (holds.Answer, error),
) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := slices.IndexFunc(m.rows.deliveries, func(d delivery) bool {
		return !d.decided && !d.failed && !d.retry.After(now)
	})
	if n < 0 {
		return false, nil
	}
	row := m.rows.deliveries[n]
	d := decider{now: now, decode: decode, fold: fold, alone: row.attempts >= maxAttempts-1}
	err := m.run(&tx{m: m, tenant: row.Tenant}, func(t *tx) error {
		d.tx = t
		return d.decide(n)
	})
	if err == nil || ctx.Err() != nil {
		return true, err
	}
	return true, errors.Join(err, m.count(n, now, err))
}

// count counts a failure; the last one keeps the delivery in view of people.
func (m *Memory) count(n int, now time.Time, cause error) error {
	return m.run(&tx{m: m, tenant: m.rows.deliveries[n].Tenant}, func(t *tx) error {
		d := t.deliveries[n]
		if d.attempts+1 >= maxAttempts && holds.KindOf(cause) != holds.Unavailable {
			t.fail(n, now, cause.Error())
			return nil
		}
		wait := max(min(time.Second<<min(d.attempts, 10), maxWait), holds.RetryAfter(cause))
		d.attempts, d.retry, d.trouble = d.attempts+1, now.Add(wait), cause.Error()
		t.deliveries = with(t.deliveries, n, d)
		return nil
	})
}

func (t *tx) fail(n int, now time.Time, why string) {
	d := t.deliveries[n]
	d.attempts, d.failed, d.trouble = d.attempts+1, true, why
	t.deliveries = with(t.deliveries, n, d)
	t.record(now, d.Connection, "", holds.Entry{
		Kind: "delivery.failed", By: holds.BySystem("inbox"), Digests: map[string]string{"delivery": digestOf(d.Delivery)},
	})
}

// decider decides one delivery in one transaction.
type decider struct {
	*tx
	now    time.Time
	decode func(holds.Delivery) ([]holds.Event, error)
	fold   func(holds.Question) (holds.Answer, error)
	// alone leaves out the events that fail.
	alone bool
}

func (d *decider) decide(n int) error {
	row := d.deliveries[n]
	events, err := d.events(row.Delivery)
	if err != nil {
		return err
	}
	var left []error
	for _, e := range events {
		err := d.oneOf(row.Delivery, e)
		if err != nil && (!d.alone || holds.KindOf(err) == holds.Unavailable) {
			return err
		}
		if err != nil {
			left = append(left, err)
		}
	}
	if len(left) > 0 {
		d.fail(n, d.now, left[0].Error())
		return nil
	}
	row.decided, row.trouble = true, ""
	d.deliveries = with(d.deliveries, n, row)
	return nil
}

// events decodes a delivery into events that can be stored, in order of time.
func (d *decider) events(from holds.Delivery) (events []holds.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoding the delivery panicked: %v", p)
		}
	}()
	decoded, err := d.decode(from)
	if err != nil {
		return nil, err
	}
	for i, e := range decoded {
		events = append(events, storable(from, i, e))
	}
	slices.SortStableFunc(events, func(a, b holds.Event) int {
		return cmp.Or(a.Occurred.Compare(b.Occurred), strings.Compare(a.ID, b.ID))
	})
	return events, nil
}

// storable gives an event what every stored one has.
func storable(d holds.Delivery, index int, e holds.Event) holds.Event {
	if e.ID == "" {
		e.ID = "unnamed:" + digestOf(d) + ":" + strconv.Itoa(index)
	}
	e.Subjects = slices.SortedStableFunc(slices.Values(e.Subjects), func(a, b holds.Account) int { return strings.Compare(a.ID, b.ID) })
	e.Subjects = slices.CompactFunc(e.Subjects, func(a, b holds.Account) bool { return a.ID == b.ID })
	if e.Occurred.IsZero() {
		e.Occurred = d.Received
	}
	if e.Class == "" {
		e.Class = holds.Unclassified
	}
	return e
}

// oneOf decides one event; when events stand alone, one that fails leaves nothing.
func (d *decider) oneOf(from holds.Delivery, e holds.Event) error {
	before, entries := d.rows, len(d.entries)
	if d.alone {
		d.rows = d.rows.copied()
	}
	err := d.event(from, e)
	if err != nil && d.alone {
		d.rows, d.entries = before, d.entries[:entries]
	}
	return err
}

// event stores an event and, if it is new, asks about each of its subjects.
func (d *decider) event(from holds.Delivery, e holds.Event) error {
	key := eventKey{from.Connection, e.ID}
	if _, known := d.rows.events[key]; known {
		return nil
	}
	d.rows.events[key] = event{Event: e, tenant: from.Tenant}
	subjects := e.Held()
	if len(subjects) == 0 {
		subjects = []holds.Account{{}}
	}
	for _, s := range subjects {
		q := d.question(from, e, s)
		answer, err := d.ask(q)
		if err != nil {
			return err
		}
		if err := d.answer(q, answer); err != nil {
			return err
		}
	}
	return nil
}

// ask calls the fold and keeps its panics to this delivery.
func (d *decider) ask(q holds.Question) (a holds.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging the event panicked: %v", p)
		}
	}()
	return d.fold(q)
}

// answer commits what becomes of an event for one subject.
func (d *decider) answer(q holds.Question, a holds.Answer) error {
	r := Ruled{
		Tenant: d.tenant, Connection: q.Delivery.Connection, Event: q.Event.ID, Subject: q.Subject.ID,
		Verdict: a.Ruling.Verdict, Reason: a.Ruling.Reason,
	}
	if r.Verdict == "" {
		r.Verdict = holds.Record
	}
	if a.Change != nil {
		h, err := d.commit(d.now, *a.Change, &q.Delivery)
		if err != nil {
			return err
		}
		r.Hold = h.ID
	}
	d.rulings = append(d.rulings, r)
	return nil
}
