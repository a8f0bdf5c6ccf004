package holds

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// carrying is an approved hold that its decisions carry.
func carrying() Hold {
	return Hold{
		ID: "h", Tenant: "acme", Connection: "okta", Version: 4, Round: 0, State: Approved, Outcome: Approve, Containment: ContainmentConfirmed,
		Subject: Account{ID: "00u1"}, Owner: "olga", ActorOf: "dora", Requester: "olga",
		Terms: Terms{Items: 2, Paths: 2, Approvers: 2},
		Evidence: []Evidence{
			{ID: "e1", Kind: Callback, Verifier: "vera", Requester: "olga"}, {ID: "e2", Kind: ManagerConfirmed, Verifier: "vera", Requester: "olga"},
		},
		Decisions: []Decision{
			{ID: "d1", Kind: Approve, Approver: "adam", Version: 4}, {ID: "d2", Kind: Approve, Approver: "beth", Version: 4},
		},
	}
}

// TestJ11Carried: what is left of a hold's decisions when the unproven are taken
// away must still carry what is done.
func TestJ11Carried(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*Hold)
		ok     bool
	}{
		"as people decided":                  {func(*Hold) {}, true},
		"one approval is unproven":           {func(h *Hold) { h.Decisions[0].Unproven = "x" }, false},
		"one approval is void":               {func(h *Hold) { h.Decisions[1].Void = true }, false},
		"of an older version":                {func(h *Hold) { h.Version = 5 }, false},
		"of an older round":                  {func(h *Hold) { h.Round = 1 }, false},
		"both by one":                        {func(h *Hold) { h.Decisions[1].Approver = "adam" }, false},
		"by whoever checked":                 {func(h *Hold) { h.Decisions[1].Approver = "vera" }, false},
		"by the actor":                       {func(h *Hold) { h.Decisions[1].Approver = "dora" }, false},
		"by the owner":                       {func(h *Hold) { h.Decisions[1].Approver = "olga" }, false},
		"one check is unproven":              {func(h *Hold) { h.Evidence[0].Unproven = "x" }, false},
		"nobody checked":                     {func(h *Hold) { h.Evidence, h.Terms.Items, h.Terms.Paths = nil, 0, 0 }, false},
		"nobody decided":                     {func(h *Hold) { h.Decisions = nil }, false},
		"the expected change came meanwhile": {func(h *Hold) { h.Version, h.ReleaseBegun = 5, now }, true},
		"begun, and one is unproven":         {func(h *Hold) { h.Version, h.ReleaseBegun, h.Decisions[0].Unproven = 5, now, "x" }, false},
	} {
		h := carrying()
		h.Decisions, h.Evidence = slices.Clone(h.Decisions), slices.Clone(h.Evidence)
		c.change(&h)
		_, err := Apply(h, LiftBegun{Intents: []Intent{{ID: "i"}}}, now)
		var u *Unproven
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &u) || KindOf(err) != Forbidden) {
			t.Errorf("J11 %s: %v", name, err)
		}
	}
}

// TestJ11BackToPeople: whatever rested on unproven decisions is decided anew, in
// view of people, and nothing is lifted or undone.
func TestJ11BackToPeople(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	forged := func(change func(*Hold)) Hold {
		h := carrying()
		change(&h)
		return h
	}
	for name, c := range map[string]struct {
		hold Hold
		want State
	}{
		"approved":             {forged(func(*Hold) {}), Pending},
		"a release that began": {forged(func(h *Hold) { h.ReleaseBegun = now }), Pending},
		"a follower":           {forged(func(h *Hold) { h.Leader = "other" }), Pending},
		"a restoration":        {forged(func(h *Hold) { h.State, h.RestoreBegun = Reverted, now }), Reverted},
		"a deny":               {forged(func(h *Hold) { h.State, h.Outcome = Denied, Deny }), Denied},
	} {
		got, err := Apply(c.hold, DecisionsUnproven{Why: "forged"}, now)
		if err != nil {
			t.Errorf("J11 %s: %v", name, err)
			continue
		}
		h := got.Hold
		if h.State != c.want || h.Class != Tamper || h.liftBegun() || h.Version == c.hold.Version || h.Leader != "" || !slices.Contains(h.Doubts, "tamper: forged") {
			t.Errorf("J11 %s: %+v", name, h)
		}
		if c.want == Denied && h.Outcome != "" {
			t.Errorf("J11 %s: it would be undone", name)
		}
		for _, e := range got.Effects {
			if e.Kind != EffectPage && e.Kind != EffectTell {
				t.Errorf("J11 %s queues %s", name, e.Kind)
			}
		}
	}
	if _, err := Apply(Hold{State: Pending}, DecisionsUnproven{Why: "x"}, now); KindOf(err) != Conflict {
		t.Error(err)
	}
}

// TestJ11AFollowerRestsOnItsLeader: without the keeper's word that the leader ended
// by proven decisions nothing is lifted.
func TestJ11AFollowerRestsOnItsLeader(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	h := carrying()
	h.Leader, h.Decisions, h.Evidence = "leader", nil, nil
	var u *Unproven
	if _, err := Apply(h, LiftBegun{}, now); !errors.As(err, &u) {
		t.Error(err)
	}
	if _, err := Apply(h, LiftBegun{LeaderCarried: true}, now); err != nil {
		t.Error(err)
	}
	leader := carrying()
	leader.State, leader.ReleaseBegun, leader.Containment = Released, now, ContainmentLifted
	if !leader.EndedCarried() {
		t.Error("a leader that people released does not carry its followers")
	}
	leader.Decisions[0].Unproven = "x"
	if leader.EndedCarried() {
		t.Error("a forged leader carries its followers")
	}
	undone := carrying()
	undone.State, undone.Outcome, undone.Containment, undone.Round = Reverted, Deny, NotContained, 1
	undone.Decisions = []Decision{{ID: "d", Kind: Deny, Approver: "adam", Version: 4}}
	if !undone.EndedCarried() {
		t.Error("a denied leader that restrained nothing does not carry its followers")
	}
	undone.Decisions[0].Unproven = "x"
	if undone.EndedCarried() {
		t.Error("a forged deny carries followers")
	}
}

// TestF14TermsOfOpenHoldsOnlyGrowStricter: a policy that is edited while a hold is
// open changes nothing of it, and an event judged by the new one takes the stricter
// of each; earlier approvals are then void.
func TestF14TermsOfOpenHoldsOnlyGrowStricter(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	h := carrying()
	h.Terms = Terms{Rule: "mfa", Policy: "ours/1", Tier: TierHigh, Items: 2, Paths: 2, Approvers: 2, Wait: time.Hour, Contain: []ActionKind{SuspendAccount}, Deadline: time.Hour}
	was := h.Terms
	join := func(h Hold, id string, t Terms) (Change, error) {
		return Apply(h, Joined{Event: EventRef{ID: id, Class: MFAChange, Verb: Enrol, Occurred: now}, Terms: t}, now)
	}
	weak, err := join(h, "e1", Terms{Rule: "mfa", Policy: "ours/2", Tier: TierLow, Items: 0, Paths: 0, Approvers: 0, Deadline: 48 * time.Hour})
	if err != nil || weak.Hold.Terms.Approvers != was.Approvers || weak.Hold.Terms.Items != was.Items || weak.Hold.Terms.Wait != was.Wait ||
		weak.Hold.Terms.Policy != was.Policy || weak.Hold.Terms.Deadline != was.Deadline || len(weak.Hold.Terms.Contain) != 1 {
		t.Fatalf("F14 a laxer policy loosened the hold: %+v %v", weak.Hold.Terms, err)
	}
	strict, err := join(h, "e2", Terms{Rule: "mfa", Policy: "ours/2", Tier: TierHigh, Items: 3, Paths: 3, Approvers: 3, Wait: 2 * time.Hour, Deadline: time.Minute})
	if got := strict.Hold.Terms; err != nil || got.Approvers != 3 || got.Items != 3 || got.Wait != 2*time.Hour || got.Deadline != time.Minute {
		t.Fatalf("F14 a stricter policy did not bind: %+v %v", got, err)
	}
	for _, c := range []Change{weak, strict} {
		if c.Hold.State != Pending || len(c.Hold.Approvals(Approve)) != 0 {
			t.Errorf("F14 an approval of what went before still counts: %s", c.Hold.State)
		}
	}
}
