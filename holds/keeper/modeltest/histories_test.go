package modeltest

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// good is a short history in which everything is as it must be: a reset was held and
// is let go, with a check over two paths and one approval.
func good() *History {
	at := start.Add(time.Minute)
	event := holds.Event{
		ID: "e1", Type: "user.mfa.factor.reset_all", Class: holds.MFAChange, Verb: holds.Reset, Occurred: start, Outcome: holds.Succeeded,
		Actor: holds.Party{ID: helps, Kind: holds.PartyPerson}, Subjects: []holds.Account{{ID: olgas}},
	}
	hold := holds.Hold{
		ID: "h1", Tenant: acme, Connection: okta, Subject: event.Subjects[0], Owner: "olga", Revision: 8, Version: 3, ContainRound: 1,
		State: holds.Approved, Containment: holds.ContainmentConfirmed, Standing: holds.Contained, ReadBack: at, Outcome: holds.Approve,
		Terms:  holds.Terms{Items: 2, Paths: 2, Approvers: 1, Contain: []holds.ActionKind{holds.JoinRestraintGroup}},
		Events: []holds.EventRef{holds.Ref(event)}, ReleaseBegun: at,
		Evidence: []holds.Evidence{
			{ID: "c1", Kind: holds.HRRecord, Verifier: "vera", Requester: "olga"}, {ID: "c2", Kind: holds.InPerson, Verifier: "vera", Requester: "olga"},
		},
		Decisions: []holds.Decision{{ID: "d1", Kind: holds.Approve, Approver: "adam", Version: 3}},
	}
	was := hold
	was.Revision, was.ReleaseBegun = 7, time.Time{}
	join := holds.Intent{
		ID: "i1", Hold: "h1", Tenant: acme, Connection: okta, Purpose: holds.ToContain, Round: 1, Created: start, Tried: start,
		Action: holds.Action{Kind: holds.JoinRestraintGroup, Account: olgas}, Result: holds.Result{Status: holds.Applied, At: start},
	}
	leave := join
	leave.ID, leave.Purpose, leave.Action.Kind = "i2", holds.ToLift, holds.LeaveRestraintGroup
	w := &world{now: at}
	h := newHistory(w)
	digest := h.knows([]byte("body"), []holds.Event{event})
	inbox := []keepertest.Received{{ID: 1, Tenant: acme, Digest: digest, Decided: true}}
	rulings := []keepertest.Ruled{{Tenant: acme, Connection: okta, Event: "e1", Subject: olgas, Verdict: holds.HoldIt, Reason: "held", Hold: "h1"}}
	h.Log[okta], h.Acknowledged[digest] = []holds.Event{event}, true
	h.Calls = []Call{
		{Connection: okta, Action: join.Action, Intent: join, Hold: was, Changed: true},
		{Connection: okta, Action: leave.Action, Intent: leave, Hold: hold, Changed: true},
	}
	h.Said = []Said{{Hold: "h1", Person: "adam", Kind: holds.Approve, Saw: 3, Reviewer: true}}
	h.Restrained[holds.PersonAccount{Connection: okta, Account: olgas}] = at
	h.Was = keepertest.State{Holds: []holds.Hold{was}, Inbox: inbox, Rulings: rulings, Intents: []holds.Intent{join}, Log: map[holds.HoldID]int{"h1": 7}, Size: 7}
	h.Now = keepertest.State{Holds: []holds.Hold{hold}, Inbox: inbox, Rulings: rulings, Intents: []holds.Intent{join, leave}, Log: map[holds.HoldID]int{"h1": 8}, Size: 8}
	return h
}

// TestBadHistoriesAreRefused makes the good history bad in one way at a time.
func TestBadHistoriesAreRefused(t *testing.T) {
	if err := good().Check(); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	now := func(edit func(*holds.Hold)) func(*History) {
		return func(h *History) { edit(&h.Now.Holds[0]) }
	}
	approver := func(who holds.PersonID) func(*History) {
		return func(h *History) {
			h.Now.Holds[0].Decisions[0].Approver, h.Said[0].Person = who, who
		}
	}
	for name, c := range map[string]struct {
		finds string
		edit  func(*History)
	}{
		"an event is ruled twice":    {"I1", func(h *History) { h.Now.Rulings = append(h.Now.Rulings, h.Now.Rulings[0]) }},
		"an event is ruled nowhere":  {"I1", func(h *History) { h.Now.Rulings = nil }},
		"an event is held by nobody": {"I1", func(h *History) { h.Now.Holds[0].Events = nil }},
		"an event is ignored without reason": {"I1", func(h *History) {
			h.Now.Rulings = []keepertest.Ruled{{Connection: okta, Tenant: acme, Event: "e1", Subject: olgas, Verdict: holds.Ignore}}
		}},
		"the actor approves":                   {"I2", approver("hank")},
		"the owner approves":                   {"I2", approver("olga")},
		"the verifier approves":                {"I2", approver("vera")},
		"nobody approves":                      {"I2", now(func(h *holds.Hold) { h.Decisions = nil })},
		"one of two approves":                  {"I2", now(func(h *holds.Hold) { h.Terms.Approvers = 2 })},
		"somebody approves an older version":   {"I2", now(func(h *holds.Hold) { h.Version = 4 })},
		"somebody approves what they saw not":  {"I2", func(h *History) { h.Said[0].Saw = 2 }},
		"somebody approves who is no reviewer": {"I2", func(h *History) { h.Said[0].Reviewer = false }},
		"nobody checks":                        {"I2", now(func(h *holds.Hold) { h.Evidence = nil })},
		"a follower goes before its leader":    {"I2", now(func(h *holds.Hold) { h.Leader = "h0" })},
		"a call without an intent":             {"I3", func(h *History) { h.Calls[0].Intent = holds.Intent{} }},
		"a call before its mark":               {"I3", func(h *History) { h.Calls[0].Intent.Tried = time.Time{} }},
		"two effects of one intent":            {"I3", func(h *History) { h.Calls = append(h.Calls, h.Calls[0]) }},
		"an intent that has gone":              {"I3", func(h *History) { h.Now.Intents = nil }},
		"an effect without an outcome":         {"I3", func(h *History) { h.Rest, h.Now.Intents[0].Result = true, holds.Result{} }},
		"a break-glass account is restrained":  {"I4", func(h *History) { h.Calls[0].Action.Account = breaks }},
		"our own account is restrained":        {"I4", func(h *History) { h.Calls[0].Action.Account = ours }},
		"a change without an entry":            {"I5", func(h *History) { h.Now.Log["h1"] = 7 }},
		"a log that shrinks":                   {"I5", func(h *History) { h.Now.Size = 6 }},
		"a look that writes":                   {"I6", func(h *History) { h.Read = true }},
		"a code in a log":                      {"I7", func(h *History) { h.Text = "typed " + codeOf("n1") }},
		"an address in a hold":                 {"I7", now(func(h *holds.Hold) { h.Doubts = []string{"olga" + secretValue} })},
		"a hold under another tenant":          {"I8", now(func(h *holds.Hold) { h.Tenant = globe })},
		"a call at another tenant's":           {"I8", func(h *History) { h.Calls[1].Connection = other }},
		"another tenant's owner":               {"I8", now(func(h *holds.Hold) { h.Owner = "gina" })},
		"a delivery that is lost":              {"I9", func(h *History) { h.Acknowledged[[32]byte{1}] = true }},
		"a delivery that has gone":             {"I9", func(h *History) { h.Now.Inbox, h.Acknowledged, h.Now.Rulings, h.Log = nil, nil, nil, nil }},
		"contained, never read back":           {"I10", now(func(h *holds.Hold) { h.Containment = holds.ContainmentFailed })},
		"contained, and it was not": {"I10", func(h *History) {
			h.Was.Holds[0].ReadBack, h.Restrained = time.Time{}, nil
		}},
		"lifted while it is held":  {"I10", func(h *History) { h.Calls[1].Hold.ReleaseBegun = time.Time{} }},
		"a hold that has gone":     {"I10", func(h *History) { h.Now.Holds, h.Now.Rulings, h.Log = nil, nil, nil }},
		"a word that is forgotten": {"I10", func(h *History) { h.Owner = []holds.Key{{Tenant: acme, Hold: "h1"}} }},
		"approved though frozen": {"I10", func(h *History) {
			h.Now.Holds[0].ReleaseBegun, h.Now.Holds[0].NotMe = time.Time{}, start
		}},
		"a decision after the end (F10)": {"I10", func(h *History) {
			h.Was.Holds[0].State, h.Now.Holds[0].State = holds.Released, holds.Denied
			h.Now.Holds[0].ReleaseBegun = time.Time{}
		}},
		"restrained by nobody's hold": {"I10", func(h *History) {
			h.Rest, h.Accounts = true, map[holds.PersonAccount]bool{{Connection: entra, Account: "e-olga"}: true}
		}},
		"held and not restrained": {"I10", func(h *History) {
			h.Rest, h.Accounts = true, map[holds.PersonAccount]bool{{Connection: okta, Account: olgas}: false}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := good()
			c.edit(h)
			if err := h.Check(); err == nil || !strings.HasPrefix(err.Error(), c.finds+": ") {
				t.Fatalf("want it refused by %s, got %v", c.finds, err)
			}
		})
	}
}
