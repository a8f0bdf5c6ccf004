package keepertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/countersign/countersign/holds"
)

// eachEventOnce: an event is asked about once for each subject, in sorted order,
// however often it is delivered, and an event without subjects once.
func (s *suite) eachEventOnce() {
	for _, body := range []string{"a", "b"} {
		s.must(s.Receive(s.Context(), suiteDelivery(body)))
	}
	var asked []string
	s.drain(2, func(q holds.Question) (holds.Answer, error) {
		asked = append(asked, q.Event.ID+"/"+q.Subject.ID)
		return s.openOrJoin(q)
	}, suiteEvent("e2", "00u2", "00u1", "00u2"), suiteEvent("e1"))
	if want := []string{"e1/", "e2/00u1", "e2/00u2"}; !slices.Equal(asked, want) {
		s.Fatalf("asked %v, want %v", asked, want)
	}
	st := s.state()
	if len(st.Holds) != 3 || len(st.Rulings) != 3 || len(st.Inbox) != 2 || !st.Inbox[0].Decided || !st.Inbox[1].Decided {
		s.Fatalf("%d holds, %d rulings, %+v", len(st.Holds), len(st.Rulings), st.Inbox)
	}
	for _, r := range st.Rulings {
		if r.Verdict != holds.HoldIt || r.Hold == "" || r.Tenant != acme || r.Connection != okta {
			s.Fatalf("ruling %+v", r)
		}
	}
}

// failureCommitsNothing: a delivery that fails leaves nothing, waits, holds up
// nobody, and after its fifth attempt is kept as failed.
func (s *suite) failureCommitsNothing() {
	s.must(s.Receive(s.Context(), suiteDelivery("bad")))
	s.must(s.Receive(s.Context(), suiteDelivery("good")))
	mine := errors.New("mine")
	decode := func(d holds.Delivery) ([]holds.Event, error) {
		if string(d.Body) == "bad" {
			return []holds.Event{suiteEvent("e-bad", "00u2", "00u3")}, nil
		}
		return []holds.Event{suiteEvent("e-good", "00u1")}, nil
	}
	fold := func(q holds.Question) (holds.Answer, error) {
		if q.Subject.ID == "00u3" {
			return holds.Answer{}, mine
		}
		return s.openOrJoin(q)
	}
	worked, err := s.Decide(s.Context(), at(2), decode, fold)
	if !worked || !errors.Is(err, mine) {
		s.Fatalf("worked %v, %v", worked, err)
	}
	if st := s.state(); len(st.Holds)+len(st.Rulings)+len(st.Jobs) != 0 || st.Inbox[0].Attempts != 1 {
		s.Fatalf("a failed delivery left %d holds, %d rulings, %d jobs, %d attempts", len(st.Holds), len(st.Rulings), len(st.Jobs), st.Inbox[0].Attempts)
	}
	if worked, err = s.Decide(s.Context(), at(2), decode, fold); !worked || err != nil {
		s.Fatalf("the good one: %v, %v", worked, err)
	}
	if worked, err = s.Decide(s.Context(), at(2), decode, fold); worked || err != nil {
		s.Fatalf("the bad one did not wait: %v, %v", worked, err)
	}
	for n := 3; n < 10; n++ {
		_, _ = s.Decide(s.Context(), at(n), decode, fold)
	}
	st := s.state()
	if !st.Inbox[0].Failed || st.Inbox[0].Decided || !st.Inbox[1].Decided {
		s.Fatalf("%+v", st.Inbox)
	}
}

// outagesNeverFail: an error of kind Unavailable makes a delivery wait, however
// often it comes.
func (s *suite) outagesNeverFail() {
	s.must(s.Receive(s.Context(), suiteDelivery("a")))
	for n := range 12 {
		_, _ = s.Decide(s.Context(), at(2+2*n), func(holds.Delivery) ([]holds.Event, error) {
			return nil, holds.Refuse(holds.Unavailable, "down")
		}, s.openOrJoin)
	}
	if d := s.state().Inbox[0]; d.Failed || d.Decided {
		s.Fatalf("%+v", d)
	}
	s.drain(60, s.openOrJoin, suiteEvent("e1", "00u1"))
	if st := s.state(); !st.Inbox[0].Decided || len(st.Holds) != 1 {
		s.Fatalf("%+v", st.Inbox)
	}
}

// badEvent: the last attempt decides event by event, so that a bad one harms only
// itself and leaves nothing of its own behind (case C4).
func (s *suite) badEvent() {
	s.must(s.Receive(s.Context(), suiteDelivery("a")))
	events := []holds.Event{suiteEvent("e1", "00u1"), suiteEvent("e2", "00u2", "00u9"), suiteEvent("e3", "00u3")}
	fold := func(q holds.Question) (holds.Answer, error) {
		if q.Subject.ID == "00u9" {
			return holds.Answer{}, errors.New("poison")
		}
		return s.openOrJoin(q)
	}
	for n := range 8 {
		_, _ = s.Decide(s.Context(), at(2+n), returns(events...), fold)
	}
	st := s.state()
	var subjects []string
	for _, h := range st.Holds {
		subjects = append(subjects, h.Subject.ID)
	}
	if slices.Sort(subjects); !slices.Equal(subjects, []string{"00u1", "00u3"}) || !st.Inbox[0].Failed {
		s.Fatalf("held %v, %+v", subjects, st.Inbox[0])
	}
}

// panics of a caller's function are failures of the one delivery.
func (s *suite) panics() {
	s.must(s.Receive(s.Context(), suiteDelivery("a")))
	_, err := s.Decide(s.Context(), at(2), returns(suiteEvent("e1", "00u1")), func(holds.Question) (holds.Answer, error) { panic("no") })
	if err == nil || s.state().Inbox[0].Attempts != 1 {
		s.Fatalf("%v, %+v", err, s.state().Inbox[0])
	}
	s.drain(5, s.openOrJoin, suiteEvent("e1", "00u1"))
	if len(s.state().Holds) != 1 {
		s.Fatal("it was not decided afterwards")
	}
}

// whatIsKnown: the question has the snapshot, the people, the chain, the mode and
// the holds of the account.
func (s *suite) whatIsKnown() {
	first := s.held("00u1")
	s.must(s.SaveSnapshot(s.Context(), acme, okta, holds.Snapshot{Account: holds.Account{ID: "00u1"}, At: at(1), Status: holds.StatusActive}))
	var asked holds.Question
	see := func(q holds.Question) (holds.Answer, error) {
		asked = q
		return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Record, Reason: "seen"}}, nil
	}
	later := suiteEvent("e2", "00u1")
	later.Occurred = at(3)
	s.must(s.Receive(s.Context(), suiteDelivery("again")))
	s.drain(4, see, later)
	f := asked.Facts
	if asked.Open == nil || asked.Open.ID != first.ID || asked.Last != nil || !f.Known || f.Snapshot.Status != holds.StatusActive ||
		f.Owner.ID != "olga" || f.ActorPerson.ID != "hank" || f.Mode != holds.ModeContain || !f.At.Equal(at(4)) || f.Intent != "" {
		s.Fatalf("%+v", asked)
	}
	if len(f.Recent) != 1 || f.Recent[0] != holds.MFAChange || len(f.Chain) != 1 || f.Chain[0].Verb != holds.Reset || f.Chain[0].Own {
		s.Fatalf("recent %v, chain %+v", f.Recent, f.Chain)
	}
	s.changed(first, func(c *holds.Change) { c.Hold.State, c.Hold.Outcome = holds.Released, holds.Approve })
	s.must(s.Receive(s.Context(), suiteDelivery("third")))
	s.drain(6, see, suiteEvent("e3", "00u1"))
	if asked.Open != nil || asked.Last == nil || asked.Last.ID != first.ID || asked.Last.ClosedAt.IsZero() {
		s.Fatalf("open %v, last %+v", asked.Open, asked.Last)
	}
}

// ourOwnAct: an event of our account is explained by the intent whose call was
// under way, by no other account's, and by none that was never tried (case C13).
func (s *suite) ourOwnAct() {
	h := s.held("00u1")
	intent := holds.IntentID(s.newID())
	s.changed(h, func(c *holds.Change) {
		c.Intents = []holds.Intent{{ID: intent, Purpose: holds.ToContain, Round: 1, Created: at(5), Action: holds.Action{Kind: holds.JoinRestraintGroup, Account: "00u1"}}}
	})
	explained := func(minute int, subject string) holds.IntentID {
		s.Helper()
		e := suiteEvent(fmt.Sprintf("own %d %s %d", minute, subject, s.ids.Add(1)), subject)
		e.Actor, e.Echo, e.Class, e.Occurred = holds.Party{ID: "0oaself", Kind: holds.PartyApp, Own: true}, holds.JoinRestraintGroup, holds.None, at(minute)
		s.must(s.Receive(s.Context(), suiteDelivery(e.ID)))
		var found holds.IntentID
		s.drain(minute, func(q holds.Question) (holds.Answer, error) {
			found = q.Facts.Intent
			return holds.Answer{Ruling: holds.Ruling{Verdict: holds.Ignore}}, nil
		}, e)
		return found
	}
	if got := explained(6, "00u1"); got != "" {
		s.Fatal("an intent that was never tried explains an event")
	}
	s.must(s.Tried(s.Context(), keyOf(h), intent, at(6)))
	if explained(7, "00u1") != intent || explained(7, "00u2") != "" {
		s.Fatal("the intent explains another account's event, or not its own")
	}
	s.must(s.Outcome(s.Context(), keyOf(h), intent, holds.Result{Status: holds.Applied, At: at(7)}))
	if explained(8, "00u1") != intent || explained(60, "00u1") != "" {
		s.Fatal("an old intent explains what happens an hour later")
	}
}

// replicas: many at once decide each delivery and each event once.
func (s *suite) replicas() {
	const deliveries = 12
	for n := range deliveries {
		s.must(s.Receive(s.Context(), suiteDelivery(fmt.Sprint("delivery ", n))))
	}
	var all sync.WaitGroup
	for r := range 4 {
		store := s.Replica(r % 2)
		all.Go(func() {
			for range 4 * deliveries {
				if worked, err := store.Decide(s.Context(), at(2), returns(suiteEvent("e1", "00u1"), suiteEvent("e2", "00u1", "00u2")), s.openOrJoin); err == nil && !worked {
					return
				}
			}
		})
	}
	all.Wait()
	s.drain(60, s.openOrJoin, suiteEvent("e1", "00u1"), suiteEvent("e2", "00u1", "00u2"))
	st := s.state()
	if len(st.Holds) != 2 || len(st.Rulings) != 3 {
		s.Fatalf("%d holds, %d rulings", len(st.Holds), len(st.Rulings))
	}
	for _, d := range st.Inbox {
		if !d.Decided {
			s.Fatalf("%+v", d)
		}
	}
}
