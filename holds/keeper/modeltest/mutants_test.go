package modeltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// mutants are faults in what surrounds the keeper, as somebody could make them there
// or in it, and the invariant by which each must be found.
func mutants() []Mutation {
	return []Mutation{
		{Name: "intents are kept in memory alone", Finds: "I3", Store: func(s keepertest.Store, _ *world) keepertest.Store { return &forgetful{Store: s} }},
		{Name: "calls are not marked before they leave", Finds: "I3", Store: func(s keepertest.Store, _ *world) keepertest.Store { return unmarked{s} }},
		{Name: "outcomes are not written", Finds: "I3", Store: func(s keepertest.Store, _ *world) keepertest.Store { return unanswered{s} }},
		{Name: "a call is made for every answer that is lost, unread", Rare: true, Finds: "I3", Provider: func(p keeper.Provider, _ *world) keeper.Provider { return unread{p} }},
		{Name: "the revision is not checked", Finds: "I1 I2 I5 I10", Store: func(s keepertest.Store, _ *world) keepertest.Store {
			return &stale{Store: s, seen: map[holds.Key]holds.Hold{}}
		}},
		{Name: "echoes are not recognised", Finds: "I1", Store: asking(func(q *holds.Question) { q.Facts.Intent = "" })},
		{Name: "the actor is nobody", Rare: true, Finds: "I2", Store: asking(func(q *holds.Question) { q.Facts.ActorPerson = holds.Person{} })},
		{Name: "events are known by their delivery", Finds: "I1", Store: func(s keepertest.Store, _ *world) keepertest.Store { return byDelivery{s} }},
		{Name: "not-me is ignored once a hold is approved", Rare: true, Finds: "I10", Store: changing(func(was holds.Hold, c *holds.Change) bool {
			return was.State != holds.Approved || c.Hold.NotMe.Equal(was.NotMe)
		})},
		{Name: "entries are left out", Finds: "I5", Store: changing(func(_ holds.Hold, c *holds.Change) bool {
			c.Entries = nil
			return true
		})},
		{Name: "a deadline releases", Finds: "I2 I10", Store: changing(func(was holds.Hold, c *holds.Change) bool {
			if c.Hold.Escalations > was.Escalations && was.State == holds.Pending {
				c.Hold.State, c.Hold.Outcome, c.Hold.ReleaseBegun = holds.Approved, holds.Approve, c.Hold.Due
			}
			return true
		})},
		{Name: "a delivery is acknowledged before it is durable", Finds: "I9", Store: func(s keepertest.Store, _ *world) keepertest.Store { return &hasty{Store: s} }},
		{Name: "the account is believed to be restrained", Finds: "I10", Provider: func(p keeper.Provider, _ *world) keeper.Provider { return credulous{p} }},
		{Name: "the tenant of a key is ignored", Finds: "I8", Store: func(s keepertest.Store, _ *world) keepertest.Store { return wallless{s} }},
		{Name: "looking writes", Finds: "I6", Store: func(s keepertest.Store, w *world) keepertest.Store { return &counting{Store: s, w: w} }},
		{Name: "a typed code is logged", Finds: "I7", Store: func(s keepertest.Store, w *world) keepertest.Store { return &talkative{Store: s, w: w} }},
		{Name: "nobody is spared", Finds: "I4", ForgetBreakGlass: true},
		{Name: "who was a reviewer stays one", Finds: "I2", DoorStaysOpen: true},
		{Name: "decisions are about whatever version there is", Rare: true, Finds: "I2", AnyVersion: true},
	}
}

// changing lets edit change a change before it is committed; false drops it.
func changing(edit func(was holds.Hold, c *holds.Change) bool) func(keepertest.Store, *world) keepertest.Store {
	return func(s keepertest.Store, _ *world) keepertest.Store { return changed{s, edit} }
}

type changed struct {
	keepertest.Store
	edit func(holds.Hold, *holds.Change) bool
}

func (s changed) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	return s.Store.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := change(h)
		if err == nil && c != nil && !s.edit(h, c) {
			return nil, nil
		}
		return c, err
	})
}

// asking changes what the fold is asked.
func asking(edit func(*holds.Question)) func(keepertest.Store, *world) keepertest.Store {
	return func(s keepertest.Store, _ *world) keepertest.Store { return asked{s, edit} }
}

type asked struct {
	keepertest.Store
	edit func(*holds.Question)
}

func (s asked) Decide(ctx context.Context, now time.Time, decode func(holds.Delivery) ([]holds.Event, error), fold func(holds.Question) (holds.Answer, error)) (bool, error) {
	return s.Store.Decide(ctx, now, decode, func(q holds.Question) (holds.Answer, error) {
		s.edit(&q)
		return fold(q)
	})
}

// forgetful keeps intents in the process that made them.
type forgetful struct {
	keepertest.Store
	own []holds.Intent
}

func (s *forgetful) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	var made []holds.Intent
	h, err := s.Store.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		c, err := change(h)
		if c != nil {
			made, c.Intents = c.Intents, nil
		}
		return c, err
	})
	if err == nil {
		s.own = append(s.own, made...)
	}
	return h, err
}

func (s *forgetful) Intents(_ context.Context, key holds.Key) ([]holds.Intent, error) {
	return slices.DeleteFunc(slices.Clone(s.own), func(i holds.Intent) bool { return i.Hold != key.Hold }), nil
}

func (s *forgetful) Tried(context.Context, holds.Key, holds.IntentID, time.Time) error { return nil }

func (s *forgetful) Outcome(_ context.Context, _ holds.Key, id holds.IntentID, r holds.Result) error {
	for n := range s.own {
		if s.own[n].ID == id {
			s.own[n].Result = r
		}
	}
	return nil
}

type unmarked struct{ keepertest.Store }

func (unmarked) Tried(context.Context, holds.Key, holds.IntentID, time.Time) error { return nil }

type unanswered struct{ keepertest.Store }

func (unanswered) Outcome(context.Context, holds.Key, holds.IntentID, holds.Result) error { return nil }

// unread makes a call again at once, after having undone it.
type unread struct{ keeper.Provider }

func (p unread) Do(ctx context.Context, a holds.Action) (holds.Result, error) {
	back := map[holds.ActionKind]holds.ActionKind{holds.SuspendAccount: holds.UnsuspendAccount, holds.JoinRestraintGroup: holds.LeaveRestraintGroup}
	r, err := p.Provider.Do(ctx, a)
	if kind, ok := back[a.Kind]; ok && err != nil {
		if inner, ok := p.Provider.(*platform); ok {
			inner.do(holds.Action{Kind: kind, Account: a.Account})
		}
		return p.Provider.Do(ctx, a)
	}
	return r, err
}

// stale changes a hold as it last saw it.
type stale struct {
	keepertest.Store
	seen map[holds.Key]holds.Hold
}

func (s *stale) Update(ctx context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	h, err := s.Store.Update(ctx, key, now, func(h holds.Hold) (*holds.Change, error) {
		if was, ok := s.seen[key]; ok {
			was.Revision = h.Revision
			h = was
		}
		return change(h)
	})
	if err == nil {
		s.seen[key] = h
	}
	return h, err
}

// byDelivery takes the same event of two deliveries for two.
type byDelivery struct{ keepertest.Store }

func (s byDelivery) Decide(ctx context.Context, now time.Time, decode func(holds.Delivery) ([]holds.Event, error), fold func(holds.Question) (holds.Answer, error)) (bool, error) {
	return s.Store.Decide(ctx, now, func(d holds.Delivery) ([]holds.Event, error) {
		events, err := decode(d)
		for i := range events {
			events[i].ID = fmt.Sprint(events[i].ID, " of ", d.ID)
		}
		return events, err
	}, fold)
}

// hasty says that it has a delivery before it has.
type hasty struct {
	keepertest.Store
	waits []holds.Delivery
}

func (s *hasty) Receive(ctx context.Context, d holds.Delivery) error {
	s.waits = append(s.waits, d)
	if len(s.waits) < 2 {
		return nil
	}
	for _, d := range s.waits {
		if err := s.Store.Receive(ctx, d); err != nil {
			return err
		}
	}
	s.waits = nil
	return nil
}

// credulous reads what it hopes for.
type credulous struct{ keeper.Provider }

func (p credulous) Snapshot(ctx context.Context, account string) (holds.Snapshot, error) {
	s, err := p.Provider.Snapshot(ctx, account)
	s.Restrained = true
	return s, err
}

// wallless finds a hold under every tenant.
type wallless struct{ keepertest.Store }

func (s wallless) View(ctx context.Context, key holds.Key) (holds.View, error) {
	v, err := s.Store.View(ctx, key)
	for _, tenant := range []holds.TenantID{acme, globe} {
		if holds.KindOf(err) == holds.NotFound && err != nil {
			key.Tenant = tenant
			v, err = s.Store.View(ctx, key)
		}
	}
	return v, err
}

// counting counts who looks, on the hold.
type counting struct {
	keepertest.Store
	w *world
}

func (s *counting) View(ctx context.Context, key holds.Key) (holds.View, error) {
	if t, _ := ctx.Value(threadKey{}).(*thread); t == nil {
		_, _ = s.Store.Update(ctx, key, s.w.now, func(h holds.Hold) (*holds.Change, error) {
			return &holds.Change{Hold: h, Notes: []holds.Note{{By: "system:console", Text: "seen", At: s.w.now}}}, nil
		})
	}
	return s.Store.View(ctx, key)
}

// talkative logs what is typed.
type talkative struct {
	keepertest.Store
	w *world
}

func (s *talkative) CodeTry(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, right bool, now time.Time) (bool, error) {
	fmt.Fprintln(&s.w.logs, "somebody typed", codeOf(id))
	return s.Store.CodeTry(ctx, tenant, id, right, now)
}

// finds tells whether a failure is of one of the invariants that a mutation names.
func (m Mutation) finds(failure string) bool {
	return slices.ContainsFunc(strings.Fields(m.Finds), func(name string) bool { return strings.Contains(failure, " "+name+": ") })
}
