package keepertest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// Run asks a store whether it keeps what the keeper's ports promise. fresh makes
// an empty store with connections and people.
func Run(t *testing.T, fresh func(*testing.T, Setup) Bench) {
	for name, test := range map[string]func(*suite){
		"Inbox/EachEventOnceForEachSubject": (*suite).eachEventOnce,
		"Inbox/FailureCommitsNothing":       (*suite).failureCommitsNothing,
		"Inbox/OutagesNeverFail":            (*suite).outagesNeverFail,
		"Inbox/BadEventHarmsItself":         (*suite).badEvent,
		"Inbox/PanicHarmsItself":            (*suite).panics,
		"Inbox/WhatIsKnown":                 (*suite).whatIsKnown,
		"Inbox/OurOwnAct":                   (*suite).ourOwnAct,
		"Inbox/ReplicasShareTheWork":        (*suite).replicas,
		"Holds/AllOrNothing":                (*suite).allOrNothing,
		"Holds/RevisionIsTheCheck":          (*suite).revision,
		"Holds/NoUpdateIsLost":              (*suite).noUpdateIsLost,
		"Holds/OneOpenForEachAccount":       (*suite).oneOpen,
		"Holds/TenantsAreApart":             (*suite).tenants,
		"Holds/DecisionsOnce":               (*suite).decisionsOnce,
		"Holds/DueAndRestrained":            (*suite).dueAndRestrained,
		"Holds/Siblings":                    (*suite).beside,
		"Jobs/EqualWaitingJobsAreOne":       (*suite).equalJobs,
		"Intents/OnceAndOutcomeOnce":        (*suite).intentsOnce,
		"Intents/TriedNewestCounts":         (*suite).tried,
		"Snapshots/NewestBefore":            (*suite).newestBefore,
		"Notices/PlannedOnce":               (*suite).plannedOnce,
		"Notices/CodeIsUsedUp":              (*suite).codes,
		"Directory/People":                  (*suite).directory,
		"Log/EveryCommitIsInIt":             (*suite).logged,
	} {
		t.Run(name, func(t *testing.T) {
			b := fresh(t, suiteSetup())
			test(&suite{T: t, Bench: b, Store: b.Replica(0)})
		})
	}
}

const (
	acme  = holds.TenantID("acme")
	globe = holds.TenantID("globe")
	okta  = holds.ConnectionID("acme-okta")
	entra = holds.ConnectionID("acme-entra")
	other = holds.ConnectionID("globe-okta")
)

func suiteSetup() Setup {
	person := func(tenant holds.TenantID, id holds.PersonID, accounts ...holds.PersonAccount) holds.Person {
		return holds.Person{
			ID: id, Tenant: tenant, Name: string(id), Belonging: holds.Employee, Accounts: accounts,
			Points: []holds.ContactPoint{{Kind: holds.EmailPoint, Value: string(id) + "@home.example", Source: "csv", Recorded: at(-60 * 24 * 60)}},
		}
	}
	return Setup{
		Places: []Place{{acme, okta, holds.ModeContain}, {acme, entra, holds.ModeContain}, {globe, other, holds.ModeWatch}},
		People: []holds.Person{
			person(acme, "olga", holds.PersonAccount{Connection: okta, Account: "00u1"}, holds.PersonAccount{Connection: entra, Account: "e-1"}),
			person(acme, "hank", holds.PersonAccount{Connection: okta, Account: "00uhelp"}),
			person(globe, "gina", holds.PersonAccount{Connection: other, Account: "00u1"}),
		},
	}
}

// at is a moment in minutes after the start of every test.
func at(minutes int) time.Time {
	return time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// suite is one test of the suite.
type suite struct {
	*testing.T
	Bench
	Store

	ids atomic.Int64
}

func (s *suite) newID() string { return UUID(s.ids.Add(1)) }

// UUID is a UUID (version 7 by its form) made of a number.
func UUID(n int64) string { return fmt.Sprintf("01900000-0000-7000-8000-%012x", n) }

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// kind fails unless err is of a kind.
func (s *suite) kind(want holds.Kind, err error) {
	s.Helper()
	if err == nil || holds.KindOf(err) != want {
		s.Fatalf("want an error of kind %q, got %v", want, err)
	}
}

func (s *suite) state() State {
	s.Helper()
	out, err := s.State(s.Context())
	s.must(err)
	return out
}

// State and Context are of the bench and of the test.
func (s *suite) State(ctx context.Context) (State, error) { return s.Bench.State(ctx) }

func suiteDelivery(body string) holds.Delivery {
	return holds.Delivery{Tenant: acme, Connection: okta, Source: holds.FromPoller, Body: []byte(body), Received: at(1)}
}

func suiteEvent(id string, subjects ...string) holds.Event {
	e := holds.Event{
		ID: id, Type: "user.mfa.factor.reset_all", Class: holds.MFAChange, Verb: holds.Reset, Occurred: at(0), Outcome: holds.Succeeded,
		Actor: holds.Party{ID: "00uhelp", Kind: holds.PartyPerson},
	}
	for _, a := range subjects {
		e.Subjects = append(e.Subjects, holds.Account{ID: a})
	}
	return e
}

func returns(events ...holds.Event) func(holds.Delivery) ([]holds.Event, error) {
	return func(holds.Delivery) ([]holds.Event, error) { return events, nil }
}

func suiteTerms() holds.Terms {
	return holds.Terms{
		Rule: "mfa", Policy: "test", Tier: holds.TierHigh, Items: 1, Paths: 1, Approvers: 2, Tell: true, Deadline: time.Hour,
		Contain: []holds.ActionKind{holds.JoinRestraintGroup},
	}
}

// openOrJoin is a fold that holds everything.
func (s *suite) openOrJoin(q holds.Question) (holds.Answer, error) {
	r := holds.Ruling{Verdict: holds.HoldIt, Reason: "held", Terms: suiteTerms()}
	if q.Open != nil {
		c, err := holds.Apply(*q.Open, holds.Joined{Event: holds.Ref(q.Event), Terms: r.Terms}, q.Facts.At)
		return holds.Answer{Ruling: r, Change: &c}, err
	}
	c := holds.Open(holds.Opening{
		ID: holds.HoldID(s.newID()), Delivery: q.Delivery, Event: q.Event, Subject: q.Subject, Facts: q.Facts, Terms: r.Terms,
	}, q.Facts.At)
	return holds.Answer{Ruling: r, Change: &c}, nil
}

// drain decides until nothing is waiting.
func (s *suite) drain(minute int, fold func(holds.Question) (holds.Answer, error), events ...holds.Event) {
	s.Helper()
	for {
		worked, err := s.Decide(s.Context(), at(minute), returns(events...), fold)
		s.must(err)
		if !worked {
			return
		}
	}
}

// held opens a hold for an account and returns it whole.
func (s *suite) held(account string) holds.Hold {
	s.Helper()
	s.must(s.Receive(s.Context(), suiteDelivery("for "+account)))
	s.drain(2, s.openOrJoin, suiteEvent("event of "+account, account))
	key, err := s.OpenHold(s.Context(), acme, okta, account)
	s.must(err)
	return s.read(key)
}

func (s *suite) read(key holds.Key) holds.Hold {
	s.Helper()
	v, err := s.View(s.Context(), key)
	s.must(err)
	return v.Hold
}

func keyOf(h holds.Hold) holds.Key { return holds.Key{Tenant: h.Tenant, Hold: h.ID} }

// change commits a change made by hand.
func (s *suite) change(key holds.Key, edit func(*holds.Change)) (holds.Hold, error) {
	return s.Update(s.Context(), key, at(5), func(h holds.Hold) (*holds.Change, error) {
		c := holds.Change{Hold: h}
		edit(&c)
		return &c, nil
	})
}

// changed is change that must work.
func (s *suite) changed(h holds.Hold, edit func(*holds.Change)) holds.Hold {
	s.Helper()
	h, err := s.change(keyOf(h), edit)
	s.must(err)
	return h
}
