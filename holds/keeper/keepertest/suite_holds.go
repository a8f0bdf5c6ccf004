package keepertest

import (
	"errors"
	"slices"
	"sync"

	"github.com/countersign/countersign/holds"
)

// allOrNothing: the error of change comes back as it is and nothing of the change
// stays, also when it is refused at the very end, by the audit log.
func (s *suite) allOrNothing() {
	h := s.held("00u1")
	was := s.state()
	mine := errors.New("mine")
	if _, err := s.Update(s.Context(), keyOf(h), at(5), func(holds.Hold) (*holds.Change, error) { return nil, mine }); err != mine { //nolint:errorlint // the very same
		s.Fatalf("got %v", err)
	}
	_, err := s.change(keyOf(h), func(c *holds.Change) {
		c.Hold.Escalations = 7
		c.Effects = []holds.Effect{{Kind: holds.EffectRevert}}
		c.Entries = []holds.Entry{{Kind: "note.recorded", By: "not an actor"}}
	})
	if err == nil {
		s.Fatal("a change that cannot be audited was committed")
	}
	got, err := s.Update(s.Context(), keyOf(h), at(5), func(holds.Hold) (*holds.Change, error) { return nil, nil })
	s.must(err)
	now := s.state()
	if got.Revision != h.Revision || got.Escalations != 0 || len(now.Jobs) != len(was.Jobs) || now.Size != was.Size {
		s.Fatalf("something of a failed change stayed: revision %d, %d jobs, %d entries", got.Revision, len(now.Jobs), now.Size)
	}
}

// revision: a hold that was read before another commit is refused.
func (s *suite) revision() {
	stale := s.held("00u1")
	s.changed(stale, func(c *holds.Change) { c.Hold.Escalations++ })
	_, err := s.Update(s.Context(), keyOf(stale), at(6), func(holds.Hold) (*holds.Change, error) {
		return &holds.Change{Hold: stale}, nil
	})
	s.kind(holds.Conflict, err)
}

// noUpdateIsLost: replicas that change one hold at once count every change.
func (s *suite) noUpdateIsLost() {
	h := s.held("00u1")
	const each = 8
	var all sync.WaitGroup
	for r := range 4 {
		store := s.Replica(r % 2)
		all.Go(func() {
			for range each {
				_, err := store.Update(s.Context(), keyOf(h), at(5), func(cur holds.Hold) (*holds.Change, error) {
					cur.Escalations++
					return &holds.Change{Hold: cur}, nil
				})
				if err != nil {
					s.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := s.read(keyOf(h)); got.Escalations != 4*each || got.Revision != h.Revision+4*each {
		s.Fatalf("%d changes, revision %d", got.Escalations, got.Revision)
	}
}

// oneOpen: a second open hold of an account is a conflict, and takes the whole
// change with it.
func (s *suite) oneOpen() {
	open := s.held("00u1")
	second := holds.Continue(open, holds.HoldID(s.newID()), holds.ByOwner("olga"), at(5))
	_, err := s.change(keyOf(open), func(c *holds.Change) { c.Hold.Escalations, c.Also = 3, &second })
	s.kind(holds.Conflict, err)
	if got := s.read(keyOf(open)); got.Escalations != 0 || len(s.state().Holds) != 1 {
		s.Fatal("a part of the refused change stayed")
	}
	s.changed(open, func(c *holds.Change) {
		c.Hold.State, c.Hold.Outcome, c.Hold.ReleaseBegun, c.Also = holds.Approved, holds.Approve, at(5), &second
	})
	if key, err := s.OpenHold(s.Context(), acme, okta, "00u1"); err != nil || key.Hold != second.Hold.ID {
		s.Fatalf("%v, %v", key, err)
	}
	s.kind(holds.NotFound, func() error { _, err := s.OpenHold(s.Context(), acme, okta, "00u2"); return err }())
}

// tenants: with another tenant's key nothing is there.
func (s *suite) tenants() {
	h := s.held("00u1")
	intent := holds.IntentID(s.newID())
	notice := holds.NoticeID(s.newID())
	s.changed(h, func(c *holds.Change) {
		c.Intents = []holds.Intent{{ID: intent, Purpose: holds.ToContain, Round: 1, Created: at(5), Action: holds.Action{Kind: holds.JoinRestraintGroup, Account: "00u1"}}}
		c.Notices = []holds.Notice{s.notice(h, notice)}
	})
	s.must(s.SaveSnapshot(s.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: "00u1"}, At: at(1)}))
	ctx, key := s.Context(), holds.Key{Tenant: globe, Hold: h.ID}
	_, view := s.View(ctx, key)
	_, update := s.Update(ctx, key, at(5), func(holds.Hold) (*holds.Change, error) { s.Error("change was asked"); return nil, nil })
	_, open := s.OpenHold(ctx, globe, okta, "00u1")
	_, read := s.Notice(ctx, globe, notice)
	_, image := s.SnapshotBefore(ctx, globe, okta, "00u1", at(9))
	_, person := s.Person(ctx, globe, "olga")
	for _, err := range []error{
		view, update, open, read, image, person, s.Tried(ctx, key, intent, at(5)), s.Outcome(ctx, key, intent, holds.Result{Status: holds.Applied, At: at(5)}),
		s.Attempted(ctx, globe, holds.Attempt{Notice: notice, Status: holds.NoticeAccepted, At: at(5)}),
	} {
		s.kind(holds.NotFound, err)
	}
	if ok, _ := s.CodeTry(ctx, globe, notice, true, at(6)); ok {
		s.Fatal("a code was used with another tenant's key")
	}
	if is, err := s.Intents(ctx, key); len(is) > 0 || err != nil && holds.KindOf(err) != holds.NotFound {
		s.Fatal("intents were read with another tenant's key")
	}
}

// decisionsOnce: a person decides once about a version, what was recorded stays,
// and only that it is void ever changes.
func (s *suite) decisionsOnce() {
	h := s.held("00u1")
	first := holds.Decision{ID: s.newID(), Kind: holds.Approve, Approver: "adam", Reason: "checked", Version: 1, At: at(5)}
	check := holds.Evidence{ID: s.newID(), Kind: holds.HRRecord, Verifier: "vera", Requester: "olga", Reference: "r", At: at(5), Version: 1}
	h = s.changed(h, func(c *holds.Change) {
		c.Decisions, c.Evidence = []holds.Decision{first}, []holds.Evidence{check}
		c.Hold.Decisions, c.Hold.Evidence = c.Decisions, c.Evidence
	})
	if len(h.Decisions) != 1 || len(h.Evidence) != 1 || h.Evidence[0].Verifier != "vera" {
		s.Fatalf("%+v", h)
	}
	_, err := s.change(keyOf(h), func(c *holds.Change) {
		again := first
		again.ID = s.newID()
		c.Decisions = []holds.Decision{again}
	})
	s.kind(holds.Conflict, err)
	s.changed(h, func(c *holds.Change) {
		c.Hold.Decisions = slices.Clone(c.Hold.Decisions)
		c.Hold.Decisions[0].Void, c.Hold.Decisions[0].Reason = true, "rewritten"
	})
	if got := s.read(keyOf(h)).Decisions; len(got) != 1 || !got[0].Void || got[0].Reason != "checked" {
		s.Fatalf("%+v", got)
	}
}

// dueAndRestrained: what is due comes the longest overdue first, at most as many
// as asked for, and what has ended or is being given back is left alone.
func (s *suite) dueAndRestrained() {
	ctx := s.Context()
	a, b, c := s.held("00u1"), s.held("00u2"), s.held("00u3")
	s.changed(a, func(ch *holds.Change) { ch.Hold.Due = at(30) })
	s.changed(b, func(ch *holds.Change) { ch.Hold.Due = at(20) })
	s.changed(c, func(ch *holds.Change) {
		ch.Hold.Due, ch.Hold.State, ch.Hold.Outcome, ch.Hold.ReleaseAfter = at(90), holds.Approved, holds.Approve, at(10)
	})
	keys, err := s.Due(ctx, at(30), 10)
	s.must(err)
	if want := []holds.Key{keyOf(c), keyOf(b), keyOf(a)}; !slices.Equal(keys, want) {
		s.Fatalf("due %v, want %v", keys, want)
	}
	if keys, err = s.Due(ctx, at(30), 2); err != nil || len(keys) != 2 {
		s.Fatalf("%v, %v", keys, err)
	}
	s.changed(b, func(ch *holds.Change) { ch.Hold.State, ch.Hold.Outcome = holds.Released, holds.Approve })
	confirm := func(h holds.Hold, minute int) {
		s.changed(h, func(ch *holds.Change) {
			ch.Hold.Containment, ch.Hold.Standing, ch.Hold.ReadBack = holds.ContainmentConfirmed, holds.Contained, at(minute)
		})
	}
	confirm(a, 6)
	confirm(c, 5)
	keys, err = s.Restrained(ctx, at(7), 10)
	s.must(err)
	if want := []holds.Key{keyOf(c), keyOf(a)}; !slices.Equal(keys, want) {
		s.Fatalf("restrained %v, want %v", keys, want)
	}
	s.changed(c, func(ch *holds.Change) { ch.Hold.ReleaseBegun = at(7) })
	if keys, err = s.Restrained(ctx, at(7), 10); err != nil || !slices.Equal(keys, []holds.Key{keyOf(a)}) {
		s.Fatalf("restrained %v, %v", keys, err)
	}
	if keys, err = s.Due(ctx, at(25), 10); err != nil || len(keys) != 0 {
		s.Fatalf("due %v, %v", keys, err)
	}
}

// beside: a view shows the account's other hold that is not over, and those of the
// owner's other accounts.
func (s *suite) beside() {
	h := s.held("00u1")
	next := holds.Continue(h, holds.HoldID(s.newID()), holds.ByOwner("olga"), at(5))
	s.changed(h, func(c *holds.Change) {
		c.Hold.State, c.Hold.Outcome, c.Hold.ReleaseBegun, c.Also = holds.Approved, holds.Approve, at(5), &next
	})
	d := suiteDelivery("entra")
	d.Connection = entra
	s.must(s.Receive(s.Context(), d))
	s.drain(6, s.openOrJoin, suiteEvent("e-entra", "e-1"))
	s.held("00uhelp") // somebody else's
	v, err := s.View(s.Context(), keyOf(h))
	s.must(err)
	var seen []string
	for _, o := range v.Siblings {
		seen = append(seen, o.Subject.ID)
	}
	if slices.Sort(seen); !slices.Equal(seen, []string{"00u1", "e-1"}) {
		s.Fatalf("beside it %v", seen)
	}
}

// equalJobs: a job equal to one that waits is not queued again; one that runs may
// have read older state, and swallows nothing.
func (s *suite) equalJobs() {
	h := s.held("00u1")
	ctx := s.Context()
	count := func() (n int) {
		for _, q := range s.state().Jobs {
			if q.Job.Kind == holds.EffectRevert {
				n++
			}
		}
		return n
	}
	for range 2 {
		s.changed(h, func(c *holds.Change) { c.Effects = []holds.Effect{{Kind: holds.EffectRevert, Round: 4}} })
	}
	if n := count(); n != 1 {
		s.Fatalf("%d equal jobs wait", n)
	}
	jobs := s.state().Jobs
	id := jobs[slices.IndexFunc(jobs, func(q Queued) bool { return q.Job.Kind == holds.EffectRevert })].ID
	j, err := s.Claim(ctx, id)
	s.must(err)
	if j.Attempt != 1 || j.Key != keyOf(h) || j.Round != 4 || j.Connection != okta || j.Epoch == 0 {
		s.Fatalf("%+v", j)
	}
	s.changed(h, func(c *holds.Change) { c.Effects = []holds.Effect{{Kind: holds.EffectRevert, Round: 4}} })
	if n := count(); n != 2 {
		s.Fatalf("%d jobs, one running", n)
	}
	s.must(s.Again(ctx, id))
	if j, err = s.Claim(ctx, id); err != nil || j.Attempt != 2 {
		s.Fatalf("%+v, %v", j, err)
	}
	s.must(s.End(ctx, id))
	if n := count(); n != 1 {
		s.Fatalf("%d jobs after one ended", n)
	}
}
