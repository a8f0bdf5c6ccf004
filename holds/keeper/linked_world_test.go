package keeper

import (
	"context"
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

// happensAt is happens at another connection than the first.
func (w *world) happensAt(t *testing.T, conn holds.ConnectionID, e holds.Event) {
	t.Helper()
	a, err := w.fold(w.ask(holds.Delivery{Tenant: "acme", Connection: conn, Received: w.now}, e, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.commit(*a.Change)
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

const followEveryInTests = 61 * time.Minute
