package holds

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// follower is a hold of another account of Olga's that follows h1.
func follower() Change {
	e := Event{
		ID: "linked:h1:e-olga", Type: "countersign.linked_account", Class: MFAChange, Verb: Reset, Occurred: at(0),
		Subjects: []Account{{ID: "e-olga"}}, Lead: &Lead{Hold: "h1", Terms: demand(), ActorOf: "hank"},
	}
	return OpenFollower(Opening{
		ID: "h2", Delivery: Delivery{Tenant: "acme", Connection: "acme-entra", Received: at(1)}, Event: e, Subject: e.Subjects[0],
		Facts: Facts{Owner: Person{ID: "olga"}},
	}, at(1))
}

// following brings a follower into a state; it is never denied as one.
func following(t *testing.T, s State) Hold {
	t.Helper()
	h := must(t, follower().Hold, RestraintConfirmed{})
	switch s {
	case Approved:
		h = must(t, h, LeaderEnded{"h1", Approve})
	case Released:
		h = must(t, h, LeaderEnded{"h1", Approve})
		h = must(t, h, LiftBegun{LeaderCarried: true}, LiftConfirmed{})
	case Pending, Denied, Reverted:
	}
	return h
}

// TestFollowerEveryStateEveryFact: what a fact does to a hold that follows, by the
// state it must lead to or the kind of refusal, and whether it still follows.
func TestFollowerEveryStateEveryFact(t *testing.T) {
	own := Joined{Ref(resetEvent("own", 2)), demand()}
	both := func(s string) [3]string { return [3]string{s, s, s} }
	same := [3]string{"pending", "approved", "released"}
	for name, tc := range map[string]struct {
		fact func(Hold) Fact
		// want is by pending, approved, released.
		want  [3]string
		alone bool
	}{
		"joined":              {func(Hold) Fact { return own }, [3]string{"pending", "pending", "conflict"}, true},
		"checked":             {func(Hold) Fact { return callback("vera") }, both("forbidden"), false},
		"approve":             {func(h Hold) Fact { return vote(h, Approve, "anna") }, both("forbidden"), false},
		"deny":                {func(h Hold) Fact { return vote(h, Deny, "anna") }, both("forbidden"), false},
		"remove access":       {func(h Hold) Fact { return vote(h, RemoveAccess, "anna") }, both("forbidden"), false},
		"restore":             {func(h Hold) Fact { return vote(h, Restore, "anna") }, both("forbidden"), false},
		"not me":              {func(Hold) Fact { return OwnerSaid{By: ByOwner("olga"), NotMe: true} }, [3]string{"denied", "denied", "conflict"}, true},
		"was me":              {func(Hold) Fact { return OwnerSaid{By: ByOwner("olga")} }, same, false},
		"noted":               {func(Hold) Fact { return Noted{Note{By: ByPerson("anna")}} }, same, false},
		"restraint begun":     {func(Hold) Fact { return RestraintBegun{} }, both("conflict"), false},
		"restraint confirmed": {func(Hold) Fact { return RestraintConfirmed{} }, same, false},
		"restraint inherited": {func(Hold) Fact { return RestraintInherited{From: "h0"} }, [3]string{"pending", "approved", "conflict"}, false},
		"restraint unread":    {func(Hold) Fact { return RestraintUnread{"down"} }, same, false},
		"given up":            {func(Hold) Fact { return GivenUp{EffectContain, "down"} }, same, false},
		"restraint failed":    {func(Hold) Fact { return RestraintFailed{"no"} }, same, false},
		"restraint drifted":   {func(Hold) Fact { return RestraintDrifted{"gone"} }, same, false},
		"lift begun":          {func(Hold) Fact { return LiftBegun{LeaderCarried: true} }, [3]string{"conflict", "approved", "released"}, false},
		"lift confirmed":      {func(Hold) Fact { return LiftConfirmed{} }, [3]string{"conflict", "conflict", "released"}, false},
		"lift failed":         {func(Hold) Fact { return LiftFailed{"no"} }, same, false},
		"revert begun":        {func(Hold) Fact { return RevertBegun{} }, both("conflict"), false},
		"revert confirmed":    {func(Hold) Fact { return RevertConfirmed{} }, both("conflict"), false},
		"revert failed":       {func(Hold) Fact { return RevertFailed{"no"} }, same, false},
		"deadline":            {func(Hold) Fact { return DeadlinePassed{} }, same, false},
		"told":                {func(Hold) Fact { return Told{} }, same, false},
		"untold":              {func(Hold) Fact { return Untold{"nobody"} }, same, false},
		"planned":             {func(Hold) Fact { return Planned{} }, same, false},
		"led by another":      {func(Hold) Fact { return Led{"h3"} }, [3]string{"pending", "pending", "conflict"}, false},
		"led by the same":     {func(Hold) Fact { return Led{"h1"} }, both("conflict"), false},
		"leader ended":        {func(Hold) Fact { return LeaderEnded{"h1", Restore} }, [3]string{"approved", "conflict", "conflict"}, false},
		"another ended":       {func(Hold) Fact { return LeaderEnded{"h9", Approve} }, both("conflict"), false},
		"looked back":         {func(Hold) Fact { return LookedBack{Children: []EventRef{{ID: "c1"}}} }, [3]string{"pending", "pending", "conflict"}, false},
		"links sought":        {func(Hold) Fact { return LinksSought{} }, [3]string{"pending", "approved", "conflict"}, false},
	} {
		for i, s := range []State{Pending, Approved, Released} {
			t.Run(name+"/"+string(s), func(t *testing.T) {
				h := following(t, s)
				c, err := Apply(h, tc.fact(h), at(8))
				got := string(c.Hold.State)
				if err != nil {
					got = KindOf(err).String()
				} else if alone := c.Hold.Leader == ""; alone != tc.alone {
					t.Errorf("stands alone: %v", alone)
				}
				if got != tc.want[i] {
					t.Fatalf("got %s (%v), want %s", got, err, tc.want[i])
				}
			})
		}
	}
}

// TestFollowerOpens: restrained like its leader, looked after by itself, and
// neither the owner nor anybody on duty hears of it.
func TestFollowerOpens(t *testing.T) {
	c := follower()
	h := c.Hold
	for _, want := range []EffectKind{EffectContain, EffectFollow} {
		if !hasEffect(c, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, not := range []EffectKind{EffectPage, EffectTell, EffectLink} {
		if hasEffect(c, not) {
			t.Errorf("%s is queued", not)
		}
	}
	if h.Leader != "h1" || h.Terms.Rule != FollowRule || h.Terms.Tier != TierHigh || !slices.Equal(h.Terms.Contain, demand().Contain) || h.Standing != Observed {
		t.Fatalf("%+v", h)
	}
	if !h.involves("hank") {
		t.Error("who made the leader's change is not involved")
	}
	if !strings.Contains(h.ofLeader().Error(), "h1") {
		t.Error("the refusal does not say where to go")
	}
}

// TestFollowerLooksToItsLeaderByItself every hour; nobody is paged, and nothing
// counts as late.
func TestFollowerLooksToItsLeaderByItself(t *testing.T) {
	h := following(t, Pending)
	c, err := Apply(h, DeadlinePassed{}, at(70))
	if err != nil || !hasEffect(c, EffectFollow) || hasEffect(c, EffectPage) || c.Hold.Escalations != 0 || !c.Hold.Due.Equal(at(130)) {
		t.Fatalf("%v %v, escalated %d times, due %s", err, c.Effects, c.Hold.Escalations, c.Hold.Due)
	}
}

// TestStandingAlone: the policy's terms, an own deadline, its own actor and class,
// and the person's other accounts are looked for.
func TestStandingAlone(t *testing.T) {
	mild := demand()
	mild.Rule, mild.Tier, mild.Items, mild.Deadline = "recovery", TierMedium, 1, 4*time.Hour
	e := Ref(Event{ID: "own", Class: RecoveryChange, Verb: Update, Occurred: at(5), Actor: Party{ID: "e-mallory"}})
	e.ActorOf = "mallory"
	c, err := Apply(following(t, Pending), Joined{e, mild}, at(8))
	h := c.Hold
	if err != nil || h.Terms.Rule != "recovery" || h.Terms.Tier != TierHigh || h.Terms.Items != 2 || !h.Terms.Tell || h.Terms.Deadline != 4*time.Hour || !h.Due.Equal(at(8+240)) {
		t.Fatalf("%v, terms %+v, due %s", err, h.Terms, h.Due)
	}
	if h.Class != RecoveryChange || h.ActorOf != "mallory" || !h.involves("hank") || !h.Leads() {
		t.Fatalf("class %s, actor %s", h.Class, h.ActorOf)
	}
	for _, want := range []EffectKind{EffectPage, EffectTell, EffectLink} {
		if !hasEffect(c, want) {
			t.Errorf("no %s", want)
		}
	}
	if m := h.MainEvents(); len(m) != 1 || m[0].ID != "own" {
		t.Errorf("people are told of what happened to another account: %+v", m)
	}
}

// TestReleaseOfAHoldThatFollowedExpectsNothing: the reset happened elsewhere.
func TestReleaseOfAHoldThatFollowedExpectsNothing(t *testing.T) {
	h := must(t, following(t, Approved), LiftBegun{LeaderCarried: true}, LiftConfirmed{})
	if h.State != Released || h.Expectation.Class != "" {
		t.Fatalf("%s expects %+v", h.State, h.Expectation)
	}
	e := Ref(Event{ID: "e9", Class: MFAChange, Verb: Enrol, Occurred: at(9), Actor: Party{ID: "e-olga"}})
	if _, err := Apply(h, Joined{e, demand()}, at(9)); KindOf(err) != Conflict {
		t.Fatalf("an enrolment was let through: %v", err)
	}
}

// TestTheEndOfALeaderIsTold: every way to an end queues the word, once, and a hold
// that has nobody following it queues none.
func TestTheEndOfALeaderIsTold(t *testing.T) {
	c, err := Apply(must(t, in(t, Approved), LiftBegun{LeaderCarried: true}), LiftConfirmed{}, at(9))
	if err != nil || !hasEffect(c, EffectFollow) {
		t.Fatalf("released: %v %v", err, c.Effects)
	}
	if c, err = Apply(c.Hold, LiftConfirmed{}, at(10)); err != nil || hasEffect(c, EffectFollow) {
		t.Fatalf("told again: %v %v", err, c.Effects)
	}
	h := must(t, in(t, Reverted), callback("vera"), managerSays("vera"))
	h = must(t, h, vote(h, Restore, "anna"))
	if c, err = Apply(must(t, h, LiftBegun{LeaderCarried: true}), LiftConfirmed{}, at(9)); err != nil || !hasEffect(c, EffectFollow) {
		t.Fatalf("restored: %v %v", err, c.Effects)
	}
	lone := must(t, in(t, Approved), LiftBegun{LeaderCarried: true})
	lone.Linking = false
	if c, err = Apply(lone, LiftConfirmed{}, at(9)); err != nil || hasEffect(c, EffectFollow) {
		t.Fatalf("nobody follows: %v %v", err, c.Effects)
	}
}

// TestWhoLeads: a hold that restrains, once; not one that is only told of, not a
// break-glass account's, not one without an account, and a hold that comes to
// restrain when it does.
func TestWhoLeads(t *testing.T) {
	o := Opening{ID: "h", Event: resetEvent("e1", 0), Subject: Account{ID: "00uvictim"}, Terms: demand()}
	queued := func(c Change) (n int) {
		for _, e := range c.Effects {
			if e.Kind == EffectLink {
				n++
			}
		}
		return n
	}
	c := Open(o, at(0))
	if queued(c) != 1 {
		t.Fatalf("looked for %d times", queued(c))
	}
	if c, _ = Apply(c.Hold, Joined{Ref(resetEvent("e2", 1)), demand()}, at(1)); queued(c) != 0 {
		t.Fatal("looked for again")
	}
	if c = OpenTold(o, at(0)); queued(c) != 0 || c.Hold.Linking {
		t.Fatal("a change that was only told leads")
	}
	glass, nobody, mild := o, o, o
	glass.Exempt, nobody.Subject, mild.Terms.Contain = "break-glass account", UnresolvedAccount("e1"), nil
	for name, o := range map[string]Opening{"break-glass": glass, "nobody": nobody, "not restrained": mild} {
		if c = Open(o, at(0)); queued(c) != 0 {
			t.Errorf("%s leads", name)
		}
	}
	if c, _ = Apply(Open(mild, at(0)).Hold, Joined{Ref(resetEvent("e2", 1)), demand()}, at(1)); queued(c) != 1 {
		t.Error("a hold that came to restrain does not lead")
	}
}

// TestLinksSoughtPagesForNews and not for what people know, or is so for every
// hold.
func TestLinksSoughtPagesForNews(t *testing.T) {
	h := opened()
	for i, tc := range []struct {
		named, known []string
		page         bool
	}{
		{[]string{"a"}, nil, true},
		{[]string{"a"}, nil, false},
		{[]string{"a", "b"}, []string{"c"}, true},
		{[]string{"b"}, []string{"c", "d"}, false},
		{nil, []string{"e"}, false},
		{nil, nil, false},
	} {
		f := LinksSought{Named: tc.named, Known: tc.known}
		c, err := Apply(h, f, at(i+1))
		if err != nil || hasEffect(c, EffectPage) != tc.page || !slices.Equal(c.Hold.Unlinked, f.All()) || c.Hold.Version != h.Version {
			t.Fatalf("%d: %v %v, %q", i, err, c.Effects, c.Hold.Unlinked)
		}
		h = c.Hold
	}
}
