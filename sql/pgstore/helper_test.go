package pgstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// The two tenants of every test, each with connections of its own.
const (
	acme  = holds.TenantID("acme")
	globe = holds.TenantID("globe")
	okta  = holds.ConnectionID("acme-okta")
	other = holds.ConnectionID("globe-okta")
)

var start = time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// world is a database with its stores: two, as two replicas would have.
type world struct {
	*testing.T
	*pgstore.Store
	Second *pgstore.Store
	db     pgtest.Database
	keys   string
	opts   pgstore.Options
}

func database(t *testing.T) pgtest.Database {
	t.Helper()
	return pgtest.New(t, "pgstore", migrations.Up)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: database(t), keys: filepath.Join(t.TempDir(), "keyring.json")}
	keys, err := pgstore.CreateKeyring(w.keys)
	w.must(err)
	queue, err := jobs.NewInserter(nil)
	w.must(err)
	w.opts = pgstore.Options{DSN: w.db.AppDSN, Keys: keys, Jobs: queue, AllowUnsafe: true, MaxConns: 20}
	w.Store, w.Second = w.open(), w.open()
	w.must(w.Sync(t.Context(), "test", tenantConfigs(), connectionConfigs()))
	return w
}

func tenantConfigs() []pgstore.TenantConfig {
	return []pgstore.TenantConfig{{Tenant: acme}, {Tenant: globe}}
}

func connectionConfigs() []pgstore.ConnectionConfig {
	return []pgstore.ConnectionConfig{
		{Tenant: acme, Connection: okta, Provider: "okta", Mode: holds.ModeContain},
		{Tenant: globe, Connection: other, Provider: "okta", Mode: holds.ModeWatch},
	}
}

func (w *world) open() *pgstore.Store {
	w.Helper()
	s, err := pgstore.Open(w.Context(), w.opts)
	w.must(err)
	w.Cleanup(func() { _ = s.Close() }) // some tests cut the connections
	return s
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// kind fails unless err is of a kind.
func (w *world) kind(want holds.Kind, err error) {
	w.Helper()
	if err == nil || holds.KindOf(err) != want {
		w.Fatalf("want an error of kind %q, got %v", want, err)
	}
}

// sql opens a plain connection.
func (w *world) sql(dsn string) *sql.DB {
	w.Helper()
	c, err := pq.NewConnector(dsn)
	w.must(err)
	db := sql.OpenDB(c)
	w.Cleanup(func() { w.must(db.Close()) })
	return db
}

// count counts rows as the superuser, for whom there are no walls.
func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	if strings.Contains(query, "audit_") {
		w.logged()
	}
	w.must(w.sql(w.db.SuperDSN).QueryRowContext(w.Context(), "SELECT count(*) FROM "+query, args...).Scan(&n))
	return n
}

// logged lets the audit log grow by what is queued for it.
func (w *world) logged() {
	w.Helper()
	w.must(w.Sequence(context.WithoutCancel(w.Context())))
}

// Root is that of the log with all that was committed.
func (w *world) Root(ctx context.Context) (int64, audit.Hash, error) {
	w.logged()
	return w.Store.Root(ctx)
}

// ReadAudit reads all that was committed.
func (w *world) ReadAudit(ctx context.Context, fn func(audit.Source) error) error {
	w.logged()
	return w.Store.ReadAudit(ctx, fn)
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	_, err := w.sql(w.db.SuperDSN).ExecContext(context.WithoutCancel(w.Context()), query, args...)
	w.must(err)
}

func delivery(body string) holds.Delivery {
	return holds.Delivery{
		Tenant: acme, Connection: okta, Source: holds.FromHook, Envelope: "env-1", Body: []byte(body),
		Received: at(1), Peer: "203.0.113.7:4711", Secret: "current",
	}
}

func event(name string, subjects ...string) holds.Event {
	e := holds.Event{
		ID: name, Type: "user.mfa.factor.reset_all", Class: holds.MFAChange, Verb: holds.Reset, Occurred: at(0),
		Outcome: holds.Succeeded, Actor: holds.Party{ID: "00uadmin", Kind: holds.PartyPerson, Login: "admin@acme.example"},
		Transaction: "tx-1",
	}
	for _, s := range subjects {
		e.Subjects = append(e.Subjects, holds.Account{ID: s, Login: s + "@acme.example", Name: "Name of " + s})
	}
	return e
}

// returns is a decoder that gives the same events for every delivery.
func returns(events ...holds.Event) func(holds.Delivery) ([]holds.Event, error) {
	return func(holds.Delivery) ([]holds.Event, error) { return events, nil }
}

func terms() holds.Terms {
	return holds.Terms{
		Rule: "mfa-reset", Policy: "starter", Tier: holds.TierHigh, Items: 1, Paths: 1, Approvers: 2,
		Contain: []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions}, Tell: true, Deadline: time.Hour,
	}
}

// openOrJoin is a fold that holds everything, as the keeper's does.
func openOrJoin(q holds.Question) (holds.Answer, error) {
	ruling := holds.Ruling{Verdict: holds.HoldIt, Reason: "somebody changed the factors", Terms: terms()}
	if q.Open != nil {
		c, err := holds.Apply(*q.Open, holds.Joined{Event: holds.Ref(q.Event), Terms: terms()}, q.Facts.At)
		return holds.Answer{Ruling: ruling, Change: &c}, err
	}
	c := holds.Open(holds.Opening{
		ID: holds.HoldID(newID()), Delivery: q.Delivery, Event: q.Event, Subject: q.Subject, Facts: q.Facts, Terms: terms(),
	}, q.Facts.At)
	return holds.Answer{Ruling: ruling, Change: &c}, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// drain decides until nothing is waiting.
func (w *world) drain(now time.Time, events []holds.Event, fold func(holds.Question) (holds.Answer, error)) {
	w.Helper()
	for {
		worked, err := w.Decide(w.Context(), now, returns(events...), fold)
		w.must(err)
		if !worked {
			return
		}
	}
}

// held opens a hold for an account and returns it.
func (w *world) held(account string) holds.Hold {
	w.Helper()
	w.must(w.Receive(w.Context(), delivery(fmt.Sprintf(`{"for":%q}`, account))))
	w.drain(at(2), []holds.Event{event("evt-"+account, account)}, openOrJoin)
	list, err := w.Queue(w.Context(), acme, holds.Filter{Subject: account})
	w.must(err)
	if len(list) != 1 {
		w.Fatalf("want one hold of %s, got %d", account, len(list))
	}
	v, err := w.View(w.Context(), list[0].Key)
	w.must(err)
	return v.Hold
}

func keyOf(h holds.Hold) holds.Key { return holds.Key{Tenant: h.Tenant, Hold: h.ID} }

// change commits a change made by hand.
func (w *world) change(key holds.Key, edit func(*holds.Change)) holds.Hold {
	w.Helper()
	h, err := w.Update(w.Context(), key, at(5), func(h holds.Hold) (*holds.Change, error) {
		c := holds.Change{Hold: h}
		edit(&c)
		return &c, nil
	})
	w.must(err)
	return h
}

// nothing prepares an empty database.
func nothing(context.Context, string) error { return nil }
