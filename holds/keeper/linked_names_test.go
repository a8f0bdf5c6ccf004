package keeper

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

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
