package keepertest

import (
	"sync"
	"sync/atomic"

	"github.com/countersign/countersign/holds"
)

// intentsOnce: a call is announced once in a round, again only after it failed,
// and has one outcome, which only its own hold can write.
func (s *suite) intentsOnce() {
	h, stranger := s.held("00u1"), s.held("00u2")
	ctx := s.Context()
	announce := func(round int) (holds.IntentID, error) {
		id := holds.IntentID(s.newID())
		_, err := s.change(keyOf(h), func(c *holds.Change) {
			c.Intents = []holds.Intent{{ID: id, Purpose: holds.ToContain, Round: round, Created: at(5), Action: holds.Action{Kind: holds.SuspendAccount, Account: "00u1"}}}
		})
		return id, err
	}
	first, err := announce(1)
	s.must(err)
	_, err = announce(1)
	s.kind(holds.Conflict, err)
	_, err = announce(2)
	s.must(err)
	s.kind(holds.NotFound, s.Outcome(ctx, keyOf(stranger), first, holds.Result{Status: holds.Applied, At: at(6)}))
	s.must(s.Outcome(ctx, keyOf(h), first, holds.Result{Status: holds.Broken, Detail: "no", At: at(6)}))
	s.kind(holds.Conflict, s.Outcome(ctx, keyOf(h), first, holds.Result{Status: holds.Applied, At: at(7)}))
	again, err := announce(1)
	s.must(err)
	list, err := s.Intents(ctx, keyOf(h))
	s.must(err)
	if len(list) != 3 || list[0].ID != first || list[0].Result.Status != holds.Broken || list[0].Result.Detail != "no" || list[1].Done() || list[2].ID != again ||
		list[0].Hold != h.ID || list[0].Tenant != acme || list[0].Connection != okta {
		s.Fatalf("%+v", list)
	}
	start, err := s.Start(ctx, keyOf(h))
	if err != nil || start.Epoch == 0 || start.Hold.ID != h.ID {
		s.Fatalf("%+v, %v", start, err)
	}
	_, err = s.Start(ctx, keyOf(stranger))
	s.must(err)
	_, err = s.Start(ctx, holds.Key{Tenant: globe, Hold: h.ID})
	s.kind(holds.NotFound, err)
}

// tried: the newest mark counts, whoever comes later with an older one.
func (s *suite) tried() {
	h := s.held("00u1")
	id := holds.IntentID(s.newID())
	s.changed(h, func(c *holds.Change) {
		c.Intents = []holds.Intent{{ID: id, Purpose: holds.ToContain, Round: 1, Created: at(5), Tried: at(1), Action: holds.Action{Kind: holds.SuspendAccount, Account: "00u1"}}}
	})
	mark := func() (holds.Intent, error) {
		list, err := s.Intents(s.Context(), keyOf(h))
		return list[0], err
	}
	if i, err := mark(); err != nil || !i.Tried.IsZero() {
		s.Fatalf("an intent that is announced was never tried: %+v, %v", i, err)
	}
	for _, minute := range []int{6, 8, 7} {
		s.must(s.Tried(s.Context(), keyOf(h), id, at(minute)))
	}
	if i, err := mark(); err != nil || !i.Tried.Equal(at(8)) {
		s.Fatalf("%+v, %v", i, err)
	}
	s.kind(holds.NotFound, s.Tried(s.Context(), keyOf(h), holds.IntentID(s.newID()), at(6)))
}

// newestBefore: the newest snapshot strictly before a moment.
func (s *suite) newestBefore() {
	ctx := s.Context()
	for _, minute := range []int{1, 3, 2} {
		s.must(s.SaveSnapshot(ctx, acme, okta, holds.Snapshot{
			Account: holds.Account{ID: "00u1"}, At: at(minute), Status: holds.StatusActive,
			Contacts: map[string]string{"secondEmail": at(minute).String()}, Factors: []holds.Factor{{ID: "f", Kind: "push"}},
		}))
	}
	got, err := s.SnapshotBefore(ctx, acme, okta, "00u1", at(3))
	s.must(err)
	if !got.At.Equal(at(2)) || got.Contacts["secondEmail"] != at(2).String() || len(got.Factors) != 1 {
		s.Fatalf("%+v", got)
	}
	for _, ask := range []struct {
		account string
		minute  int
	}{{"00u1", 1}, {"00u2", 9}} {
		_, err := s.SnapshotBefore(ctx, acme, okta, ask.account, at(ask.minute))
		s.kind(holds.NotFound, err)
	}
	s.must(s.SaveHealth(ctx, holds.ConnectionHealth{Tenant: acme, Connection: okta, Mode: holds.ModeContain, Enforcement: holds.Enforcement{At: at(1), InForce: true}}))
}

func (s *suite) notice(h holds.Hold, id holds.NoticeID) holds.Notice {
	return holds.Notice{
		ID: id, Tenant: h.Tenant, Hold: h.ID, Version: h.Version, Audience: holds.ToOwner, Channel: "email",
		Point:  holds.ContactPoint{Kind: holds.EmailPoint, Value: "olga@home.example", Person: "olga"},
		Status: holds.NoticeQueued, Created: at(5), Expires: at(5000),
	}
}

// plannedOnce: a message about one version to one point is planned once; the
// second plan of it is left out with its job and its audit entry.
func (s *suite) plannedOnce() {
	h := s.held("00u1")
	ctx := s.Context()
	plan := func() holds.NoticeID {
		id := holds.NoticeID(s.newID())
		s.changed(h, func(c *holds.Change) {
			planned, err := holds.Apply(c.Hold, holds.Planned{Notices: []holds.Notice{s.notice(h, id)}}, at(5))
			s.must(err)
			*c = planned
		})
		return id
	}
	first := plan()
	was := s.state()
	second := plan()
	now := s.state()
	if len(now.Notices) != 1 || len(now.Jobs) != len(was.Jobs) || now.Size != was.Size {
		s.Fatalf("%d notices, %d jobs (%d), %d entries (%d)", len(now.Notices), len(now.Jobs), len(was.Jobs), now.Size, was.Size)
	}
	_, err := s.Notice(ctx, acme, second)
	s.kind(holds.NotFound, err)
	n, err := s.Notice(ctx, acme, first)
	s.must(err)
	if n.Point.Value != "olga@home.example" || n.Hold != h.ID || n.Status != holds.NoticeQueued {
		s.Fatalf("%+v", n)
	}
	s.must(s.Attempted(ctx, acme, holds.Attempt{Notice: first, Status: holds.NoticeAccepted, Reference: "250", At: at(6)}))
	if n, err = s.Notice(ctx, acme, first); err != nil || n.Status != holds.NoticeAccepted {
		s.Fatalf("%+v, %v", n, err)
	}
	v, err := s.View(ctx, keyOf(h))
	s.must(err)
	if len(v.Notices) != 1 || len(v.Notices[0].Attempts) != 1 || v.Notices[0].Notice.Point.Value == "olga@home.example" {
		s.Fatalf("%+v", v.Notices)
	}
}

// codes: five tries at most, used up once however many come at once, and not after
// the end of the links.
func (s *suite) codes() {
	h := s.held("00u1")
	ctx := s.Context()
	var ids []holds.NoticeID
	for n := range 3 {
		notice := s.notice(h, holds.NoticeID(s.newID()))
		notice.Version = 10 + n
		ids = append(ids, notice.ID)
		s.changed(h, func(c *holds.Change) { c.Notices = []holds.Notice{notice} })
	}
	for n := range 7 {
		if ok, err := s.CodeTry(ctx, acme, ids[0], false, at(6)); err != nil || ok != (n < 5) {
			s.Fatalf("try %d: %v, %v", n, ok, err)
		}
	}
	if ok, err := s.CodeTry(ctx, acme, ids[0], true, at(6)); ok || err != nil {
		s.Fatalf("the right code after five wrong ones: %v, %v", ok, err)
	}
	var all sync.WaitGroup
	var won atomic.Int32
	for r := range 8 {
		store := s.Replica(r % 2)
		all.Go(func() {
			if ok, err := store.CodeTry(ctx, acme, ids[1], true, at(6)); err == nil && ok {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if n, err := s.Notice(ctx, acme, ids[1]); err != nil || won.Load() != 1 || !n.Used.Equal(at(6)) {
		s.Fatalf("%d won, %+v, %v", won.Load(), n, err)
	}
	if ok, err := s.CodeTry(ctx, acme, ids[2], true, at(5001)); ok || err != nil {
		s.Fatalf("an expired code: %v, %v", ok, err)
	}
}

// directory: people by id, by account and all, each tenant's own.
func (s *suite) directory() {
	ctx := s.Context()
	p, err := s.Person(ctx, acme, "olga")
	s.must(err)
	if len(p.Accounts) != 2 || len(p.Points) != 1 || p.Points[0].ID == "" || p.Points[0].Value != "olga@home.example" {
		s.Fatalf("%+v", p)
	}
	if p, err = s.PersonOf(ctx, globe, other, "00u1"); err != nil || p.ID != "gina" {
		s.Fatalf("%+v, %v", p, err)
	}
	if p, err = s.PersonOf(ctx, acme, entra, "e-1"); err != nil || p.ID != "olga" {
		s.Fatalf("%+v, %v", p, err)
	}
	_, err = s.PersonOf(ctx, acme, other, "00u1")
	s.kind(holds.NotFound, err)
	_, err = s.Person(ctx, acme, "gina")
	s.kind(holds.NotFound, err)
	if all, err := s.People(ctx, acme); err != nil || len(all) != 2 || all[0].ID != "hank" {
		s.Fatalf("%+v, %v", all, err)
	}
}

// logged: every change is in the log, which verifies from its first entry to every
// head that was seen.
func (s *suite) logged() {
	var heads []Head
	remember := func() {
		head, err := s.Head(s.Context())
		s.must(err)
		heads = append(heads, head)
	}
	h := s.held("00u1")
	remember()
	was := s.state().Log[h.ID]
	for n := range 5 {
		_, err := s.Update(s.Context(), keyOf(h), at(5+n), func(cur holds.Hold) (*holds.Change, error) {
			c, err := holds.Apply(cur, holds.DeadlinePassed{}, at(5+n))
			return &c, err
		})
		s.must(err)
		remember()
	}
	if now := s.state().Log[h.ID]; was == 0 || now != was+5 {
		s.Fatalf("%d entries, then %d", was, now)
	}
	s.must(s.Verify(s.Context(), heads))
	heads[2].Root[0] ^= 1
	if err := s.Verify(s.Context(), heads); err == nil {
		s.Fatal("another head than the log's was taken for it")
	}
}
