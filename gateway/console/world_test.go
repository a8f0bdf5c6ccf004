package console_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// now is the business clock of these tests.
var now = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

// tenant is the organisation of these tests; globex is another.
const (
	tenant = holds.TenantID("acme")
	globex = holds.TenantID("globex")
)

// world is a store and a keeper over real holds: the state machine is the real
// one, the rest is a map. It counts every write.
type world struct {
	mu     sync.Mutex
	views  map[holds.Key]holds.View
	order  []holds.Key
	people map[holds.PersonID]holds.Person
	health []holds.ConnectionHealth
	failed int64
	stops  []holds.Stop
	now    time.Time
	ids    int
	// writes counts calls that change something; fail, when set, is what every
	// call returns.
	writes int
	fail   error
}

func newWorld() *world {
	w := &world{views: map[holds.Key]holds.View{}, people: map[holds.PersonID]holds.Person{}, now: now}
	for _, p := range []holds.Person{
		{ID: "p-anna", Name: "Anna Berg", Manager: "p-maja", Points: []holds.ContactPoint{
			{ID: "c-old", Person: "p-anna", Kind: holds.PhonePoint, Value: "+46 70 123 45 67", Source: "csv", Recorded: now.AddDate(-3, 0, 0)},
			{ID: "c-new", Person: "p-anna", Kind: holds.PhonePoint, Value: "+46 70 999 99 01", Source: "csv", Recorded: now.AddDate(0, 0, -2)},
			{ID: "c-mail", Person: "p-anna", Kind: holds.EmailPoint, Value: "anna@home.example", Source: "csv", Recorded: now.AddDate(-3, 0, 0)},
		}},
		{ID: "p-maja", Name: "Maja Holm"},
		{ID: "p-rolf", Name: "Rolf Ek"},
		{ID: "p-sara", Name: "Sara Lind"},
		{ID: "p-dora", Name: "Dora Desk"},
		{ID: "p-tove", Name: "Tove Falk"},
	} {
		p.Tenant = tenant
		w.people[p.ID] = p
	}
	return w
}

// add puts a view into the world.
func (w *world) add(v holds.View) holds.Key {
	k := holds.Key{Tenant: v.Hold.Tenant, Hold: v.Hold.ID}
	if v.People == nil {
		v.People = map[holds.PersonID]holds.Person{}
		for id, p := range w.people {
			v.People[id] = p
		}
	}
	w.views[k] = v
	w.order = append(w.order, k)
	return k
}

func (w *world) Queue(_ context.Context, t holds.TenantID, f holds.Filter) ([]holds.Summary, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return nil, w.fail
	}
	var out []holds.Summary
	for _, k := range w.order {
		h := w.views[k].Hold
		matches := f.Subject == "" || f.Subject == h.Subject.ID || f.Subject == h.Subject.Login
		if k.Tenant != t || h.Ended() != f.Ended || !matches {
			continue
		}
		out = append(out, holds.Summary{
			Key: k, Connection: h.Connection, Class: h.Class, Tier: h.Terms.Tier, Subject: h.Subject, Actor: h.Actor,
			State: h.State, Containment: h.Containment, Standing: h.Standing, Occurred: h.Occurred, Opened: h.Opened,
			Due: h.Due, Escalations: h.Escalations, Frozen: h.Frozen(), Events: len(h.Events),
			EffectiveBy: h.EffectiveBy, Leader: h.Leader,
		})
	}
	return out, nil
}

func (w *world) View(_ context.Context, k holds.Key) (holds.View, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return holds.View{}, w.fail
	}
	v, ok := w.views[k]
	if !ok {
		return holds.View{}, holds.Refuse(holds.NotFound, "Not found.")
	}
	return v, nil
}

func (w *world) Health(_ context.Context, t holds.TenantID) ([]holds.ConnectionHealth, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []holds.ConnectionHealth
	for _, h := range w.health {
		if h.Tenant == t {
			out = append(out, h)
		}
	}
	return out, nil
}

func (w *world) Stops(_ context.Context, t holds.TenantID, now time.Time) ([]holds.Stop, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []holds.Stop
	for _, s := range w.stops {
		if s.Tenant == t && s.InForce(now) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (w *world) Stop(_ context.Context, s holds.Stop) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	w.stops = append(w.stops, s)
	return nil
}

func (w *world) Resume(_ context.Context, t holds.TenantID, stop string, r holds.Resume) (holds.Stop, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.stops {
		if s.ID != stop || s.Tenant != t {
			continue
		}
		next, err := s.Resumed(r)
		if err != nil {
			return s, err
		}
		w.writes++
		w.stops[i] = next
		return next, nil
	}
	return holds.Stop{}, holds.Refuse(holds.NotFound, "Not found.")
}

// newID makes ids of stops.
func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("stop-%d", len(w.stops)+1)
}

func (w *world) Inbox(context.Context, holds.TenantID) (waiting, failed int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return 0, w.failed, nil
}

func (w *world) Person(_ context.Context, t holds.TenantID, id holds.PersonID) (holds.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.people[id]; ok && p.Tenant == t {
		return p, nil
	}
	return holds.Person{}, holds.Refuse(holds.NotFound, "There is no such person in the directory.")
}

// Check does what the keeper does: the directory's word, not the form's.
func (w *world) Check(_ context.Context, k holds.Key, by holds.PersonID, version int, e holds.Evidence) (holds.Hold, error) {
	e.Verifier = by
	w.mu.Lock()
	owner := w.people[w.views[k].Hold.Owner]
	w.mu.Unlock()
	for _, p := range owner.Points {
		if p.ID == e.Point && e.Kind == holds.Callback {
			e.OnFile = p.Recorded
		}
	}
	if e.Kind == holds.ManagerConfirmed {
		e.Confirmer = owner.Manager
	}
	return w.apply(k, version, func(id string) holds.Fact {
		e.ID = id
		return holds.Checked{Evidence: e}
	})
}

func (w *world) Decide(_ context.Context, k holds.Key, by holds.PersonID, kind holds.DecisionKind, version int, reason string) (holds.Hold, error) {
	return w.apply(k, 0, func(id string) holds.Fact {
		return holds.Decided{Decision: holds.Decision{ID: id, Kind: kind, Approver: by, Version: version, Reason: reason}}
	})
}

func (w *world) Note(_ context.Context, k holds.Key, by holds.By, text string) error {
	_, err := w.apply(k, 0, func(string) holds.Fact { return holds.Noted{Note: holds.Note{By: by, Text: text}} })
	return err
}

func (w *world) apply(k holds.Key, version int, fact func(id string) holds.Fact) (holds.Hold, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	if w.fail != nil {
		return holds.Hold{}, w.fail
	}
	v, ok := w.views[k]
	if !ok {
		return holds.Hold{}, holds.Refuse(holds.NotFound, "Not found.")
	}
	if version != 0 && version != v.Hold.Version {
		return holds.Hold{}, holds.Refuse(holds.Conflict, "The hold has changed since you opened it (you saw version %d, it is at %d). Read it again before you go on.", version, v.Hold.Version)
	}
	w.ids++
	c, err := holds.Apply(v.Hold, fact(fmt.Sprintf("e-%d", w.ids)), w.now)
	if err != nil {
		return holds.Hold{}, err
	}
	v.Hold, v.Notes = c.Hold, append(v.Notes, c.Notes...)
	w.views[k] = v
	return c.Hold, nil
}

// owner takes the owner's word, as the owner's page does.
func (w *world) owner(k holds.Key, notMe bool) {
	if _, err := w.apply(k, 0, func(string) holds.Fact { return holds.OwnerSaid{By: "owner:p-anna", NotMe: notMe} }); err != nil {
		panic(err)
	}
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes
}

func (w *world) hold(k holds.Key) holds.Hold {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.views[k].Hold
}

func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// annas is Anna's account after the help desk reset her factors: contained,
// told, and nobody has checked anything yet.
func annas() holds.View {
	subject := holds.Account{ID: "00uAnna0000000000001", Login: "anna.berg@acme.example", Name: "Anna Berg"}
	desk := holds.Party{ID: "00uDora0000000000002", Kind: holds.PartyPerson, Login: "dora.desk@acme.example", Name: "Dora Desk"}
	at := now.Add(-12 * time.Minute)
	held := at.Add(900 * time.Millisecond)
	h := holds.Hold{
		ID: "01935c8e-8d5e-7c3a-9a70-000000000001", Tenant: tenant, Connection: "okta-main", Revision: 4, Version: 1,
		Class: holds.MFAChange, Subject: subject, Owner: "p-anna", Actor: desk, ActorOf: "p-dora",
		Occurred: at, Received: at.Add(640 * time.Millisecond), Opened: held,
		State: holds.Pending, Containment: holds.ContainmentConfirmed, Standing: holds.Contained, ContainRound: 1,
		Terms: holds.Terms{
			Rule: "mfa", Policy: "starter/1", Tier: holds.TierHigh, Items: 2, Paths: 2, Approvers: 1, Tell: true,
			Contain:  []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount},
			Deadline: time.Hour, Expect: 15 * time.Minute,
		},
		Events: []holds.EventRef{{
			ID: "3f1c9d1e-aaaa-11ef-8000-000000000001", Class: holds.MFAChange, Verb: holds.Reset, Type: "user.mfa.factor.reset_all",
			Occurred: at, Summary: "Reset all factors for user", Actor: desk, IP: "203.0.113.7",
		}},
		TellVersion: 1, ToldAt: held.Add(1300 * time.Millisecond),
		Restrained: held.Add(1200 * time.Millisecond), ReadBack: now.Add(-40 * time.Second), EffectiveBy: time.Time{},
		Due: held.Add(time.Hour),
	}
	return holds.View{
		Hold: h, Known: true, Durable: h.Received.Add(8 * time.Millisecond),
		Snapshot: holds.Snapshot{
			Account: subject, At: now.Add(-40 * time.Second), Status: holds.StatusSuspended, VendorStatus: "SUSPENDED", Restrained: true,
			Roles: []holds.Role{
				{ID: "ra-2", Kind: "REPORT_ADMIN", Name: "Report administrator", ViaGroup: true},
				{ID: "ra-1", Kind: "ORG_ADMIN", Name: "Organisation administrator", Privileged: true},
			},
			Groups: []holds.Object{{ID: "g1", Name: "Everyone"}, {ID: "g2", Name: "Finance"}},
		},
		Intents: []holds.Intent{
			{ID: "i1", Hold: h.ID, Tenant: tenant, Purpose: holds.ToContain, Round: 1, Action: holds.Action{Kind: holds.JoinRestraintGroup, Account: subject.ID}, Created: held.Add(10 * time.Millisecond), Result: holds.Result{Status: holds.Applied, At: held.Add(240 * time.Millisecond)}},
			{ID: "i2", Hold: h.ID, Tenant: tenant, Purpose: holds.ToContain, Round: 1, Action: holds.Action{Kind: holds.ClearSessions, Account: subject.ID}, Created: held.Add(10 * time.Millisecond), Result: holds.Result{Status: holds.Applied, At: held.Add(510 * time.Millisecond)}},
			{ID: "i3", Hold: h.ID, Tenant: tenant, Purpose: holds.ToContain, Round: 1, Action: holds.Action{Kind: holds.SuspendAccount, Account: subject.ID}, Created: held.Add(10 * time.Millisecond), Result: holds.Result{Status: holds.Applied, At: held.Add(790 * time.Millisecond)}},
		},
		Notices: []holds.NoticeView{
			{
				Notice: holds.Notice{ID: "n1", Tenant: tenant, Hold: h.ID, Version: 1, Audience: holds.ToOwner, Channel: "email", Status: holds.NoticeAccepted, Created: held.Add(30 * time.Millisecond), Point: holds.ContactPoint{Kind: holds.EmailPoint, Value: "a…@h….example"}},
				Masked: "a…@h….example", Attempts: []holds.Attempt{{Notice: "n1", Status: holds.NoticeAccepted, Detail: "250 accepted", At: held.Add(1300 * time.Millisecond)}},
			},
			{
				Notice: holds.Notice{ID: "n2", Tenant: tenant, Hold: h.ID, Version: 1, Audience: holds.ToDuty, Channel: "email", Status: holds.NoticeFailed, Created: held.Add(30 * time.Millisecond), Why: "a new hold", Point: holds.ContactPoint{Kind: holds.EmailPoint, Value: "d…@a….example"}},
				Masked: "d…@a….example", Attempts: []holds.Attempt{{Notice: "n2", Status: holds.NoticeFailed, Detail: "the server does not know the address", At: held.Add(1500 * time.Millisecond)}},
			},
		},
		Notes: []holds.Note{{By: holds.ByPerson("p-rolf"), Text: "Dora says that Anna lost her phone.\nCalling Anna now.", At: now.Add(-5 * time.Minute)}},
	}
}

// another is a copy of Anna's view under another id, changed.
func another(n int, change func(*holds.View)) holds.View {
	v := annas()
	v.Hold.ID = holds.HoldID(strings.Replace(string(v.Hold.ID), "000000000001", fmt.Sprintf("%012d", n), 1))
	change(&v)
	return v
}
