package keeper

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

// TestLinkedHoldsInAnyOrder plays changes, decisions, lost jobs and failing
// platforms in random order over a person's three accounts, lets everything come
// to rest, and looks whether what must hold does.
func TestLinkedHoldsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w, second := olgas(t)
		third := w.joins("acme-lab", "l-olga", holds.ModeContain)
		w.links("olga", holds.PersonAccount{Connection: third.id, Account: third.account})
		m := &model{world: w, t: t, r: r, places: map[holds.ConnectionID]*provider{
			"acme-okta": w.provider, second.id: second.provider, third.id: third.provider,
		}, accounts: map[holds.ConnectionID]string{"acme-okta": "00uvictim", second.id: second.account, third.id: third.account}}
		steps := map[string]func(*rapid.T){
			"a change": m.change, "a job": m.job, "an observation": m.observe, "approve": m.approve, "deny": m.deny,
			"restore": m.restore, "not me": m.notMe, "a lost word": m.lose, "a failing platform": m.fail, "an hour": m.hour,
		}
		r.Repeat(steps)
		m.rest()
		m.check()
	})
}

type model struct {
	*world
	t        *testing.T
	r        *rapid.T
	places   map[holds.ConnectionID]*provider
	accounts map[holds.ConnectionID]string
	events   int
}

func (m *model) conn(r *rapid.T) holds.ConnectionID {
	return rapid.SampledFrom([]holds.ConnectionID{"acme-okta", "acme-entra", "acme-lab"}).Draw(r, "where")
}

// of is the newest hold of a connection, if there is one that fits.
func (m *model) of(conn holds.ConnectionID, fits func(holds.Hold) bool) (holds.Hold, bool) {
	var out holds.Hold
	for _, h := range m.holds {
		if h.Connection == conn && fits(h) && (out.ID == "" || h.Opened.After(out.Opened) || h.Opened.Equal(out.Opened) && h.ID > out.ID) {
			out = h
		}
	}
	return out, out.ID != ""
}

func (m *model) change(r *rapid.T) {
	conn := m.conn(r)
	m.events++
	m.now = m.now.Add(time.Minute)
	e := resetAll(fmt.Sprintf("e%d", m.events))
	e.Subjects, e.Occurred = []holds.Account{{ID: m.accounts[conn]}}, m.now
	e.Transaction = e.ID
	a, err := m.fold(m.ask(holds.Delivery{Tenant: "acme", Connection: conn, Source: holds.FromPoller, Received: m.now}, e, 0))
	if err != nil {
		r.Fatal(err)
	}
	if a.Change != nil {
		m.commit(*a.Change)
	}
}

// job runs any one job that waits; what fails may be tried again.
func (m *model) job(r *rapid.T) {
	if len(m.queue) == 0 {
		return
	}
	n := rapid.IntRange(0, len(m.queue)-1).Draw(r, "which job")
	j := m.queue[n]
	m.queue = slices.Delete(m.queue, n, n+1)
	err := m.Handlers()[j.Kind](m.t.Context(), j)
	if k := holds.KindOf(err); err != nil && (k == holds.Unavailable || k == holds.Internal) {
		j.Attempt++
		m.queue = append(m.queue, j)
	}
}

func (m *model) observe(*rapid.T) { m.deliver(m.t) }

// decided records checks and a decision; that the hold has moved on is no error.
func (m *model) decided(h holds.Hold, kind holds.DecisionKind) {
	if kind != holds.Deny {
		for _, e := range []holds.Evidence{
			{Kind: holds.Callback, Requester: "olga", Reference: "call 18", Point: "p1"},
			{Kind: holds.InPerson, Requester: "olga", Reference: "badge 9", Witness: "wim", Place: "front desk"},
		} {
			_, _ = m.Check(m.t.Context(), keyOf(h), "vera", m.holds[h.ID].Version, e)
		}
	}
	_, _ = m.Keeper.Decide(m.t.Context(), keyOf(h), "adam", kind, m.holds[h.ID].Version, "because")
}

func (m *model) approve(r *rapid.T) {
	if h, ok := m.of(m.conn(r), func(h holds.Hold) bool { return h.State == holds.Pending }); ok {
		m.decided(h, holds.Approve)
	}
}

func (m *model) deny(r *rapid.T) {
	if h, ok := m.of(m.conn(r), func(h holds.Hold) bool { return h.State.Undecided() }); ok {
		m.decided(h, holds.Deny)
	}
}

func (m *model) restore(r *rapid.T) {
	if h, ok := m.of(m.conn(r), func(h holds.Hold) bool { return h.State == holds.Reverted && !h.Ended() }); ok {
		m.decided(h, holds.Restore)
	}
}

func (m *model) notMe(r *rapid.T) {
	h, ok := m.of(m.conn(r), func(h holds.Hold) bool { return h.Leader == "" && len(h.Events) > 0 })
	if ok {
		_ = m.ownerSays(m.t.Context(), keyOf(h), true, false)
	}
}

// lose drops the word that a leader has ended, as a restore of the installation
// would.
func (m *model) lose(*rapid.T) {
	m.queue = slices.DeleteFunc(m.queue, func(j holds.Job) bool { return j.Kind == holds.EffectFollow })
}

func (m *model) fail(r *rapid.T) {
	p := m.places[m.conn(r)]
	p.before, p.after = rapid.IntRange(0, 2).Draw(r, "calls lost"), rapid.IntRange(0, 1).Draw(r, "answers lost")
}

func (m *model) hour(*rapid.T) {
	m.now = m.now.Add(61 * time.Minute)
	m.Escalate(m.t.Context())
	m.Drift(m.t.Context())
}

// rest lets everything come to rest: the platforms answer, and the sweeps go on.
func (m *model) rest() {
	for _, p := range m.places {
		p.before, p.after = 0, 0
	}
	for range 4 {
		m.settle(m.t)
		m.hour(nil)
	}
	m.settle(m.t)
}

func (m *model) check() {
	for conn, p := range m.places {
		open, live := 0, 0
		for _, h := range m.holds {
			if h.Connection != conn {
				continue
			}
			if h.Open() {
				open++
			}
			if !h.Ended() {
				live++
			}
			m.checkHold(h)
		}
		restrained := p.account.Restrained && p.account.Status == holds.StatusSuspended
		switch {
		case open > 1:
			m.r.Fatalf("%s has %d open holds", conn, open)
		case live > 0 && !restrained:
			m.r.Fatalf("%s is held and not restrained: %+v", conn, p.account)
		case live == 0 && (p.account.Restrained || p.account.Status != holds.StatusActive):
			m.r.Fatalf("%s is not held and restrained: %+v", conn, p.account)
		}
	}
}

func (m *model) checkHold(h holds.Hold) {
	leads := func(id holds.HoldID) bool { l, ok := m.holds[id]; return ok && !l.Ended() }
	switch {
	case h.Leader != "" && len(h.Decisions)+len(h.Evidence) > 0:
		m.r.Fatalf("follower %s was decided by people", h.ID)
	case h.Leader != "" && h.State == holds.Pending && !leads(h.Leader) && !slices.ContainsFunc(h.Leaders, leads):
		m.r.Fatalf("follower %s is held though its leader %s has ended", h.ID, h.Leader)
	case h.Leader != "" && h.State == holds.Released && leads(h.Leader):
		m.r.Fatalf("follower %s was let go while its leader %s is held", h.ID, h.Leader)
	case h.Leader == "" && h.State == holds.Released && !h.ToldOnly:
		approved := slices.ContainsFunc(h.Decisions, func(d holds.Decision) bool { return d.Kind == holds.Approve && d.Approver == "adam" && !d.Void })
		if !approved || len(h.Evidence) < 2 {
			m.r.Fatalf("%s was released without checks and an approval: %+v", h.ID, h.Decisions)
		}
	case h.Standing == holds.Contained && h.Containment != holds.ContainmentConfirmed:
		m.r.Fatalf("%s is called contained: %s", h.ID, h.Containment)
	}
}
