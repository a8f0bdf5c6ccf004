package keeper

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// records is what a platform's records say.
type records struct {
	accounts map[string]holds.Account // by sign-in name
	asked    []string
	err      error
	pages    map[string][][]byte // by account
	partial  bool
	since    []time.Time
}

func (r *records) Find(_ context.Context, login string) (holds.Account, error) {
	r.asked = append(r.asked, login)
	if r.err != nil {
		return holds.Account{}, r.err
	}
	a, ok := r.accounts[login]
	if !ok {
		return a, holds.Refuse(holds.NotFound, "no such account")
	}
	return a, nil
}

func (r *records) Activity(_ context.Context, account string, since time.Time) ([][]byte, bool, error) {
	r.asked, r.since = append(r.asked, account), append(r.since, since)
	return r.pages[account], !r.partial, r.err
}

// place is one more connection of the tenant with one account in it.
type place struct {
	*provider
	*records
	id      holds.ConnectionID
	account string
}

// join gives the world another connection, in a mode.
func (w *world) joins(id holds.ConnectionID, account string, mode holds.Mode) *place {
	p := &place{
		id: id, account: account, records: &records{accounts: map[string]holds.Account{}, pages: map[string][][]byte{}},
		provider: &provider{
			account: holds.Snapshot{Account: holds.Account{ID: account}, At: start, Status: holds.StatusActive},
			effects: map[holds.ActionKind]int{}, ended: map[string]bool{}, rules: holds.Enforcement{InForce: true},
			err: holds.Refuse(holds.Unavailable, "the second provider is down"),
		},
	}
	c := Connection{Tenant: "acme", ID: id, Mode: mode, Provider: p.provider, Objects: p.provider, Records: p.records}
	w.Connections = append(w.Connections, c)
	w.connections[id] = c
	return p
}

// olgas is a world in which Olga has an account at a second platform, too.
func olgas(t *testing.T) (*world, *place) {
	t.Helper()
	w := newWorld(t)
	w.Judge = holdAll{strict()}
	p := w.joins("acme-entra", "e-olga", holds.ModeContain)
	w.links("olga", holds.PersonAccount{Connection: "acme-okta", Account: "00uvictim"}, holds.PersonAccount{Connection: p.id, Account: p.account})
	return w, p
}

func (w *world) links(id holds.PersonID, accounts ...holds.PersonAccount) {
	p := w.people[id]
	p.ID, p.Accounts = id, append(p.Accounts, accounts...)
	w.people[id] = p
}

// settle runs everything that waits until nothing does.
func (w *world) settle(t *testing.T) (errs []error) {
	t.Helper()
	for len(w.received) > 0 || len(w.queue) > 0 {
		w.deliver(t)
		errs = append(errs, w.run(holds.EffectKinds()...)...)
	}
	return errs
}

// at is the newest hold of a connection.
func (w *world) at(t *testing.T, conn holds.ConnectionID) holds.Hold {
	t.Helper()
	var out holds.Hold
	for _, h := range w.holds {
		if h.Connection == conn && (out.ID == "" || h.Opened.After(out.Opened)) {
			out = h
		}
	}
	if out.ID == "" {
		t.Fatalf("no hold at %s", conn)
	}
	return out
}

func keyOf(h holds.Hold) holds.Key { return holds.Key{Tenant: h.Tenant, Hold: h.ID} }

// approve brings a hold to approved by its own people.
func (w *world) approve(t *testing.T, key holds.Key) {
	t.Helper()
	proved(t, w, key)
	if _, err := w.Keeper.Decide(t.Context(), key, "adam", holds.Approve, w.holds[key.Hold].Version, "met her"); err != nil {
		t.Fatal(err)
	}
}

// free asserts that nothing of ours is left on an account.
func (p *place) free() bool {
	return !p.provider.account.Restrained && p.provider.account.Status == holds.StatusActive
}

// TestLinkedAccountsHaveTheirOwnStanding: both are restrained and read back, each
// by its own hold; the owner and the people on duty hear of one.
func TestLinkedAccountsHaveTheirOwnStanding(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	if errs := w.settle(t); len(errs) > 0 {
		t.Fatal(errs)
	}
	leader, follower := w.at(t, "acme-okta"), w.at(t, second.id)
	if leader.Standing != holds.Contained || follower.Standing != holds.Contained || !second.provider.account.Restrained {
		t.Fatalf("leader %s, follower %s", leader.Standing, follower.Standing)
	}
	if follower.Leader != leader.ID || follower.Class != leader.Class || follower.Terms.Rule != holds.FollowRule || follower.Terms.Tier != leader.Terms.Tier {
		t.Fatalf("%+v", follower)
	}
	for _, n := range w.notices {
		if n.Hold != leader.ID {
			t.Errorf("%s was told of the follower: %s", n.Audience, n.Why)
		}
	}
	if len(w.holds) != 2 || follower.Actor.ID != "" {
		t.Fatalf("%d holds; the follower names an actor %q by an id of another platform", len(w.holds), follower.Actor.ID)
	}
}

// TestLinkedOneFailsOthersStay: the second platform is down; the first account is
// contained, the second says that it is not, and people hear of it.
func TestLinkedOneFailsOthersStay(t *testing.T) {
	w, second := olgas(t)
	third := w.joins("acme-lab", "l-olga", holds.ModeContain)
	w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
	second.provider.unreadable = holds.Refuse(holds.Unavailable, "the second provider is down")
	w.happens(t, resetAll("e1"))
	w.settle(t)
	for conn, want := range map[holds.ConnectionID]holds.Standing{"acme-okta": holds.Contained, second.id: holds.Observed, third.id: holds.Contained} {
		if got := w.at(t, conn).Standing; got != want {
			t.Errorf("%s is %s, want %s", conn, got, want)
		}
	}
	if f := w.at(t, second.id); !strings.Contains(strings.Join(f.Doubts, ""), "down") {
		t.Fatalf("the follower does not say why: %q", f.Doubts)
	}
}

// TestLinkedCrashBetweenLeaderAndFollower: whatever is lost between the two, there
// is one follower in the end.
func TestLinkedCrashBetweenLeaderAndFollower(t *testing.T) {
	for name, f := range map[string]failure{"not written": {before: 1}, "answer lost": {after: 1}, "for a while": {before: 4}} {
		t.Run(name, func(t *testing.T) {
			w, second := olgas(t)
			w.happens(t, resetAll("e1"))
			w.fail["Receive"] = f
			w.settle(t)
			if len(w.holds) != 2 || !second.provider.account.Restrained || second.effects[holds.SuspendAccount] != 1 {
				t.Fatalf("%d holds, restrained %v", len(w.holds), second.provider.account.Restrained)
			}
		})
	}
}

// TestFollowersTakeNoDecisions and no checks; they say where to go.
func TestFollowersTakeNoDecisions(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	f := w.at(t, second.id)
	for _, kind := range []holds.DecisionKind{holds.Approve, holds.Deny, holds.RemoveAccess, holds.Restore} {
		_, err := w.Keeper.Decide(t.Context(), keyOf(f), "adam", kind, f.Version, "x")
		if holds.KindOf(err) != holds.Forbidden || !strings.Contains(err.Error(), f.Leader.Short()) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	_, err := w.Check(t.Context(), keyOf(f), "vera", f.Version, holds.Evidence{Kind: holds.HRRecord, Requester: "olga", Reference: "r"})
	if holds.KindOf(err) != holds.Forbidden {
		t.Errorf("a check: %v", err)
	}
	if err := w.Note(t.Context(), keyOf(f), "person:adam", "seen"); err != nil {
		t.Errorf("a note: %v", err)
	}
}

// TestFollowerGoesWithItsLeader by a release and by a restoration, and by nothing
// else: a deny and the owner's word leave it restrained.
func TestFollowerGoesWithItsLeader(t *testing.T) {
	t.Run("released", func(t *testing.T) {
		w, second := olgas(t)
		w.happens(t, resetAll("e1"))
		w.settle(t)
		w.approve(t, keyOf(w.at(t, "acme-okta")))
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Released || f.Containment != holds.ContainmentLifted || !second.free() {
			t.Fatalf("%s %s, account %+v", f.State, f.Containment, second.provider.account)
		}
	})
	t.Run("denied and restored", func(t *testing.T) {
		w, second := olgas(t)
		denied(t, w, resetAll("e1"))
		w.settle(t)
		leader := w.at(t, "acme-okta")
		if leader.State != holds.Reverted || !second.provider.account.Restrained || w.at(t, second.id).State != holds.Pending {
			t.Fatalf("leader %s, follower %s", leader.State, w.at(t, second.id).State)
		}
		proved(t, w, keyOf(leader))
		if _, err := w.Keeper.Decide(t.Context(), keyOf(leader), "anna", holds.Restore, w.holds[leader.ID].Version, "met her"); err != nil {
			t.Fatal(err)
		}
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Released || f.Outcome != holds.Restore || !second.free() {
			t.Fatalf("%s %s, account %+v", f.State, f.Outcome, second.provider.account)
		}
	})
	t.Run("not me", func(t *testing.T) {
		w, second := olgas(t)
		w.happens(t, resetAll("e1"))
		w.settle(t)
		for id, n := range w.notices {
			if n.Audience == holds.ToOwner {
				if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.now = w.now.Add(72 * time.Hour)
		w.Escalate(t.Context())
		w.settle(t)
		if f := w.at(t, second.id); f.State != holds.Pending || !second.provider.account.Restrained || f.Escalations != 0 {
			t.Fatalf("%s, restrained %v, escalated %d times", f.State, second.provider.account.Restrained, f.Escalations)
		}
	})
}

// TestLeaderReleasedWhileTheFollowerIsBeingContained: at every call of the
// follower's containment the leader ends; nothing stays restrained.
func TestLeaderReleasedWhileTheFollowerIsBeingContained(t *testing.T) {
	for _, during := range []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount} {
		t.Run(string(during), func(t *testing.T) {
			w, second := olgas(t)
			w.happens(t, resetAll("e1"))
			w.run(holds.EffectContain, holds.EffectLink)
			w.deliver(t)
			once := false
			second.crash = func(a holds.Action) {
				if a.Kind != during || once {
					return
				}
				once = true
				second.provider.mu.Unlock() // other jobs read while this one is between two calls
				defer second.provider.mu.Lock()
				w.approve(t, keyOf(w.at(t, "acme-okta")))
				w.run(holds.EffectLift)
				w.run(holds.EffectFollow)
				w.run(holds.EffectLift)
			}
			w.settle(t)
			if f := w.at(t, second.id); f.State != holds.Released || !second.free() {
				t.Fatalf("follower %s, account %+v", f.State, second.provider.account)
			}
		})
	}
}

// TestLeaderEndedBeforeTheFollowerWasThere: the observation was decided late.
func TestLeaderEndedBeforeTheFollowerWasThere(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain, holds.EffectLink)
	late := w.received
	w.received = nil
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.settle(t)
	w.received = late
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Released || !second.free() {
		t.Fatalf("an orphan: %s, account %+v", f.State, second.provider.account)
	}
}

// TestFollowerHealsItself: the leader's word is lost with a restore of the
// installation; the follower looks by itself within the hour, and pages nobody.
func TestFollowerHealsItself(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.queue = nil
	pages := len(w.mail.sent)
	w.now = w.now.Add(followEveryInTests)
	w.Escalate(t.Context())
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Released || !second.free() || len(w.mail.sent) != pages {
		t.Fatalf("%s, account %+v, %d pages", f.State, second.provider.account, len(w.mail.sent)-pages)
	}
}

const followEveryInTests = 61 * time.Minute

// TestFollowerWithAnEventOfItsOwn is a hold that people decide: told, paged, on
// the stricter terms of both, and left alone by its leader's end.
func TestFollowerWithAnEventOfItsOwn(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	leader := w.at(t, "acme-okta")
	own := resetAll("own")
	own.Class, own.Verb, own.Subjects, own.Occurred = holds.RecoveryChange, holds.Update, []holds.Account{{ID: second.account}}, start.Add(time.Minute)
	own.Actor = holds.Party{ID: second.account, Kind: holds.PartyPerson}
	w.now = w.now.Add(time.Minute)
	w.mail.sent = nil
	a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: second.id, Received: w.now}, own, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.commit(*a.Change)
	w.settle(t)
	f := w.at(t, second.id)
	if f.Leader != "" || f.Terms.Rule != "all" || f.Class != holds.RecoveryChange || f.Requester != "olga" || !f.Due.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("leader %q, rule %s, class %s, requester %q, due %s", f.Leader, f.Terms.Rule, f.Class, f.Requester, f.Due)
	}
	if linked, owns := f.Events[0], f.Events[1]; !linked.Received.Equal(start) || !owns.Received.Equal(w.now) {
		t.Errorf("we heard of the other account at %s and of the change at %s", linked.Received, owns.Received)
	}
	told, paged := 0, 0
	for _, n := range w.mail.sent {
		if n.Hold == f.ID && n.Audience == holds.ToOwner {
			told++
		}
		if n.Hold == f.ID && n.Audience == holds.ToDuty {
			paged++
		}
	}
	if told == 0 || paged == 0 {
		t.Fatalf("the owner heard %d times, people on duty %d times", told, paged)
	}
	w.approve(t, keyOf(leader))
	w.settle(t)
	if f := w.at(t, second.id); f.State != holds.Pending || !second.provider.account.Restrained {
		t.Fatalf("the leader's end let it go: %s, restrained %v", f.State, second.provider.account.Restrained)
	}
	w.approve(t, keyOf(w.at(t, second.id)))
	w.settle(t)
	if !second.free() {
		t.Fatalf("its own people's approval did not: %+v", second.provider.account)
	}
}

// TestOwnEventDuringTheFollowersLift: what opens is a hold of its own, and takes
// the restraint over.
func TestOwnEventDuringTheFollowersLift(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.run(holds.EffectFollow)
	own := resetAll("own")
	own.Subjects, own.Occurred = []holds.Account{{ID: second.account}}, start.Add(time.Minute)
	second.crash = func(holds.Action) {
		second.crash = nil
		a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: second.id, Received: w.now}, own, 0))
		if err != nil {
			t.Error(err)
			return
		}
		w.commit(*a.Change)
	}
	w.settle(t)
	open := 0
	for _, h := range w.holds {
		if h.Connection == second.id && h.Open() {
			open++
			if h.Standing != holds.Contained || h.Leader != "" {
				t.Errorf("%s, leader %q", h.Standing, h.Leader)
			}
		}
	}
	if open != 1 || !second.provider.account.Restrained {
		t.Fatalf("%d open holds, restrained %v", open, second.provider.account.Restrained)
	}
}

// TestTwoLeadersOneFollower: the third account stays restrained until the last of
// the two holds has ended, in either order.
func TestTwoLeadersOneFollower(t *testing.T) {
	for name, first := range map[string]holds.ConnectionID{"the older first": "acme-okta", "the newer first": "acme-entra"} {
		t.Run(name, func(t *testing.T) {
			w, second := olgas(t)
			third := w.joins("acme-lab", "l-olga", holds.ModeContain)
			w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
			w.happens(t, resetAll("e1"))
			w.settle(t)
			own := resetAll("own")
			own.Subjects = []holds.Account{{ID: second.account}}
			a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: second.id, Received: w.now}, own, 0))
			if err != nil {
				t.Fatal(err)
			}
			w.commit(*a.Change)
			w.settle(t)
			if f := w.at(t, third.id); len(f.Leaders) != 1 {
				t.Fatalf("led by %s and %v", f.Leader, f.Leaders)
			}
			last := map[holds.ConnectionID]holds.ConnectionID{"acme-okta": second.id, "acme-entra": "acme-okta"}[first]
			w.approve(t, keyOf(w.at(t, first)))
			w.settle(t)
			if third.free() {
				t.Fatal("let go while another account of hers is held")
			}
			w.approve(t, keyOf(w.at(t, last)))
			w.settle(t)
			if !third.free() || w.at(t, third.id).State != holds.Released {
				t.Fatalf("%s, account %+v", w.at(t, third.id).State, third.provider.account)
			}
		})
	}
}

// TestNewLeaderKeepsAFollowerThatWasAboutToGo.
func TestNewLeaderKeepsAFollowerThatWasAboutToGo(t *testing.T) {
	w, second := olgas(t)
	third := w.joins("acme-lab", "l-olga", holds.ModeContain)
	w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
	w.happens(t, resetAll("e1"))
	w.settle(t)
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.run(holds.EffectLift)
	w.run(holds.EffectFollow)
	lifts := w.queue
	w.queue = nil
	own := resetAll("own")
	own.Subjects = []holds.Account{{ID: second.account}}
	a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: second.id, Received: w.now}, own, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.commit(*a.Change)
	w.run(holds.EffectLink)
	w.deliver(t)
	w.queue = append(w.queue, lifts...)
	w.settle(t)
	if f := w.at(t, third.id); f.State != holds.Pending || f.Leader != w.at(t, second.id).ID || third.free() {
		t.Fatalf("%s, leader %s", f.State, f.Leader)
	}
	if w.at(t, second.id).State != holds.Pending || second.free() {
		t.Fatal("the second account was let go by the first one's end")
	}
}

// TestC8UnlinkedAccountsAreNamed: the same sign-in name is told to people and
// nothing is done to the account, whoever else it belongs to; a link in the
// directory, and nothing else, makes it the person's.
func TestC8UnlinkedAccountsAreNamed(t *testing.T) {
	const login = "olga@acme.example"
	for name, tc := range map[string]struct {
		edit func(*world, *place)
		says string
		held bool
	}{
		"C8 linked to nobody":      {func(*world, *place) {}, "is linked to nobody: it is not restrained", false},
		"C8 linked to another":     {func(w *world, p *place) { w.links("otto", holds.PersonAccount{Connection: p.id, Account: p.account}) }, "linked to another person", false},
		"C8 no such account":       {func(_ *world, p *place) { clear(p.accounts) }, "", false},
		"C8 another case":          {func(_ *world, p *place) { clear(p.accounts); p.accounts["OLGA@acme.example"] = holds.Account{ID: "x"} }, "", false},
		"C8 may not be looked for": {func(_ *world, p *place) { p.records.err = holds.Refuse(holds.Forbidden, "User.Read.All is missing") }, "is not known: User.Read.All is missing", false},
		"linked by now":            {func(w *world, p *place) { w.links("olga", holds.PersonAccount{Connection: p.id, Account: p.account}) }, "", true},
		"watching only": {func(w *world, p *place) {
			w.links("olga", holds.PersonAccount{Connection: p.id, Account: p.account})
			c := w.connections[p.id]
			c.Mode = holds.ModeWatch
			w.connections[p.id], w.Connections[1] = c, c
		}, "the connection is in watch mode", false},
		"break-glass": {func(w *world, p *place) {
			w.links("olga", holds.PersonAccount{Connection: p.id, Account: p.account})
			c := w.connections[p.id]
			c.BreakGlass = []string{p.account}
			w.connections[p.id], w.Connections[1] = c, c
		}, "it is a break-glass account", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.joins("acme-entra", "e-olga", holds.ModeContain)
			p.accounts[login] = holds.Account{ID: p.account, Login: login}
			tc.edit(w, p)
			e := resetAll("e1")
			e.Subjects[0].Login = login
			w.happens(t, e)
			w.settle(t)
			leader := w.at(t, "acme-okta")
			if got := strings.Join(leader.Unlinked, ";"); !strings.Contains(got, tc.says) || (got == "") != (tc.says == "") {
				t.Errorf("the hold says %q", got)
			}
			if held := len(w.holds) == 2; held != tc.held || !held && len(p.calls) > 0 {
				t.Errorf("%d holds, calls %v", len(w.holds), p.calls)
			}
			pages := 0
			for _, n := range w.mail.sent {
				if strings.Contains(n.Why, "the hold names it") {
					pages++
				}
			}
			// A page is for news; what the configuration leaves out is so for every hold.
			if named := strings.Contains(tc.says, "linked to"); named != (pages == 1) || pages > 1 {
				t.Errorf("paged %d times", pages)
			}
		})
	}
}

// TestUnlinkedIsAskedAgain: a platform that does not answer is asked again, and
// named only while it is not known.
func TestUnlinkedIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	p := w.joins("acme-entra", "e-olga", holds.ModeContain)
	p.records.err = holds.Refuse(holds.Unavailable, "down")
	e := resetAll("e1")
	e.Subjects[0].Login = "olga@acme.example"
	w.happens(t, e)
	j := take(t, w, holds.EffectLink)
	for j.Attempt = 1; j.Attempt <= 3; j.Attempt++ {
		if err := w.link(t.Context(), j); holds.KindOf(err) != holds.Unavailable {
			t.Fatalf("attempt %d: %v", j.Attempt, err)
		}
		if said := len(w.the(t).Unlinked) > 0; said != (j.Attempt == 3) {
			t.Fatalf("attempt %d says %q", j.Attempt, w.the(t).Unlinked)
		}
	}
	p.records.err = nil
	if err := w.link(t.Context(), j); err != nil || len(w.the(t).Unlinked) != 0 {
		t.Fatalf("%v, %q", err, w.the(t).Unlinked)
	}
}

// TestOnlyTheKeeperLeads: an event of a provider that claims to have a leader is
// an event like every other.
func TestOnlyTheKeeperLeads(t *testing.T) {
	w := newWorld(t)
	e := resetAll("e1")
	e.Lead = &holds.Lead{Hold: "h-forged"}
	q := w.question(e)
	q.Delivery.Source = holds.FromHook
	a, err := w.fold(q)
	if err != nil || a.Change == nil || a.Change.Hold.Leader != "" || a.Change.Hold.Terms.Rule == holds.FollowRule {
		t.Fatalf("%v %+v", err, a)
	}
}

// TestFollowerRepudiated: the owner's word about an older change of the account
// makes it a hold of its own, frozen.
func TestFollowerRepudiated(t *testing.T) {
	w, second := olgas(t)
	w.happens(t, resetAll("e1"))
	w.settle(t)
	f := w.at(t, second.id)
	if err := w.freezeOpen(t.Context(), keyOf(f), w.now); err != nil {
		t.Fatal(err)
	}
	w.approve(t, keyOf(w.at(t, "acme-okta")))
	w.settle(t)
	if f = w.at(t, second.id); f.Leader != "" || !f.Frozen() || f.State != holds.Denied || second.free() {
		t.Fatalf("leader %q, %s, restrained %v", f.Leader, f.State, second.provider.account.Restrained)
	}
}

// TestExemptLeadsNobody: touching a break-glass account locks its keeper out of
// nothing.
func TestExemptLeadsNobody(t *testing.T) {
	w, second := olgas(t)
	w.links("olga", holds.PersonAccount{Connection: "acme-okta", Account: "00ubreakglass"})
	e := resetAll("e1")
	e.Subjects = []holds.Account{{ID: "00ubreakglass"}}
	w.happens(t, e)
	w.settle(t)
	if len(w.holds) != 1 || len(second.calls) > 0 {
		t.Fatalf("%d holds, calls %v", len(w.holds), second.calls)
	}
}
