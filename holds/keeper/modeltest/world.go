package modeltest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper"
	"github.com/countersign/countersign/holds/keeper/keepertest"
	"github.com/countersign/countersign/holds/policy"
)

// The organisation, its platforms, and the stranger's.
const (
	acme  = holds.TenantID("acme")
	globe = holds.TenantID("globe")
	okta  = holds.ConnectionID("acme-okta")
	entra = holds.ConnectionID("acme-entra")
	other = holds.ConnectionID("globe-okta")

	olgas  = "00uolga"  // Olga's account at Okta, and a stranger's at theirs
	helps  = "00uhank"  // the help desk's
	breaks = "00ubreak" // never restrained, whatever happens
	ours   = "00uself"  // Countersign's own
)

func platforms() []holds.ConnectionID { return []holds.ConnectionID{okta, entra, other} }

var start = time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// Setup is what every sequence starts with.
func Setup() keepertest.Setup {
	person := func(tenant holds.TenantID, id holds.PersonID, accounts ...holds.PersonAccount) holds.Person {
		return holds.Person{
			ID: id, Tenant: tenant, Name: string(id), Belonging: holds.Employee, Manager: "mona", Accounts: accounts,
			Points: []holds.ContactPoint{
				{Kind: holds.EmailPoint, Value: string(id) + secretValue, Source: "csv", Recorded: start.AddDate(-1, 0, 0)},
				{Kind: holds.PhonePoint, Value: "+4930555" + fmt.Sprint(1000+len(id)) + fmt.Sprint(len(accounts)), Source: "csv", Recorded: start.AddDate(-1, 0, 0)},
			},
		}
	}
	return keepertest.Setup{
		Places: []keepertest.Place{
			{Tenant: acme, Connection: okta, Mode: holds.ModeContain},
			{Tenant: acme, Connection: entra, Mode: holds.ModeContain},
			{Tenant: globe, Connection: other, Mode: holds.ModeContain},
		},
		People: []holds.Person{
			person(acme, "olga", holds.PersonAccount{Connection: okta, Account: olgas}, holds.PersonAccount{Connection: entra, Account: "e-olga"}),
			person(acme, "hank", holds.PersonAccount{Connection: okta, Account: helps}, holds.PersonAccount{Connection: entra, Account: "e-hank"}),
			person(acme, "mona"), person(acme, "vera"), person(acme, "adam"), person(acme, "anna"),
			person(globe, "gina", holds.PersonAccount{Connection: other, Account: olgas}),
		},
	}
}

// reviewers are who may check and decide at the start; the subject and the help
// desk are among them, and must not decide about themselves.
func reviewers() map[holds.PersonID]bool {
	return map[holds.PersonID]bool{"vera": true, "adam": true, "anna": true, "olga": true, "hank": true}
}

// personOf is whose account it is, as we know without asking any store.
func personOf(conn holds.ConnectionID, account string) holds.PersonID {
	for _, p := range Setup().People {
		if slices.Contains(p.Accounts, holds.PersonAccount{Connection: conn, Account: account}) {
			return p.ID
		}
	}
	return ""
}

// world is everything around the keeper, and the keeper.
type world struct {
	bench    keepertest.Bench
	mutation *Mutation
	now      time.Time
	ids      int64
	clouds   map[holds.ConnectionID]*cloud
	replicas []*replica
	threads  []*thread
	may      map[holds.PersonID]bool
	logs     bytes.Buffer
	seen     map[holds.PersonID]map[holds.HoldID]int // the version each reviewer looked at
	sent     map[holds.NoticeID]bool                 // messages that a channel accepted
	cursor   map[holds.ConnectionID]int              // how far the poller has read

	story []string
	h     *History
	trust string // what already went wrong where no check could return it
}

// replica is one process of Countersign.
type replica struct {
	*keeper.Keeper
	w *world
	n int
}

func newWorld(bench keepertest.Bench, m *Mutation) *world {
	w := &world{
		bench: bench, mutation: m, now: start, may: reviewers(), clouds: map[holds.ConnectionID]*cloud{},
		seen: map[holds.PersonID]map[holds.HoldID]int{}, sent: map[holds.NoticeID]bool{}, cursor: map[holds.ConnectionID]int{},
	}
	w.clouds[okta] = newCloud(w, "Okta", okta, olgas, helps, breaks, ours)
	w.clouds[entra] = newCloud(w, "Entra", entra, "e-olga", "e-hank")
	w.clouds[other] = newCloud(w, "Globe's Okta", other, olgas)
	w.h = newHistory(w)
	for n := range 2 {
		w.replicas = append(w.replicas, w.boot(n))
	}
	w.before()
	return w
}

// usual is the network from which Olga has always worked.
const usual = "203.0.113.7"

// before is what went before the sequence: the accounts were read, and their owners
// signed in two days ago.
func (w *world) before() {
	ctx := context.Background()
	w.now = start.Add(-49 * time.Hour)
	for _, id := range platforms() {
		c := w.clouds[id]
		for _, account := range c.order {
			s, err := (&platform{c, w}).Snapshot(ctx, account)
			w.must(err)
			w.must(w.bench.Replica(0).SaveSnapshot(ctx, tenantOf(id), id, s))
		}
		c.happened(holds.Event{
			Type: "user.session.start", Class: holds.None, Verb: holds.Other, IP: usual,
			Actor: holds.Party{ID: c.order[0], Kind: holds.PartyPerson}, Subjects: []holds.Account{{ID: c.order[0]}},
		})
	}
	w.now = start
	for _, id := range platforms() {
		w.poll(id)
	}
	w.settle()
	w.story = nil
}

func tenantOf(id holds.ConnectionID) holds.TenantID {
	if id == other {
		return globe
	}
	return acme
}

// boot starts a process over what is stored: it remembers nothing.
func (w *world) boot(n int) *replica {
	r := &replica{w: w, n: n}
	store := w.bench.Replica(n)
	if w.mutation != nil && w.mutation.Store != nil {
		store = w.mutation.Store(store, w)
	}
	ports := &ports{Store: store, w: w, r: r}
	connect := func(tenant holds.TenantID, id holds.ConnectionID, breakGlass, own []string) keeper.Connection {
		var p keeper.Provider = &platform{cloud: w.clouds[id], w: w}
		if w.mutation != nil && w.mutation.Provider != nil {
			p = w.mutation.Provider(p, w)
		}
		return keeper.Connection{Tenant: tenant, ID: id, Mode: holds.ModeContain, Provider: p, BreakGlass: breakGlass, OwnAccounts: own}
	}
	breakGlass, own := []string{breaks}, []string{ours}
	if w.mutation != nil && w.mutation.ForgetBreakGlass {
		breakGlass, own = nil, nil
	}
	r.Keeper = keeper.New(keeper.Options{
		Inbox: ports, Holds: ports, Intents: ports, Snapshots: ports, Notices: ports, Directory: ports,
		Messenger: &messenger{w}, Codes: codes{}, Judge: judge{policy.NewStarter(policy.Settings{})},
		Connections: []keeper.Connection{
			connect(acme, okta, breakGlass, own), connect(acme, entra, nil, nil), connect(globe, other, nil, nil),
		},
		Now: func() time.Time { return w.now }, NewID: w.newID,
		Logger: slog.New(slog.NewTextHandler(&w.logs, nil)),
	})
	return r
}

func (w *world) newID() string {
	w.ids++
	return keepertest.UUID(w.ids)
}

// judge is the starter policy, but for a role two people have to approve, and wait.
type judge struct{ starter keeper.Judge }

func (j judge) Judge(e holds.Event, f holds.Facts) holds.Ruling {
	r := j.starter.Judge(e, f)
	if e.Class == holds.RoleActivation && r.Verdict == holds.HoldIt {
		r.Terms.Approvers, r.Terms.Wait = 2, 10*time.Minute
	}
	return r
}

// codes are the codes in messages; what is typed is a secret until it is used.
type codes struct{}

func (codes) Matches(n holds.NoticeID, typed string) bool { return typed == codeOf(n) }

const (
	secretCode  = "CANARY-CODE-"
	secretValue = "@canary.example"
)

func codeOf(n holds.NoticeID) string { return secretCode + string(n) }

// messenger tells people; its channel can lose an answer like everything else.
type messenger struct{ w *world }

func (*messenger) Plan(_ holds.Hold, owner holds.Person, _ []string) ([]holds.ContactPoint, string) {
	for _, p := range owner.Points {
		if p.Kind == holds.EmailPoint {
			return []holds.ContactPoint{p}, ""
		}
	}
	return nil, "no contact point is on file"
}

func (*messenger) Duty(holds.TenantID) []holds.ContactPoint {
	return []holds.ContactPoint{{ID: "duty", Kind: holds.EmailPoint, Value: "duty@acme.example"}}
}

func (m *messenger) Send(ctx context.Context, n holds.Notice, _ holds.Hold, _ holds.Person) holds.Attempt {
	failed := holds.Attempt{Status: holds.NoticeFailed, Again: true, Detail: "the mail server did not answer"}
	if gate(ctx, "sends a message", func() { m.w.sent[n.ID] = true }) != nil {
		return failed
	}
	return holds.Attempt{Status: holds.NoticeAccepted}
}

func (m *messenger) Digest(ctx context.Context, n holds.Notice, all []holds.Gathered, owner holds.Person) holds.Attempt {
	a := m.Send(ctx, n, holds.Hold{}, owner)
	for _, g := range all {
		m.w.sent[g.Notice.ID] = m.w.sent[n.ID]
	}
	return a
}

// tell adds a line to the story.
func (w *world) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// wrong remembers what went wrong where it happened, for the check that follows.
func (w *world) wrong(format string, args ...any) {
	if w.trust == "" {
		w.trust = fmt.Sprintf(format, args...)
	}
}
