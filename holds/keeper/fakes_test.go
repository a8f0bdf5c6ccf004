package keeper

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/policy"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// memory is a store that keeps everything in maps and can lose an answer: it
// fails the named call before or after doing it.
type memory struct {
	mu        sync.Mutex
	holds     map[holds.HoldID]holds.Hold
	intents   []holds.Intent
	snapshots []holds.Snapshot
	notices   map[holds.NoticeID]holds.Notice
	people    map[holds.PersonID]holds.Person
	queue     []holds.Job
	entries   []holds.Entry
	health    []holds.ConnectionHealth
	received  []holds.Delivery
	stored    map[string]bool // events, by connection and id
	epoch     int64
	fail      map[string]failure
	// unreadable is a hold whose row is damaged.
	unreadable holds.HoldID
}

type failure struct{ before, after int } // how many calls still fail

var errLost = &holds.Error{Kind: holds.Unavailable, Detail: "the store's answer was lost", Store: true}

// failing wraps a call with its planned failures.
func (m *memory) failing(name string, do func() error) error {
	f := m.fail[name]
	if f.before > 0 {
		f.before--
		m.fail[name] = f
		return errLost
	}
	if err := do(); err != nil {
		return err
	}
	if f.after > 0 {
		f.after--
		m.fail[name] = f
		return errLost
	}
	return nil
}

func (m *memory) commit(c holds.Change) holds.Hold {
	h := c.Hold
	h.Revision++
	m.holds[h.ID] = h
	m.intents = append(m.intents, c.Intents...)
	for _, n := range c.Notices {
		m.notices[n.ID] = n
	}
	m.entries = append(m.entries, c.Entries...)
	for _, e := range c.Effects {
		m.queue = append(m.queue, holds.Job{Effect: e, Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Connection: h.Connection, Epoch: m.epoch, Attempt: 1})
	}
	if c.Also != nil {
		m.commit(*c.Also)
	}
	return h
}

func (m *memory) open(of holds.Hold) bool {
	for _, h := range m.holds {
		if h.Connection == of.Connection && h.Subject.ID == of.Subject.ID && h.Open() {
			return true
		}
	}
	return false
}

func (m *memory) Update(_ context.Context, key holds.Key, _ time.Time, change func(holds.Hold) (*holds.Change, error)) (holds.Hold, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.holds[key.Hold]
	if !ok || h.Tenant != key.Tenant {
		return h, holds.Refuse(holds.NotFound, "no such hold")
	}
	err := m.failing("Update", func() error {
		c, err := change(h)
		if err != nil || c == nil {
			return err
		}
		if c.Also != nil && m.open(c.Also.Hold) {
			return holds.Refuse(holds.Conflict, "the account has an open hold already")
		}
		h = m.commit(*c)
		return nil
	})
	return h, err
}

func (m *memory) OpenHold(_ context.Context, _ holds.TenantID, conn holds.ConnectionID, account string) (holds.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.holds {
		if h.Connection == conn && h.Subject.ID == account && h.Open() {
			return holds.Key{Tenant: h.Tenant, Hold: h.ID}, nil
		}
	}
	return holds.Key{}, holds.Refuse(holds.NotFound, "none")
}

func (m *memory) Tried(_ context.Context, _ holds.Key, id holds.IntentID, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failing("Tried", func() error {
		for n := range m.intents {
			if m.intents[n].ID == id && m.intents[n].Tried.IsZero() {
				m.intents[n].Tried = at
			}
		}
		return nil
	})
}

func (m *memory) View(_ context.Context, key holds.Key) (holds.View, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.holds[key.Hold]
	if !ok {
		return holds.View{}, holds.Refuse(holds.NotFound, "no such hold")
	}
	if h.ID == m.unreadable {
		return holds.View{}, holds.Refuse(holds.Internal, "it cannot be opened")
	}
	v := holds.View{Hold: h}
	for _, n := range m.notices {
		if n.Hold == h.ID {
			v.Notices = append(v.Notices, holds.NoticeView{Notice: n})
		}
	}
	for _, o := range m.holds {
		same := o.Connection == h.Connection && o.Subject.ID == h.Subject.ID && !o.Ended()
		if o.ID != h.ID && (same || o.Owner == h.Owner && h.Owner != "" || o.Leader == h.ID || o.ID == h.Leader) {
			v.Siblings = append(v.Siblings, holds.Summary{
				Key: holds.Key{Tenant: o.Tenant, Hold: o.ID}, Connection: o.Connection, Subject: o.Subject, State: o.State,
				Containment: o.Containment, Standing: o.Standing, Leader: o.Leader,
			})
		}
	}
	return v, nil
}

func (m *memory) Due(_ context.Context, now time.Time, _ int) ([]holds.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []holds.Key
	for _, h := range m.holds {
		if !h.Ended() && !h.Due.After(now) {
			out = append(out, holds.Key{Tenant: h.Tenant, Hold: h.ID})
		}
	}
	return out, nil
}

func (m *memory) Restrained(_ context.Context, before time.Time, _ int) ([]holds.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []holds.Key
	for _, h := range m.holds {
		if h.Containment == holds.ContainmentConfirmed && h.ReadBack.Before(before) {
			out = append(out, holds.Key{Tenant: h.Tenant, Hold: h.ID})
		}
	}
	return out, nil
}

func (m *memory) Intents(_ context.Context, key holds.Key) ([]holds.Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []holds.Intent
	for _, i := range m.intents {
		if i.Hold == key.Hold {
			out = append(out, i)
		}
	}
	return out, nil
}

func (m *memory) Outcome(_ context.Context, _ holds.Key, id holds.IntentID, r holds.Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failing("Outcome", func() error {
		for n := range m.intents {
			if m.intents[n].ID != id {
				continue
			}
			if m.intents[n].Done() {
				return holds.Refuse(holds.Conflict, "there is an outcome already")
			}
			m.intents[n].Result = r
		}
		return nil
	})
}

func (m *memory) Start(ctx context.Context, key holds.Key) (holds.Start, error) {
	v, err := m.View(ctx, key)
	return holds.Start{Hold: v.Hold, Siblings: v.Siblings, Epoch: m.epoch}, err
}

func (m *memory) SaveSnapshot(_ context.Context, _ holds.TenantID, _ holds.ConnectionID, s holds.Snapshot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshots = append(m.snapshots, s)
	return nil
}

func (m *memory) SnapshotBefore(_ context.Context, _ holds.TenantID, _ holds.ConnectionID, account string, before time.Time) (holds.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range slices.Backward(m.snapshots) {
		if s.Account.ID == account && s.At.Before(before) {
			return s, nil
		}
	}
	return holds.Snapshot{}, holds.Refuse(holds.NotFound, "none")
}

func (m *memory) SaveHealth(_ context.Context, h holds.ConnectionHealth) error {
	m.health = append(m.health, h)
	return nil
}

func (m *memory) Notice(_ context.Context, _ holds.TenantID, id holds.NoticeID) (holds.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.notices[id]
	if !ok {
		return n, holds.Refuse(holds.NotFound, "no such notice")
	}
	return n, nil
}

func (m *memory) Gathered(_ context.Context, _ holds.TenantID, id holds.NoticeID) (out []holds.Notice, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.notices {
		if n.Bearer == id {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b holds.Notice) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out, nil
}

func (m *memory) Attempted(_ context.Context, _ holds.TenantID, a holds.Attempt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, n := range m.notices {
		if id == a.Notice || n.Bearer == a.Notice && !a.Again {
			n.Status = a.Status
			m.notices[id] = n
		}
	}
	return nil
}

func (m *memory) CodeTry(_ context.Context, _ holds.TenantID, id holds.NoticeID, right bool, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.notices[id]
	if !n.Used.IsZero() || n.Tries >= maxTries || now.After(n.Expires) {
		return false, nil
	}
	if n.Tries++; right {
		n.Tries--
		n.Used = now
	}
	m.notices[id] = n
	return true, nil
}

func (m *memory) Person(_ context.Context, _ holds.TenantID, id holds.PersonID) (holds.Person, error) {
	p, ok := m.people[id]
	if !ok {
		return p, holds.Refuse(holds.NotFound, "nobody")
	}
	return p, nil
}

func (m *memory) PersonOf(_ context.Context, _ holds.TenantID, conn holds.ConnectionID, account string) (holds.Person, error) {
	for _, p := range m.people {
		if slices.Contains(p.Accounts, holds.PersonAccount{Connection: conn, Account: account}) {
			return p, nil
		}
	}
	return holds.Person{}, holds.Refuse(holds.NotFound, "nobody")
}

func (m *memory) People(context.Context, holds.TenantID) ([]holds.Person, error) {
	return slices.Collect(maps.Values(m.people)), nil
}

func (m *memory) Receive(_ context.Context, d holds.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failing("Receive", func() error {
		m.received = append(m.received, d)
		return nil
	})
}

func (m *memory) Decide(context.Context, time.Time, func(holds.Delivery) ([]holds.Event, error), func(holds.Question) (holds.Answer, error)) (bool, error) {
	return false, nil
}

// provider is one account at a provider that keeps state. It fails calls before
// or after applying them and counts effects.
type provider struct {
	mu      sync.Mutex
	account holds.Snapshot
	prior   bool // deleted
	effects map[holds.ActionKind]int
	calls   []holds.Action
	before  int   // this many calls fail before applying
	after   int   // this many fail after applying
	err     error // what failing calls say
	rules   holds.Enforcement
	blind   error // reading the rules fails so

	unreadable error // reading the account fails so
	// ended are the things beside the account that can do no more, by id; unseen is
	// what looking at one says instead.
	ended  map[string]bool
	unseen error
	// effectiveBy is when access issued before a call ends.
	effectiveBy time.Time
	refuse      map[holds.ActionKind]string
	crash       func(holds.Action) // called after applying
}

// Decode reads a page of events in JSON.
func (p *provider) Decode(d holds.Delivery) (out []holds.Event) {
	_ = json.Unmarshal(d.Body, &out)
	return out
}

func (p *provider) Snapshot(context.Context, string) (holds.Snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unreadable != nil {
		return holds.Snapshot{}, p.unreadable
	}
	if p.prior {
		return holds.Snapshot{}, holds.Refuse(holds.NotFound, "gone")
	}
	s := p.account
	s.Factors, s.Roles, s.Groups, s.Contacts = slices.Clone(s.Factors), slices.Clone(s.Roles), slices.Clone(s.Groups), maps.Clone(s.Contacts)
	return s, nil
}

func (p *provider) Enforcement(context.Context, string) (holds.Enforcement, error) {
	return p.rules, p.blind
}

func (p *provider) Do(_ context.Context, a holds.Action) (holds.Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, a)
	if p.before > 0 {
		p.before--
		return holds.Result{}, p.err
	}
	if why := p.refuse[a.Kind]; why != "" {
		return holds.Result{Status: holds.Refused, Detail: why}, nil
	}
	p.effects[a.Kind]++
	switch a.Kind {
	case holds.JoinRestraintGroup:
		p.account.Restrained = true
	case holds.LeaveRestraintGroup:
		p.account.Restrained = false
	case holds.SuspendAccount:
		p.account.Status = holds.StatusSuspended
	case holds.UnsuspendAccount:
		p.account.Status = holds.StatusActive
	case holds.RemoveRole:
		p.account.Roles = slices.DeleteFunc(p.account.Roles, func(r holds.Role) bool { return r.ID == a.Object })
	case holds.RemoveFactor:
		p.account.Factors = slices.DeleteFunc(p.account.Factors, func(f holds.Factor) bool { return f.ID == a.Object })
	case holds.LeaveGroup:
		p.account.Groups = slices.DeleteFunc(p.account.Groups, func(g holds.Object) bool { return g.ID == a.Object })
	case holds.RestoreProfile:
		for name := range strings.SplitSeq(a.Object, ",") {
			p.account.Contacts[name] = a.Before.Contacts[name]
		}
	case holds.DisableDevice, holds.RevokeToken, holds.RevokeConsent, holds.RemoveCredential, holds.DeactivateIDP:
		p.ended[a.Object] = true
	case holds.ClearSessions:
	}
	if p.crash != nil {
		p.crash(a)
	}
	if p.after > 0 {
		p.after--
		return holds.Result{}, p.err
	}
	return holds.Result{Status: holds.Applied, EffectiveBy: p.effectiveBy}, nil
}

func (p *provider) Observe(_ context.Context, a holds.Action) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended[a.Object], p.unseen
}

// messenger accepts everything, or nothing.
type messenger struct {
	points  []holds.ContactPoint
	why     string
	changed []string
	answer  holds.Attempt
	sent    []holds.Notice
	digests [][]holds.Gathered
}

func (m *messenger) Plan(_ holds.Hold, _ holds.Person, changed []string) ([]holds.ContactPoint, string) {
	m.changed = changed
	return m.points, m.why
}

func (m *messenger) Duty(holds.TenantID) []holds.ContactPoint {
	return []holds.ContactPoint{{ID: "duty", Kind: holds.EmailPoint, Value: "duty@acme.example"}}
}

func (m *messenger) Send(_ context.Context, n holds.Notice, _ holds.Hold, _ holds.Person) holds.Attempt {
	m.sent = append(m.sent, n)
	return m.answer
}

func (m *messenger) Digest(_ context.Context, n holds.Notice, all []holds.Gathered, _ holds.Person) holds.Attempt {
	m.sent, m.digests = append(m.sent, n), append(m.digests, all)
	return m.answer
}

type codes struct{}

func (codes) Matches(n holds.NoticeID, typed string) bool { return typed == "code-"+string(n) }

// world is a keeper with fakes around it.
type world struct {
	*Keeper
	*memory
	provider *provider
	mail     *messenger
	now      time.Time
	ids      atomic.Int64
	later    atomic.Int64 // added to now, for tests in which loops run
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		memory: &memory{
			holds: map[holds.HoldID]holds.Hold{}, stored: map[string]bool{}, notices: map[holds.NoticeID]holds.Notice{}, epoch: 3, fail: map[string]failure{},
			people: map[holds.PersonID]holds.Person{
				"olga": {ID: "olga", Tenant: "acme", Name: "Olga", Manager: "mona", Points: []holds.ContactPoint{{ID: "p1", Kind: holds.PhonePoint, Recorded: start.AddDate(-1, 0, 0)}}},
			},
		},
		provider: &provider{
			account: holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start, Status: holds.StatusActive},
			effects: map[holds.ActionKind]int{}, ended: map[string]bool{}, rules: holds.Enforcement{InForce: true},
			err: holds.Refuse(holds.Unavailable, "the provider is down"),
		},
		mail: &messenger{points: []holds.ContactPoint{{ID: "home", Kind: holds.EmailPoint}}, answer: holds.Attempt{Status: holds.NoticeAccepted}},
		now:  start,
	}
	w.Keeper = New(Options{
		Inbox: w.memory, Holds: w.memory, Intents: w.memory, Snapshots: w.memory, Notices: w.memory, Directory: w.memory,
		Messenger: w.mail, Codes: codes{}, Judge: policy.NewStarter(policy.Settings{}),
		Connections: []Connection{{
			Tenant: "acme", ID: "acme-okta", Mode: holds.ModeContain, Provider: w.provider, Objects: w.provider,
			BreakGlass: []string{"00ubreakglass", "00ubreakglass2"}, OwnAccounts: []string{"00uourselves"},
		}},
		Now:    func() time.Time { return w.now.Add(time.Duration(w.later.Load())) },
		NewID:  func() string { return fmt.Sprintf("id-%d", w.ids.Add(1)) },
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return w
}

func resetAll(id string) holds.Event {
	return holds.Event{
		ID: id, Type: "user.mfa.factor.reset_all", Class: holds.MFAChange, Verb: holds.Reset, Outcome: holds.Succeeded, Occurred: start,
		Actor: holds.Party{ID: "00uhelp", Kind: holds.PartyPerson}, Subjects: []holds.Account{{ID: "00uvictim"}},
	}
}

// question is about one event and its first subject.
func (w *world) question(e holds.Event) holds.Question {
	return w.ask(holds.Delivery{Tenant: "acme", Connection: "acme-okta", Received: w.now}, e, 0)
}

// ask is a question about one subject of an event. The account is Olga's where
// nobody else has it.
func (w *world) ask(d holds.Delivery, e holds.Event, subject int) holds.Question {
	q := holds.Question{Delivery: d, Event: e, Facts: holds.Facts{At: w.now, Owner: holds.Person{ID: "olga"}}}
	if held := e.Held(); len(held) > 0 {
		q.Subject = held[subject]
	}
	if p, err := w.PersonOf(context.Background(), d.Tenant, d.Connection, q.Subject.ID); err == nil {
		q.Facts.Owner = p
	}
	for _, h := range w.holds {
		switch {
		case h.Connection != d.Connection || h.Subject.ID != q.Subject.ID:
		case h.Open():
			q.Open = &h
		case q.Last == nil || h.Opened.After(q.Last.Opened):
			q.Last = &h
		}
	}
	return q
}

// deliver decides what waits in the inbox, each event once and for each subject,
// as the store does.
func (w *world) deliver(t *testing.T) {
	t.Helper()
	for len(w.received) > 0 {
		d := w.received[0]
		w.received = w.received[1:]
		events, err := w.decode(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if key := string(d.Connection) + " " + e.ID; w.stored[key] {
				continue
			} else {
				w.stored[key] = true
			}
			for n := range max(1, len(e.Held())) {
				a, err := w.fold(w.ask(d, e, n))
				if err != nil {
					t.Fatal(err)
				}
				if a.Change != nil {
					w.commit(*a.Change)
				}
			}
		}
	}
}

// happens folds an event in and commits the answer.
func (w *world) happens(t *testing.T, e holds.Event) holds.Answer {
	t.Helper()
	a, err := w.fold(w.question(e))
	if err != nil {
		t.Fatal(err)
	}
	if a.Change != nil {
		w.commit(*a.Change)
	}
	return a
}

// run runs the queued jobs of a kind until none is left, giving up on a job
// after its tenth attempt.
func (w *world) run(kinds ...holds.EffectKind) (errs []error) {
	for {
		n := slices.IndexFunc(w.queue, func(j holds.Job) bool { return slices.Contains(kinds, j.Kind) })
		if n < 0 {
			return errs
		}
		j := w.queue[n]
		w.queue = slices.Delete(w.queue, n, n+1)
		err := w.Handlers()[j.Kind](context.Background(), j)
		if err != nil {
			errs = append(errs, err)
		}
		if k := holds.KindOf(err); err != nil && (k == holds.Unavailable || k == holds.Internal) && j.Attempt < 10 {
			j.Attempt++
			w.queue = append(w.queue, j)
		}
	}
}

// the is the only hold.
func (w *world) the(t *testing.T) holds.Hold {
	t.Helper()
	if len(w.holds) != 1 {
		t.Fatalf("%d holds", len(w.holds))
	}
	for _, h := range w.holds {
		return h
	}
	return holds.Hold{}
}

func (w *world) key(t *testing.T) holds.Key { return holds.Key{Tenant: "acme", Hold: w.the(t).ID} }
