package pgstore_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/countersign/countersign/holds"
)

// TestHoldComesBackWhole fills every field of a hold with something of its own
// and reads it back: a field that is added to holds.Hold is kept, or this fails.
func TestHoldComesBackWhole(t *testing.T) {
	w := newWorld(t)
	was := w.held("00u1")
	var want holds.Hold
	n := 0
	fill(reflect.ValueOf(&want).Elem(), &n)
	want.ID, want.Tenant, want.Connection, want.Revision, want.Subject.ID = was.ID, was.Tenant, was.Connection, was.Revision, was.Subject.ID
	want.State, want.Containment, want.Standing, want.Outcome = holds.Released, holds.ContainmentConfirmed, holds.Contained, holds.Approve
	want.Terms.Tier, want.Previous, want.Leader = holds.TierMedium, was.ID, was.ID
	want.Evidence[0].Kind, want.Decisions[0].Kind, want.Decisions[0].Void = holds.Callback, holds.Approve, true
	want.Waits.Brake, want.Waits.Cap = holds.BrakeContainment, holds.CapHour
	want.Evidence[0].Unproven, want.Decisions[0].Unproven = "", "" // kept as a seal, which fits
	got := w.change(keyOf(was), func(c *holds.Change) {
		c.Hold, c.Evidence, c.Decisions = want, want.Evidence, want.Decisions
	})
	want.Revision++
	want.Opened, want.Received = got.Opened, got.Received // fixed when it opened
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(holds.Hold{}, "Opened", "Received")); diff != "" {
		t.Fatal("as returned:", diff)
	}
	v, err := w.View(t.Context(), keyOf(was))
	w.must(err)
	want.Opened, want.Received = was.Opened, was.Received
	if diff := cmp.Diff(want, v.Hold); diff != "" {
		t.Fatal("as read again:", diff)
	}
}

// fill gives every field a value of its own.
func fill(v reflect.Value, n *int) {
	*n++
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(start.Add(time.Duration(*n) * time.Microsecond)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("value-", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" { // that is kept nowhere
				fill(v.Field(i), n)
			}
		}
	default:
		panic("a hold has a field that this test cannot fill: " + v.Type().String())
	}
}

// TestUpdateIsAllOrNothing: the error of change comes back as it is, and
// nothing of the change stays.
func TestUpdateIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	jobs, leaves := w.count("river.river_job"), w.count("audit_leaves")
	mine := errors.New("mine")
	_, err := w.Update(t.Context(), keyOf(h), at(5), func(holds.Hold) (*holds.Change, error) { return nil, mine })
	if err != mine { //nolint:errorlint // it must be the very same
		t.Fatalf("got %v", err)
	}
	bad := holds.Change{
		Hold: h, Effects: []holds.Effect{{Kind: holds.EffectRevert}}, Notes: []holds.Note{{By: "person:p1", Text: "x", At: at(5)}},
		Entries: []holds.Entry{{Kind: "note.recorded", By: "not an actor"}}, // refused by the log, last of all
	}
	if _, err = w.Update(t.Context(), keyOf(h), at(5), func(holds.Hold) (*holds.Change, error) { return &bad, nil }); err == nil {
		t.Fatal("a change that cannot be audited was committed")
	}
	if h2, err := w.Update(t.Context(), keyOf(h), at(5), func(holds.Hold) (*holds.Change, error) { return nil, nil }); err != nil || h2.Revision != h.Revision {
		t.Fatalf("revision %d, %v", h2.Revision, err)
	}
	if w.count("river.river_job") != jobs || w.count("audit_leaves") != leaves || w.count("notes") != 0 {
		t.Fatal("something of a failed change stayed")
	}
}

// TestUpdateRefusesAStaleHold: the revision is the check.
func TestUpdateRefusesAStaleHold(t *testing.T) {
	w := newWorld(t)
	stale := w.held("00u1")
	w.change(keyOf(stale), func(c *holds.Change) { c.Hold.Escalations++ })
	_, err := w.Update(t.Context(), keyOf(stale), at(6), func(holds.Hold) (*holds.Change, error) {
		return &holds.Change{Hold: stale}, nil
	})
	w.kind(holds.Conflict, err)
}

func TestUpdateOfNothing(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	for name, key := range map[string]holds.Key{
		"unknown":        {Tenant: acme, Hold: holds.HoldID(newID())},
		"another tenant": {Tenant: globe, Hold: h.ID},
		"no tenant":      {Hold: h.ID},
		"no UUID":        {Tenant: acme, Hold: "' OR 1=1"},
		"odd UUID":       {Tenant: acme, Hold: "{" + h.ID + "}"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Update(t.Context(), key, at(5), func(holds.Hold) (*holds.Change, error) {
				t.Error("change was asked")
				return nil, nil
			})
			w.kind(holds.NotFound, err)
			_, err = w.View(t.Context(), key)
			w.kind(holds.NotFound, err)
		})
	}
}

// TestF8FiftyIdenticalDecisions: parallel submits of one person on one version
// count once, whoever is fooled before the database.
func TestF8FiftyIdenticalDecisions(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	var won, lost atomic.Int32
	var all sync.WaitGroup
	for n := range 50 {
		store := w.Store
		if n%2 == 1 {
			store = w.Second
		}
		all.Go(func() {
			_, err := store.Update(t.Context(), keyOf(h), at(5), func(cur holds.Hold) (*holds.Change, error) {
				// A caller that does not look at what is there already.
				d := holds.Decision{ID: newID(), Kind: holds.Approve, Approver: "p1", Reason: "checked", Version: h.Version, At: at(5)}
				return &holds.Change{
					Hold: cur, Decisions: []holds.Decision{d}, Effects: []holds.Effect{{Kind: holds.EffectLift, Round: n}},
				}, nil
			})
			switch {
			case err == nil:
				won.Add(1)
			case holds.KindOf(err) == holds.Conflict:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || lost.Load() != 49 {
		t.Fatalf("%d decisions went through and %d were conflicts", won.Load(), lost.Load())
	}
	if n := w.count(`river.river_job WHERE args->>'effect' = 'lift'`); n != 1 {
		t.Fatalf("%d jobs, want 1", n)
	}
}

// TestParallelUpdatesAllCount: none is lost and none is applied to a stale hold.
func TestParallelUpdatesAllCount(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			_, err := w.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
				h.Escalations++
				return &holds.Change{Hold: h, Entries: []holds.Entry{{Kind: "hold.escalated", By: "system:keeper"}}}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	v, err := w.View(t.Context(), keyOf(h))
	if w.must(err); v.Hold.Escalations != 30 || v.Hold.Revision != h.Revision+30 {
		t.Fatalf("%d escalations at revision %d", v.Hold.Escalations, v.Hold.Revision)
	}
}

// TestOneOpenHoldPerAccount: a second opening is a conflict; once a release has
// begun the next one may open.
func TestOneOpenHoldPerAccount(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	second := h
	second.ID, second.Revision, second.Previous = holds.HoldID(newID()), 0, h.ID
	also := holds.Change{Hold: second, Entries: []holds.Entry{{Kind: "hold.continued", By: "system:keeper"}}}
	open := func(begun time.Time) error {
		_, err := w.Update(t.Context(), keyOf(h), at(5), func(h holds.Hold) (*holds.Change, error) {
			h.State, h.ReleaseBegun = holds.Approved, begun
			return &holds.Change{Hold: h, Also: &also}, nil
		})
		return err
	}
	w.kind(holds.Conflict, open(time.Time{}))
	w.must(open(at(4)))
	v, err := w.View(t.Context(), holds.Key{Tenant: acme, Hold: second.ID})
	if w.must(err); v.Hold.Previous != h.ID || v.Hold.Revision != 1 || !v.Durable.IsZero() {
		t.Fatalf("%+v", v.Hold)
	}
	var last, openNow holds.HoldID
	w.must(w.Receive(t.Context(), delivery("x")))
	w.drain(at(6), []holds.Event{event("later", "00u1")}, func(q holds.Question) (holds.Answer, error) {
		last, openNow = q.Last.ID, q.Open.ID
		return openOrJoin(q)
	})
	if last != h.ID || openNow != second.ID {
		t.Fatalf("open %s, last %s", openNow, last)
	}
}

// TestOpenHold: the hold that takes an account's next event, and nobody else's.
func TestOpenHold(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.held("00u2")
	got, err := w.OpenHold(t.Context(), acme, okta, "00u1")
	if w.must(err); got != keyOf(h) {
		t.Fatalf("got %v, want %v", got, keyOf(h))
	}
	none := func(tenant holds.TenantID, conn holds.ConnectionID, account string) {
		t.Helper()
		if got, err := w.OpenHold(t.Context(), tenant, conn, account); holds.KindOf(err) != holds.NotFound || got != (holds.Key{}) {
			t.Fatalf("%v, %v: want not found", got, err)
		}
	}
	none(acme, okta, "00u3")
	none(acme, okta, "")
	none(acme, okta, "00u1\x00")
	none(acme, other, "00u1")
	none(globe, okta, "00u1")
	none("", okta, "00u1")
	w.change(keyOf(h), func(c *holds.Change) { c.Hold.State, c.Hold.ReleaseBegun = holds.Approved, at(4) })
	none(acme, okta, "00u1")
}

// TestChangeComesWithItsRows: notes, evidence, decisions, void, closed time.
func TestChangeComesWithItsRows(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	w.change(keyOf(h), func(c *holds.Change) {
		e := holds.Evidence{ID: "e1", Kind: holds.Callback, Verifier: "p2", Requester: "p1", Reference: "call 7", Point: "+49 170 1234567", OnFile: at(-90000), At: at(4)}
		d := holds.Decision{ID: "d1", Kind: holds.Approve, Approver: "p3", Reason: "a\x00b", Version: 1, At: at(4)}
		c.Evidence, c.Decisions = []holds.Evidence{e}, []holds.Decision{d}
		c.Hold.Evidence, c.Hold.Decisions = c.Evidence, c.Decisions
		c.Notes = []holds.Note{{By: "person:p2", Text: "called", At: at(4)}}
	})
	h = w.change(keyOf(h), func(c *holds.Change) {
		c.Hold.Decisions = slices.Clone(c.Hold.Decisions)
		c.Hold.Decisions[0].Void = true
		c.Hold.State = holds.Released // and nobody says when it closed
	})
	v, err := w.View(t.Context(), keyOf(h))
	w.must(err)
	if !v.Hold.ClosedAt.Equal(at(5)) || !v.Hold.Decisions[0].Void || v.Hold.Decisions[0].Reason != "a\uFFFDb" {
		t.Fatalf("%+v", v.Hold)
	}
	if v.Hold.Evidence[0].Point != "+49 170 1234567" || v.Notes[0].Text != "called" || v.Durable.IsZero() {
		t.Fatalf("%+v", v)
	}
}

// TestQueueOrder: repudiated first, then by tier, then by age; ended apart.
func TestQueueOrder(t *testing.T) {
	w := newWorld(t)
	open := func(account string, edit func(*holds.Hold)) {
		h := w.held(account)
		w.change(keyOf(h), func(c *holds.Change) { edit(&c.Hold) })
	}
	open("low", func(h *holds.Hold) { h.Terms.Tier = holds.TierLow })
	open("high", func(*holds.Hold) {})
	open("not-me", func(h *holds.Hold) { h.Terms.Tier, h.NotMe = holds.TierLow, at(3) })
	open("medium", func(h *holds.Hold) { h.Terms.Tier = holds.TierMedium })
	open("over", func(h *holds.Hold) { h.State, h.ClosedAt = holds.Released, at(3) })
	open("over-later", func(h *holds.Hold) {
		h.State, h.ClosedAt, h.Containment = holds.Reverted, at(4), holds.ContainmentLifted
	})
	open("still-restrained", func(h *holds.Hold) {
		h.State, h.ClosedAt, h.Containment, h.ReadBack = holds.Reverted, at(3), holds.ContainmentConfirmed, at(3)
		h.Terms.Tier = holds.TierLow
	})
	list := func(f holds.Filter) []string {
		rows, err := w.Queue(t.Context(), acme, f)
		w.must(err)
		out := []string{}
		for _, r := range rows {
			out = append(out, r.Subject.ID)
		}
		return out
	}
	for name, c := range map[string]struct {
		filter holds.Filter
		want   []string
	}{
		"open":         {holds.Filter{}, []string{"not-me", "high", "medium", "low", "still-restrained"}},
		"ended":        {holds.Filter{Ended: true}, []string{"over-later", "over"}},
		"limit":        {holds.Filter{Limit: 2}, []string{"not-me", "high"}},
		"by id":        {holds.Filter{Subject: "high"}, []string{"high"}},
		"by login":     {holds.Filter{Subject: "medium@acme.example"}, []string{"medium"}},
		"by neither":   {holds.Filter{Subject: "hi%"}, []string{}},
		"NUL in query": {holds.Filter{Subject: "hi\x00"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, list(c.filter)); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// TestHoldsColumnsSayWhatGoSays walks every state, containment and beginning of
// a release: the database must answer "open", "ended" and "due" as holds.Hold
// does, or a hold would be missing from the queue or from the sweep.
func TestHoldsColumnsSayWhatGoSays(t *testing.T) {
	w := newWorld(t)
	db := w.sql(w.db.SuperDSN)
	want := map[holds.Key]holds.Hold{}
	for _, state := range holds.States() {
		for _, containment := range []holds.Containment{
			holds.NotContained, holds.ContainmentRequested, holds.ContainmentConfirmed, holds.ContainmentFailed, holds.ContainmentLifted,
		} {
			for _, begun := range []time.Time{{}, at(4)} {
				h := w.held(fmt.Sprint(state, " ", containment, " ", len(want)))
				h = w.change(keyOf(h), func(c *holds.Change) {
					c.Hold.State, c.Hold.Containment, c.Hold.ReleaseBegun, c.Hold.Due = state, containment, begun, at(10)
					c.Hold.ReadBack = at(3)
				})
				want[keyOf(h)] = h
			}
		}
	}
	due, err := w.Due(t.Context(), at(20), len(want))
	w.must(err)
	for key, h := range want {
		var open, ended bool
		w.must(db.QueryRowContext(t.Context(), "SELECT open, ended FROM holds WHERE hold_id = $1", string(key.Hold)).Scan(&open, &ended))
		if open != h.Open() || ended != h.Ended() {
			t.Errorf("%s: open %v, ended %v; Go says %v, %v", h.Subject.ID, open, ended, h.Open(), h.Ended())
		}
		// People are reminded of everything that is not over, of an account that is
		// still restrained after its change was reverted too.
		if woken := slices.Contains(due, key); woken == h.Ended() {
			t.Errorf("%s: due %v, ended %v", h.Subject.ID, woken, h.Ended())
		}
	}
}

// TestDueAndRestrained: what the sweeps are told to look at.
func TestDueAndRestrained(t *testing.T) {
	w := newWorld(t)
	edit := func(account string, edit func(*holds.Hold)) holds.Key {
		h := w.held(account)
		w.change(keyOf(h), func(c *holds.Change) { edit(&c.Hold) })
		return keyOf(h)
	}
	overdue := edit("overdue", func(h *holds.Hold) { h.Due = at(10) })
	waited := edit("waited", func(h *holds.Hold) { h.State, h.ReleaseAfter, h.Due = holds.Approved, at(11), at(500) })
	edit("begun", func(h *holds.Hold) {
		h.State, h.ReleaseAfter, h.ReleaseBegun, h.Due = holds.Approved, at(11), at(12), at(500)
	})
	edit("later", func(h *holds.Hold) { h.Due = at(30) })
	edit("over", func(h *holds.Hold) { h.State, h.ClosedAt, h.Due = holds.Released, at(3), at(9) })
	due, err := w.Due(t.Context(), at(20), 10)
	if w.must(err); !slices.Equal(due, []holds.Key{overdue, waited}) {
		t.Fatalf("due: %v", due)
	}
	if due, err = w.Due(t.Context(), at(20), 1); err != nil || !slices.Equal(due, []holds.Key{overdue}) {
		t.Fatalf("due: %v %v", due, err)
	}
	confirmed := func(h *holds.Hold) {
		h.Containment, h.Standing, h.Restrained, h.ReadBack = holds.ContainmentConfirmed, holds.Contained, at(3), at(3)
	}
	old := edit("old", confirmed)
	edit("fresh", func(h *holds.Hold) { confirmed(h); h.ReadBack = at(19) })
	edit("releasing", func(h *holds.Hold) { confirmed(h); h.State, h.ReleaseBegun = holds.Approved, at(4) })
	edit("restoring", func(h *holds.Hold) { confirmed(h); h.State, h.ClosedAt, h.RestoreBegun = holds.Reverted, at(4), at(5) })
	reverted := edit("reverted", func(h *holds.Hold) { confirmed(h); h.State, h.ClosedAt, h.ReadBack = holds.Reverted, at(4), at(4) })
	keys, err := w.Restrained(t.Context(), at(15), 10)
	if w.must(err); !slices.Equal(keys, []holds.Key{old, reverted}) {
		t.Fatalf("restrained: %v", keys)
	}
}
