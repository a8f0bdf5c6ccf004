package keepertest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
)

// Memory is a store that keeps everything in this process. It is safe for
// concurrent use; transactions run one after the other.
type Memory struct {
	mu   sync.Mutex
	rows rows
	log  log
	// places and people never change.
	places map[holds.ConnectionID]Place
	people map[holds.PersonID]holds.Person
	epoch  int64
}

// rows is what transactions read and write. Every row is replaced, never
// changed, so that a transaction that fails leaves nothing behind.
type rows struct {
	deliveries []delivery
	events     map[eventKey]event
	rulings    []Ruled
	holds      map[holds.HoldID]holds.Hold // without evidence and decisions
	order      []holds.HoldID
	evidence   map[holds.HoldID][]holds.Evidence
	decisions  map[holds.HoldID][]holds.Decision
	notes      map[holds.HoldID][]holds.Note
	intents    []holds.Intent
	notices    []notice
	snapshots  []snapshot
	health     map[holds.ConnectionID]holds.ConnectionHealth
	jobs       []Queued
	lastJob    int64
}

type delivery struct {
	holds.Delivery
	attempts int
	retry    time.Time
	decided  bool
	failed   bool
	trouble  string
}

type eventKey struct {
	connection holds.ConnectionID
	event      string
}

type event struct {
	holds.Event
	tenant holds.TenantID
}

type notice struct {
	holds.Notice
	occasion string
	attempts []holds.Attempt
}

type snapshot struct {
	tenant     holds.TenantID
	connection holds.ConnectionID
	holds.Snapshot
}

// NewMemory makes a store with connections and people.
func NewMemory(s Setup) *Memory {
	m := &Memory{
		places: map[holds.ConnectionID]Place{}, people: map[holds.PersonID]holds.Person{}, epoch: 1,
		rows: rows{
			events: map[eventKey]event{}, holds: map[holds.HoldID]holds.Hold{}, health: map[holds.ConnectionID]holds.ConnectionHealth{},
			evidence: map[holds.HoldID][]holds.Evidence{}, decisions: map[holds.HoldID][]holds.Decision{}, notes: map[holds.HoldID][]holds.Note{},
		},
	}
	for _, p := range s.Places {
		m.places[p.Connection] = p
	}
	for _, p := range s.People {
		m.people[p.ID] = numbered(p)
	}
	return m
}

// numbered gives the contact points of a person their ids.
func numbered(p holds.Person) holds.Person {
	p.Points = slices.Clone(p.Points)
	for i := range p.Points {
		p.Points[i].ID, p.Points[i].Person = string(p.ID)+"-point-"+string(rune('a'+i)), p.ID
	}
	return p
}

// tx is one transaction: its own rows, and what it appends to the log.
type tx struct {
	rows
	m       *Memory
	tenant  holds.TenantID
	entries []audit.Entry
}

// within runs fn in a transaction of a tenant and commits it unless fn fails.
func (m *Memory) within(tenant holds.TenantID, fn func(*tx) error) error {
	if tenant == "" {
		return notFound()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.run(&tx{m: m, tenant: tenant}, fn)
}

// run is within for those who have the lock.
func (m *Memory) run(t *tx, fn func(*tx) error) error {
	t.rows = m.rows.copied()
	if err := fn(t); err != nil {
		return err
	}
	if err := m.log.append(t.entries); err != nil {
		return err
	}
	m.rows = t.rows
	return nil
}

// reading runs fn over the rows of a tenant and changes nothing.
func (m *Memory) reading(tenant holds.TenantID, fn func(*tx) error) error {
	if tenant == "" {
		return notFound()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(&tx{m: m, tenant: tenant, rows: m.rows})
}

// copied is rows whose containers are their own.
func (r rows) copied() rows {
	r.events, r.holds, r.health = maps.Clone(r.events), maps.Clone(r.holds), maps.Clone(r.health)
	r.evidence, r.decisions, r.notes = maps.Clone(r.evidence), maps.Clone(r.decisions), maps.Clone(r.notes)
	r.deliveries, r.rulings, r.order = slices.Clip(r.deliveries), slices.Clip(r.rulings), slices.Clip(r.order)
	r.intents, r.notices, r.snapshots, r.jobs = slices.Clip(r.intents), slices.Clip(r.notices), slices.Clip(r.snapshots), slices.Clip(r.jobs)
	return r
}

// with is a slice with one element replaced.
func with[T any](all []T, i int, v T) []T {
	all = slices.Clone(all)
	all[i] = v
	return all
}

func notFound() error { return holds.Refuse(holds.NotFound, "Not found.") }
