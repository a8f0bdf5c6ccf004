package holds

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// at is a moment n minutes into the story.
func at(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }

func demand() Terms {
	return Terms{
		Rule: "mfa", Policy: "test/1", Tier: TierHigh, Items: 2, Paths: 2, Approvers: 1, Tell: true,
		Contain: []ActionKind{JoinRestraintGroup, ClearSessions}, Deadline: time.Hour, Expect: 15 * time.Minute,
	}
}

func resetEvent(id string, minute int) Event {
	return Event{
		ID: id, Type: "user.mfa.factor.reset_all", Class: MFAChange, Verb: Reset, Occurred: at(minute), Outcome: Succeeded,
		Actor: Party{ID: "00uhelpdesk", Kind: PartyPerson}, Subjects: []Account{{ID: "00uvictim"}}, Transaction: "tx-" + id,
	}
}

func opened() Hold {
	c := Open(Opening{
		ID: "h1", Delivery: Delivery{Tenant: "acme", Connection: "acme-okta", Received: at(0)}, Event: resetEvent("e1", 0),
		Subject: Account{ID: "00uvictim"}, Terms: demand(),
		Facts: Facts{Owner: Person{ID: "olga"}, ActorPerson: Person{ID: "hank"}},
	}, at(0))
	return c.Hold
}

// must applies facts in order, a minute apart, and fails on the first refusal.
func must(t *testing.T, h Hold, facts ...Fact) Hold {
	t.Helper()
	for i, f := range facts {
		c, err := Apply(h, f, at(1+i))
		if err != nil {
			t.Fatalf("%T refused: %v", f, err)
		}
		h = c.Hold
	}
	return h
}

func callback(by PersonID) Checked {
	return Checked{Evidence{ID: "ev1", Kind: Callback, Verifier: by, Requester: "olga", Reference: "call 17", Point: "p1", OnFile: t0.AddDate(0, -2, 0)}}
}

func managerSays(by PersonID) Checked {
	return Checked{Evidence{ID: "ev2", Kind: ManagerConfirmed, Verifier: by, Requester: "olga", Reference: "chat 4", Confirmer: "mona"}}
}

func vote(h Hold, kind DecisionKind, by PersonID) Decided {
	return Decided{Decision{ID: "d-" + string(by), Kind: kind, Approver: by, Reason: "because", Version: h.Version}}
}

// in brings a fresh hold into a state by the shortest honest way.
func in(t *testing.T, s State) Hold {
	t.Helper()
	h := must(t, opened(), RestraintConfirmed{})
	if s == Pending {
		return h
	}
	if s == Approved || s == Released {
		h = must(t, h, callback("vera"), managerSays("vera"))
		h = must(t, h, vote(h, Approve, "adam"))
		if s == Released {
			h = must(t, h, LiftBegun{}, LiftConfirmed{})
		}
		return h
	}
	h = must(t, h, vote(h, Deny, "adam"))
	if s == Reverted {
		h = must(t, h, RevertBegun{}, RevertConfirmed{Done: []string{"factor removed"}})
	}
	return h
}

// TestApplyEveryStateEveryFact walks every fact through every state: the state
// it must lead to, or the kind of refusal.
func TestApplyEveryStateEveryFact(t *testing.T) {
	enrol := Joined{Ref(Event{ID: "e2", Class: MFAChange, Verb: Enrol, Occurred: at(7), Actor: Party{ID: "00uvictim"}}), demand()}
	same := func(s State) string { return string(s) }
	facts := []struct {
		name string
		fact func(Hold) Fact
		want map[State]string
	}{
		{"joined", func(Hold) Fact { return enrol }, map[State]string{Pending: "pending", Approved: "pending", Released: "released", Denied: "denied", Reverted: "conflict"}},
		{"checked", func(Hold) Fact { return callback("vera") }, map[State]string{Pending: "pending", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "reverted"}},
		{"approve unproved", func(h Hold) Fact { return vote(h, Approve, "anna") }, map[State]string{Pending: "forbidden", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"deny", func(h Hold) Fact { return vote(h, Deny, "anna") }, map[State]string{Pending: "denied", Approved: "denied", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"remove access", func(h Hold) Fact { return vote(h, RemoveAccess, "anna") }, map[State]string{Pending: "denied", Approved: "denied", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"restore unproved", func(h Hold) Fact { return vote(h, Restore, "anna") }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "forbidden"}},
		{"not me", func(Hold) Fact { return OwnerSaid{By: ByOwner("olga"), NotMe: true} }, map[State]string{Pending: "denied", Approved: "denied", Released: "conflict", Denied: "denied", Reverted: "reverted"}},
		{"was me", func(Hold) Fact { return OwnerSaid{By: ByOwner("olga")} }, nil},
		{"noted", func(Hold) Fact { return Noted{Note{By: ByPerson("anna"), Text: "x"}} }, nil},
		{"restraint begun", func(Hold) Fact { return RestraintBegun{} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"restraint confirmed", func(Hold) Fact { return RestraintConfirmed{} }, nil},
		{"restraint inherited", func(Hold) Fact { return RestraintInherited{From: "h0"} }, map[State]string{Pending: "pending", Approved: "approved", Released: "conflict", Denied: "denied", Reverted: "reverted"}},
		{"restraint unread", func(Hold) Fact { return RestraintUnread{"down"} }, nil},
		{"given up", func(Hold) Fact { return GivenUp{EffectLift, "down"} }, nil},
		{"restraint failed", func(Hold) Fact { return RestraintFailed{"no"} }, nil},
		{"restraint drifted", func(Hold) Fact { return RestraintDrifted{"gone"} }, nil},
		{"lift begun", func(Hold) Fact { return LiftBegun{} }, map[State]string{Pending: "conflict", Approved: "approved", Released: "released", Denied: "conflict", Reverted: "conflict"}},
		{"lift confirmed", func(Hold) Fact { return LiftConfirmed{} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "released", Denied: "conflict", Reverted: "conflict"}},
		{"lift failed", func(Hold) Fact { return LiftFailed{"no"} }, nil},
		{"revert begun", func(Hold) Fact { return RevertBegun{} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "denied", Reverted: "conflict"}},
		{"revert confirmed", func(Hold) Fact { return RevertConfirmed{} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "reverted", Reverted: "conflict"}},
		{"revert failed", func(Hold) Fact { return RevertFailed{"no"} }, nil},
		{"deadline", func(Hold) Fact { return DeadlinePassed{} }, nil},
		{"told", func(Hold) Fact { return Told{} }, nil},
		{"untold", func(Hold) Fact { return Untold{"nobody eligible"} }, nil},
		{"planned", func(Hold) Fact { return Planned{[]Notice{{ID: "n1"}}} }, nil},
		{"led", func(Hold) Fact { return Led{"h0"} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"leader ended", func(Hold) Fact { return LeaderEnded{"h0", Approve} }, map[State]string{Pending: "conflict", Approved: "conflict", Released: "conflict", Denied: "conflict", Reverted: "conflict"}},
		{"looked back", func(Hold) Fact { return LookedBack{Children: []EventRef{{ID: "c1"}}} }, map[State]string{Pending: "pending", Approved: "pending", Released: "conflict", Denied: "denied", Reverted: "reverted"}},
		{"looked back, nothing new", func(Hold) Fact { return LookedBack{} }, map[State]string{Pending: "pending", Approved: "approved", Released: "conflict", Denied: "denied", Reverted: "reverted"}},
		{"links sought", func(Hold) Fact { return LinksSought{Named: []string{"one at x"}} }, map[State]string{Pending: "pending", Approved: "approved", Released: "conflict", Denied: "denied", Reverted: "reverted"}},
	}
	for _, f := range facts {
		for _, s := range States() {
			t.Run(f.name+"/"+string(s), func(t *testing.T) {
				h := in(t, s)
				want := same(s)
				if f.want != nil {
					want = f.want[s]
				}
				c, err := Apply(h, f.fact(h), at(8))
				got := string(c.Hold.State)
				if err != nil {
					got = KindOf(err).String()
				}
				if got != want {
					t.Fatalf("got %s (%v), want %s", got, err, want)
				}
			})
		}
	}
	if _, err := Apply(opened(), nil, at(1)); KindOf(err) != Invalid {
		t.Fatalf("an unknown fact was taken: %v", err)
	}
}

// TestR1NobodyReleasesAlone: whatever the terms say, one person cannot check
// and approve, and the people involved take no seat at all.
func TestR1NobodyReleasesAlone(t *testing.T) {
	for _, items := range []int{0, 1, 2} {
		h := opened()
		h.Terms.Items, h.Terms.Paths, h.Terms.Approvers = items, min(items, 1), 0
		if _, err := Apply(h, vote(h, Approve, "vera"), at(2)); err == nil {
			t.Fatalf("items %d: released without any identity check", items)
		}
		h = must(t, h, callback("vera"), managerSays("vera"))
		if _, err := Apply(h, vote(h, Approve, "vera"), at(3)); KindOf(err) != Forbidden {
			t.Fatalf("items %d: the verifier approved: %v", items, err)
		}
	}
}

// TestF1PeopleInvolvedDecideNothing covers every seat and every role.
func TestF1PeopleInvolvedDecideNothing(t *testing.T) {
	for _, p := range []struct{ role, person string }{{"subject", "olga"}, {"actor", "hank"}, {"requester", "rita"}} {
		h := opened()
		e := callback("vera")
		e.Evidence.Requester = "rita"
		m := managerSays("vera")
		m.Evidence.Requester = "rita"
		h = must(t, h, e, m)
		for _, kind := range []DecisionKind{Approve, Deny, RemoveAccess, Restore} {
			if _, err := Apply(h, vote(h, kind, PersonID(p.person)), at(3)); KindOf(err) != Forbidden {
				t.Errorf("F1: the %s could %s: %v", p.role, kind, err)
			}
		}
		own := managerSays(PersonID(p.person))
		own.Evidence.Requester = "rita"
		if _, err := Apply(h, own, at(3)); KindOf(err) != Forbidden {
			t.Errorf("F1: the %s checked identity: %v", p.role, err)
		}
	}
}

// TestD12OnePersonOneSeat: two approvals are two people.
func TestD12OnePersonOneSeat(t *testing.T) {
	h := opened()
	h.Terms.Approvers = 2
	h = must(t, h, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Approve, "adam"))
	if h.State != Pending {
		t.Fatal("one approval of two released")
	}
	if _, err := Apply(h, vote(h, Approve, "adam"), at(4)); KindOf(err) != Conflict {
		t.Fatalf("the same person approved twice: %v", err)
	}
	if h = must(t, h, vote(h, Approve, "anna")); h.State != Approved {
		t.Fatalf("two people approved and the hold is %s", h.State)
	}
}

// TestF6F7StaleAndVoid: a decision binds to what was shown, and anything new
// voids earlier approvals.
func TestF6F7StaleAndVoid(t *testing.T) {
	h := opened()
	h.Terms.Approvers = 2
	h = must(t, h, callback("vera"), managerSays("vera"))
	stale := vote(h, Approve, "adam")
	h = must(t, h, vote(h, Approve, "anna"))
	h = must(t, h, Joined{Ref(resetEvent("e9", 3)), demand()})
	if _, err := Apply(h, stale, at(4)); KindOf(err) != Conflict {
		t.Fatalf("F6: a stale approval counted: %v", err)
	}
	if n := len(h.Approvals(Approve)); n != 0 {
		t.Fatalf("F7: %d approvals survived new evidence", n)
	}
	if h = must(t, h, vote(h, Approve, "adam")); h.State != Pending {
		t.Fatal("F7: the void approval was counted")
	}
}

// TestF9NotMeBeatsApprovals until the release has begun; then a linked hold.
func TestF9NotMeBeatsApprovals(t *testing.T) {
	h := must(t, in(t, Approved), OwnerSaid{By: ByOwner("olga"), NotMe: true})
	if h.State != Denied || !h.Frozen() {
		t.Fatalf("not-me left the hold %s", h.State)
	}
	if _, err := Apply(h, LiftBegun{}, at(9)); err == nil {
		t.Fatal("a frozen hold was released")
	}
	begun := must(t, in(t, Approved), LiftBegun{})
	if _, err := Apply(begun, OwnerSaid{By: ByOwner("olga"), NotMe: true}, at(9)); KindOf(err) != Conflict {
		t.Fatalf("a begun release was recalled: %v", err)
	}
	c := Continue(begun, "h2", ByOwner("olga"), at(9))
	if c.Hold.State != Denied || c.Hold.Previous != "h1" || c.Hold.Containment != ContainmentRequested {
		t.Fatalf("the linked hold is %+v", c.Hold)
	}
	if !hasEffect(c, EffectContain) {
		t.Fatal("the linked hold restrains nobody")
	}
}

// TestNotMeWaitsForADeny: irreversible reverts are a reviewer's decision.
func TestNotMeWaitsForADeny(t *testing.T) {
	c, err := Apply(opened(), OwnerSaid{By: ByOwner("olga"), NotMe: true}, at(1))
	if err != nil || hasEffect(c, EffectRevert) {
		t.Fatalf("not-me reverted by itself: %v %+v", err, c.Effects)
	}
	if _, err := Apply(c.Hold, RevertBegun{}, at(2)); KindOf(err) != Conflict {
		t.Fatalf("a revert began without a deny: %v", err)
	}
	d, err := Apply(c.Hold, vote(c.Hold, Deny, "adam"), at(2))
	if err != nil || !hasEffect(d, EffectRevert) {
		t.Fatalf("the deny after not-me reverts nothing: %v", err)
	}
}

// TestR97NoTimerReleases: a thousand deadlines only escalate.
func TestR97NoTimerReleases(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{})
	for i := range 1000 {
		c, err := Apply(h, DeadlinePassed{}, at(60*i))
		if err != nil || c.Hold.State != Pending || hasEffect(c, EffectLift) {
			t.Fatalf("deadline %d: %s, %v", i, c.Hold.State, err)
		}
		h = c.Hold
	}
	if h.Escalations != 1000 {
		t.Fatalf("escalated %d times", h.Escalations)
	}
}

// TestR78WaitRunsAfterApproval: the release waits, and not a second less.
func TestR78WaitRunsAfterApproval(t *testing.T) {
	h := opened()
	h.Terms.Wait = time.Hour
	h = must(t, h, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Approve, "adam"))
	if _, err := Apply(h, LiftBegun{}, h.ReleaseAfter.Add(-time.Second)); KindOf(err) != Conflict {
		t.Fatalf("released during the waiting period: %v", err)
	}
	if _, err := Apply(h, LiftBegun{}, h.ReleaseAfter); err != nil {
		t.Fatalf("not released after the waiting period: %v", err)
	}
}

// TestR2ExpectedEnrolmentJoins: after a release the one enrolment joins, with
// all its events, and nothing else does.
func TestR2ExpectedEnrolmentJoins(t *testing.T) {
	h := in(t, Released)
	begun := h.ReleaseBegun
	enrol := func(id string, after time.Duration) Joined {
		return Joined{Ref(Event{ID: id, Class: MFAChange, Verb: Enrol, Occurred: begun.Add(after), Actor: Party{ID: "00uvictim"}}), demand()}
	}
	h = must(t, h, enrol("push", 5*time.Minute), enrol("totp", 5*time.Minute+3*time.Second))
	if h.State != Released || len(h.Events) != 3 || !h.Events[2].Expected {
		t.Fatalf("the expected enrolment opened something else: %+v", h.Events)
	}
	for name, f := range map[string]Fact{
		"a second enrolment": enrol("second", 9*time.Minute),
		"too late":           enrol("late", 16*time.Minute),
		"another kind":       Joined{Ref(Event{ID: "r", Class: RoleActivation, Verb: Grant, Occurred: begun.Add(time.Minute)}), demand()},
	} {
		if _, err := Apply(h, f, at(30)); KindOf(err) != Conflict {
			t.Errorf("%s was let through: %v", name, err)
		}
	}
}

// TestR2OneEnrolmentIsOneDevice: what an app enrols in several requests is one
// enrolment; another kind of factor, or the same kind again, is another one,
// however soon it comes.
func TestR2OneEnrolmentIsOneDevice(t *testing.T) {
	h := in(t, Released)
	begun := h.ReleaseBegun
	enrol := func(request, kind string, after time.Duration) Joined {
		return Joined{Ref(Event{
			ID: request + kind, Class: MFAChange, Verb: Enrol, Occurred: begun.Add(after), Transaction: request, Factor: Object{Type: kind},
			Actor: Party{ID: "00uvictim"},
		}), demand()}
	}
	h = must(t, h, enrol("one", "push", time.Minute), enrol("one", "token:software:totp", time.Minute), enrol("two", "signed_nonce", 61*time.Second))
	for name, f := range map[string]Fact{
		"a key":            enrol("three", "webauthn", 62*time.Second),
		"a second device":  enrol("four", "push", 62*time.Second),
		"an unknown thing": enrol("five", "", 62*time.Second),
	} {
		if _, err := Apply(h, f, at(30)); KindOf(err) != Conflict {
			t.Errorf("%s was let through: %v", name, err)
		}
	}
}

// TestC3OrderOfArrivalDoesNotMatter: any order of joining gives one hold.
func TestC3OrderOfArrivalDoesNotMatter(t *testing.T) {
	a, b := Joined{Ref(resetEvent("a", 1)), demand()}, Joined{Ref(resetEvent("b", 1)), demand()}
	x, y := must(t, opened(), a, b), must(t, opened(), b, a)
	if fmt.Sprint(x.Events) != fmt.Sprint(y.Events) || x.Class != y.Class || fmt.Sprint(x.Terms) != fmt.Sprint(y.Terms) {
		t.Fatalf("order changed the hold:\n%v\n%v", x.Events, y.Events)
	}
}

// TestC3AToldEventThatFollowedIsPartOfTheHold: an enrolment that arrived before
// the reset it followed was only told; the reset's hold has it, so that a deny
// takes the factor away.
func TestC3AToldEventThatFollowedIsPartOfTheHold(t *testing.T) {
	followed := Ref(Event{ID: "e0", Class: MFAChange, Verb: Enrol, Occurred: at(2)})
	c := Open(Opening{ID: "h", Event: resetEvent("e1", 1), Terms: demand(), After: []EventRef{followed}}, at(3))
	if h := c.Hold; len(h.Events) != 2 || h.Events[0].ID != "e1" || h.Events[1].ID != "e0" || len(c.Events) != 1 {
		t.Fatalf("%+v, newly joined %+v", h.Events, c.Events)
	}
}

// TestI4ExemptIsNeverRestrained: break-glass accounts are observed, people paged.
func TestI4ExemptIsNeverRestrained(t *testing.T) {
	c := Open(Opening{ID: "h", Event: resetEvent("e", 0), Terms: demand(), Exempt: "break-glass account"}, at(0))
	if hasEffect(c, EffectContain) || c.Hold.Standing != Observed || !hasEffect(c, EffectPage) {
		t.Fatalf("an exempt account: %+v", c)
	}
	c, err := Apply(c.Hold, Joined{Ref(resetEvent("e2", 1)), demand()}, at(1))
	if err != nil || hasEffect(c, EffectContain) {
		t.Fatalf("joining restrained an exempt account: %v", err)
	}
}

// TestHonestLabel: contained is said only after the read-back, and not after a drift.
func TestHonestLabel(t *testing.T) {
	h := opened()
	if h.Standing != Observed {
		t.Fatalf("labelled %s before any read-back", h.Standing)
	}
	h = must(t, h, RestraintConfirmed{})
	if h.Standing != Contained {
		t.Fatalf("labelled %s after the read-back", h.Standing)
	}
	c, err := Apply(h, RestraintDrifted{"removed from the group"}, at(3))
	if err != nil || c.Hold.Standing != Observed || !hasEffect(c, EffectContain) || !hasEffect(c, EffectPage) {
		t.Fatalf("after a drift: %s %v", c.Hold.Standing, c.Effects)
	}
	for range maxRounds + 2 {
		h = must(t, c.Hold, RestraintConfirmed{})
		if c, err = Apply(h, RestraintDrifted{"again"}, at(4)); err != nil {
			t.Fatal(err)
		}
	}
	if c.Hold.ContainRound != maxRounds || c.Hold.Containment != ContainmentFailed {
		t.Fatalf("fought for ever: round %d, %s", c.Hold.ContainRound, c.Hold.Containment)
	}
}

// TestRestoreAsksForFreshProof: what was checked before the deny does not count.
func TestRestoreAsksForFreshProof(t *testing.T) {
	h := must(t, opened(), RestraintConfirmed{}, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Deny, "adam"))
	h = must(t, h, RevertBegun{}, RevertConfirmed{})
	if _, err := Apply(h, vote(h, Restore, "anna"), at(5)); KindOf(err) != Forbidden {
		t.Fatalf("old proof restored the account: %v", err)
	}
	h = must(t, h, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Restore, "anna"))
	h = must(t, h, LiftBegun{}, LiftConfirmed{})
	if h.Containment != ContainmentLifted || h.State != Reverted || !h.Ended() {
		t.Fatalf("not restored: %s %s", h.State, h.Containment)
	}
}

// TestR55WeakProofIsRefusedByName covers R7, R17, R19–R22 and R55–R61.
func TestR55WeakProofIsRefusedByName(t *testing.T) {
	for name, why := range weak {
		_, err := ParseEvidenceKind(name)
		if KindOf(err) != Invalid || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseEvidenceKind("other"); err == nil {
		t.Error("R54: other was accepted")
	}
	for _, k := range EvidenceKinds() {
		if got, err := ParseEvidenceKind(" " + strings.ToUpper(string(k))); err != nil || got != k || k.Path() == "" {
			t.Errorf("%s: %v %v", k, got, err)
		}
	}
}

// TestEvidenceRules: each refusal that one item of evidence can meet.
func TestEvidenceRules(t *testing.T) {
	base := callback("vera").Evidence
	for name, tc := range map[string]struct {
		mend func(*Evidence)
		want Kind
	}{
		"R82 no verifier":               {func(e *Evidence) { e.Verifier = "" }, Invalid},
		"R81 no requester":              {func(e *Evidence) { e.Requester = "" }, Invalid},
		"R83 no reference":              {func(e *Evidence) { e.Reference = " " }, Invalid},
		"R38 number too new":            {func(e *Evidence) { e.OnFile = t0.AddDate(0, 0, -6) }, Forbidden},
		"R38 no number":                 {func(e *Evidence) { e.Point = "" }, Invalid},
		"R39 no manager on record":      {func(e *Evidence) { e.Kind, e.Confirmer = ManagerConfirmed, "" }, Invalid},
		"R39 manager is the actor":      {func(e *Evidence) { e.Kind, e.Confirmer = ManagerConfirmed, "hank" }, Forbidden},
		"R36 through what changed":      {func(e *Evidence) { e.Kind = DeviceConfirmed }, Forbidden},
		"R40 session after the change":  {func(e *Evidence) { e.Kind = LiveSession }, Forbidden},
		"R42 meeting without witness":   {func(e *Evidence) { e.Kind, e.Place = InPerson, "HQ" }, Invalid},
		"R42 verifier is witness":       {func(e *Evidence) { e.Kind, e.Place, e.Witness = InPerson, "HQ", "vera" }, Forbidden},
		"verifier asked for it himself": {func(e *Evidence) { e.Requester = "vera" }, Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			e := base
			tc.mend(&e)
			if _, err := Apply(opened(), Checked{e}, at(1)); KindOf(err) != tc.want {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// TestR67PathsNotItems: two checks over one path are one proof.
func TestR67PathsNotItems(t *testing.T) {
	h := must(t, opened(), callback("vera"), callback("vera"))
	if _, err := Apply(h, vote(h, Approve, "adam"), at(4)); KindOf(err) != Forbidden {
		t.Fatalf("two calls to one number approved: %v", err)
	}
}

// TestR80R83DecisionNeedsNameAndReason.
func TestR80R83DecisionNeedsNameAndReason(t *testing.T) {
	h := opened()
	for _, d := range []Decision{{Kind: Deny, Approver: "adam", Version: h.Version}, {Kind: Deny, Reason: "x", Version: h.Version}, {Kind: "maybe", Approver: "adam", Reason: "x", Version: h.Version}} {
		if _, err := Apply(h, Decided{d}, at(1)); KindOf(err) != Invalid {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

// TestLateRestraintIsLifted: a containment that ends after the release undoes itself.
func TestLateRestraintIsLifted(t *testing.T) {
	c, err := Apply(in(t, Released), RestraintConfirmed{}, at(20))
	if err != nil || !hasEffect(c, EffectLift) || c.Hold.Containment == ContainmentConfirmed {
		t.Fatalf("a released account stays restrained: %v %+v", err, c.Effects)
	}
}

// TestApplyLeavesItsArgumentAlone: the store may call again with the same hold.
func TestApplyLeavesItsArgumentAlone(t *testing.T) {
	h := must(t, opened(), callback("vera"), managerSays("vera"))
	h.Terms.Approvers = 2
	h = must(t, h, vote(h, Approve, "adam"))
	before := fmt.Sprintf("%+v", h)
	for _, f := range []Fact{Joined{Ref(resetEvent("z", -5)), demand()}, vote(h, Approve, "anna"), vote(h, Deny, "anna"), RestraintFailed{"x"}} {
		if _, err := Apply(h, f, at(5)); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v", h); got != before {
			t.Fatalf("%T changed its argument:\n%s\n%s", f, before, got)
		}
	}
}

func hasEffect(c Change, k EffectKind) bool {
	for _, e := range c.Effects {
		if e.Kind == k {
			return true
		}
	}
	return false
}

// TestContainmentMayBeginAfterItFailed, in its own round only and not while the
// account is being given back.
func TestContainmentMayBeginAfterItFailed(t *testing.T) {
	h := must(t, opened(), RestraintFailed{"down"})
	begun := func(round int) RestraintBegun { return RestraintBegun{Intents: []Intent{{ID: "i", Round: round}}} }
	if _, err := Apply(h, begun(1), at(3)); err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(h, begun(2), at(3)); KindOf(err) != Conflict {
		t.Fatalf("another round's calls were announced: %v", err)
	}
	h = must(t, h, callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Approve, "adam"))
	h = must(t, h, LiftBegun{})
	if _, err := Apply(h, begun(1), at(9)); KindOf(err) != Conflict {
		t.Fatalf("restrained while it is given back: %v", err)
	}
}

// TestF1RequesterIsSettledByRound: who asked the first time neither stands in the
// way of giving the account back nor decides about it.
func TestF1RequesterIsSettledByRound(t *testing.T) {
	h := opened()
	asked := callback("vera")
	asked.Evidence.Requester = "mallory"
	h = must(t, h, RestraintConfirmed{}, asked)
	h = must(t, h, vote(h, Deny, "adam"))
	h = must(t, h, RevertBegun{}, RevertConfirmed{})
	h = must(t, h, callback("vera"), managerSays("vera"))
	if _, err := Apply(h, vote(h, Restore, "mallory"), at(9)); KindOf(err) != Forbidden {
		t.Fatalf("who asked for the change decided: %v", err)
	}
	must(t, h, vote(h, Restore, "adam"))
}

// TestWitnessIsNotTheRequester on the very first check, either.
func TestWitnessIsNotTheRequester(t *testing.T) {
	f := Checked{Evidence{Kind: InPerson, Verifier: "vera", Requester: "rita", Witness: "rita", Place: "desk", Reference: "r"}}
	if _, err := Apply(opened(), f, at(1)); KindOf(err) != Forbidden {
		t.Fatalf("%v", err)
	}
}

// TestR2SomebodyElsesEnrolmentIsNotExpected after a release.
func TestR2SomebodyElsesEnrolmentIsNotExpected(t *testing.T) {
	h := in(t, Released)
	e := Event{ID: "e2", Class: MFAChange, Verb: Enrol, Occurred: h.ReleaseBegun.Add(time.Minute), Actor: Party{ID: "00umallory"}}
	if _, err := Apply(h, Joined{Ref(e), demand()}, at(30)); KindOf(err) != Conflict {
		t.Fatalf("%v", err)
	}
}

// TestR2EnrolmentDuringTheLiftIsTheOne: it came before the lift was read back,
// and there is no second one afterwards.
func TestR2EnrolmentDuringTheLiftIsTheOne(t *testing.T) {
	h := must(t, in(t, Approved), LiftBegun{})
	enrol := func(id, kind string) Joined {
		return Joined{Ref(Event{
			ID: id, Class: MFAChange, Verb: Enrol, Occurred: h.ReleaseBegun.Add(time.Minute), Transaction: id, Factor: Object{Type: kind},
			Actor: Party{ID: "00uvictim"},
		}), demand()}
	}
	h = must(t, h, enrol("one", "push"), LiftConfirmed{})
	if _, err := Apply(h, enrol("two", "webauthn"), at(30)); KindOf(err) != Conflict {
		t.Fatalf("%v", err)
	}
}

// TestLateEventOfTheRequestIsOfItsKind: a request that people approved brings
// nothing graver in afterwards.
func TestLateEventOfTheRequestIsOfItsKind(t *testing.T) {
	h := in(t, Released)
	late := resetEvent("e9", 0)
	late.Transaction = h.Events[0].Transaction
	must(t, h, Joined{Ref(late), demand()})
	late.Class, late.Verb = RoleActivation, Grant
	if _, err := Apply(h, Joined{Ref(late), demand()}, at(30)); KindOf(err) != Conflict {
		t.Fatalf("%v", err)
	}
}

// TestEventDoubtsOutliveReadBacks: that the account is restrained does not settle
// what an event left open, such as our own credential in other hands.
func TestEventDoubtsOutliveReadBacks(t *testing.T) {
	first, second := resetEvent("e1", 0), resetEvent("e2", 1)
	first.Doubts, second.Doubts = []string{"our credential may be in other hands"}, []string{"the log tells it differently"}
	h := Open(Opening{ID: "h", Event: first, Subject: Account{ID: "00uvictim"}, Terms: demand()}, at(0)).Hold
	h = must(t, h, Joined{Ref(second), demand()}, RestraintFailed{"the provider is down"}, RestraintConfirmed{Remarks: []string{"not suspended"}})
	if got := strings.Join(h.Doubts, "; "); got != "our credential may be in other hands; the log tells it differently; not suspended" {
		t.Fatalf("doubts after the read-back: %s", got)
	}
}
